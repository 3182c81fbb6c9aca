"""A week on the demo's social networks: read, answered by funnels, scored, learned from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from campaigns.engine.advice.rules import label_of
from mlops.platforms.sandbox_control import SandboxControl
from outreach.services.sending.calling import Senders
from outreach.services.sending.dispatching import dispatch
from outreach.services.social.following import follow_entries
from outreach.services.social.funnels import create_funnel, switch_funnel
from outreach.services.social.insights import work_out
from outreach.services.social.matching import match_funnels
from outreach.services.social.scoring import score_advocates
from outreach.services.social.syncing import read_network
from workspaces.crypto import encrypt
from workspaces.gate import Proposer
from workspaces.models import Connection, User, Workspace
from workspaces.roles import Role
from workspaces.services.execution import execute_due

DAYS: Final = 6
#: Kind of a connection → what it is opened by, and the networks that it opens.
_KINDS: Final[Mapping[str, tuple[dict[str, str], tuple[str, ...]]]] = {
    "x": ({"access_token": "sandbox-x-social-ptd-fitness"}, ("twitter",)),
    "linkedin_page": (
        {"access_token": "sandbox-linkedin-social-ptd-fitness", "organization_id": "88001100",
         "api_version": "202601"},
        ("linkedin",),
    ),
    "tiktok_creator": ({"access_token": "sandbox-tiktok-social-ptd-fitness"}, ("tiktok",)),
}  # fmt: skip
_ASK: Final[Mapping[str, Any]] = {
    "name": "Wants to know more", "platforms": ["instagram"], "least_interactions": 0,
    "public_reply": "Thank you, {name}! We just wrote to you.",
    "dm_text": "Hi {name}, here is how coaching with us works and what it costs: "
    "https://ptd.example/start. Shall we find you a time?",
    "needs_approval": False,
}  # fmt: skip
_SAYS: Final[Mapping[str, Any]] = {
    "name": "Says something", "platforms": ["instagram", "facebook", "twitter"], "keywords": [],
    "least_interactions": 0, "daily_limit": 5,
    "public_reply": "Thank you, {name}! Write to us, and we find you a coach.",
}  # fmt: skip


def live_on_networks(
    *, workspace: Workspace, people: Mapping[Role, User], control: SandboxControl, now: datetime
) -> None:
    """Read the networks and answer on them for a week; today's answers wait for signatures."""
    approver, operator = (Proposer.person(people[one]) for one in (Role.APPROVER, Role.OPERATOR))
    begun = now - timedelta(days=DAYS)
    for values, by, at in (
        (_ASK, approver, begun - timedelta(days=2)), (_SAYS, operator, now - timedelta(days=1)),
    ):  # fmt: skip
        funnel = create_funnel(workspace=workspace, values=values, by=by, now=at)
        switch_funnel(funnel=funnel, is_on=True, by=by, now=at)
    page = Connection.objects.get(workspace=workspace, kind="messenger")
    for days in range(DAYS, 0, -1):
        # In the afternoon: nobody sleeps then.
        local = (now - timedelta(days=days)).astimezone(workspace.zone)
        at = local.replace(hour=14, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)
        control.set_clock(at)
        read_network(page, "instagram", now=at)
        match_funnels(workspace=workspace, now=at)
        for minutes in (6, 31):
            _work(workspace, control, at + timedelta(minutes=minutes))
    control.set_clock(now)
    for connection, platform in [(page, "instagram"), (page, "facebook"),
                                 *_others(workspace, control)]:  # fmt: skip
        read_network(connection, platform, now=now)
    match_funnels(workspace=workspace, now=now)
    follow_entries(workspace=workspace, now=now)
    score_advocates(workspace=workspace, now=now)
    work_out(workspace=workspace, now=now)


def _others(workspace: Workspace, control: SandboxControl) -> list[tuple[Connection, str]]:
    return [
        (
            Connection.objects.create(
                workspace=workspace, kind=kind, name=f"{label_of(platforms[0])} page sandbox",
                base_url=control.base_url, secret=encrypt(secret),
            ),
            platforms[0],
        )
        for kind, (secret, platforms) in _KINDS.items()
    ]  # fmt: skip


def _work(workspace: Workspace, control: SandboxControl, at: datetime) -> None:
    """Do what workers would at a moment."""
    control.set_clock(at)
    execute_due(worker="demo", clock=lambda: at, workspace=workspace)
    with Senders() as senders:
        dispatch(worker="demo", clock=lambda: at, senders=senders, run_for=timedelta(seconds=5))
