"""Second step of log-in: an authenticator app and backup codes. Optional for everybody."""

from __future__ import annotations

import base64
import io

import django_otp
import qrcode
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from qrcode.image.svg import SvgPathImage

from workspaces.forms import CodeForm
from workspaces.models import User
from workspaces.views.access import PersonRequest, person_required
from workspaces.views.shell import draw

BACKUP_CODES = 10


@require_GET
@never_cache
@person_required
def two_step(request: PersonRequest) -> HttpResponse:
    """State of the second step, and the secret to scan while it is being set up."""
    return _two_step_page(request, form=CodeForm())


def _two_step_page(request: PersonRequest, *, form: CodeForm, status: int = 200) -> HttpResponse:
    devices = {device.confirmed: device for device in TOTPDevice.objects.filter(user=request.user)}
    open_one = devices.get(False)
    return draw(
        request,
        "workspaces/two_step.html",
        title="Two-step log-in",
        status=status,
        form=form,
        is_on=True in devices,
        qr_code=_qr_code(open_one) if open_one else "",
        secret=base64.b32encode(open_one.bin_key).decode() if open_one else "",
        codes_left=StaticToken.objects.filter(device__user=request.user).count(),
    )


def _qr_code(device: TOTPDevice) -> str:
    image = qrcode.make(device.config_url, image_factory=SvgPathImage)
    buffer = io.BytesIO()
    image.save(buffer)
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()


@require_POST
@person_required
def begin(request: PersonRequest) -> HttpResponse:
    """Make a secret to scan; it counts only once a code from it was entered."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=request.user.pk)
        if not TOTPDevice.objects.filter(user=request.user).exists():
            TOTPDevice.objects.create(user=request.user, name="Authenticator app", confirmed=False)
    return redirect("two-step")


@sensitive_post_parameters("code")
@require_POST
@never_cache
@person_required
def confirm(request: PersonRequest) -> HttpResponse:
    """Turn the second step on by a first code; shows the backup codes, once."""
    form = CodeForm(request.POST)
    device = TOTPDevice.objects.filter(user=request.user, confirmed=False).first()
    if device is None:
        return redirect("two-step")
    if not form.is_valid() or not device.verify_token(form.cleaned_data["code"]):
        form.add_error("code", "This code is wrong. Check the clock of your phone, then try again.")
        return _two_step_page(request, form=form, status=422)
    with transaction.atomic():
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        codes = _new_backup_codes(request.user)
    django_otp.login(request, device)
    return draw(request, "workspaces/backup_codes.html", title="Backup codes", codes=codes)


def _new_backup_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="Backup codes")
    codes = [StaticToken.random_token() for _ in range(BACKUP_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return codes


@sensitive_post_parameters("code")
@require_POST
@never_cache
@person_required
def turn_off(request: PersonRequest) -> HttpResponse:
    """Turn the second step off; needs a code, so that an open browser is not enough."""
    form = CodeForm(request.POST)
    if not form.is_valid() or not django_otp.match_token(request.user, form.cleaned_data["code"]):
        form.add_error("code", "This code is wrong or used; wait for the next one.")
        return _two_step_page(request, form=form, status=422)
    with transaction.atomic():
        TOTPDevice.objects.filter(user=request.user).delete()
        StaticDevice.objects.filter(user=request.user).delete()
    messages.success(request, "Two-step log-in is off.")
    return redirect("two-step")
