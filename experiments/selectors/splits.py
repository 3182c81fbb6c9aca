"""Who met which variant, and whether units were split as they should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Sum

from experiments.engine.statistics import GATE, Imbalance, likely_causes, start_watch
from experiments.models import (
    ABTest,
    ABTestAllocation,
    ABTestVariant,
    Dimension,
    ExposureDay,
    Surface,
)

Shares = tuple[int, ...]
_CAUSES: Final = (Dimension.DEVICE, Dimension.SOURCE, Dimension.COUNTRY, Dimension.CUSTOMER)


@dataclass(frozen=True)
class ArmUnits:
    """Units that met a variant first."""

    variant: ABTestVariant
    units: int
    in_several: int  # of them, who met another variant later


@dataclass(frozen=True)
class Split:
    """Units by variant, the control first.

    ``p_value`` is that of the split, right however often one looks; None where it cannot be
    judged, because the platform splits or because shares moved every day.
    """

    arms: tuple[ArmUnits, ...]
    p_value: float | None
    has_moved: bool  # shares were changed while it ran

    @property
    def is_mismatch(self) -> bool:
        """Whether figures are to be kept back."""
        return self.p_value is not None and self.p_value < GATE

    @property
    def units(self) -> int:
        """All of them."""
        return sum(one.units for one in self.arms)


def split_of(test: ABTest, variants: Sequence[ABTestVariant]) -> Split:
    """Units of each variant, and the check of their split: two queries."""
    places = {variant.pk: place for place, variant in enumerate(variants)}
    days: dict[date, list[int]] = {}
    several = [0] * len(variants)
    rows = ExposureDay.objects.filter(test=test, dimension=Dimension.TOTAL, variant__in=places)
    for day, variant, units, in_several in rows.order_by("day").values_list(
        "day", "variant_id", "units", "in_several"
    ):
        days.setdefault(day, [0] * len(variants))[places[variant]] += units
        several[places[variant]] += in_several
    moves = _moves(test, variants)
    totals = [sum(counts) for counts in zip(*days.values(), strict=True)] or [0] * len(variants)
    return Split(
        tuple(map(ArmUnits, variants, totals, several)),
        None if test.surface == Surface.AD else _p_value(days, moves),
        has_moved=len({shares for _, shares in moves}) > 1,
    )


def _moves(test: ABTest, variants: Sequence[ABTestVariant]) -> list[tuple[date, Shares]]:
    """Days on which shares were set, with what they were from then on."""
    zone = test.workspace.zone
    rows = ABTestAllocation.objects.filter(test=test).order_by("at").values_list("at", "weights")
    found = [
        (at.astimezone(zone).date(), tuple(int(weights.get(one.key, 0)) for one in variants))
        for at, weights in rows
    ]
    return found or [(date.min, tuple(one.weight for one in variants))]


def _p_value(days: dict[date, list[int]], moves: list[tuple[date, Shares]]) -> float | None:
    """The least of the p-values of all stretches of equal shares, times their number."""
    found = [
        _watched(units, shares)
        for shares, units in _stretches(days, moves)
        if sum(share > 0 for share in shares) > 1
    ]
    return min(1.0, min(found) * len(found)) if found else None


def _watched(units: list[list[int]], shares: Shares) -> float:
    open_arms = [place for place, share in enumerate(shares) if share > 0]
    watch = start_watch([shares[place] for place in open_arms])
    for counts in units:
        watch = watch.after([counts[place] for place in open_arms])
    return watch.p_value


def _stretches(
    days: dict[date, list[int]], moves: list[tuple[date, Shares]]
) -> Iterator[tuple[Shares, list[list[int]]]]:
    """Days by the shares they ran under; one on which these changed belongs to no stretch."""
    for place, (since, shares) in enumerate(moves):
        until = moves[place + 1][0] if place + 1 < len(moves) else date.max
        before = moves[place - 1] if place else None
        is_new = before is not None and before[1] != shares
        units = [
            counts
            for day, counts in days.items()
            if (day > since or (day == since and not is_new)) and day < until
        ]
        if units:
            yield shares, units


def causes_of(test: ABTest, variants: Sequence[ABTestVariant]) -> list[Imbalance]:
    """Parts of the units in which the split is off: hints to why it is."""
    places = {variant.pk: place for place, variant in enumerate(variants)}
    rows = (
        ExposureDay.objects.filter(test=test, dimension__in=_CAUSES, variant__in=places)
        .values("dimension", "key", "variant_id")
        .annotate(all_units=Sum("units"))
        .order_by()
    )
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        counts = found.setdefault(row["dimension"], {}).setdefault(
            row["key"], [0.0] * len(variants)
        )
        counts[places[row["variant_id"]]] += row["all_units"]
    return likely_causes(found, [variant.weight for variant in variants]) if found else []
