"""What integrations tell of units: which variant they met, and what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction

from experiments.models import ABTest, Surface, UnitEvent
from experiments.services.counting.keeping import ERASED
from experiments.services.counting.news import queue_units
from experiments.services.counting.outcomes_sql import MOST
from workspaces.models import Workspace
from workspaces.services.refusals import RefusedError

MOST_AT_ONCE: Final = 500
# Clocks of senders run ahead by a little; more is a mistake.
FUTURE: Final = timedelta(minutes=5)
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LENGTHS: Final = {"unit": 120, "name": 120, "event_id": 120, "device": 10, "source": 120,
                   "country": 2, "customer_type": 9}  # fmt: skip
# In one order, so that two that tell at once wait and never lock up.
_EXPOSE: Final = """
WITH told AS (
    SELECT DISTINCT ON (t.unit) t.*
      FROM unnest(%(units)s::text[], %(variants)s::bigint[], %(moments)s::timestamptz[],
                  %(devices)s::text[], %(sources)s::text[], %(countries)s::text[],
                  %(customers)s::text[])
           AS t(unit, variant_id, at, device, source, country, customer_type)
     ORDER BY t.unit, t.at
)
INSERT INTO experiments_exposure
       (workspace_id, test_id, variant_id, unit, at, day, device, source, country, customer_type)
SELECT %(workspace)s, %(test)s, variant_id, unit, at, (at AT TIME ZONE %(zone)s)::date, device,
       source, country, customer_type
  FROM told ORDER BY unit COLLATE "C"
    ON CONFLICT (test_id, unit) DO NOTHING
"""
# Rows are held in the order of their ids, as the counting holds them, before any is changed.
_OTHERS: Final = """
WITH told AS (
    SELECT * FROM unnest(%(units)s::text[], %(variants)s::bigint[], %(moments)s::timestamptz[])
        AS t(unit, variant_id, at)
), held AS MATERIALIZED (
    SELECT y.id, y.unit, y.variant_id FROM experiments_exposure y
     WHERE y.test_id = %(test)s AND y.unit = ANY (%(units)s::text[])
       AND EXISTS (SELECT FROM told t WHERE t.unit = y.unit AND t.variant_id <> y.variant_id)
     ORDER BY y.id FOR NO KEY UPDATE OF y
)
UPDATE experiments_exposure x SET other_variant_at = o.at
  FROM (SELECT h.id, min(t.at) AS at
          FROM told t JOIN held h ON h.unit = t.unit AND h.variant_id <> t.variant_id
         GROUP BY h.id) o
 WHERE x.id = o.id AND (x.other_variant_at IS NULL OR x.other_variant_at > o.at)
"""


class TellingError(RefusedError):
    """Something that cannot be taken; ``field`` says what."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class MetVariant:
    """A unit that really saw a variant, named by its key."""

    unit: str
    variant: str
    at: datetime
    device: str = ""
    source: str = ""
    country: str = ""
    customer_type: str = ""


@dataclass(frozen=True)
class Did:
    """Something that a unit did; told twice under one id it counts once."""

    event_id: str
    unit: str
    name: str
    at: datetime
    value: Decimal = Decimal(0)


@dataclass(frozen=True)
class Told:
    """How many of them were new, and how many were known."""

    taken: int
    known: int


def record_exposure(*, test: ABTest, met: MetVariant, now: datetime) -> Told:
    """Take one exposure (`record_exposures`)."""
    return record_exposures(test=test, met=[met], now=now)


def record_unit_event(*, workspace: Workspace, did: Did, now: datetime) -> Told:
    """Take one event (`record_unit_events`)."""
    return record_unit_events(workspace=workspace, did=[did], now=now)


@transaction.atomic
def record_exposures(*, test: ABTest, met: Sequence[MetVariant], now: datetime) -> Told:
    """Take exposures to a test that ran then; a unit stays in the variant that came first.

    Raises
    ------
    TellingError : a test that takes none, too many at once, a value that cannot be; nothing is
        taken then. The field of the third is ``exposures.3.variant``
    """
    _require_exposable(test)
    _require_few("exposures", met)
    variants = dict(test.variants.values_list("key", "pk"))
    for number, one in enumerate(met):
        place = f"exposures.{number}"
        _require_texts(place, one, ("unit",), ("device", "source", "country", "customer_type"))
        _require_ran(f"{place}.at", test, one.at, now)
        if one.variant not in variants:
            raise TellingError(f"{place}.variant", f"The test has no variant {one.variant!r}.")
    given = _exposure_columns(test, met, variants)
    if not met:
        return Told(0, 0)
    with connection.cursor() as cursor:
        cursor.execute(_EXPOSE, given)
        taken = int(cursor.rowcount)
        cursor.execute(_OTHERS, given)
    queue_units(
        workspace_id=test.workspace_id, units=given["units"], since=min(now, *given["moments"])
    )
    return Told(taken, len(met) - taken)


@transaction.atomic
def record_unit_events(*, workspace: Workspace, did: Sequence[Did], now: datetime) -> Told:
    """Take what units did, each event once by its id; what a repetition says is not looked at.

    Raises
    ------
    TellingError : too many at once, a value that cannot be; nothing is taken then. The field of the
        third is ``events.3.value``
    """
    _require_few("events", did)
    for number, one in enumerate(did):
        place = f"events.{number}"
        _require_texts(place, one, ("event_id", "unit", "name"), ())
        _require_moment(f"{place}.at", one.at, now)
        if not (one.value.is_finite() and 0 <= one.value <= MOST):
            raise TellingError(f"{place}.value", f"A value is between 0 and {MOST:,}.")
    rows = {one.event_id: one for one in reversed(did)}
    known = set(
        UnitEvent.objects.filter(workspace=workspace, event_id__in=rows).values_list(
            "event_id", flat=True
        )
    )
    fresh = [rows[key] for key in sorted(rows) if key not in known]
    UnitEvent.objects.bulk_create(
        [
            UnitEvent(
                workspace=workspace, event_id=one.event_id, unit=one.unit, name=one.name,
                value=round(one.value, 6), at=one.at, received_at=now,
            )
            for one in fresh
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    if fresh:
        units = {one.unit for one in fresh}
        since = min(now, *(one.at for one in fresh))
        queue_units(workspace_id=workspace.pk, units=units, since=since)
    return Told(len(fresh), len(did) - len(fresh))


def _exposure_columns(
    test: ABTest, met: Sequence[MetVariant], variants: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "workspace": test.workspace_id,
        "test": test.pk,
        "zone": test.workspace.zone.key,
        "units": [one.unit for one in met],
        "variants": [variants[one.variant] for one in met],
        "moments": [one.at for one in met],
        "devices": [one.device for one in met],
        "sources": [one.source for one in met],
        "countries": [one.country for one in met],
        "customers": [one.customer_type for one in met],
    }


def _require_exposable(test: ABTest) -> None:
    if test.is_imported or test.surface == Surface.AD:
        raise TellingError("test", "The figures of this test come from elsewhere, not from units.")
    if test.started_at is None:
        raise TellingError("test", "This test has not started; nobody can have met a variant.")


def _require_few(field: str, rows: Sequence[object]) -> None:
    if len(rows) > MOST_AT_ONCE:
        raise TellingError(field, f"{len(rows)} at once; send at most {MOST_AT_ONCE}.")


def _require_ran(field: str, test: ABTest, at: datetime, now: datetime) -> None:
    _require_moment(field, at, now)
    if test.started_at is not None and at < test.started_at:
        raise TellingError(field, "The test had not started at this moment.")
    if test.ended_at is not None and at >= test.ended_at:
        raise TellingError(field, "The test had ended at this moment.")


def _require_moment(field: str, at: datetime, now: datetime) -> None:
    if at.tzinfo is None:
        raise TellingError(field, "Write the moment with its time zone: 2026-11-21T09:00:00Z.")
    if at > now + FUTURE:
        raise TellingError(field, "This moment lies in the future; check the sender's clock.")
    if at < EARLIEST:
        raise TellingError(field, "This moment lies before the year 2000; check the sender.")


def _require_texts(
    place: str, row: object, required: Sequence[str], optional: Sequence[str]
) -> None:
    for name in (*required, *optional):
        text = getattr(row, name)
        if name in required and not text:
            raise TellingError(f"{place}.{name}", "This must not be empty.")
        if len(text) > _LENGTHS[name]:
            raise TellingError(f"{place}.{name}", f"At most {_LENGTHS[name]} characters.")
        if "\x00" in text:
            raise TellingError(f"{place}.{name}", "This holds a NUL character.")
    if getattr(row, "unit", "").startswith(ERASED):
        raise TellingError(f"{place}.unit", f"A unit's name does not begin with {ERASED!r}.")
