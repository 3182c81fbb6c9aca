"""What else a plan can change than budgets, and by how much it moves the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from campaigns.engine.response.transforms import FloatArray


class Lever(StrEnum):
    """What can be turned."""

    CREATIVE_REFRESH = "creative_refresh"
    BID_CHANGE = "bid_change"
    PAUSE_WORST = "pause_worst"
    INFLUENCER_SPEND = "influencer_spend"
    CONTENT_CADENCE = "content_cadence"
    PUSH_VOLUME = "push_volume"


class Target(StrEnum):
    """What it moves: what paid channels bring, what comes by itself, or the app's own figures."""

    PAID = "paid"
    ORGANIC = "organic"
    DAU = "dau"
    D7_RETENTION = "d7_retention"


@dataclass(frozen=True)
class Effect:
    """An elasticity: the target is multiplied by ratio ** elasticity.

    Attributes
    ----------
    lever, target : what moves what
    elasticity : per cent of the target per per cent of the lever
    error : standard error, or standard deviation of the prior
    source : "fitted" on own figures, or "prior"
    reason : why it is the prior, as a sentence; empty where fitted
    """

    lever: Lever
    target: Target
    elasticity: float
    error: float
    source: str = "prior"
    reason: str = "No own figures were given; this is the stated prior."


# Content and activity as stated for the product (cadence doubled: DAU +8 %, organic +12 %).
# The others are judgements, wide on purpose: refresh doubled +7 % paid; bids +10 % make the same
# money buy 3 % less; the worst 15 % of ads paused +4 % paid; influencers for a tenth of the paid
# budget +3 % organic; pushes doubled DAU +3.5 %, retention +2 %.
PRIORS = (
    Effect(Lever.CREATIVE_REFRESH, Target.PAID, 0.10, 0.06),
    Effect(Lever.BID_CHANGE, Target.PAID, -0.30, 0.15),
    Effect(Lever.PAUSE_WORST, Target.PAID, 0.25, 0.15),
    Effect(Lever.INFLUENCER_SPEND, Target.ORGANIC, 0.30, 0.15),
    Effect(Lever.CONTENT_CADENCE, Target.DAU, float(np.log2(1.08)), 0.04),
    Effect(Lever.CONTENT_CADENCE, Target.ORGANIC, float(np.log2(1.12)), 0.06),
    Effect(Lever.PUSH_VOLUME, Target.DAU, 0.05, 0.03),
    Effect(Lever.PUSH_VOLUME, Target.D7_RETENTION, 0.03, 0.03),
)


@dataclass(frozen=True)
class Settings:
    """Where the levers of a plan stand; as they are now if nothing is said.

    Attributes
    ----------
    creative_refresh : times as often as now, above 0
    bid_change : −0.1 for 10 % lower bids, above −1
    pause_worst : share of the ads that is paused, 0 to below 1
    influencer_spend : money per step, 0 or more
    influencer_present : money per step spent on them now, 0 or more
    content_cadence : times as often as now, above 0
    push_volume : times as many as now, above 0
    """

    creative_refresh: float = 1.0
    bid_change: float = 0.0
    pause_worst: float = 0.0
    influencer_spend: float = 0.0
    influencer_present: float = 0.0
    content_cadence: float = 1.0
    push_volume: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what no lever can be set to.

        Raises
        ------
        ValueError : names the lever and the value
        """
        for name in ("creative_refresh", "content_cadence", "push_volume"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be above 0")
        if not -1 < self.bid_change < np.inf:
            raise ValueError(f"bid_change is {self.bid_change}: bids cannot fall by 100 %")
        if not 0 <= self.pause_worst < 1:
            raise ValueError(f"pause_worst is {self.pause_worst}: a share from 0 to below 1")
        for name in ("influencer_spend", "influencer_present"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be 0 or more")

    def ratio(self, lever: Lever, paid: float) -> float:
        """Lever after over lever before.

        Parameters
        ----------
        lever : which
        paid : present paid budget per step, in which the money for influencers is measured
        """
        match lever:
            case Lever.BID_CHANGE:
                return 1 + self.bid_change
            case Lever.PAUSE_WORST:
                return 1 / (1 - self.pause_worst)
            case Lever.INFLUENCER_SPEND:
                before = paid + self.influencer_present
                return (paid + self.influencer_spend) / before if before > 0 else 1.0
            case _:
                return float(getattr(self, lever.value))


def multipliers(
    effects: tuple[Effect, ...], settings: Settings, *, paid: float, draws: int, seed: int
) -> dict[Target, FloatArray]:
    """By how much each target is multiplied.

    Parameters
    ----------
    effects : of levers on targets, independent of each other
    settings : of the levers
    paid : present paid budget per step
    draws, seed : of the elasticities, the same for every setting

    Returns
    -------
    (n_draws,) per target; ones where no lever moves it
    """
    rng = np.random.default_rng(seed)
    found = {target: np.ones(draws) for target in Target}
    for effect in effects:
        drawn = effect.elasticity + effect.error * rng.standard_normal(draws)
        found[effect.target] *= settings.ratio(effect.lever, paid) ** drawn
    return found
