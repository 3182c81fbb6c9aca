"""Lines of the oracle as facts of the engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from outreach.engine.caps import cap_use
from outreach.engine.channels import Channel
from outreach.engine.facts import Consent, Facts, Point, Suppression
from outreach.engine.laws import Region
from outreach.engine.zones import Zones, moment
from tests.outreach.engine.oracle import Line

CONSENT_ID = 7_000


def code(codes, name: str):
    """Member of an enumeration by its word."""
    return codes[name.upper()]


def code_or_none(codes, name: str) -> int:
    """Its number, −1 for no word."""
    return code(codes, name) if name else -1


def facts_of(people: Sequence[Sequence[Line]], now: datetime) -> Facts:
    """Facts of people with one line for each channel; zones and messages are the first line's."""
    first = [lines[0] for lines in people]
    zones = list(dict.fromkeys(one.zones for one in first)) or [("UTC",)]
    rows = [
        (who, moment(at), kind)
        for who, line in enumerate(first)
        for kind, some in ((True, line.marketing), (False, line.service))
        for at in some
    ]
    channels = tuple(code(Channel, one.channel) for one in people[0])

    def column(told, dtype):
        return np.array([[told(one) for one in lines] for lines in people], dtype)

    return Facts(
        channels=channels,
        zones=Zones(tuple(zones)),
        point=column(lambda one: code(Point, one.point), np.int8),
        consent=column(lambda one: code(Consent, one.consent), np.int8),
        consent_id=column(lambda one: CONSENT_ID if one.has_proof else 0, np.int64),
        suppression=column(lambda one: code(Suppression, one.suppression), np.int8),
        last_inbound=column(lambda one: time(one.inbound), "datetime64[s]"),
        ad_entry=column(lambda one: time(one.ad), "datetime64[s]"),
        is_nanp=np.array([one.nanp for one in first], np.bool_),
        zone=np.array([zones.index(one.zones) for one in first], np.int16),
        region=np.array([code(Region, one.region) for one in first], np.int8),
        caps=cap_use(
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1] for row in rows], "datetime64[s]"),
            np.array([row[2] for row in rows], np.bool_),
            people=len(first), now=moment(now),
        ),
    )  # fmt: skip


def time(at: datetime | None) -> np.datetime64:
    """UTC second, or no time."""
    return np.datetime64("NaT", "s") if at is None else moment(at)
