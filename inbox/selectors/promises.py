"""What a workspace promises, and what happened in conversations, as the engines want it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from inbox.engine.hours import BusinessHours as Hours
from inbox.engine.hours_document import read_hours
from inbox.engine.sla import Event, Happened
from inbox.engine.sla_policy import LEVELS, Minutes, Policy, Promise, Urgency, level_of
from inbox.models import (
    BusinessHours,
    Conversation,
    ConversationEvent,
    CustomerResponse,
    Delivery,
    Direction,
    HappenedKind,
    Intent,
    SLAPolicy,
)

_HAPPENED: Final = {
    HappenedKind.CLOSED: Happened.CLOSED,
    HappenedKind.REOPENED: Happened.REOPENED,
}
_FIELDS: Final = {
    Promise.FIRST_RESPONSE: "first_minutes",
    Promise.NEXT_RESPONSE: "next_minutes",
    Promise.RESOLUTION: "resolution_minutes",
}


@dataclass(frozen=True)
class Rules:
    """Promises and hours of one workspace."""

    policy: Policy
    hours: dict[str, Hours] = field(default_factory=dict)

    def hours_of(self, team: str) -> Hours:
        """Hours of a team, or of everybody; without any, always."""
        return self.hours.get(team) or self.hours.get("") or Hours.always()


def rules_of(workspace_id: int) -> Rules:
    """Read what a workspace promises; what has no row of its own is as shipped."""
    hours = {
        row.team: read_hours(row.time_zone, row.week, row.holidays)
        for row in BusinessHours.objects.filter(workspace=workspace_id)
    }
    return Rules(_policy_of(workspace_id), hours)


def _policy_of(workspace_id: int) -> Policy:
    shipped = Policy()
    told: dict[tuple[Promise, str], list[int | None]] = {}
    for row in SLAPolicy.objects.filter(workspace=workspace_id):
        place = LEVELS.index(Urgency(row.urgency))
        for promise, name in _FIELDS.items():
            minutes = getattr(row, name)
            if minutes is None and promise is Promise.NEXT_RESPONSE:
                minutes = row.first_minutes
            levels = told.setdefault(
                (promise, row.channel),
                [shipped.minutes(promise, row.channel, level) for level in LEVELS],
            )
            levels[place] = minutes
    targets: dict[Promise, dict[str, Minutes]] = {
        promise: dict(shipped.targets[promise]) for promise in Promise
    }
    for (promise, channel), levels in told.items():
        targets[promise][channel] = (levels[0], levels[1], levels[2])
    return Policy(targets=MappingProxyType(targets))


def events_of(conversations: Collection[int]) -> dict[int, list[Event]]:
    """What happened in conversations, by their keys."""
    found: defaultdict[int, list[Event]] = defaultdict(list)
    for row in _responses(conversations):
        found[row.conversation_id] += _said(row)
    events = ConversationEvent.objects.filter(
        conversation__in=conversations, kind__in=[*_HAPPENED, HappenedKind.UNDONE]
    )
    for event in _standing(list(events.order_by("at", "pk"))):
        happened = _HAPPENED[HappenedKind(event.kind)]
        found[event.conversation_id].append(Event(event.at, happened))
    return found


def _standing(events: list[ConversationEvent]) -> list[ConversationEvent]:
    """Those that were not undone, or whose undoing was: what was undone never happened."""
    undone: set[tuple[int, str]] = set()
    standing = []
    for event in reversed(events):
        if (event.conversation_id, str(event.batch)) in undone:
            continue
        if event.kind == HappenedKind.UNDONE:
            undone.add((event.conversation_id, event.after.get("undoes", "")))
        else:
            standing.append(event)
    return standing[::-1]


def _responses(conversations: Collection[int]) -> list[CustomerResponse]:
    rows = CustomerResponse.objects.filter(conversation__in=conversations)
    rows = rows.exclude(delivery__in=(Delivery.CANCELLED, Delivery.FAILED))
    return list(rows.select_related("reading").defer("html", "quoted").order_by("at", "pk"))


def _said(row: CustomerResponse) -> list[Event]:
    if row.direction == Direction.IN:
        # A machine's answer stops no clock, and starts none.
        wrote = Event(row.at, Happened.WROTE, row.channel, level_of_response(row))
        return [] if row.is_auto else [wrote]
    if row.is_auto:
        return [Event(row.at, Happened.ACKNOWLEDGED)]
    # From then on it is theirs to answer.
    return [Event(row.at, Happened.ANSWERED), Event(row.at, Happened.WAITING)]


def level_of_response(row: CustomerResponse) -> Urgency:
    """How urgently a message is answered; what nobody has read yet is as urgent as most."""
    reading = getattr(row, "reading", None)
    if reading is None:
        return Urgency.MEDIUM
    intent = reading.corrected_intent or reading.intent
    return level_of(
        Urgency(reading.urgency),
        is_complaint=intent == Intent.COMPLAINT,
        sentiment=reading.sentiment,
    )


def standing_rows(conversations: Collection[int]) -> list[Conversation]:
    """Rows of conversations in the order of keys."""
    return list(Conversation.objects.filter(pk__in=conversations).order_by("pk"))


def first_of_turns(conversations: Collection[int]) -> dict[tuple[int, datetime], CustomerResponse]:
    """Messages of theirs by conversation and moment; of two at once the first."""
    found: dict[tuple[int, datetime], CustomerResponse] = {}
    rows = CustomerResponse.objects.filter(
        conversation__in=conversations, direction=Direction.IN, is_auto=False
    ).defer("html", "quoted", "text")
    for row in rows.order_by("at", "pk"):
        found.setdefault((row.conversation_id, row.at), row)
    return found
