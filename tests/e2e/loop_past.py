"""Ten days that no test can wait for: a change signed and carried out, and what moved since.

Run on the stack's servers; prints what the test asks for. The effect of a change is measured after
its seventh full day, so this lives through the morning ten days ago as the demo does: by the
product's own services with that moment as their clock, the sandbox's clock in step, every call over
HTTP. One transaction holds it, so that no worker finds half of it and carries on at today's time.
What came in since is left for the real workers to read, measure and judge.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, time, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django.setup()

from django.db import transaction  # noqa: E402  # needs the settings
from django.utils import timezone  # noqa: E402

from attribution.services.stage_values import install_template  # noqa: E402
from attribution.services.website.sites import create_site  # noqa: E402
from campaigns.models import AdAccount, PendingAdChange  # noqa: E402
from campaigns.services.policy import confirm_policy, save_policy  # noqa: E402
from campaigns.services.syncing import connect_account, sync_account  # noqa: E402
from mlops.platforms.sandbox_control import SandboxControl  # noqa: E402
from mlops.services.demo.people import add_people, demo_person, sign_for  # noqa: E402
from mlops.services.sampling import propose_budgets  # noqa: E402
from tests.e2e.outreach_rows import control  # noqa: E402
from workspaces.crypto import encrypt  # noqa: E402
from workspaces.models import BusinessMode, Connection, User, Workspace  # noqa: E402
from workspaces.roles import Role  # noqa: E402
from workspaces.services.execution import execute_due  # noqa: E402
from workspaces.services.workspaces import create_workspace  # noqa: E402

NAME, SLUG = "The whole loop", "whole_loop"
ORIGIN = "http://shop.loop.example"
META, GOOGLE = "4400990011", "5500990011"
#: The ad whose place a far better one takes six days ago.
WORN, STAR = f"{GOOGLE}03", f"{GOOGLE}05"
DAY = timedelta(days=1)
SIGNED_DAYS, RISE_DAYS, KNOWN_DAYS = 10, 6, 60
FUNNEL = {
    "mode": "pipeline", "appointment_value": 450, "sale_value": 3000, "appointment_rate": 0.12,
    "sale_rate": 0.15, "lead_delay": 0.3, "appointment_delay": 2.5, "sale_delay": 7.0,
}  # fmt: skip


def live(base: str, now: datetime) -> dict[str, Any]:
    """Make the workspace, live through that morning and let the better ad begin."""
    sandbox = SandboxControl(base)
    today = datetime.combine(now.date(), time(), now.tzinfo)
    begun = today - KNOWN_DAYS * DAY
    accounts = [_account("meta", META, _meta()), _account("google", GOOGLE, _google())]
    control(base, "seed", {"accounts": accounts, "created_at": begun.timestamp()})
    workspace = _workspace(now - (SIGNED_DAYS + 1) * DAY)
    morning = today - SIGNED_DAYS * DAY + timedelta(hours=9)
    try:
        sandbox.set_clock(morning)
        account, _ = (_connect(workspace, kind, base, morning) for kind in ("meta", "google"))
        signed = _sign_one(account, morning)
        sandbox.set_clock(today - RISE_DAYS * DAY)
        for ad, status in ((WORN, "paused"), (STAR, "active")):
            control(base, "edit", {"platform": "google", "id": ad, "status": status})
    finally:
        sandbox.run_clock()
    site = create_site(workspace=workspace, name="Loop shop", origins=[ORIGIN])
    return {
        "workspace": NAME,
        "origin": ORIGIN,
        "site": site.key,
        "proposal": str(signed.proposal.public_id),
        "ad_set": signed.entity_external_id,
    }


def _workspace(now: datetime) -> Workspace:
    """A workspace with its people, stage values and a policy without jitter."""
    workspace = create_workspace(
        slug=SLUG, name=NAME, currency="USD", time_zone="UTC", mode=BusinessMode.PIPELINE,
        by=demo_person(Role.ADMIN), now=now, is_sandbox=True,
    )  # fmt: skip
    people = add_people(workspace)
    values = {"jitter_min_ms": 0, "jitter_max_ms": 0}
    policy = save_policy(workspace=workspace, values=values, by=people[Role.ADMIN], now=now)
    confirm_policy(policy=policy, by=people[Role.APPROVER], now=now)
    install_template(workspace=workspace, template="ptd_fitness", now=now)
    return workspace


def _connect(workspace: Workspace, kind: str, base: str, now: datetime) -> AdAccount:
    more = {
        "meta": {"access_token": f"token-{META}", "conversion_action": "lead"},
        "google": {
            "refresh_token": f"token-{GOOGLE}", "client_id": "demo", "client_secret": "demo",
            "developer_token": "demo",
        },
    }  # fmt: skip
    connection = Connection.objects.create(
        workspace=workspace, kind=kind, name=f"{kind} of the loop", base_url=base,
        secret=encrypt(more[kind]),
    )  # fmt: skip
    external_id = {"meta": META, "google": GOOGLE}[kind]
    account = connect_account(
        connection=connection, external_id=external_id, platform=kind, now=now
    )
    sync_account(account=account, now=now)
    return account


def _sign_one(account: AdAccount, now: datetime) -> PendingAdChange:
    """The sampler's largest change, signed and carried out."""
    people = {role: User.objects.get(email=f"{name}@demo.example") for role, name in _SIGNERS}
    made = propose_budgets(account=account, now=now, seed=1)
    change = (
        PendingAdChange.objects.filter(proposal__in=made, change_type="budget")
        .select_related("proposal__current_plan")
        .order_by("-proposal__money_at_stake", "pk")
        .first()
    )
    assert change, "the sampler proposed nothing"
    sign_for(change.proposal, people, now)
    clock = now + timedelta(minutes=2)
    execute_due(worker="past", clock=lambda: clock, workspace=account.workspace)
    change.proposal.refresh_from_db()
    assert change.proposal.status == "executed", change.proposal.last_error
    return change


_SIGNERS = ((Role.APPROVER, "amir"), (Role.ADMIN, "ada"))


def _account(platform: str, external_id: str, made: tuple[list[Any], dict[str, Any]]) -> Any:
    campaigns, ads = made
    budgets = [
        {"id": one["budget_id"], "name": one["name"], "daily_budget": "400.00"}
        for one in campaigns
        if "budget_id" in one
    ]
    return {
        "platform": platform, "id": external_id, "name": NAME, "currency": "USD",
        "timezone": "UTC", "token": f"token-{external_id}", "campaigns": campaigns,
        "budgets": budgets, "traffic": {"funnel": FUNNEL, "ads": ads},
    }  # fmt: skip


def _meta() -> tuple[list[Any], dict[str, Any]]:
    """Five campaigns, each of one ad set with a budget of its own."""
    campaigns, ads = [], {}
    for place, rate in enumerate((0.02, 0.05, 0.04, 0.07, 0.03)):
        campaigns.append(
            {"id": f"{META}{place}1", "name": f"Loop campaign {place}", "adsets": [
                {"id": f"{META}{place}2", "name": f"Loop ad set {place}",
                 "daily_budget": "300.00",
                 "ads": [{"id": f"{META}{place}3", "name": f"Ad {place}"}]}]}
        )  # fmt: skip
        ads[f"{META}{place}3"] = _traits(rate)
    return campaigns, ads


def _google() -> tuple[list[Any], dict[str, Any]]:
    """Two campaigns; the better ad of the first is off at the beginning."""
    campaigns, ads = [], {}
    for place in range(2):
        own = [{"id": f"{GOOGLE}{place}3", "name": f"Search {place}"}]
        if place == 0:
            own.append({"id": STAR, "name": "Search star", "status": "paused"})
        campaigns.append(
            {"id": f"{GOOGLE}{place}1", "name": f"Loop search {place}",
             "budget_id": f"{GOOGLE}{place}4", "channel": "SEARCH",
             "adsets": [{"id": f"{GOOGLE}{place}2", "name": f"Group {place}", "ads": own}]}
        )  # fmt: skip
        ads[f"{GOOGLE}{place}3"] = _traits(0.05)
    return campaigns, ads | {STAR: _traits(0.20)}


def _traits(rate: float) -> dict[str, float]:
    return {
        "cost_per_mille": 18, "click_rate": 0.015, "conversion_rate": rate, "saturation": 900,
        "fatigue_days": 10_000,
    }  # fmt: skip


if __name__ == "__main__":
    with transaction.atomic():
        told = live(os.environ["SANDBOX_URL"], timezone.now())
    print(json.dumps(told))  # noqa: T201  # what the caller reads
