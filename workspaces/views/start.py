"""``/start/``: from an empty installation to a team at work, a step at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from workspaces import hooks
from workspaces.forms import FirstAdminForm, InviteForm, WorkspaceForm
from workspaces.middleware import SESSION_KEY
from workspaces.models import Invitation, Membership, User, Workspace
from workspaces.pages import PageRequest, has_role, page
from workspaces.roles import Role
from workspaces.services import accounts, invitations
from workspaces.services.refusals import RefusedError
from workspaces.services.workspaces import create_workspace
from workspaces.views.access import PersonRequest, person_required
from workspaces.views.login import start_session
from workspaces.views.shell import draw, refuse


@dataclass(frozen=True)
class Step:
    """One line of the page."""

    title: str
    text: str
    url: str
    is_done: bool
    is_next: bool = False
    role: Role = Role.VIEWER  # who may open it
    is_open: bool = True  # to the one who reads


@require_GET
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """What is set up, and what comes next."""
    if not request.user.is_authenticated:
        if User.objects.exists():
            return redirect(f"{reverse('login')}?next={reverse('start')}")
        return _first_admin_page(request, FirstAdminForm())
    workspace: Workspace | None = getattr(request, "workspace", None)
    if workspace is None:
        return redirect("start-workspace")
    steps = [replace(step, is_open=has_role(request, step.role)) for step in _steps(workspace)]
    return draw(
        request,
        "workspaces/start.html",
        title="Get started",
        steps=steps,
        is_complete=all(step.is_done for step in steps),
    )


def _steps(workspace: Workspace) -> list[Step]:
    has_data = workspace.data_since is not None or workspace.connections.exists()
    has_team = (
        Membership.objects.filter(workspace=workspace).count() > 1
        or Invitation.objects.filter(workspace=workspace).exists()
    )
    facts = f"{workspace.currency}, {workspace.time_zone}, {workspace.get_mode_display().lower()}"
    steps = [
        Step(f"Workspace {workspace.name}", facts, reverse("start"), is_done=True),
        Step(
            "Connect or import",
            "Connect an ad platform, or import a spreadsheet of past performance.",
            reverse("connections"),
            is_done=has_data,
            role=Role.ADMIN,
        ),
        *(
            Step(step.title, step.text, step.url, is_done=step.is_done(workspace), role=step.role)
            for step in hooks.start_steps()
        ),
        Step(
            "Invite your team",
            "One person proposes, another signs: invite at least one colleague.",
            reverse("start-invite"),
            is_done=has_team,
            role=Role.ADMIN,
        ),
    ]
    upcoming = next((number for number, step in enumerate(steps) if not step.is_done), None)
    return [replace(step, is_next=number == upcoming) for number, step in enumerate(steps)]


@sensitive_post_parameters("password", "password_again")
@require_POST
def first_admin(request: HttpRequest) -> HttpResponse:
    """Create the first person of an empty installation."""
    form = FirstAdminForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            user = accounts.create_first_admin(
                email=data["email"],
                password=data["password"],
                first_name=data["first_name"],
                last_name=data["last_name"],
            )
        except (ValidationError, RefusedError) as error:
            refuse(form, error)
        else:
            start_session(request, user)
            return redirect("start-workspace")
    return _first_admin_page(request, form)


def _first_admin_page(request: HttpRequest, form: FirstAdminForm) -> HttpResponse:
    status = 422 if form.errors else 200
    return draw(request, "registration/first_admin.html", title="Welcome", status=status, form=form)


@require_http_methods(["GET", "POST"])
@person_required
def new_workspace(request: PersonRequest) -> HttpResponse:
    """Create a workspace: for people without one, and for admins who need another."""
    roles = set(request.user.memberships.values_list("role", flat=True))
    if roles and Role.ADMIN not in roles:
        raise PermissionDenied("Only an admin may create another workspace; ask one of yours.")
    form = WorkspaceForm(request.POST or None, initial={"currency": "USD", "time_zone": "UTC"})
    if request.method == "POST" and form.is_valid():
        try:
            workspace = create_workspace(**form.cleaned_data, by=request.user, now=timezone.now())
        except ValidationError as error:
            refuse(form, error)
        else:
            request.session[SESSION_KEY] = workspace.pk
            messages.success(request, f"The workspace {workspace} is ready. You are its admin.")
            return redirect("start")
    return draw(
        request,
        "workspaces/start_workspace.html",
        title="New workspace",
        status=422 if form.errors else 200,
        form=form,
    )


@require_http_methods(["GET", "POST"])
@page(Role.ADMIN)
def invite(request: PageRequest) -> HttpResponse:
    """Invite colleagues; without a mail server the links are shown here."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invitations.invite(
                workspace=request.workspace,
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
                by=request.user,
                now=timezone.now(),
            )
        except (ValidationError, RefusedError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"{invitation.email} is invited.")
            return redirect("start-invite")
    waiting = Invitation.objects.filter(
        workspace=request.workspace, accepted_at=None, revoked_at=None
    ).order_by("-created_at", "pk")
    return draw(
        request,
        "workspaces/start_invite.html",
        title="Invite your team",
        status=422 if form.errors else 200,
        form=form,
        waiting=[(one, invitations.invitation_url(one)) for one in waiting],
        # Whoever holds a link can become that person, so mail carries it wherever there is mail.
        links_shown="smtp" not in settings.EMAIL_BACKEND,
    )


@require_POST
@page(Role.ADMIN)
def revoke_invitation(request: PageRequest, pk: int) -> HttpResponseRedirect:
    """Withdraw an invitation."""
    invitation = get_object_or_404(Invitation, workspace=request.workspace, pk=pk)
    try:
        invitations.revoke_invitation(invitation=invitation, by=request.user, now=timezone.now())
    except RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The invitation to {invitation.email} is withdrawn.")
    return redirect("start-invite")
