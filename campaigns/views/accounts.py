"""Ad accounts: what is connected, how fresh it is, and taking another one in."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from campaigns.models import AdAccount
from campaigns.onboarding import KINDS
from campaigns.services.sync_job import SYNC_JOB
from campaigns.services.syncing import add_account
from workspaces.models import Connection, ConnectionStatus
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.platforms.errors import PlatformError
from workspaces.roles import Role
from workspaces.starting import start_by


@require_GET
@page(Role.VIEWER)
def account_list(request: PageRequest) -> HttpResponse:
    """Accounts of the workspace, and the connections that another one can come through."""
    accounts = AdAccount.objects.filter(workspace=request.workspace, archived_at=None)
    connections = Connection.objects.filter(
        workspace=request.workspace, kind__in=KINDS, status=ConnectionStatus.ACTIVE
    )
    context = {
        "title": "Ad accounts",
        "accounts": accounts.select_related("connection").order_by("name", "pk"),
        "connections": connections.order_by("name"),
        "may_add": request.membership.rank >= Role.ADMIN.rank,
        "may_sync": has_role(request, Role.OPERATOR),
    }
    return show(request, "campaigns/accounts.html", context)


@require_POST
@page(Role.ADMIN)
def account_add(request: PageRequest) -> HttpResponse:
    """Take an ad account of a connection in, and read it for the first time in the background."""
    connection = _connection(request)
    external_id = request.POST.get("external_id", "").replace("\x00", "").strip()
    if connection is None or not external_id:
        messages.error(request, "Choose a connection and enter the account's id.")
        return redirect("ad-accounts")
    try:
        account = add_account(connection=connection, external_id=external_id, now=timezone.now())
    except PlatformError as error:
        messages.error(request, error.message)
        return redirect("ad-accounts")
    messages.success(request, f"{account.name} was added; its figures are being read.")
    start_by(request, SYNC_JOB)
    return redirect("ad-accounts")


def _connection(request: PageRequest) -> Connection | None:
    try:
        public_id = UUID(request.POST.get("connection", ""))
    except ValueError:
        return None
    return Connection.objects.filter(workspace=request.workspace, public_id=public_id).first()


@require_POST
@page(Role.OPERATOR)
def sync_now(request: PageRequest) -> HttpResponse:
    """Read all connected accounts again."""
    start_by(request, SYNC_JOB, told="The platforms are being read; reload in a moment.")
    return redirect("ad-accounts")
