"""Connections to outside systems: connect, try, pause, give a new secret."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from workspaces import hooks
from workspaces.forms import ConnectionForm, SecretForm
from workspaces.models import Connection
from workspaces.pages import PageRequest, page
from workspaces.roles import Role
from workspaces.services import connections
from workspaces.services.refusals import RefusedError
from workspaces.views.shell import draw, refuse


@require_GET
@page(Role.ADMIN)
def connection_list(request: PageRequest) -> HttpResponse:
    """All connections with their state, and the kinds that can be added."""
    kinds = hooks.connection_kinds()
    labels = {kind.kind: kind.label for kind in kinds}
    rows = request.workspace.connections.order_by("kind", "name")
    return draw(
        request,
        "workspaces/connections.html",
        title="Connections",
        connections=[(row, labels.get(row.kind, row.kind)) for row in rows],
        kinds=kinds,
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@page(Role.ADMIN)
def new_connection(request: PageRequest, kind: str) -> HttpResponse:
    """Add a connection of a kind and try it at once."""
    known = hooks.connection_kind(kind)
    if known is None:
        messages.error(request, f"There is no connection kind {kind!r}; choose one of these.")
        return redirect("connections")
    form = ConnectionForm(request.POST or None, kind=known)
    if request.method == "POST" and form.is_valid():
        try:
            made = connections.create_connection(
                workspace=request.workspace,
                kind=kind,
                name=form.cleaned_data["name"],
                base_url=form.cleaned_data["base_url"],
                secret=form.secret(),
                by=request.user,
            )
        except (ValidationError, RefusedError) as error:
            refuse(form, error)
        else:
            _try(request, made)
            return redirect("connections")
    return _form_page(request, form, title=f"Connect {known.label}")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@page(Role.ADMIN)
def new_secret(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Replace the credentials of a connection and try them at once."""
    connection = _own(request, public_id)
    known = hooks.connection_kind(connection.kind)
    if known is None:
        messages.error(request, f"No app here speaks {connection.kind!r}.")
        return redirect("connections")
    form = SecretForm(request.POST or None, kind=known)
    if request.method == "POST" and form.is_valid():
        try:
            changed = connections.update_secret(
                connection=connection, secret=form.secret(), by=request.user
            )
        except RefusedError as error:
            refuse(form, error)
        else:
            _try(request, changed)
            return redirect("connections")
    return _form_page(request, form, title=f"New secret for {connection.name}")


@require_POST
@page(Role.ADMIN)
def try_connection(request: PageRequest, public_id: UUID) -> HttpResponseRedirect:
    """Try a connection and say what came of it."""
    _try(request, _own(request, public_id))
    return redirect("connections")


@require_POST
@page(Role.ADMIN)
def set_paused(request: PageRequest, public_id: UUID, *, is_paused: bool) -> HttpResponseRedirect:
    """Pause a connection, or resume it."""
    change = connections.pause_connection if is_paused else connections.resume_connection
    try:
        connection = change(connection=_own(request, public_id), by=request.user)
    except RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{connection.name}: {connection.get_status_display().lower()}.")
    return redirect("connections")


def _own(request: PageRequest, public_id: UUID) -> Connection:
    return get_object_or_404(Connection, workspace=request.workspace, public_id=public_id)


def _try(request: PageRequest, connection: Connection) -> None:
    try:
        result = connections.test_connection(
            connection=connection, by=request.user, now=timezone.now()
        )
    except RefusedError as error:
        messages.error(request, str(error))
        return
    show = messages.success if result.is_ok else messages.error
    show(request, f"{connection.name}: {result.words}")


def _form_page(request: PageRequest, form: SecretForm, *, title: str) -> HttpResponse:
    status = 422 if form.errors else 200
    return draw(request, "workspaces/connection_form.html", title=title, status=status, form=form)
