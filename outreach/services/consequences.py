"""What follows from news of messages: counts, suppressions, consent, touches, webhooks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from attribution.models import TouchKind
from attribution.services.touches import Touch, record_touches
from outreach.models import (
    Consent,
    ConsentSource,
    ContactPoint,
    EventKind,
    MessageChannel,
    MessageEvent,
    OutreachMessage,
    Purpose,
    Suppression,
    SuppressionReason,
)
from outreach.services.trying_texts import tell_tests
from workspaces.models import Workspace
from workspaces.services.webhooks_out import publish_all

if TYPE_CHECKING:
    from outreach.services.hearing import Heard

#: So many bounces for now within the days suspend an address for a while.
SOFT_BOUNCES: Final = 3
SOFT_WITHIN: Final = timedelta(days=7)
SOFT_FOR: Final = timedelta(days=30)
#: What a day's row counts of a message, each once.
COUNTED: Final = (
    "sent", "delivered", "opened", "clicked", "replied", "converted", "bounced", "complained",
    "unsubscribed", "failed",
)  # fmt: skip
_PUBLISHED: Final = ("delivered", "bounced", "complained", "unsubscribed")
_TOUCHES: Final = {
    "sent": TouchKind.MESSAGE,
    "opened": TouchKind.MESSAGE,
    "clicked": TouchKind.MESSAGE,
    "replied": TouchKind.REPLY,
}
_POINT_COUNTS: Final = ("sent", "opened", "clicked", "replied")
_PROOFS: Final = (EventKind.CLICKED, EventKind.REPLIED)


@dataclass(frozen=True)
class Change:
    """A message, the kinds that it has for the first time, and the events that told so."""

    message: OutreachMessage
    new: tuple[str, ...]
    events: Sequence[Heard]


def draw(*, workspace: Workspace, changes: Sequence[Change], now: datetime) -> None:
    """Write everything that follows, in the caller's transaction."""
    follow(workspace=workspace, told=[(one.message, one.new) for one in changes], now=now)
    _count_points(changes)
    _stop_addresses(workspace, changes, now)
    _publish(workspace, changes, now)


def follow(
    *, workspace: Workspace, told: Sequence[tuple[OutreachMessage, Sequence[str]]], now: datetime
) -> None:
    """Count what messages have for the first time: by day, as touches, for tests of texts."""
    count_days(workspace=workspace, told=told)
    touch(workspace=workspace, told=told)
    tell_tests(workspace=workspace, told=told, now=now)


_COUNT_DAY: Final = f"""
INSERT INTO outreach_messageday AS d
       (workspace_id, day, campaign_id, step_id, channel, variant, version_id, domain, cost,
        {", ".join(COUNTED)})
VALUES (%(workspace)s, %(day)s, %(campaign)s, %(step)s, %(channel)s, %(variant)s, %(version)s,
        %(domain)s, %(cost)s, {", ".join(f"%({name})s" for name in COUNTED)})
ON CONFLICT (workspace_id, day, campaign_id, step_id, channel, variant, version_id, domain)
DO UPDATE SET cost = d.cost + excluded.cost,
       {", ".join(f"{name} = d.{name} + excluded.{name}" for name in COUNTED)}
"""  # noqa: S608  # names of ours


def count_days(
    *, workspace: Workspace, told: Iterable[tuple[OutreachMessage, Iterable[str]]]
) -> None:
    """Add what messages have for the first time to the rows of the days they were sent on."""
    sums: dict[tuple[object, ...], Counter[str]] = {}
    costs: defaultdict[tuple[object, ...], Decimal] = defaultdict(Decimal)
    for message, new in told:
        kinds = [kind for kind in new if kind in COUNTED]
        if not kinds:
            continue
        key = _day_key(workspace, message)
        sums.setdefault(key, Counter()).update(kinds)
        if "sent" in kinds:
            costs[key] += message.cost
    names = ("day", "campaign", "step", "channel", "variant", "version", "domain")
    rows: list[dict[str, Any]] = [
        {"workspace": workspace.pk, "cost": costs[key], **dict(zip(names, key, strict=True)),
         **{name: sums[key][name] for name in COUNTED}}
        for key in sorted(sums, key=repr)  # one order for everybody, so that nobody waits in a ring
    ]  # fmt: skip
    with connection.cursor() as cursor:
        # One by one: pghistory puts the request's context before a statement, not before many.
        for row in rows:
            cursor.execute(_COUNT_DAY, row)


def _day_key(workspace: Workspace, message: OutreachMessage) -> tuple[object, ...]:
    at = message.sent_at or message.failed_at or message.send_at
    is_mail = message.channel == MessageChannel.EMAIL
    domain = message.point.address.rpartition("@")[2][:120] if is_mail else ""
    return (
        at.astimezone(workspace.zone).date(), message.campaign_id, message.step_id,
        message.channel, message.variant, message.version_id, domain,
    )  # fmt: skip


_ANSWERED: Final = """
UPDATE outreach_contactpoint p
   SET sent = p.sent + v.sent, opened = p.opened + v.opened, clicked = p.clicked + v.clicked,
       replied = p.replied + v.replied, last_inbound_at = greatest(p.last_inbound_at, v.wrote_at),
       verified_at = coalesce(p.verified_at, v.proved_at)
  FROM (SELECT id, sum(sent) AS sent, sum(opened) AS opened, sum(clicked) AS clicked,
               sum(replied) AS replied, max(wrote_at) AS wrote_at,
               min(proved_at) AS proved_at
          FROM unnest(%(id)s::bigint[], %(sent)s::int[], %(opened)s::int[], %(clicked)s::int[],
                      %(replied)s::int[], %(wrote_at)s::timestamptz[],
                      %(proved_at)s::timestamptz[])
               AS t(id, sent, opened, clicked, replied, wrote_at, proved_at)
         GROUP BY id) v
 WHERE p.id = v.id
"""


def _count_points(changes: Sequence[Change]) -> None:
    """How addresses answer, and what proves that they are somebody's: a click, a reply."""
    told = [one for one in changes if set(one.new) & set(_POINT_COUNTS) or _proved_at(one)]
    bounced = [one.message for one in changes if "bounced" in one.new]
    points = sorted({one.message.point_id for one in told} | {one.point_id for one in bounced})
    if not points:
        return
    # In one order for everybody, before any is changed.
    list(ContactPoint.objects.select_for_update().filter(pk__in=points).order_by("pk").values("pk"))
    if told:
        with connection.cursor() as cursor:
            cursor.execute(_ANSWERED, {
                "id": [one.message.point_id for one in told],
                "wrote_at": [_wrote_at(one) for one in told],
                "proved_at": [_proved_at(one) for one in told],
                **{kind: [int(kind in one.new) for one in told] for kind in _POINT_COUNTS},
            })  # fmt: skip
    for message in bounced:
        ContactPoint.objects.filter(pk=message.point_id).update(
            is_reachable=False,
            unreachable_reason=(message.error or "Bounced")[:200],
            last_hard_failure_at=message.bounced_at,
        )


def _wrote_at(change: Change) -> datetime | None:
    replies = (one.at for one in change.events if one.kind == EventKind.REPLIED)
    return max(replies, default=None)


def _proved_at(change: Change) -> datetime | None:
    """When somebody first did what only who reads there can; pictures are opened by machines."""
    done = (one.at for one in change.events if one.kind in _PROOFS)
    return min(done, default=None)


def _stop_addresses(workspace: Workspace, changes: Sequence[Change], now: datetime) -> None:
    """Suppress and withdraw as the law and decency want it, at once."""
    rows: list[Suppression] = []
    withdrawn: list[Consent] = []
    for change in changes:
        message, events = change.message, change.events
        if "bounced" in change.new:
            rows.append(suppression_of(message, SuppressionReason.BOUNCE, now))
        elif _has_soft_bounce(events) and _is_worn_out(message, now):
            rows.append(suppression_of(message, SuppressionReason.BOUNCE, now, SOFT_FOR))
        if "complained" in change.new:
            rows.append(suppression_of(message, SuppressionReason.COMPLAINT, now))
            withdrawn.append(_withdrawal(message, ConsentSource.COMPLAINT, change.events, now))
        if "unsubscribed" in change.new:
            rows.append(suppression_of(message, SuppressionReason.UNSUBSCRIBE, now))
            withdrawn.append(_withdrawal(message, ConsentSource.UNSUBSCRIBE, change.events, now))
    suppress_addresses(workspace, rows, now)
    Consent.objects.bulk_create(withdrawn)


def suppress_addresses(workspace: Workspace, rows: Sequence[Suppression], now: datetime) -> None:
    """Keep these; a longer one takes the place of a suspension."""
    _make_room(workspace, rows, now)
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)


def _make_room(workspace: Workspace, rows: Sequence[Suppression], now: datetime) -> None:
    """End suspensions that are over, or that end before the row that takes their place."""
    values: defaultdict[tuple[str, str, str, bool], list[str]] = defaultdict(list)
    for row in rows:
        values[row.channel, row.purpose, row.reason, row.until is None].append(row.value)
    for (channel, purpose, reason, is_for_good), some in values.items():
        held = Suppression.objects.filter(
            workspace=workspace, value__in=some, is_domain=False, channel=channel,
            purpose=purpose, reason=reason, lifted_at=None, until__isnull=False,
        )  # fmt: skip
        over = held if is_for_good else held.filter(until__lte=now)
        over.update(lifted_at=now, lifted_by_label="Replaced by a longer one")


def _has_soft_bounce(events: Sequence[Heard]) -> bool:
    return any(one.kind == EventKind.SOFT_BOUNCED for one in events)


def _is_worn_out(message: OutreachMessage, now: datetime) -> bool:
    bounces = MessageEvent.objects.filter(
        workspace=message.workspace_id, kind=EventKind.SOFT_BOUNCED, at__gt=now - SOFT_WITHIN,
        message__point=message.point_id,
    )  # fmt: skip
    return bounces.count() >= SOFT_BOUNCES


def suppression_of(
    message: OutreachMessage,
    reason: SuppressionReason,
    now: datetime,
    lasts: timedelta | None = None,
) -> Suppression:
    """Make the row that keeps us from a message's address."""
    # Who unsubscribes still gets what he bought; a dead address and a complaint end everything.
    is_wish = reason == SuppressionReason.UNSUBSCRIBE
    return Suppression(
        workspace_id=message.workspace_id,
        channel=message.channel,
        value=message.point.address,
        reason=reason,
        purpose=Purpose.MARKETING if is_wish else "",
        note=f"Message {message.public_id}",
        at=now,
        until=now + lasts if lasts else None,
    )


def _withdrawal(
    message: OutreachMessage, source: ConsentSource, events: Sequence[Heard], now: datetime
) -> Consent:
    kinds = {EventKind.COMPLAINED, EventKind.UNSUBSCRIBED}
    told = next((one for one in events if one.kind in kinds), None)
    return Consent(
        workspace_id=message.workspace_id,
        contact_id=message.contact_id,
        channel=message.channel,
        purpose=Purpose.MARKETING,
        is_given=False,
        source=source,
        evidence={"message": str(message.public_id), **(dict(told.detail) if told else {})},
        at=told.at if told else now,
    )


def touch(*, workspace: Workspace, told: Iterable[tuple[OutreachMessage, Iterable[str]]]) -> None:
    """Make a touch of each first sending, opening, click and reply."""
    touches = [_touch(message, kind) for message, new in told for kind in new if kind in _TOUCHES]
    if touches:
        record_touches(workspace=workspace, touches=touches)


def _touch(message: OutreachMessage, kind: str) -> Touch:
    campaign = message.campaign
    return Touch(
        person=message.contact.person,
        channel=message.channel,
        kind=_TOUCHES[kind],
        at=getattr(message, f"{kind}_at"),
        source_key=f"outreach:{message.public_id}:{kind}",
        cost=message.cost if kind == "sent" else None,
        country=message.contact.country,
        content_title=message.subject,
        message_key=message_key(message),
        extra={"event": kind, "campaign": campaign.name if campaign else ""},
    )


def message_key(message: OutreachMessage) -> str:
    """What touches of a campaign's messages have in common, down to the variant."""
    if message.campaign is None:
        return f"message:{message.public_id}"
    return f"campaign:{message.campaign.public_id}:{message.step_id or 0}:{message.variant}"


def _publish(workspace: Workspace, changes: Sequence[Change], now: datetime) -> None:
    for kind in _PUBLISHED:
        told = [one.message for one in changes if kind in one.new]
        if told:
            publish_all(
                workspace=workspace,
                event_type=f"message.{kind}",
                data_by_id={f"{one.public_id}:{kind}": _public(one, kind) for one in told},
                now=now,
            )


def _public(message: OutreachMessage, kind: str) -> dict[str, object]:
    campaign = message.campaign
    return {
        "id": str(message.public_id),
        "contact": str(message.contact.public_id),
        "campaign": str(campaign.public_id) if campaign else None,
        "channel": message.channel,
        "status": message.status,
        "at": getattr(message, f"{kind}_at").isoformat(),
    }
