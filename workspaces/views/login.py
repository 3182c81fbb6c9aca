"""Coming in: password, second step, invitation link."""

from __future__ import annotations

import time
from typing import cast

import django_otp
from django.conf import settings
from django.contrib.auth import login, views
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from workspaces.forms import CodeForm, LoginForm, NewPersonForm
from workspaces.middleware import SESSION_KEY
from workspaces.models import Invitation, Membership, User
from workspaces.selectors import current_membership
from workspaces.services import invitations
from workspaces.services.refusals import RefusedError
from workspaces.views.passwords import Framed
from workspaces.views.shell import draw, refuse

_PENDING = "second_step"
_PENDING_LIFE_S = 600
_BACKEND = "django.contrib.auth.backends.ModelBackend"


class LoginView(Framed, views.LoginView):
    """E-mail address and password; then the second step for those who set one up."""

    authentication_form = LoginForm
    redirect_authenticated_user = True
    extra_context = {"title": "Log in"}

    def get_default_redirect_url(self) -> str:
        """People without a workspace start with making one."""
        return home(cast(User, self.request.user))

    def form_valid(self, form: AuthenticationForm) -> HttpResponseRedirect:
        """Password is right; without a second device that is enough."""
        user = form.get_user()
        if django_otp.user_has_device(user):
            self.request.session.cycle_key()
            self.request.session[_PENDING] = {
                "user": user.pk,
                "next": self.get_redirect_url(),
                "at": time.time(),
            }
            return redirect("login-code")
        start_session(self.request, user)
        return redirect(self.get_success_url())


def home(user: User) -> str:
    """First page after log-in."""
    return settings.LOGIN_REDIRECT_URL if user.memberships.exists() else reverse("start")


def start_session(request: HttpRequest, user: User) -> None:
    """Log a person in and note the browser, for the list of sessions.

    The session begins in the workspace used last and stays there, wherever other browsers go.
    """
    login(request, user, backend=_BACKEND)
    if membership := current_membership(user=user, workspace_id=None, now=timezone.now()):
        request.session[SESSION_KEY] = membership.workspace_id
    request.session["browser"] = request.headers.get("User-Agent", "")[:200]
    request.session["since"] = timezone.now().isoformat()


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "POST"])
def login_code(request: HttpRequest) -> HttpResponse:
    """The second step: a code of the person's device. Devices slow guessing down themselves."""
    pending = request.session.get(_PENDING)
    if not pending or time.time() - pending["at"] > _PENDING_LIFE_S:
        request.session.pop(_PENDING, None)
        return redirect("login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = User.objects.filter(pk=pending["user"], is_active=True).first()
        device = django_otp.match_token(user, form.cleaned_data["code"]) if user else None
        if user is not None and device is not None:
            del request.session[_PENDING]
            start_session(request, user)
            django_otp.login(request, device)
            return redirect(pending["next"] or home(user))
        form.add_error(
            "code", "This code is wrong or used. Wait for the next one; after errors wait a little."
        )
    status = 422 if form.errors else 200
    return draw(
        request, "registration/login_code.html", title="Second step", status=status, form=form
    )


@sensitive_post_parameters("password", "password_again")
@never_cache
@require_http_methods(["GET", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Join a workspace: a known person after log-in, a new one by choosing a password."""
    now = timezone.now()
    try:
        invitation = invitations.find_invitation(token=token, now=now)
    except RefusedError as error:
        return _refused(request, error)
    if request.user.is_authenticated:
        return _join(request, invitation, token)
    if User.objects.filter(email__iexact=invitation.email).exists():
        return redirect(f"{reverse('login')}?next={request.path}")
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            membership = invitations.accept_invitation(
                token=token,
                now=now,
                password=form.cleaned_data["password"],
                first_name=form.cleaned_data["first_name"],
                last_name=form.cleaned_data["last_name"],
            )
        except (ValidationError, RefusedError) as error:
            refuse(form, error)
        else:
            return _enter(request, membership)
    return _invitation_page(request, invitation, form=form)


def _join(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    if request.method != "POST":
        return _invitation_page(request, invitation)
    try:
        membership = invitations.accept_invitation(
            token=token, user=cast(User, request.user), now=timezone.now()
        )
    except RefusedError as error:
        return _refused(request, error)
    request.session[SESSION_KEY] = membership.workspace_id
    return redirect("start")


def _enter(request: HttpRequest, membership: Membership) -> HttpResponse:
    start_session(request, membership.user)
    request.session[SESSION_KEY] = membership.workspace_id
    return redirect("start")


def _invitation_page(
    request: HttpRequest, invitation: Invitation, *, form: NewPersonForm | None = None
) -> HttpResponse:
    return draw(
        request,
        "registration/invitation.html",
        title="Invitation",
        status=422 if form is not None and form.errors else 200,
        invitation=invitation,
        form=form,
    )


def _refused(request: HttpRequest, error: RefusedError) -> HttpResponse:
    return draw(request, "registration/refused.html", title="Invitation", status=410, words=error)
