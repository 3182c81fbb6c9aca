"""From the rows of a signed plan to messages, shortly before their time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils.dateparse import parse_datetime

from outreach.engine.personal import ATTRIBUTE, FIELDS, read_rules, words_for
from outreach.models import (
    SENT_TO,
    CampaignStatus,
    Contact,
    MessageStatus,
    OutreachMessage,
    PlannedSend,
    PlanStatus,
    SendPlan,
)
from outreach.selectors.day_room import (
    DayRoom,
    brought_forward,
    is_paced,
    is_past_its_end,
    room_of,
    unmade,
)
from outreach.services.sending.keys import dedup_key
from outreach.services.sending.proving import signed_proof
from workspaces.services.locks import lock_names

#: So long before its time a row becomes a message: what stops a campaign has little to undo.
AHEAD: Final = timedelta(minutes=15)
CHUNK: Final = 2_000
_MOMENT: Final = timedelta(microseconds=1)


def materialise_due(*, now: datetime, most: int = 20_000) -> int:
    """Make messages of what is due in plans that were signed and let go; how many."""
    plans = SendPlan.objects.filter(
        status=PlanStatus.ACTIVE, campaign__status=CampaignStatus.ACTIVE,
        workspace__kill_switch=False,
    ).order_by("pk").values_list("pk", "wave")  # fmt: skip
    made = 0
    for plan_id, last_wave in plans:
        for wave in range(last_wave + 1):
            while made < most:
                count, is_more = _chunk(plan_id, wave, now)
                made += count
                if not is_more:
                    break
    return made


@transaction.atomic
def _chunk(plan_id: int, wave: int, now: datetime) -> tuple[int, bool]:
    """Make messages of the next rows of a wave; one worker at a time for each plan."""
    plan = (
        SendPlan.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("workspace", "campaign__workspace", "follows", "signed_by__current_plan")
        .filter(pk=plan_id, status=PlanStatus.ACTIVE, campaign__status=CampaignStatus.ACTIVE)
        .first()
    )
    if plan is None or is_past_its_end(plan, now):
        return 0, False
    if is_paced(plan):
        # Plans of one campaign share its day.
        lock_names([f"outreach:campaign:{plan.campaign_id}"])
    room = room_of(plan, now)
    until = now + AHEAD if room is None else min(now + AHEAD, room.ends - _MOMENT)
    due = list(_next_rows(plan, wave, until, only_unmade=room is not None)[:CHUNK])
    rows = due if room is None else room.fitting(due)
    _make(plan, [_message(plan, row, _at(row, room, now)) for row in rows])
    if rows:
        last = rows[-1]
        assert last.send_at is not None  # noqa: S101  # a constraint of the rows that are sent to
        plan.taken[str(wave)] = [last.send_at.isoformat(), last.place]
        plan.taken["cost"] = _taken_cost(plan, rows)
        plan.save(update_fields=["taken"])
    if room is not None and room.is_behind and len(rows) == len(due):
        rest = room_of(plan, now) or room
        forward = brought_forward(plan, rest, wave, most=CHUNK)
        _make(plan, [_message(plan, row, _at(row, rest, now)) for row in forward])
        plan.taken["cost"] = _taken_cost(plan, forward)
        plan.save(update_fields=["taken"])
        return len(rows) + len(forward), False
    return len(rows), len(rows) == CHUNK


def _at(row: PlannedSend, room: DayRoom | None, now: datetime) -> datetime:
    """When a row goes: as planned, or at that hour of today where pacing moved it."""
    assert row.send_at is not None  # noqa: S101  # a constraint of the rows that are sent to
    if room is None or room.begins <= row.send_at < room.ends:
        return row.send_at
    return max(now, room.today(row.send_at))


def _make(plan: SendPlan, messages: Sequence[OutreachMessage]) -> None:
    if messages:
        proof = _proof(plan)
        for message in messages:
            message.proof = proof
        _fill_in(plan, messages)
        _step_aside(plan, messages)
        OutreachMessage.objects.bulk_create(messages, ignore_conflicts=True, batch_size=500)


def _fill_in(plan: SendPlan, messages: Sequence[OutreachMessage]) -> None:
    """Choose the words that differ by person, by the rules that were signed."""
    rules = read_rules(plan.settings["campaign"].get("personalisation", {}))
    if not rules:
        return
    contacts = Contact.objects.select_related("standing").in_bulk(
        [message.contact_id for message in messages]
    )
    for message in messages:
        if (contact := contacts.get(message.contact_id)) is not None:
            message.variables = words_for(rules, _facts(contact))


def _facts(contact: Contact) -> dict[str, Any]:
    standing = getattr(contact, "standing", None)
    return {
        **{f"{ATTRIBUTE}{name}": value for name, value in contact.attributes.items()},
        **{name: getattr(contact, name) for name in FIELDS if name != "segment"},
        "segment": standing.segment if standing else "",
    }


def _taken_cost(plan: SendPlan, rows: Sequence[PlannedSend]) -> dict[str, str]:
    """What rows that became messages cost, by channel: the rest of the plan's cost is ahead."""
    sums = {name: Decimal(amount) for name, amount in plan.taken.get("cost", {}).items()}
    for row in rows:
        sums[row.channel] = sums.get(row.channel, Decimal(0)) + row.cost
    return {name: f"{amount.normalize():f}" for name, amount in sums.items()}


def _next_rows(plan: SendPlan, wave: int, until: datetime, *, only_unmade: bool) -> Any:
    rows = PlannedSend.objects.filter(plan=plan, wave=wave, outcome__in=SENT_TO, send_at__lte=until)
    if str(wave) in plan.taken:
        at_text, place = plan.taken[str(wave)]
        at = parse_datetime(at_text)
        rows = rows.filter(Q(send_at__gt=at) | Q(send_at=at, place__gt=place), send_at__gte=at)
    if only_unmade:  # some were brought forward
        rows = unmade(rows, plan)
    return rows.select_related("text").order_by("send_at", "place")


def _step_aside(plan: SendPlan, messages: Sequence[OutreachMessage]) -> None:
    """Give messages keys of their own where an older plan's never went out and never will.

    A plan that takes the place of another on one day would find the day's keys taken else.
    """
    gone = OutreachMessage.objects.filter(
        workspace=plan.workspace_id, dedup_key__in=[one.dedup_key for one in messages],
        status__in=[MessageStatus.CANCELLED, MessageStatus.FAILED],
        call_sent_at=None, sent_at=None,
    ).exclude(plan=plan)  # fmt: skip
    keys = set(gone.values_list("dedup_key", flat=True))
    for message in messages:
        if message.dedup_key in keys:
            message.dedup_key += f":plan {plan.number}"


def _proof(plan: SendPlan) -> dict[str, Any]:
    """What was signed, for every message of a plan; of a later step, what its launch was."""
    found: dict[str, Any] = {"plan": str(plan.public_id), "rows_sha256": plan.rows_sha256}
    if plan.follows is not None:
        found["follows"] = str(plan.follows.public_id)
    return {**found, **signed_proof(plan.signed_by)}


def _message(plan: SendPlan, row: PlannedSend, at: datetime) -> OutreachMessage:
    assert row.send_at is not None  # noqa: S101  # a constraint of the rows that are sent to
    assert row.point_id is not None  # noqa: S101  # the same one
    # As it was signed: the campaign's own row may have been edited since.
    signed = plan.settings["campaign"]
    ends_at = signed["ends_at"]
    return OutreachMessage(
        workspace_id=plan.workspace_id,
        contact_id=row.contact_id,
        point_id=row.point_id,
        channel=row.channel,
        purpose=signed["purpose"],
        campaign_id=plan.campaign_id,
        plan_id=plan.pk,
        step_id=row.step_id,
        variant=row.variant,
        version_id=row.text_id,
        content_sha256=row.text.sha256 if row.text else "",
        fallbacks=row.fallbacks,
        dedup_key=dedup_key(
            workspace=plan.workspace, contact=row.contact_id, campaign=plan.campaign_id,
            step=row.step_id, attempt=1, at=row.send_at,
        ),
        send_at=at,
        expires_at=parse_datetime(ends_at) if ends_at else None,
        cost=row.cost,
    )  # fmt: skip
