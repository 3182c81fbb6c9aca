"""How good drafts of an intent were, and what went out without a signature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, QuerySet

from inbox.engine.auto_send import (
    INTENTS,
    WINDOW,
    Record,
    Reply,
    Verdict,
    may_send,
    record_of,
)
from inbox.engine.drafting_rules import Message, Posture, handle
from inbox.engine.sla_policy import Urgency
from inbox.models import AuditedReply, AutoSendRule, DraftSource, Intent, ReplyDraft
from inbox.selectors.naming import name_them
from workspaces.history import Event, histories_of
from workspaces.models import Workspace

#: Intents that a switch stands for, in the order of the page.
SWITCHED: Final = tuple(one for one in Intent.values if one in INTENTS)
#: What stands in for the verdicts where only the draft itself is asked about.
_PROVEN: Final = Record(good=WINDOW)
_LATELY: Final = timedelta(days=7)
_SHOWN: Final = 5


def record_for(workspace: Workspace, intent: str) -> Record:
    """What people said of the last drafts of an intent that were judged."""
    return records_of(workspace, [intent])[intent]


def records_of(workspace: Workspace, intents: Sequence[str]) -> dict[str, Record]:
    """Records of some intents, in one query."""
    rows = AuditedReply.objects.filter(workspace=workspace).exclude(verdict="")
    parts = [
        rows.filter(intent=one)
        .order_by("-judged_at", "-pk")
        .values_list("intent", "verdict")[:WINDOW]
        for one in intents
    ]
    told: dict[str, list[Verdict]] = {one: [] for one in intents}
    for intent, verdict in parts[0].union(*parts[1:], all=True) if parts[1:] else parts[0]:
        told[intent].append(Verdict(verdict))
    return {intent: record_of(verdicts) for intent, verdicts in told.items()}


def opening_posture(workspace: Workspace) -> str:
    """What a machine may do in a new conversation: where nothing goes out alone, only draft."""
    is_on = AutoSendRule.objects.filter(workspace=workspace, is_on=True).exists()
    return Posture.AUTO if is_on else Posture.DRAFT_ONLY


def would_go(draft: ReplyDraft) -> bool:
    """Whether a draft could go out unsigned, were its intent switched on and shown to be good.

    Asked of the message as it was read when the draft was made; the posture of the conversation
    says nothing of the draft.
    """
    reading = getattr(draft.answers, "reading", None)
    if reading is None or draft.template is None or draft.source != DraftSource.TEMPLATE:
        return False
    message = Message(
        text=draft.answers.text, intent=draft.intent, confidence=draft.confidence or 0.0,
        urgency=Urgency(reading.urgency), is_automatic=draft.answers.is_auto,
    )  # fmt: skip
    reply = Reply(
        intent=draft.intent, confidence=draft.confidence or 0.0, sentiment=reading.sentiment,
        is_from_approved_template=not draft.template.requires_approval,
    )  # fmt: skip
    return may_send(reply, handle(message, Posture.AUTO), _PROVEN, is_on=True).is_allowed


@dataclass(frozen=True)
class Standing:
    """Automatic sending of one intent, as its page shows it."""

    intent: str
    label: str
    rule: AutoSendRule
    record: Record
    bound: float
    missing: int
    waiting: int  # drawn, and nobody said anything of them yet
    went_out: int
    latest: tuple[ReplyDraft, ...]
    history: tuple[Event, ...]

    @property
    def is_shown(self) -> bool:
        """Whether 99 % is shown."""
        return self.missing == 0

    @property
    def bound_shown(self) -> str:
        """The bound, rounded down: 98.96 % is not told as 99 %."""
        return f"{math.floor(self.bound * 1000) / 10:g} %"

    @property
    def missing_shown(self) -> str:
        """How many more, with the thousands apart."""
        return f"{self.missing:,}"

    @property
    def share_pct(self) -> int:
        """How much is looked at, in per cent."""
        return round(self.rule.audit_share * 100)


def standings(workspace: Workspace, now: datetime) -> list[Standing]:
    """Each intent that may be answered automatically, with what speaks for it."""
    rules = {row.intent: row for row in AutoSendRule.objects.filter(workspace=workspace)}
    records = records_of(workspace, SWITCHED)
    waiting = _by_intent(AuditedReply.objects.filter(workspace=workspace, verdict=""))
    unsigned = ReplyDraft.objects.filter(
        workspace=workspace, was_auto=True, response__at__gt=now - _LATELY
    )
    went = _by_intent(unsigned)
    latest = list(
        unsigned.select_related("response", "conversation__contact").order_by("-pk")[:_SHOWN]
    )
    name_them(one.conversation for one in latest)
    history = histories_of(list(rules.values()))
    return [
        Standing(
            intent=intent, label=Intent(intent).label,
            rule=rules.get(intent) or AutoSendRule(workspace=workspace, intent=intent),
            record=records[intent], bound=records[intent].bound, missing=records[intent].missing,
            waiting=waiting.get(intent, 0), went_out=went.get(intent, 0),
            latest=tuple(one for one in latest if one.intent == intent),
            history=tuple(history.get(rules[intent].pk, [])[:_SHOWN]) if intent in rules else (),
        )
        for intent in SWITCHED
    ]  # fmt: skip


def _by_intent(rows: QuerySet[Any]) -> dict[str, int]:
    return dict(rows.order_by().values_list("intent").annotate(Count("pk")))
