"""Which variant of a test a unit gets: decided anew at each call, and always the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from experiments.engine.hashing import BUCKETS, BucketArray, bucket, buckets
from experiments.engine.targeting import Facts, Targeting

#: Decides who takes part at all, apart from who gets what.
TRAFFIC: Final = "/traffic"
_UNKNOWN: Final = Facts()

BoolArray = npt.NDArray[np.bool_]
IndexArray = npt.NDArray[np.int16]


class Reason(StrEnum):
    """Why a unit has its variant, or none."""

    ASSIGNED = "assigned"
    KNOWN = "known"
    FORCED = "forced"
    WITHDRAWN = "withdrawn"
    HOLDOUT = "holdout"
    LAYER = "layer"
    TRAFFIC = "traffic"
    TARGETING = "targeting"


REASONS: Final = tuple(Reason)


@dataclass(frozen=True)
class Holdout:
    """Units that are in no test: those of the first `share` buckets under a seed of its own."""

    seed: str
    share: int

    def __post_init__(self) -> None:
        _share("share", self.share)


@dataclass(frozen=True)
class TestPlan:
    """What decides who gets which variant of one test.

    Attributes
    ----------
    key : names the test
    seed : of its own, so that tests do not split units alike
    variants : keys and weights in ten-thousandths, the control first; 10,000 in all
    traffic : share of those who may take part, in ten-thousandths
    layer_seed, layer_from, layer_to : slot [from, to) of the layer that it shares with tests
        which must not meet the same unit; the whole layer by default
    targeting : who may take part
    """

    __test__ = False  # no test of pytest's

    key: str
    seed: str
    variants: tuple[tuple[str, int], ...]
    traffic: int = BUCKETS
    layer_seed: str = ""
    layer_from: int = 0
    layer_to: int = BUCKETS
    targeting: Targeting = field(default_factory=Targeting)

    def __post_init__(self) -> None:
        keys = [key for key, _ in self.variants]
        if len(set(keys)) < len(keys):
            raise ValueError(f"variants: a key of {keys} stands twice")
        if any(weight < 0 for _, weight in self.variants) or self.whole != BUCKETS:
            raise ValueError(f"variants: weights are {self.whole} in all, not {BUCKETS}")
        _share("traffic", self.traffic)
        if not 0 <= self.layer_from <= self.layer_to <= BUCKETS:
            raise ValueError(f"layer_from: {self.layer_from} to {self.layer_to} is no slot")

    @property
    def whole(self) -> int:
        """Weights in all."""
        return sum(weight for _, weight in self.variants)

    @property
    def has_slot(self) -> bool:
        """Whether it takes less than its whole layer."""
        return self.layer_to - self.layer_from < BUCKETS


@dataclass(frozen=True)
class Assignment:
    """Variant of a unit, or none, and why."""

    variant: str | None
    reason: Reason


@dataclass(frozen=True)
class Assignments:
    """Of many units: places in the plan's variants, −1 for none; places in `REASONS`."""

    variants: IndexArray
    reasons: npt.NDArray[np.int8]


def assign(
    plan: TestPlan,
    unit: str,
    facts: Facts = _UNKNOWN,
    *,
    holdout: Holdout | None = None,
    known: str = "",
    forced: str = "",
) -> Assignment:
    """Decide a unit's variant.

    In this order: the holdout across tests, the slot of the layer, the share of traffic, the
    targeting, the variant by cumulative weights. More traffic only adds units and less only takes
    some away; a variant's units change only at the edges of its weight.

    Parameters
    ----------
    plan : the test
    unit : visitor, user or contact
    facts : what is known of it now
    holdout : who is in no test
    known : the variant that it has met already and keeps, whatever became of shares and facts;
        none if the test has it no longer
    forced : a variant to look at; never to be counted
    """
    keys = [key for key, _ in plan.variants]
    if forced in keys:
        return Assignment(forced, Reason.FORCED)
    if known:
        return Assignment(known, Reason.KNOWN) if known in keys else _none(Reason.WITHDRAWN)
    if holdout and bucket(holdout.seed, unit) < holdout.share:
        return _none(Reason.HOLDOUT)
    if plan.has_slot and not (plan.layer_from <= bucket(plan.layer_seed, unit) < plan.layer_to):
        return _none(Reason.LAYER)
    if bucket(plan.seed + TRAFFIC, unit) >= plan.traffic:
        return _none(Reason.TRAFFIC)
    if not plan.targeting.fits(facts):
        return _none(Reason.TARGETING)
    place = int(_places(plan, np.array([bucket(plan.seed, unit)], np.int32))[0])
    return Assignment(keys[place], Reason.ASSIGNED)


def assign_many(
    plan: TestPlan,
    units: Sequence[str],
    *,
    holdout: Holdout | None = None,
    fits: BoolArray | None = None,
    known: IndexArray | None = None,
) -> Assignments:
    """Decide the variants of many units, as `assign` does.

    Parameters
    ----------
    plan : the test
    units : (n,) texts
    holdout : who is in no test
    fits : (n,) whom the targeting lets in; all by default
    known : (n,) places of the variants that units have met already, −1 for none

    Raises
    ------
    ValueError : `fits` or `known` is not as long as `units`
    """
    for name, given in (("fits", fits), ("known", known)):
        if given is not None and len(given) != len(units):
            raise ValueError(f"{name}: {len(given)} values for {len(units)} units")
    refused = [(Reason.TARGETING, ~fits)] if fits is not None else []
    if plan.traffic < BUCKETS:
        refused.append((Reason.TRAFFIC, buckets(plan.seed + TRAFFIC, units) >= plan.traffic))
    if plan.has_slot:
        slots = buckets(plan.layer_seed, units)
        refused.append((Reason.LAYER, (slots < plan.layer_from) | (slots >= plan.layer_to)))
    if holdout and holdout.share:
        refused.append((Reason.HOLDOUT, buckets(holdout.seed, units) < holdout.share))
    variants = _places(plan, buckets(plan.seed, units)).astype(np.int16)
    reasons = np.full(len(units), REASONS.index(Reason.ASSIGNED), np.int8)
    # The last one written is the first one of the order.
    for reason, whom in refused:
        variants[whom], reasons[whom] = -1, REASONS.index(reason)
    if known is not None:
        met = known >= 0
        variants[met], reasons[met] = known[met], REASONS.index(Reason.KNOWN)
    return Assignments(variants, reasons)


def _places(plan: TestPlan, found: BucketArray) -> npt.NDArray[np.int64]:
    edges = np.cumsum([weight for _, weight in plan.variants])
    return np.searchsorted(edges, found, side="right").astype(np.int64)


def _none(reason: Reason) -> Assignment:
    return Assignment(None, reason)


def _share(name: str, value: int) -> None:
    if not 0 <= value <= BUCKETS:
        raise ValueError(f"{name}: {value} is no share in ten-thousandths")
