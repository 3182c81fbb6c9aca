"""Facts of contacts as the engine takes them: the same for a plan and for what is about to go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import available_timezones

import numpy as np
import numpy.typing as npt
from django.db import connection

from attribution.models import CustomerType as CustomerTypes
from outreach.engine.caps import CapUse
from outreach.engine.channels import HOURS, NONE, Channel, CodeArray, Device, IntArray, Purpose
from outreach.engine.decisions import Recipients
from outreach.engine.facts import Facts
from outreach.engine.laws import region_of
from outreach.engine.send_time import best_hours
from outreach.engine.zones import Zones, zones_of_country
from outreach.selectors.addresses import OnChannel, on_channel
from outreach.selectors.asked import Asked
from outreach.selectors.binary import Table, read_table
from outreach.selectors.social_hours import hours_of_networks

_PLACES: Final = """
SELECT DISTINCT c.time_zone, c.country, c.region
  FROM {asked} a JOIN outreach_contact c ON c.id = a.contact_id
 ORDER BY 1, 2, 3
"""
_PEOPLE: Final = """
SELECT a.place, z.code::int2, (array_position(%(types)s, c.customer_type::text) - 1)::int2,
       coalesce(array_position(%(channels)s, c.preferred_channel::text) - 1, -1)::int2,
       coalesce(array_position(%(devices)s, s.device::text) - 1, -1)::int2
  FROM {asked} a
  JOIN outreach_contact c ON c.id = a.contact_id AND c.workspace_id = %(workspace)s
  JOIN unnest(%(zones)s::text[], %(countries)s::text[], %(regions)s::text[]) WITH ORDINALITY
       AS z(time_zone, country, region, code)
    ON z.time_zone = c.time_zone AND z.country = c.country AND z.region = c.region
  LEFT JOIN outreach_contactstanding s ON s.contact_id = c.id
"""
_PERSON: Final = {"place": "i4", "zone": "i2", "type": "i2", "preferred": "i2", "device": "i2"}
_HOURS: Final = """
SELECT a.place, s.hours
  FROM {asked} a JOIN outreach_contactstanding s ON s.contact_id = a.contact_id
 WHERE a.place >= %(first)s AND a.place < %(first)s + %(rows)s
   AND cardinality(s.hours) = 24 AND array_position(s.hours, NULL) IS NULL
"""
_ROWS: Final = 131_072


@dataclass(frozen=True, eq=False)
class People:
    """What is known of n contacts on k channels."""

    asked: Asked
    recipients: Recipients
    points: IntArray  # (n, k) ids of the addresses that count, 0 for none

    @property
    def facts(self) -> Facts:
        """What permission is asked of."""
        return self.recipients.facts


def people_of(
    asked: Asked,
    channels: tuple[Channel, ...],
    purpose: Purpose,
    caps: CapUse,
    now: datetime,
    *,
    with_hours: bool = False,
) -> People:
    """Read all facts of contacts on some channels, for messages of a purpose."""
    zones, regions, told = _whereabouts(asked)
    columns = [on_channel(asked, channel, purpose, now) for channel in channels]
    facts = Facts(
        channels=channels,
        zones=zones,
        point=_side_by_side(columns, "point"),
        consent=_side_by_side(columns, "consent"),
        consent_id=_side_by_side(columns, "consent_id"),
        suppression=_side_by_side(columns, "suppression"),
        last_inbound=_side_by_side(columns, "last_inbound"),
        ad_entry=_side_by_side(columns, "ad_entry"),
        is_nanp=np.any([one.is_nanp for one in columns], axis=0),
        zone=told["zone"],
        region=regions[told["zone"]],
        caps=caps,
    )
    types = told["type"].astype(np.int8)
    recipients = Recipients(
        facts=facts,
        person=asked.ids,
        segment=types.astype(np.int32),
        customer_type=types,
        device=told["device"].astype(np.int8),
        preferred=told["preferred"].astype(np.int8),
        engaged=_side_by_side(columns, "engaged"),
        best_hour=_best_hours(asked, types) if with_hours else np.full(asked.n, NONE, np.int8),
        is_ready=np.ones(asked.n, np.bool_),
    )
    return People(asked, recipients, _side_by_side(columns, "point_id"))


def _side_by_side(columns: list[OnChannel], name: str) -> npt.NDArray[Any]:
    return np.stack([getattr(one, name) for one in columns], axis=1)


def _whereabouts(asked: Asked) -> tuple[Zones, CodeArray, Table]:
    """Zones by code, the law's region of each, and what is said of each contact itself."""
    with connection.cursor() as cursor:
        cursor.execute(asked.query(_PLACES), asked.values())
        places = cursor.fetchall() or [("", "", "")]
    known = available_timezones()
    own = asked.workspace.zone.key
    entries = tuple(_zones_at(zone, country, known, own) for zone, country, _ in places)
    regions = [region_of(country, state.rpartition("-")[2]) for _, country, state in places]
    names = ("zones", "countries", "regions")
    given = asked.values(
        types=list(CustomerTypes.values),
        channels=[one.key for one in Channel],
        devices=[one.key for one in Device],
        **dict(zip(names, map(list, zip(*places, strict=True)), strict=True)),
    )
    rows = read_table(asked.query(_PEOPLE), given, _PERSON)
    found = {name: np.zeros(asked.n, np.int16) for name in _PERSON if name != "place"}
    for name, column in found.items():
        column[rows["place"]] = rows[name] - (name == "zone")
    return Zones(entries), np.array(regions, np.int8), found


def _zones_at(zone: str, country: str, known: set[str], own: str) -> tuple[str, ...]:
    """Where somebody may be: the own zone, all of the country, or where the workspace is."""
    if zone in known:
        return (zone,)
    return zones_of_country(country) or (own,)


def _best_hours(asked: Asked, types: CodeArray) -> CodeArray:
    """Hour at which each contact looks, shrunk to that of the customer type."""
    counts = np.zeros((asked.n, HOURS), np.uint16)
    for first in range(0, asked.n, _ROWS):
        given = asked.values(first=first, rows=_ROWS)
        rows = read_table(asked.query(_HOURS), given, {"place": "i4", "hours": "h24"})
        counts[rows["place"]] = np.minimum(rows["hours"], 65_535)
    segments = np.stack(
        [counts[types == one].sum(axis=0, dtype=np.float64) for one in range(len(CustomerTypes))]
    )
    # What networks tell stands in until enough people looked at messages.
    segments += hours_of_networks(asked.workspace)
    parts = [
        best_hours(
            counts[some : some + _ROWS].astype(np.float64), segments,
            types[some : some + _ROWS].astype(np.int64),
        )
        for some in range(0, asked.n, _ROWS)
    ]  # fmt: skip
    return np.concatenate([np.zeros(0, np.int8), *parts])
