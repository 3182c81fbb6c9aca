"""Sending that stops: by a rule when too many complain or too much bounces, or by a person.

Stopping acts at once and stands on record; going on again needs an approver.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.urls import reverse

from outreach.models import Halt, MessageChannel, OutreachPolicy
from outreach.selectors.rates import Standing, recent_fare, sending_domain, standings
from workspaces.formats import share
from workspaces.gate import Proposer, RequestError, StateError
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.services.brake import record_stop
from workspaces.services.jobs import Progress
from workspaces.services.live import bump
from workspaces.services.locks import lock_names
from workspaces.services.notices import notify
from workspaces.services.permissions import require

DELIVERABILITY_JOB: Final = "deliverability"
TOPIC: Final = "outreach"
_RULE: Final = Proposer.rule("deliverability")


@transaction.atomic
def halt(
    *, workspace: Workspace, channel: str, scope: str, by: User | Proposer, reason: str,
    now: datetime, figures: dict[str, str] | None = None,
) -> Halt:  # fmt: skip
    """Send nothing more by a channel, or from one domain.

    Raises
    ------
    RequestError : no such channel, or no reason
    NotAllowedError : a person below operator
    StateError : it is stopped already
    """
    if channel not in MessageChannel.values:
        raise RequestError("channel", f"Choose one of {', '.join(MessageChannel.values)}.")
    if not reason.strip():
        raise RequestError("reason", "Say why, so that the others know when to go on.")
    proposer = Proposer.person(by) if isinstance(by, User) else by
    require(Role.OPERATOR, by=proposer, workspace=workspace, now=now, what="Stopping")
    lock_names([f"outreach-halt:{workspace.pk}:{channel}"])
    rows = Halt.objects.filter(workspace=workspace, channel=channel, scope=scope, lifted_at=None)
    if rows.exists():
        raise StateError("It is stopped already.")
    label = "" if isinstance(by, Proposer) else str(by)
    made = Halt.objects.create(
        workspace=workspace, channel=channel, scope=scope, reason=reason[:300], since=now,
        by_label=label, figures=figures or {},
    )  # fmt: skip
    record_stop(
        workspace=workspace,
        by=by,
        rank=Role.OPERATOR,
        subject_key=f"outreach-channel:{channel}:{scope}",
        subject_label=str(made),
        summary=f"Send nothing more by {made}",
        body={"operation": "halt", "before": "sending", "after": "halted", "channel": channel},
        reason=reason,
        now=now,
    )
    bump(workspace.pk, TOPIC)
    return made


@transaction.atomic
def lift(*, made: Halt, by: User, reason: str, now: datetime) -> Halt:
    """Let it send again.

    Raises
    ------
    NotAllowedError : below approver
    RequestError : no reason
    StateError : it was lifted already
    """
    require(
        Role.APPROVER, by=Proposer.person(by), workspace=made.workspace, now=now, what="Going on"
    )
    if not reason.strip():
        raise RequestError("reason", "Say what was cleared up.")
    rows = Halt.objects.filter(pk=made.pk, lifted_at=None)
    if not rows.update(lifted_at=now, lifted_by_label=f"{by}: {reason}"[:150]):
        raise StateError("It sends again already.")
    bump(made.workspace_id, TOPIC)
    made.refresh_from_db()
    return made


def watch(progress: Progress) -> None:
    """Look at the rates of mail: warn, and stop the domain that it is sent from."""
    workspace, now = progress.workspace, progress.now
    domain = sending_domain(workspace)
    policy = OutreachPolicy.objects.filter(workspace=workspace).first() or OutreachPolicy()
    fare = recent_fare(workspace, MessageChannel.EMAIL, least=policy.judged_from, now=now)
    if domain is None or fare.sent < policy.judged_from:
        return
    for standing in standings(fare, policy):
        if standing.verdict == "stop":
            progress.count(halted=_stop(workspace, domain, standing, now))
        elif standing.verdict == "warn":
            _warn(workspace, domain, standing, now)


def _stop(workspace: Workspace, domain: str, standing: Standing, now: datetime) -> int:
    words = f"{standing.name}: {share(standing.rate, 2)}, the line is {share(standing.stop, 2)}"
    try:
        halt(
            workspace=workspace, channel=MessageChannel.EMAIL, scope=domain, by=_RULE,
            reason=words, now=now, figures={"rate": f"{standing.rate:.5f}"},
        )  # fmt: skip
    except StateError:
        return 0
    _tell(
        workspace, f"Mail from {domain} was stopped", now, Role.APPROVER,
        f"{words}. Find out who complains and clean the list before it goes on.",
    )  # fmt: skip
    return 1


def _warn(workspace: Workspace, domain: str, standing: Standing, now: datetime) -> None:
    words = (
        f"{standing.name}: {share(standing.rate, 2)}; at {share(standing.stop, 2)} it is stopped."
    )
    _tell(workspace, f"Mail from {domain} is near its limit", now, Role.OPERATOR, words)


def _tell(workspace: Workspace, title: str, now: datetime, rank: Role, body: str) -> None:
    notify(
        workspace=workspace,
        rank=rank.rank,
        topic=TOPIC,
        title=title,
        body=body,
        url=reverse("notices"),
        dedup_key=f"deliverability:{title}:{now.date()}"[:200],
        now=now,
    )
