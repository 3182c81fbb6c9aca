"""Tests that were run elsewhere, brought in as figures: cumulative sums by variant and day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal, InvalidOperation, localcontext
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction

from experiments.models import (
    WHOLE,
    ABTest,
    ABTestMetric,
    ABTestStatus,
    ABTestVariant,
    EndReason,
    ExposureDay,
    Method,
    Metric,
    MetricDay,
    MetricKind,
    MetricRole,
    MetricSource,
)
from experiments.models.ab_tests import KEY
from workspaces.models import Workspace
from workspaces.services.refusals import RefusedError

_REQUIRED: Final = ("test", "variant", "metric", "day", "n")
_STEP: Final = Decimal("0.000000000001")
_MOST: Final = Decimal(10) ** 27
_BATCH: Final = 5_000
_LONGEST: Final = 2_000  # characters of a text
# Sums are as exact as their columns; Python's own 28 digits would round them.
_DIGITS: Final = Context(prec=80)
_KINDS: Final = (MetricKind.BINOMIAL, MetricKind.MEAN)


class ImportFileError(RefusedError):
    """A line that cannot be taken; nothing of the file is."""

    def __init__(self, line: int, column: str, message: str) -> None:
        super().__init__(f"Line {line}, {column}: {message}")
        self.line, self.column = line, column


@dataclass(frozen=True)
class Imported:
    """How many tests were new, and how many had been imported before."""

    tests: int
    known: int


@dataclass(frozen=True)
class _Sums:
    """An arm as of the end of a day."""

    units: int = 0
    sum: Decimal = Decimal(0)
    sum_squares: Decimal = Decimal(0)


@dataclass
class _Told:
    """A test of the file; variants (with what people read) and metrics as they are named first."""

    name: str
    line: int
    variants: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    arms: dict[tuple[str, str], dict[date, tuple[Decimal, _Sums]]] = field(default_factory=dict)


@transaction.atomic
def import_tests(
    *, workspace: Workspace, rows: Iterable[Mapping[str, str]], started_on: date, now: datetime
) -> Imported:
    """Store the tests of a file as completed ones; one that was imported before stays as it is.

    Parameters
    ----------
    rows : by the names of ``COLUMNS``. ``n`` and the sums are cumulative; ``day`` is a date or a
        number of days since ``started_on``, and the last row of a day holds. Of the sums either
        ``conversions``, ``mean`` and ``variance`` (of the sample), or ``sum`` and ``sum_squares``

    Raises
    ------
    ImportFileError : a line that cannot be read, a test of ours under this key; nothing is stored
    """
    with localcontext(_DIGITS):
        return _import(workspace, _read(rows, started_on), now)


def _import(workspace: Workspace, told: Mapping[str, _Told], now: datetime) -> Imported:
    known = dict(
        ABTest.objects.filter(workspace=workspace, key__in=told).values_list("key", "is_imported")
    )
    for key, is_imported in known.items():
        if not is_imported:
            raise ImportFileError(told[key].line, "test", f"{key!r} is a test of this workspace.")
    metrics = _metrics(workspace, told)
    days: list[MetricDay] = []
    exposed: list[ExposureDay] = []
    for key, one in told.items():
        if key not in known:
            _store(workspace, key, one, metrics, now, days, exposed)
    MetricDay.objects.bulk_create(days, batch_size=_BATCH)
    ExposureDay.objects.bulk_create(exposed, batch_size=_BATCH)
    return Imported(len(told) - len(known), len(known))


def _read(rows: Iterable[Mapping[str, str]], started_on: date) -> dict[str, _Told]:
    told: dict[str, _Told] = {}
    for line, row in enumerate(rows, start=2):
        for column in _REQUIRED:
            if not row.get(column):
                raise ImportFileError(line, column, "This must not be empty.")
        for column in ("test", "variant", "metric"):
            _require_key(line, column, row[column])
        key, variant, metric = row["test"], row["variant"], row["metric"]
        test = told.setdefault(key, _Told(row.get("name") or key, line))
        test.variants[variant] = test.variants.get(variant) or row.get("text", "")[:_LONGEST]
        kind = row.get("kind") or ("binomial" if row.get("conversions") else "mean")
        if kind not in _KINDS:
            raise ImportFileError(line, "kind", f"{kind!r} is neither binomial nor mean.")
        if test.kinds.setdefault(metric, kind) != kind:
            raise ImportFileError(line, "kind", f"{metric!r} was {test.kinds[metric]} before.")
        moment, day = _day(line, row["day"], started_on)
        days = test.arms.setdefault((metric, variant), {})
        if day not in days or days[day][0] <= moment:
            days[day] = (moment, _sums(line, row))
    for one in told.values():
        _require_complete(one)
    return told


def _require_key(line: int, column: str, text: str) -> None:
    try:
        KEY(text)
    except ValidationError as error:
        raise ImportFileError(line, column, error.messages[0]) from None


def _day(line: int, text: str, started_on: date) -> tuple[Decimal, date]:
    """The day, and the moment that says which row of a day is the last."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        number = _number(line, "day", text)
        if not 0 <= number <= 3_650:
            raise ImportFileError(line, "day", "Write a date, or days since the start.") from None
        return number, started_on + timedelta(days=int(number))
    return Decimal(0), day


def _sums(line: int, row: Mapping[str, str]) -> _Sums:
    n = _number(line, "n", row["n"])
    if not 0 <= n < 10**15 or n != int(n):
        raise ImportFileError(line, "n", "Write how many units there were, as a whole number.")
    if text := row.get("conversions"):
        total = squares = _number(line, "conversions", text)
        if not 0 <= total <= n:
            raise ImportFileError(line, "conversions", f"There were {n} units.")
    elif row.get("mean"):
        mean = _number(line, "mean", row["mean"])
        variance = _number(line, "variance", row.get("variance") or "")
        if variance < 0:
            raise ImportFileError(line, "variance", "A variance is not negative.")
        total, squares = n * mean, variance * max(n - 1, Decimal(0)) + n * mean * mean
    else:
        total = _number(line, "sum", row.get("sum") or "")
        squares = _number(line, "sum_squares", row.get("sum_squares") or "")
    if not (abs(total) < _MOST and 0 <= squares < _MOST):
        raise ImportFileError(line, "sum", "This figure is too large, or squares are negative.")
    return _Sums(int(n), total.quantize(_STEP), squares.quantize(_STEP))


def _number(line: int, column: str, text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise ImportFileError(line, column, f"{text!r} is not a number.") from None
    if not number.is_finite():
        raise ImportFileError(line, column, f"{text!r} is not a number.")
    if abs(number) >= _MOST:
        raise ImportFileError(line, column, "This figure is too large.")
    return number


def _require_complete(one: _Told) -> None:
    if not 2 <= len(one.variants) <= WHOLE:
        raise ImportFileError(one.line, "variant", "A test has two variants or more.")
    for (metric, variant), days in one.arms.items():
        units = [days[day][1].units for day in sorted(days)]
        if units != sorted(units):
            raise ImportFileError(
                one.line, "n", f"Units of {variant!r} become fewer in {metric!r}; n is cumulative."
            )


def _metrics(workspace: Workspace, told: Mapping[str, _Told]) -> dict[str, Metric]:
    """Definitions of the metrics, shared by all imported tests of a workspace."""
    kinds = {metric: (kind, one) for one in told.values() for metric, kind in one.kinds.items()}
    found = {}
    for name, (kind, one) in kinds.items():
        metric, _ = Metric.objects.get_or_create(
            workspace=workspace, key=name,
            defaults={"name": name.capitalize(), "kind": kind, "source": MetricSource.IMPORTED},
        )  # fmt: skip
        if metric.source != MetricSource.IMPORTED or any(
            test.kinds.get(name, metric.kind) != metric.kind for test in told.values()
        ):
            raise ImportFileError(
                one.line, "metric", f"{name!r} is another metric of this workspace already."
            )
        found[name] = metric
    return found


def _store(
    workspace: Workspace,
    key: str,
    told: _Told,
    metrics: Mapping[str, Metric],
    now: datetime,
    days: list[MetricDay],
    exposed: list[ExposureDay],
) -> None:
    test = ABTest.objects.create(
        workspace=workspace, key=key, name=told.name[:120], is_imported=True, method=Method.FIXED,
        created_by_label="import",
    )  # fmt: skip
    even, rest = divmod(WHOLE, len(told.variants))
    rows = ABTestVariant.objects.bulk_create(
        ABTestVariant(
            workspace=workspace, test=test, key=variant, name=variant.capitalize(),
            position=place, is_control=place == 0, weight=even + (rest if place == 0 else 0),
            config={"headline": text} if text else {},
        )
        for place, (variant, text) in enumerate(told.variants.items())
    )  # fmt: skip
    variants = {row.key: row for row in rows}
    primary = next(iter(told.kinds))
    ABTestMetric.objects.bulk_create(
        ABTestMetric(
            workspace=workspace, test=test, metric=metrics[name], position=place,
            role=MetricRole.PRIMARY if name == primary else MetricRole.SECONDARY,
        )
        for place, name in enumerate(told.kinds)
    )  # fmt: skip
    for (name, variant), checkpoints in told.arms.items():
        before = _Sums()
        for day in sorted(checkpoints):
            sums = checkpoints[day][1]
            own = {"workspace": workspace, "test": test, "variant": variants[variant], "day": day}
            days.append(MetricDay(**own, metric=metrics[name], **_growth(before, sums)))
            if name == primary:
                exposed.append(ExposureDay(**own, units=sums.units - before.units))
            before = sums
    _complete(test, workspace, [day for days in told.arms.values() for day in days], now)


def _growth(before: _Sums, sums: _Sums) -> dict[str, int | Decimal]:
    return {
        "units": sums.units - before.units,
        "sum": sums.sum - before.sum,
        "sum_squares": sums.sum_squares - before.sum_squares,
    }


def _complete(test: ABTest, workspace: Workspace, days: list[date], now: datetime) -> None:
    """Start and end it: the database holds that whatever ended had started whole."""
    start, end = (datetime.combine(day, time(), workspace.zone) for day in (min(days), max(days)))
    test.status, test.started_at = ABTestStatus.RUNNING, start
    test.save(update_fields=["status", "started_at"])
    test.status, test.end_reason = ABTestStatus.COMPLETED, EndReason.TIME_UP
    test.ended_at = max(start, min(now, end + timedelta(days=1)))
    test.save(update_fields=["status", "end_reason", "ended_at"])
