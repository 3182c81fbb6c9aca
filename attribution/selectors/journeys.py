"""Stored journeys as arrays, read by binary COPY."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection

from attribution.engine.journeys import FloatArray, IntArray, Journeys
from attribution.models import Channel, CreditLevel
from attribution.selectors.conversions import day_starts
from workspaces.models import Workspace
from workspaces.periods import Period

Units = tuple[tuple[int, int, int], ...]
_HEADER, _TRAILER = 19, 2  # of PostgreSQL's binary COPY
_MICROS: Final = 1_000_000


@dataclass(frozen=True, eq=False)
class JourneySet:
    """Journeys that ended in a period, each a run of touches; 0 stands for no campaign, no ad.

    ``channels``, ``campaigns``, ``ads`` are keys of rows, ``ages`` days to the journey's end,
    ``micros`` millionths of the workspace's currency, ``days`` proleptic ordinals in its zone.
    """

    offsets: IntArray
    channels: IntArray
    campaigns: IntArray
    ads: IntArray
    ages: FloatArray
    converted: IntArray
    micros: IntArray
    has_value: IntArray
    days: IntArray
    hours: FloatArray
    countries: IntArray
    names: dict[int, str]

    @property
    def lengths(self) -> IntArray:
        """Touches per journey."""
        return np.diff(self.offsets)

    @property
    def conversions(self) -> int:
        """How many of them converted."""
        return int(self.converted.sum())

    @property
    def mean_touches(self) -> float | None:
        """Touches before a conversion; ``None`` where nothing converted."""
        return float(self.lengths[self.converted > 0].mean()) if self.conversions else None

    @property
    def mean_hours(self) -> float | None:
        """Hours from the first touch to the conversion; ``None`` where nothing converted."""
        return float(self.hours[self.converted > 0].mean()) if self.conversions else None

    @property
    def without_rate(self) -> int:
        """Conversions whose money is unknown for want of an exchange rate."""
        return int((self.converted - self.has_value).sum())

    def sha256(self) -> str:
        """Name of the data: the same journeys give the same one."""
        digest = hashlib.sha256()
        for array in (self.offsets, self.channels, self.campaigns, self.ads, self.ages,
                      self.converted, self.micros):  # fmt: skip
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def at_level(self, level: str) -> tuple[Journeys, Units]:
        """The journeys as the engine takes them, and who its names are.

        A touch without an ad stands for its campaign, one without either for its channel.
        """
        places, firsts = _numbered(self.channels)
        if level != CreditLevel.CHANNEL:
            places, firsts = _numbered(self.campaigns, within=places)
        if level == CreditLevel.AD:
            places, firsts = _numbered(self.ads, within=places)
        units = tuple(self._unit(int(first), level) for first in firsts)
        journeys = Journeys(
            names=tuple(self._name(unit) for unit in units),
            offsets=self.offsets,
            channels=places,
            conversions=self.converted.astype(np.float64),
            nulls=(1 - self.converted).astype(np.float64),
            values=self.micros / _MICROS,
            ages=self.ages,
        )
        return journeys, units

    def _unit(self, touch: int, level: str) -> tuple[int, int, int]:
        campaign = 0 if level == CreditLevel.CHANNEL else int(self.campaigns[touch])
        ad = int(self.ads[touch]) if level == CreditLevel.AD else 0
        return int(self.channels[touch]), campaign, ad

    def _name(self, unit: tuple[int, int, int]) -> str:
        channel, campaign, ad = unit
        name = self.names[channel]
        return f"{name} {campaign} {ad}" if campaign else name

    def only(self, keep: npt.NDArray[np.bool_]) -> JourneySet:
        """Some of the journeys."""
        touched = np.repeat(keep, self.lengths)
        lengths = self.lengths[keep]
        return JourneySet(
            offsets=np.concatenate([np.zeros(1, np.intp), np.cumsum(lengths, dtype=np.intp)]),
            channels=self.channels[touched],
            campaigns=self.campaigns[touched],
            ads=self.ads[touched],
            ages=self.ages[touched],
            converted=self.converted[keep],
            micros=self.micros[keep],
            has_value=self.has_value[keep],
            days=self.days[keep],
            hours=self.hours[keep],
            countries=self.countries[keep],
            names=self.names,
        )


def _numbered(keys: IntArray, within: IntArray | None = None) -> tuple[IntArray, IntArray]:
    """Consecutive numbers of keys (within those before), and where each stands first."""
    found, first, places = np.unique(keys, return_index=True, return_inverse=True)
    if within is None:
        return places.astype(np.intp), first
    return _numbered(within * len(found) + places)


_WHERE = """
  FROM attribution_journey j {join}
 WHERE j.workspace_id = %(workspace)s AND j.ended_at >= %(since)s AND j.ended_at < %(until)s
   AND (%(type)s = '' OR j.conversion_id IS NULL OR j.conversion_type = %(type)s)
"""
# Every column as 64 bits and none empty: rows of one width are read as one array. Moments come as
# PostgreSQL holds them, in microseconds; to make numbers of them there costs more than to read.
_JOURNEYS = (
    "SELECT (j.conversion_id IS NOT NULL)::int::bigint,"
    " (coalesce(j.value, 0) * 1000000)::bigint,"
    " (j.value IS NOT NULL)::int::bigint,"
    " ((j.ended_at AT TIME ZONE %(zone)s)::date - date '0001-01-01' + 1)::bigint,"
    " j.first_at, j.ended_at,"
    " CASE j.country WHEN '' THEN 0 ELSE"
    " (256 * ascii(j.country) + ascii(substr(j.country, 2, 1)))::bigint END,"
    " j.touches::bigint, j.id" + _WHERE.format(join="") + " ORDER BY j.journey_id"
)
_TOUCHES = (
    "SELECT s.channel_id::bigint, coalesce(s.campaign_id, 0)::bigint,"
    " coalesce(s.ad_id, 0)::bigint, s.at, s.journey_id, s.position::bigint"
    + _WHERE.format(join="JOIN attribution_journeytouch s ON s.journey_id = j.id")
)
_COUNT = "SELECT count(*)" + _WHERE.format(join="")


def _given(workspace: Workspace, period: Period, conversion_type: str) -> dict[str, Any]:
    return {
        "workspace": workspace.pk,
        "since": day_starts(workspace, period.since),
        "until": day_starts(workspace, period.until + timedelta(days=1)),
        "type": conversion_type,
        "zone": workspace.zone.key,
    }


def count_journeys(workspace: Workspace, period: Period, conversion_type: str = "") -> int:
    """How many journeys ended in a period."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, _given(workspace, period, conversion_type))
        return int(cursor.fetchone()[0])


def load_journeys(
    workspace: Workspace,
    period: Period,
    conversion_type: str = "",
    *,
    names: dict[int, str] | None = None,
) -> JourneySet:
    """Journeys that ended in a period, in an order that only their content decides.

    Of a conversion type: those that ended in it, and those that ended in nothing. ``names`` are
    those of the workspace's channels by key, where the caller knows them.
    """
    given = _given(workspace, period, conversion_type)
    rows, touches = _copied(_JOURNEYS, given, 9), _copied(_TOUCHES, given, 6)
    lengths = rows["c7"].astype(np.intp)
    offsets = np.concatenate([np.zeros(1, np.intp), np.cumsum(lengths, dtype=np.intp)])
    order = _in_order(rows["c8"], touches["c4"], touches["c5"])
    if order is None or len(order) != offsets[-1]:
        # A build came between the two.
        return load_journeys(workspace, period, conversion_type, names=names)
    ended = rows["c5"].astype(np.int64)
    ages = np.repeat(ended, lengths) - touches["c3"].astype(np.int64)[order]
    return JourneySet(
        offsets=offsets,
        channels=touches["c0"].astype(np.intp)[order],
        campaigns=touches["c1"].astype(np.intp)[order],
        ads=touches["c2"].astype(np.intp)[order],
        ages=ages / _MICROS / 86_400,
        converted=rows["c0"].astype(np.intp),
        micros=rows["c1"].astype(np.intp),
        has_value=rows["c2"].astype(np.intp),
        days=rows["c3"].astype(np.intp),
        hours=(ended - rows["c4"].astype(np.int64)) / _MICROS / 3_600,
        countries=rows["c6"].astype(np.intp),
        names=channel_names(workspace) if names is None else names,
    )


def channel_names(workspace: Workspace) -> dict[int, str]:
    """What the channels of a workspace are called, by their keys."""
    return dict(Channel.objects.filter(workspace=workspace).values_list("pk", "name"))


def _in_order(
    journeys: npt.NDArray[Any], of: npt.NDArray[Any], positions: npt.NDArray[Any]
) -> IntArray | None:
    """Places of touches in the order of their journeys; ``None`` when one is unknown."""
    keys, wanted = journeys.astype(np.int64), of.astype(np.int64)
    if not len(wanted) or not len(keys):
        return np.zeros(0, np.intp) if not len(wanted) else None
    by_key = np.argsort(keys)
    found = np.searchsorted(keys, wanted, sorter=by_key)
    place = by_key[np.minimum(found, len(keys) - 1)]
    if (keys[place] != wanted).any():
        return None
    most = int(positions.max()) + 1
    return np.argsort(place * most + positions.astype(np.int64), kind="stable")


def _copied(query: str, given: dict[str, Any], columns: int) -> npt.NDArray[np.void]:
    """Rows of columns of 64 bits, none empty."""
    parts: list[tuple[str, str]] = [("count", ">i2")]
    for place in range(columns):
        parts += [(f"l{place}", ">i4"), (f"c{place}", ">i8")]
    target = BytesIO()
    with connection.cursor() as cursor:
        text = cursor.cursor.mogrify(query, given).decode()
        cursor.cursor.copy_expert(f"COPY ({text}) TO STDOUT (FORMAT binary)", target)
    return np.frombuffer(
        target.getbuffer(), np.dtype(parts), offset=_HEADER,
        count=(target.tell() - _HEADER - _TRAILER) // np.dtype(parts).itemsize,
    )  # fmt: skip


def country_name(code: int) -> str:
    """Two letters of a number that stands for them."""
    return chr(code // 256) + chr(code % 256) if code else ""


def newest_data(workspace: Workspace) -> datetime | None:
    """When the newest conversion or touch came in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT greatest((SELECT max(created_at) FROM conversion_tracking"
            " WHERE workspace_id = %(w)s),"
            " (SELECT max(created_at) FROM customer_touchpoint WHERE workspace_id = %(w)s))",
            {"w": workspace.pk},
        )
        found: datetime | None = cursor.fetchone()[0]
    return found


def day_of(ordinal: int) -> date:
    """Day of a number of ``JourneySet.days``."""
    return date.fromordinal(int(ordinal))
