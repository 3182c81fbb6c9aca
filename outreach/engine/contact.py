"""Ask before one send whether it may go to this person on this channel now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from outreach.engine.caps import DEFAULT_CAPS, CapRules, cap_use
from outreach.engine.channels import Channel, MomentArray, Purpose
from outreach.engine.facts import Consent, Facts, Point, Suppression
from outreach.engine.laws import DEFAULT_LAWS, Laws, Region
from outreach.engine.permission import Hours, Verdict, Why, Window, permissions
from outreach.engine.zones import Zones, moment, to_datetime


@dataclass(frozen=True)
class Contact:
    """One person on one channel.

    Attributes
    ----------
    point, consent, consent_id, suppression : as in `Facts`; the consent is that for the purpose
    zones : the person's zone, or all in which the person may be
    region : whose law of hours holds
    last_inbound, ad_entry : as in `Facts`
    is_nanp : whether the number begins with +1
    marketing_at, service_at : when the person was sent something on any channel in the last week,
        or will be; without replies, and without the message that is asked about
    """

    point: Point = Point.MISSING
    consent: Consent = Consent.UNKNOWN
    consent_id: int = 0
    suppression: Suppression = Suppression.FREE
    zones: tuple[str, ...] = ("UTC",)
    region: Region = Region.OTHER
    last_inbound: datetime | None = None
    ad_entry: datetime | None = None
    is_nanp: bool = False
    marketing_at: Sequence[datetime] = ()
    service_at: Sequence[datetime] = ()

    def facts(self, channel: Channel, *, now: datetime, caps: CapRules = DEFAULT_CAPS) -> Facts:
        """Facts of one person on one channel."""
        told = [*self.marketing_at, *self.service_at]
        at = np.array([moment(one) for one in told], "datetime64[s]")
        is_marketing = np.arange(at.size) < len(self.marketing_at)
        return Facts(
            channels=(channel,),
            zones=Zones((self.zones,)),
            point=np.array([[self.point]], np.int8),
            consent=np.array([[self.consent]], np.int8),
            consent_id=np.array([[self.consent_id]], np.int64),
            suppression=np.array([[self.suppression]], np.int8),
            last_inbound=_time(self.last_inbound),
            ad_entry=_time(self.ad_entry),
            is_nanp=np.array([self.is_nanp]),
            zone=np.zeros(1, np.int16),
            region=np.array([self.region], np.int8),
            caps=cap_use(
                np.zeros(at.size, np.int64), at, is_marketing,
                people=1, now=moment(now), rules=caps,
            ),
        )  # fmt: skip


@dataclass(frozen=True)
class Permission:
    """The answer, and what it rests on.

    `until` is the moment from which it may be done (now, where nothing waits), None where never;
    `form` what it will be then. `closes` is when that form ends, None where it stays.
    """

    verdict: Verdict
    form: Verdict
    why: Why
    until: datetime | None
    closes: datetime | None
    window: Window
    hours: Hours


def can_send(
    channel: Channel,
    contact: Contact,
    purpose: Purpose,
    now: datetime,
    *,
    laws: Laws = DEFAULT_LAWS,
    caps: CapRules = DEFAULT_CAPS,
    by_person: bool = False,
    is_stopped: bool = False,
) -> Permission:
    """Answer for one person and channel, by the same rules as for a million.

    Parameters
    ----------
    channel, contact, purpose : what is asked
    now : with a time zone
    laws, caps : of the workspace
    by_person : a person of ours wrote it and sends it now
    is_stopped : the workspace's kill switch is on

    Raises
    ------
    ValueError : a moment without a time zone, or an unknown zone
    """
    told = permissions(
        contact.facts(channel, now=now, caps=caps),
        purpose=purpose, at=moment(now), laws=laws, by_person=by_person, is_stopped=is_stopped,
    )  # fmt: skip
    until, closes = told.until[0, 0], told.closes[0, 0]
    return Permission(
        verdict=Verdict(told.verdict[0, 0]),
        form=Verdict(told.form[0, 0]),
        why=Why(told.why[0, 0]),
        until=None if np.isnat(until) else to_datetime(until),
        closes=None if np.isnat(closes) or closes >= _STAYS else to_datetime(closes),
        window=Window(told.window[0, 0]),
        hours=Hours(told.hours[0, 0]),
    )


_STAYS = np.datetime64("9999-01-01", "s")


def _time(at: datetime | None) -> MomentArray:
    return np.array([["NaT" if at is None else moment(at)]], "datetime64[s]")
