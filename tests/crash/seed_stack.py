"""Fifty signed changes on the sandbox, falling due over twenty seconds."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from datetime import timedelta  # noqa: E402  # all of these need the settings

import httpx  # noqa: E402
from django.utils import timezone  # noqa: E402

from campaigns.models import AdSet, SafetyPolicy  # noqa: E402
from campaigns.services.syncing import connect_account, sync_account  # noqa: E402
from tests.crash.accounts import seed_account, signed_change  # noqa: E402
from workspaces.crypto import encrypt  # noqa: E402
from workspaces.models import Connection, Membership, Proposal, User, Workspace  # noqa: E402

SPREAD_S = 20


def main() -> None:
    """Fill the workspace ``crash``."""
    now = timezone.now()
    url = os.environ["SANDBOX_URL"]
    httpx.post(f"{url}/_sandbox/seed", json=seed_account(now), timeout=60).raise_for_status()
    workspace = Workspace.objects.create(slug="crash", name="Crash")
    approver = User.objects.create_user("approver@crash.example", "correct horse battery")
    Membership.objects.create(workspace=workspace, user=approver, role="approver")
    connection = Connection.objects.create(
        workspace=workspace,
        kind="meta",
        name="Meta",
        base_url=url,
        secret=encrypt({"access_token": "t"}),
    )
    account = connect_account(connection=connection, external_id="9001", platform="meta", now=now)
    sync_account(account=account, now=now)
    SafetyPolicy.objects.create(
        workspace=workspace,
        version=1,
        jitter_min_ms=0,
        jitter_max_ms=0,
        rate_campaign_hour=1000,
        rate_workspace_day=1000,
        created_at=now,
        effective_at=now,
    )
    for number, ad_set in enumerate(AdSet.objects.filter(account=account).order_by("pk")):
        proposal = signed_change(ad_set, [approver], now)
        due = now + timedelta(seconds=15 + SPREAD_S * number / 50)
        Proposal.objects.filter(pk=proposal.pk).update(execute_after=due)


if __name__ == "__main__":
    main()
