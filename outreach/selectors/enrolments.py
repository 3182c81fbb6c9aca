"""Where people stand in sequences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from outreach.engine.sequences import Condition, Done, Progress, Step
from outreach.models import (
    SENT_TO,
    WAITING,
    ContactStanding,
    Enrolment,
    OutreachMessage,
    PlannedSend,
    PlanStatus,
)
from outreach.selectors.harm import LOST
from workspaces.gate import Json


def steps_in(settings: Json) -> list[Step]:
    """Steps of a signed document as the engine takes them."""
    return [
        Step(
            delay=timedelta(hours=one["delay_hours"]),
            condition=Condition(one["condition"]),
            segment=one["segment"],
            exits_on_reply=one["exits_on_reply"],
            exits_on_conversion=one["exits_on_conversion"],
            name=one["name"],
        )
        for one in settings["steps"]
    ]


@dataclass(frozen=True)
class Standing:
    """Somebody's enrolment, what is behind them, and whether a message is still under way."""

    enrolment: Enrolment
    progress: Progress
    is_under_way: bool


def standings(
    enrolments: Sequence[Enrolment],
    steps: Sequence[Step],
    positions: Mapping[int, int],
    now: datetime,
) -> list[Standing]:
    """Where people of one campaign stand; ``positions`` of its steps by their keys, from 0."""
    contacts = [one.contact_id for one in enrolments]
    segments = dict(
        ContactStanding.objects.filter(contact__in=contacts).values_list("contact", "segment")
    )
    found: dict[int, dict[int, OutreachMessage]] = defaultdict(dict)
    rows = OutreachMessage.objects.filter(
        workspace=enrolments[0].workspace_id, campaign=enrolments[0].campaign_id,
        contact__in=contacts,
    ).only(
        "contact", "step", "status", "sent_at", "opened_at", "clicked_at", "replied_at",
        "converted_at",
    )  # fmt: skip
    for message in rows.order_by("attempt", "pk"):
        if (place := positions.get(message.step_id or 0)) is not None:
            found[message.contact_id][place] = message
    planned = _planned(enrolments, positions, now)
    return [
        _standing(
            one, steps, found[one.contact_id], segments.get(one.contact_id, ""),
            planned[one.contact_id],
        )
        for one in enrolments
    ]  # fmt: skip


def _planned(
    enrolments: Sequence[Enrolment], positions: Mapping[int, int], now: datetime
) -> dict[int, set[int]]:
    """Steps that each contact is to get by plans that are not through with them."""
    rows = PlannedSend.objects.filter(
        Q(wave__gt=F("plan__wave")) | Q(send_at__gt=now - LOST) | Q(plan__wave_at__gt=now - LOST),
        plan__campaign=enrolments[0].campaign_id,
        plan__status__in=[PlanStatus.ACTIVE, PlanStatus.HALTED],
        contact__in=[one.contact_id for one in enrolments], outcome__in=SENT_TO,
    )  # fmt: skip
    found: dict[int, set[int]] = defaultdict(set)
    for contact, step in rows.values_list("contact_id", "step_id"):
        if step in positions:
            found[contact].add(positions[step])
    return found


def _standing(
    enrolment: Enrolment,
    steps: Sequence[Step],
    messages: Mapping[int, OutreachMessage],
    segment: str,
    planned: set[int],
) -> Standing:
    behind = min(enrolment.next_position - 1, len(steps))
    done = tuple(_done(enrolment, steps, messages.get(place), place) for place in range(behind))
    told = messages.values()
    progress = Progress(
        entered_at=enrolment.entered_at,
        done=done,
        replied_at=_last([one.replied_at for one in told]),
        converted_at=_last([one.converted_at for one in told]),
        segments=frozenset({segment} - {""}),
    )
    last = messages.get(behind - 1)
    is_waiting = last is not None and last.status in WAITING and last.sent_at is None
    return Standing(enrolment, progress, is_waiting or (last is None and behind - 1 in planned))


def _done(
    enrolment: Enrolment, steps: Sequence[Step], message: OutreachMessage | None, place: int
) -> Done:
    """A step behind somebody; one without a message was over when the next one's delay began."""
    if message is not None and message.sent_at is not None:
        opened, clicked = message.opened_at is not None, message.clicked_at is not None
        return Done(message.sent_at, is_sent=True, is_opened=opened, is_clicked=clicked)
    due = enrolment.due_at or enrolment.entered_at
    after = steps[place + 1].delay if place + 1 < len(steps) else timedelta(0)
    return Done(max(enrolment.entered_at, due - after), is_sent=False)


def _last(moments: Sequence[datetime | None]) -> datetime | None:
    return max((one for one in moments if one is not None), default=None)
