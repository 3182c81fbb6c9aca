"""One's own account: name, notices, stand-in, sessions, current workspace."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_otp import user_has_device

from workspaces.forms import DelegationForm, PreferenceForm, ProfileForm
from workspaces.middleware import SESSION_KEY
from workspaces.models import Delegation, NotificationPreference, Session, User, Workspace
from workspaces.pages import PageRequest, page
from workspaces.services import accounts, delegation
from workspaces.services.refusals import NotPermittedError, RefusedError
from workspaces.views.access import PersonRequest, person_required
from workspaces.views.shell import draw, refuse


@dataclass(frozen=True)
class Browser:
    """One logged-in browser, as the page lists it."""

    handle: str
    name: str
    since: object
    expires_at: object
    is_this: bool


@require_GET
@never_cache
@person_required
def account(request: PersonRequest) -> HttpResponse:
    """Everything a person may set for himself."""
    return _account_page(request)


def _account_page(
    request: PersonRequest | PageRequest, *, status: int = 200, **forms_in_error: forms.BaseForm
) -> HttpResponse:
    user, workspace = request.user, request.workspace
    context: dict[str, object] = {
        "profile_form": _profile_form(user),
        "browsers": _browsers(request),
        "has_second_step": user_has_device(user),
        "own_memberships": user.memberships.filter(workspace__closed_at=None)
        .select_related("workspace")
        .order_by("workspace__name"),
    }
    if workspace is not None:
        context.update(_workspace_context(user, workspace))
    context.update(forms_in_error)
    return draw(request, "workspaces/account.html", title="Your account", status=status, **context)


def _profile_form(user: User) -> ProfileForm:
    names = ("first_name", "last_name", "time_zone")
    return ProfileForm(initial={name: getattr(user, name) for name in names})


def _workspace_context(user: User, workspace: Workspace) -> dict[str, object]:
    preference = NotificationPreference.objects.filter(workspace=workspace, user=user).first()
    running = (
        Delegation.objects.filter(workspace=workspace, ends_at__gt=timezone.now())
        .filter(Q(giver=user) | Q(taker=user))
        .select_related("giver", "taker")
        .order_by("ends_at", "pk")
    )
    return {
        "preference_form": PreferenceForm(instance=preference),
        "delegation_form": DelegationForm(workspace=workspace, user=user),
        "given": [one for one in running if one.giver_id == user.pk],
        "taken": [one for one in running if one.taker_id == user.pk],
    }


def _browsers(request: PersonRequest | PageRequest) -> list[Browser]:
    rows = Session.objects.filter(user=request.user, expire_date__gt=timezone.now())
    browsers = []
    for row in rows.order_by("-expire_date", "pk")[:50]:
        data = row.get_decoded()
        browsers.append(
            Browser(
                handle=accounts.session_handle(row.session_key),
                name=data.get("browser") or "Unknown browser",
                since=parse_datetime(data.get("since", "")),
                expires_at=row.expire_date,
                is_this=row.session_key == request.session.session_key,
            )
        )
    return browsers


@require_POST
@person_required
def save_profile(request: PersonRequest) -> HttpResponse:
    """Change name and zone."""
    form = ProfileForm(request.POST)
    if form.is_valid():
        try:
            accounts.update_profile(user=request.user, **form.cleaned_data)
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, "Your profile is saved.")
            return redirect("account")
    return _account_page(request, status=422, profile_form=form)


@require_POST
@page()
def save_preferences(request: PageRequest) -> HttpResponse:
    """Change what is mailed, and when."""
    form = PreferenceForm(request.POST)
    if form.is_valid():
        try:
            accounts.update_preferences(
                workspace=request.workspace, user=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            refuse(form, error)
        else:
            messages.success(request, "Your notification settings are saved.")
            return redirect("account")
    return _account_page(request, status=422, preference_form=form)


@require_POST
@page()
def add_delegation(request: PageRequest) -> HttpResponse:
    """Name a stand-in."""
    form = DelegationForm(request.POST, workspace=request.workspace, user=request.user)
    if form.is_valid():
        try:
            delegation.delegate(
                workspace=request.workspace,
                giver=request.user,
                taker=form.cleaned_data["taker"],
                ends_at=form.ends_at(),
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except RefusedError as error:
            refuse(form, error)
        else:
            messages.success(request, f"{form.cleaned_data['taker']} stands in for you now.")
            return redirect("account")
    return _account_page(request, status=422, delegation_form=form)


@require_POST
@page()
def end_delegation(request: PageRequest, pk: int) -> HttpResponseRedirect:
    """Take lent rank back."""
    own = Delegation.objects.filter(workspace=request.workspace, giver=request.user)
    chosen = get_object_or_404(own, pk=pk)
    try:
        delegation.end_delegation(delegation=chosen, by=request.user, now=timezone.now())
    except RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Nobody stands in for you any more.")
    return redirect("account")


@require_POST
@person_required
def end_session(request: PersonRequest) -> HttpResponseRedirect:
    """Log one of the own browsers out."""
    try:
        accounts.end_session(user=request.user, handle=request.POST.get("session", ""))
    except RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "That browser is logged out.")
    return redirect("account")


@require_POST
@person_required
def switch_workspace(request: PersonRequest) -> HttpResponseRedirect:
    """Enter another of the own workspaces."""
    try:
        membership = accounts.switch_workspace(
            user=request.user, public_id=request.POST.get("to", ""), now=timezone.now()
        )
    except (NotPermittedError, ValidationError) as error:
        raise PermissionDenied("You are not a member of that workspace.") from error
    request.session[SESSION_KEY] = membership.workspace_id
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if is_ours else settings.LOGIN_REDIRECT_URL)
