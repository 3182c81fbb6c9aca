"""Sending without a signature: switched on by admins, off by who runs things, or by itself.

Whether one reply may go out alone is the gate's question to `reply_kind`; it is asked when the
draft is made and again when it is carried out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.urls import reverse

from inbox.engine.auto_send import LEAST_PRECISION, demotion
from inbox.models import AutoSendRule, Intent
from inbox.selectors.automation import SWITCHED, record_for
from inbox.services.topics import TOPIC
from workspaces.gate import Proposer, RequestError, StateError
from workspaces.models import Proposal, Status, User, Workspace
from workspaces.roles import Role
from workspaces.services.brake import record_stop
from workspaces.services.live import bump
from workspaces.services.notices import notify
from workspaces.services.permissions import require
from workspaces.services.proposing import edit

WATCHER: Final = Proposer.rule("Audit of automatic answers")


@transaction.atomic
def switch_on(*, workspace: Workspace, intent: str, by: User, now: datetime) -> AutoSendRule:
    """Let answers of an intent go out unsigned from now on.

    Raises
    ------
    NotAllowedError : the person is no admin
    RequestError : the intent is always answered by a person
    StateError : it is on already, or people did not judge enough of its drafts to be good
    """
    require(
        Role.ADMIN, by=Proposer.person(by), workspace=workspace, now=now,
        what="Switching automatic answers on",
    )  # fmt: skip
    rule = rule_of(workspace, intent)
    if rule.is_on:
        raise StateError("It is on already.")
    record = record_for(workspace, intent)
    if not record.judged or record.bound < LEAST_PRECISION:
        raise StateError(
            f"{record.good} of {record.judged} judged drafts were good."
            f" {record.missing:,} more good ones in a row are needed to show 99 %."
        )
    rule.is_on, rule.demoted_at, rule.demoted_because = True, None, ""
    rule.save(update_fields=["is_on", "demoted_at", "demoted_because", "updated_at"])
    bump(workspace.pk, TOPIC)
    return rule


@transaction.atomic
def switch_off(
    *, workspace: Workspace, intent: str, by: User, reason: str, now: datetime
) -> AutoSendRule:
    """Let people sign all answers of an intent again; what has not gone out yet waits for them.

    Raises
    ------
    NotAllowedError : the person is no operator
    RequestError : no such intent, or no reason
    StateError : it is off already
    """
    require(
        Role.OPERATOR, by=Proposer.person(by), workspace=workspace, now=now,
        what="Switching automatic answers off",
    )  # fmt: skip
    if not reason.strip():
        raise RequestError("reason", "Say why, so that the others know when to go on.")
    rule = rule_of(workspace, intent)
    if not rule.is_on:
        raise StateError("It is off already.")
    _stop(rule, by=by, reason=reason.strip(), now=now)
    return rule


@transaction.atomic
def set_share(
    *, workspace: Workspace, intent: str, share: float, by: User, now: datetime
) -> AutoSendRule:
    """Say how much of what goes out unsigned is looked at.

    Raises
    ------
    NotAllowedError : the person is no admin
    RequestError : the share is not between 1 % and all
    """
    require(
        Role.ADMIN, by=Proposer.person(by), workspace=workspace, now=now,
        what="Changing the audit",
    )  # fmt: skip
    if not 0.01 <= share <= 1:
        raise RequestError("share", "Look at 1 % to 100 % of them.")
    rule = rule_of(workspace, intent)
    rule.audit_share = share
    rule.save(update_fields=["audit_share", "updated_at"])
    return rule


def rule_of(workspace: Workspace, intent: str) -> AutoSendRule:
    """The switch of an intent, locked; a new one is off.

    Raises
    ------
    RequestError : the intent is always answered by a person
    """
    if intent not in SWITCHED:
        raise RequestError(
            "intent", "Only questions, compliments and purchases may be answered automatically."
        )
    AutoSendRule.objects.get_or_create(workspace=workspace, intent=intent)
    return AutoSendRule.objects.select_for_update().get(workspace=workspace, intent=intent)


def demote_if_due(rule: AutoSendRule, *, now: datetime) -> bool:
    """End automatic sending of a locked intent where 99 % is no longer shown; whether it did."""
    if not rule.is_on:
        return False
    due = demotion(record_for(rule.workspace, rule.intent))
    if due.is_due:
        demote(rule, reason=due.reason, now=now)
    return due.is_due


def demote(rule: AutoSendRule, *, reason: str, now: datetime) -> None:
    """End automatic sending of a locked intent by ourselves; a person may switch it on again."""
    rule.demoted_at, rule.demoted_because = now, reason[:200]
    _stop(rule, by=WATCHER, reason=reason, now=now)
    label = Intent(rule.intent).label.lower()
    notify(
        workspace=rule.workspace, rank=Role.ADMIN.rank, topic="inbox.demoted", now=now,
        title=f"Answers to {label}s wait for people again", body=reason,
        url=reverse("inbox-automation"), dedup_key=f"demoted:{rule.pk}:{now.isoformat()}",
    )  # fmt: skip


def demote_all(*, workspace: Workspace, reason: str, now: datetime) -> int:
    """End automatic sending of every intent, such as where the reading of messages drifts."""
    with transaction.atomic():
        rules = AutoSendRule.objects.select_for_update().select_related("workspace")
        found = list(rules.filter(workspace=workspace, is_on=True).order_by("pk"))
        for rule in found:
            demote(rule, reason=reason, now=now)
    return len(found)


def _stop(rule: AutoSendRule, *, by: User | Proposer, reason: str, now: datetime) -> None:
    """Switch off at once, on record like every stop of our own machinery."""
    rule.is_on = False
    rule.save(update_fields=["is_on", "demoted_at", "demoted_because", "updated_at"])
    label = Intent(rule.intent).label.lower()
    record_stop(
        workspace=rule.workspace, by=by, rank=Role.OPERATOR,
        subject_key=f"inbox-auto:{rule.intent}", subject_label=f"Automatic answers to {label}s",
        summary=f"Let people sign all answers to {label}s",
        body={"operation": "demote", "before": "on", "after": "off", "intent": rule.intent},
        reason=reason[:300], now=now,
    )  # fmt: skip
    bump(rule.workspace_id, TOPIC)


def hold_back(*, proposal: Proposal, by: User, now: datetime) -> Proposal:
    """Stop an answer that is about to go out unsigned: it waits for a person instead.

    Raises
    ------
    NotAllowedError : the person is no agent
    StateError : it is out, or nothing goes out without a person
    """
    if proposal.status != Status.APPROVED:
        raise StateError(f"It is {proposal.get_status_display().lower()}; too late to hold it.")
    plan = proposal.current_plan
    if plan is None or not plan.signatures.filter(person=None, withdrawn_at=None).exists():
        raise StateError("A person signed it; take that signature back instead.")
    return edit(proposal_id=proposal.pk, changes={}, by=by, now=now, why=f"Held back by {by}.")
