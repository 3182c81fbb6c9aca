"""What a workspace promises, and what happened in conversations, as the engines want it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.db import connection
from django.db.models import Q

from inbox.engine.hours import BusinessHours as Hours
from inbox.engine.hours_document import read_hours
from inbox.engine.sla import Event, Happened
from inbox.engine.sla_policy import LEVELS, Minutes, Policy, Promise, Urgency, level_of
from inbox.models import (
    UNCLOSED,
    BusinessHours,
    Conversation,
    ConversationEvent,
    ConversationStatus,
    CustomerResponse,
    Delivery,
    Direction,
    HappenedKind,
    Intent,
    SLAPolicy,
)
from workspaces.models import Workspace

_HAPPENED: Final[Mapping[HappenedKind, tuple[Happened, ...]]] = {
    HappenedKind.CLOSED: (Happened.CLOSED,),
    HappenedKind.WAITING: (Happened.WAITING,),
    # However it stood: nobody waits for an answer to what never arrived.
    HappenedKind.FAILED: (Happened.REOPENED, Happened.RESUMED),
}
_OPENED: Final = (HappenedKind.REOPENED, HappenedKind.WOKEN)
_MARKS: Final = (HappenedKind.BREACHED, HappenedKind.ESCALATED)
_TOLD: Final = (*_HAPPENED, *_OPENED, *_MARKS)
#: Ours that they have.
_OUT: Final = (Delivery.SENT, Delivery.DELIVERED)
#: Messages of a conversation that are looked at whenever it is told anew, from an answer on.
_MOST: Final = 500
#: What is written of a promise on the message that it hangs on.
PROMISED: Final = ("due_at", "sla_target_minutes", "is_kept", "breached_at")
_READ: Final = (
    "conversation_id", "arrived_in_id", "direction", "channel", "at", "received_at", "sent_at",
    "delivery", "is_auto", "reading__urgency", "reading__intent", "reading__corrected_intent",
    "reading__sentiment", *PROMISED,
)  # fmt: skip
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
    return Rules(_policy_of(workspace_id), hours_in(workspace_id))


def hours_in(workspace_id: int) -> dict[str, Hours]:
    """Hours of a workspace by team; those of everybody else under no name."""
    return {
        row.team: read_hours(row.time_zone, row.week, row.holidays)
        for row in BusinessHours.objects.filter(workspace=workspace_id)
    }


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


@dataclass
class Story:
    """What happened in a conversation, and what of it was marked already.

    ``escalated_at`` is when a person last escalated it; ``marks`` are kinds of machines' events,
    with the beginning of the turn that they are about; ``firsts`` are messages of theirs by the
    moment when they came, of two at once the first. ``since`` is the answer of ours from which on
    it is told, where there is so much before it that what was promised then stays as it is.
    """

    events: list[Event] = field(default_factory=list)
    answered_at: datetime | None = None
    escalated_at: datetime | None = None
    marks: set[tuple[str, str]] = field(default_factory=set)
    firsts: dict[datetime, CustomerResponse] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def is_escalated(self) -> bool:
        """Whether a person escalated it and nobody answered since."""
        at, answered_at = self.escalated_at, self.answered_at
        return at is not None and (answered_at is None or answered_at < at)


def stories_of(conversations: Collection[int]) -> dict[int, Story]:
    """What happened in conversations, by their keys."""
    found: defaultdict[int, Story] = defaultdict(Story)
    since = _long_ones(conversations)
    for pk, at in since.items():
        found[pk].since = at
        found[pk].events.append(Event(at, Happened.ANSWERED))
    rows = _responses(conversations, since)
    done = _closed_before_they_were_merged(rows)
    for row in rows:
        if row.pk not in done:
            _tell(found[row.conversation_id], row)
    for row in sorted(rows, key=lambda one: (one.came_at, one.pk)):
        if row.direction == Direction.IN and not row.is_auto:
            found[row.conversation_id].firsts.setdefault(row.came_at, row)
    events = ConversationEvent.objects.filter(
        conversation__in=conversations, kind__in=[*_TOLD, HappenedKind.UNDONE]
    )
    for event in _standing(list(events.order_by("at", "pk"))):
        story = found[event.conversation_id]
        if story.since is None or event.at >= story.since:
            _note(story, event)
    return found


# Where there are more messages than are looked at: when the last answer of ours before these was
# written; what came before it was sent is not answered by it.
_LONG: Final = """
SELECT c.id, (SELECT o.at FROM inbox_customerresponse o
               WHERE o.conversation_id = c.id AND o.direction = 'out' AND NOT o.is_auto
                 AND o.delivery IN ('sent', 'delivered') AND o.sent_at <= t.at
               ORDER BY o.sent_at DESC LIMIT 1)
  FROM unnest(%s::bigint[]) c(id)
 CROSS JOIN LATERAL (SELECT at FROM inbox_customerresponse WHERE conversation_id = c.id
                      ORDER BY at DESC, id DESC OFFSET %s LIMIT 1) t
"""


def _long_ones(conversations: Collection[int]) -> dict[int, datetime]:
    """Since when a conversation of many messages is told; one that we never answered is told whole.

    Told anew with each message, a chat without end would cost more with each.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LONG, [list(conversations), _MOST])
        return {pk: at for pk, at in cursor.fetchall() if at is not None}


def _tell(story: Story, row: CustomerResponse) -> None:
    """What a message is in a story; what waits to be sent, or was not, is nothing yet."""
    if row.direction == Direction.IN:
        # A machine's answer stops no clock, and starts none.
        if not row.is_auto:
            wrote = Event(row.came_at, Happened.WROTE, row.channel, level_of_response(row))
            story.events.append(wrote)
    elif row.is_auto:
        story.events.append(Event(row.at, Happened.ACKNOWLEDGED))
    elif row.delivery in _OUT and row.sent_at is not None:
        story.answered_at = max(story.answered_at or row.sent_at, row.sent_at)
        # From then on it is theirs to answer.
        for what in (Happened.ANSWERED, Happened.WAITING):
            story.events.append(Event(row.sent_at, what, written_at=row.at))


def _note(story: Story, event: ConversationEvent) -> None:
    if event.kind in _MARKS and event.batch is None:
        story.marks.add((event.kind, event.after.get("turn", "")))
    elif event.kind == HappenedKind.ESCALATED:
        story.escalated_at = event.at
    else:
        story.events += [Event(event.at, what) for what in _happened(event)]


def _happened(event: ConversationEvent) -> tuple[Happened, ...]:
    """What an event is to the clock; opening what was not closed lets it run again."""
    if event.kind in _OPENED:
        was_closed = event.before.get("status", ConversationStatus.CLOSED)
        is_closed = was_closed == ConversationStatus.CLOSED
        return (Happened.REOPENED if is_closed else Happened.RESUMED,)
    return _HAPPENED.get(HappenedKind(event.kind), ())


def _closed_before_they_were_merged(rows: Collection[CustomerResponse]) -> set[int]:
    """Messages that came with a conversation that was closed: nobody is to answer them any more.

    Not those that were answered there: that was kept or missed, and stays in the story.
    """
    sources = {row.arrived_in_id for row in rows if row.arrived_in_id != row.conversation_id}
    if not sources:
        return set()
    merges = ConversationEvent.objects.filter(
        conversation__in=sources, kind=HappenedKind.MERGED, after__has_key="responses"
    )
    last = merges.order_by("conversation", "-pk").distinct("conversation")
    done: set[int] = set()
    for event in last:
        # What was open says so before.
        if "status" not in event.before:
            done |= _unanswered(rows, set(event.after["responses"]))
    return done


def _unanswered(rows: Collection[CustomerResponse], among: set[int]) -> set[int]:
    own = [row for row in rows if row.pk in among]
    out = [row.at for row in own if row.direction == Direction.OUT and row.delivery in _OUT
           and not row.is_auto]  # fmt: skip
    last = max(out, default=None)
    return {
        row.pk
        for row in own
        if row.direction == Direction.IN and (last is None or row.came_at > last)
    }


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


def _responses(
    conversations: Collection[int], since: Mapping[int, datetime]
) -> list[CustomerResponse]:
    told = Q(conversation__in=[pk for pk in conversations if pk not in since])
    for pk, at in since.items():
        # Of what was written before it, what came or went out later.
        later = Q(at__gte=at) | Q(received_at__gte=at) | Q(sent_at__gte=at)
        told |= Q(conversation=pk) & later
    rows = CustomerResponse.objects.filter(told)
    rows = rows.exclude(delivery__in=(Delivery.CANCELLED, Delivery.FAILED))
    return list(rows.select_related("reading").only(*_READ).order_by("at", "pk"))


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


def unclosed_in_batches(workspace: Workspace, size: int) -> Iterator[list[int]]:
    """Keys of the conversations of a workspace that are not closed, in order."""
    last = 0
    while True:
        rows = Conversation.objects.filter(
            workspace=workspace, status__in=UNCLOSED, pk__gt=last
        ).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:size])
        if not ids:
            return
        yield ids
        last = ids[-1]
