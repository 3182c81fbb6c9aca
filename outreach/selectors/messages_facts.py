"""What is known of people at the moment of sending, read for a whole batch at once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from django.db.models import Max, Q

from outreach.engine import channels as codes
from outreach.engine.caps import CapRules, CapUse, cap_use
from outreach.engine.facts import Consent as ConsentCode
from outreach.engine.facts import Facts, Point
from outreach.engine.facts import Suppression as SuppressionCode
from outreach.engine.law_documents import law_from_document
from outreach.engine.laws import ChannelLaw, Region, region_of
from outreach.engine.zones import NEVER, Zones, moment, zones_of_country
from outreach.models import (
    ChannelPolicy,
    Consent,
    ContactPoint,
    MessageStatus,
    OutreachMessage,
    OutreachPolicy,
    Purpose,
    Suppression,
)
from outreach.selectors.sent_lately import caps_of
from workspaces.models import Workspace

_WEEK: Final = timedelta(days=7)
#: These reached nobody, so they count against nothing.
_REACHED_NOBODY: Final = (MessageStatus.FAILED, MessageStatus.CANCELLED, MessageStatus.BOUNCED)


@dataclass(frozen=True)
class Earlier:
    """A message that a person got, or is being sent."""

    contact: int
    at: datetime
    is_marketing: bool
    campaign: int | None
    step: int | None
    content: str


@dataclass(frozen=True)
class Known:
    """What a batch of messages is judged by.

    ``facts`` has a row for each message, in their order, for their one channel and purpose.
    """

    facts: Facts
    earlier: Mapping[int, Sequence[Earlier]]
    suppression_version: int


def known_of(
    messages: Sequence[OutreachMessage],
    *,
    policy: OutreachPolicy,
    now: datetime,
    caps: CapRules | None = None,
) -> Known:
    """Read what is known of the people of some messages of one workspace, channel and purpose.

    ``caps`` bind them; without any, those that hold now.
    """
    first = messages[0]
    workspace, channel = first.workspace, codes.Channel[first.channel.upper()]
    entries, zone = _zones(messages, workspace)
    facts = Facts.unknown(len(messages), (channel,), Zones(entries))
    points = [message.point for message in messages]
    earlier = _earlier(messages, policy, now)
    _fill_addresses(facts, messages, points, now)
    facts.ad_entry[:, 0] = [_moment(point.entered_by_ad_at) for point in points]
    facts.is_nanp[:] = [point.address.startswith("+1") for point in points]
    facts.zone[:] = zone
    facts.region[:] = [_region(message) for message in messages]
    newest = Suppression.objects.filter(workspace=workspace).aggregate(id=Max("pk"))["id"]
    used = _caps(messages, earlier, caps or caps_of(policy), now)
    return Known(replace(facts, caps=used), earlier, newest or 0)


def standing_of(messages: Sequence[OutreachMessage], *, now: datetime) -> Facts:
    """Read anew what stands against messages: consent, suppressions, addresses; nothing else."""
    first = messages[0]
    channel = codes.Channel[first.channel.upper()]
    points = ContactPoint.objects.in_bulk([message.point_id for message in messages])
    facts = Facts.unknown(len(messages), (channel,), Zones((("UTC",),)))
    _fill_addresses(facts, messages, [points[message.point_id] for message in messages], now)
    return facts


def _fill_addresses(
    facts: Facts, messages: Sequence[OutreachMessage], points: Sequence[ContactPoint], now: datetime
) -> None:
    _fill_consent(facts, messages)
    facts.point[:, 0] = [_point(point) for point in points]
    facts.suppression[:, 0] = _suppressions(points, messages[0], now)
    facts.last_inbound[:, 0] = [_moment(point.last_inbound_at) for point in points]


def law_of(policy: ChannelPolicy) -> ChannelLaw:
    """Law of a channel: the shipped one, and what the workspace asks beyond it.

    Raises
    ------
    ValueError : what the workspace wrote is wrong, or laxer than the law
    """
    return law_from_document(codes.Channel[policy.channel.upper()], policy.law)


def _point(point: ContactPoint) -> Point:
    if not point.is_reachable:
        return Point.UNREACHABLE
    return Point.ACCEPTING if point.verified_at else Point.USABLE


def _moment(at: datetime | None) -> np.datetime64:
    return NEVER if at is None else moment(at)


def _region(message: OutreachMessage) -> Region:
    contact = message.contact
    return region_of(contact.country, contact.region.rpartition("-")[2])


def _zones(
    messages: Sequence[OutreachMessage], workspace: Workspace
) -> tuple[tuple[tuple[str, ...], ...], list[int]]:
    """Zones of the people; where none is known, all of the country, else the workspace's."""
    places: dict[tuple[str, ...], int] = {}
    zone = []
    for message in messages:
        contact = message.contact
        names = (contact.time_zone,) if contact.time_zone else zones_of_country(contact.country)
        zone.append(places.setdefault(names or (workspace.time_zone,), len(places)))
    return tuple(places), zone


def _fill_consent(facts: Facts, messages: Sequence[OutreachMessage]) -> None:
    first = messages[0]
    newest = (
        Consent.objects.filter(
            workspace=first.workspace_id, channel=first.channel, purpose=first.purpose,
            contact__in=[message.contact_id for message in messages],
        )
        .order_by("contact", "-at", "-pk")
        .distinct("contact")
        .values_list("contact", "pk", "is_given")
    )  # fmt: skip
    said = {contact: (pk, is_given) for contact, pk, is_given in newest}
    for place, message in enumerate(messages):
        if message.contact_id in said:
            pk, is_given = said[message.contact_id]
            facts.consent_id[place, 0] = pk
            facts.consent[place, 0] = ConsentCode.GIVEN if is_given else ConsentCode.WITHDRAWN


def _suppressions(
    points: Sequence[ContactPoint], first: OutreachMessage, now: datetime
) -> list[SuppressionCode]:
    """Why each address gets nothing. Of people who were erased only a digest is kept."""
    names = [_names(point.address) for point in points]
    rows = Suppression.objects.filter(
        Q(until=None) | Q(until__gt=now),
        workspace=first.workspace_id, lifted_at=None, channel__in=["", first.channel],
        purpose__in=["", first.purpose], value__in={name for some in names for name, _ in some},
    ).values_list("value", "is_domain", "reason")  # fmt: skip
    found = {
        (value, is_domain): SuppressionCode[reason.upper()] for value, is_domain, reason in rows
    }
    return [
        next((found[name] for name in some if name in found), SuppressionCode.FREE)
        for some in names
    ]


def _names(address: str) -> list[tuple[str, bool]]:
    digest = hashlib.sha256(address.encode()).hexdigest()
    names = [(address, False), (digest, False)]
    if "@" in address:
        names.append((address.rpartition("@")[2], True))
    return names


def _earlier(
    messages: Sequence[OutreachMessage], policy: OutreachPolicy, now: datetime
) -> dict[int, list[Earlier]]:
    """What each person got lately or is being sent, without the messages themselves."""
    back = max(_WEEK, timedelta(days=policy.content_days), timedelta(hours=policy.repeat_hours))
    rows = (
        OutreachMessage.objects.filter(
            Q(sent_at__gt=now - back) | Q(sent_at=None, status=MessageStatus.SENDING),
            workspace=messages[0].workspace_id,
            contact__in=[message.contact_id for message in messages],
            is_reply=False,  # what people asked for counts against nothing
        )
        .exclude(status__in=_REACHED_NOBODY)
        .exclude(pk__in=[message.pk for message in messages])
        .exclude(pk__in=_replaced(messages))
        .values_list("contact", "sent_at", "purpose", "campaign", "step", "content_sha256")
    )
    found: dict[int, list[Earlier]] = defaultdict(list)
    for contact, sent_at, purpose, campaign, step, content in rows:
        is_marketing = purpose == Purpose.MARKETING
        found[contact].append(
            Earlier(contact, sent_at or now, is_marketing, campaign, step, content)
        )
    return found


def _replaced(messages: Sequence[OutreachMessage]) -> list[int]:
    """Messages that these take the place of: by another channel, after they reached nobody."""
    first = [one.fallback_of_id for one in messages if one.fallback_of_id]
    if not first:
        return []
    before = OutreachMessage.objects.filter(pk__in=first).values_list("fallback_of", flat=True)
    return [*first, *(one for one in before if one is not None)]


def _caps(
    messages: Sequence[OutreachMessage],
    earlier: Mapping[int, Sequence[Earlier]],
    rules: CapRules,
    now: datetime,
) -> CapUse:
    who, when, is_marketing = [], [], []
    for place, message in enumerate(messages):
        for one in earlier.get(message.contact_id, ()):
            who.append(place)
            when.append(moment(one.at))
            is_marketing.append(one.is_marketing)
    return cap_use(
        np.array(who, np.int64), np.array(when, "datetime64[s]"), np.array(is_marketing, np.bool_),
        people=len(messages), now=moment(now), rules=rules,
    )  # fmt: skip
