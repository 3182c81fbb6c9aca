"""What a scenario may ask: budgets of the channels, the other levers, limits of the best split."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self

from campaigns.engine.response.levers import Settings
from workspaces.services.refusals import RefusedError

HORIZON_DAYS: Final = 30
LONGEST_DAYS: Final = 180
# How requests name the limits of the best split.
SPLIT: Final = "best_split"
_MOST_MONEY: Final = 1e9
_PERCENT: Final = 100


class InputError(RefusedError):
    """One of the inputs is wrong; ``field`` says which."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.field = name


@dataclass(frozen=True)
class Lever:
    """One of the levers beside budgets: what it is called, and how far it goes."""

    name: str
    label: str
    unit: str
    least: float
    most: float
    step: float
    neutral: float


LEVERS: Final = (
    Lever("creative_refresh", "Creative refresh", "times as often as now", 0.1, 10, 0.1, 1),
    Lever("bid_change_pct", "Bids", "% more than now", -90, 200, 1, 0),
    Lever("pause_worst_pct", "Worst ads paused", "% of the ads", 0, 90, 1, 0),
    Lever("influencer_spend", "Influencers", "money a day on top of now", 0, 1e7, 1, 0),
    Lever("content_cadence", "Content drops", "times as often as now", 0.1, 10, 0.1, 1),
    Lever("push_volume", "Push messages", "times as many as now", 0.1, 10, 0.1, 1),
)


@dataclass(frozen=True)
class Inputs:
    """A plan that was checked; ``budgets`` has every channel, in money a day."""

    budgets: dict[str, float]
    horizon_days: int = HORIZON_DAYS
    creative_refresh: float = 1.0
    bid_change_pct: float = 0.0
    pause_worst_pct: float = 0.0
    influencer_spend: float = 0.0
    content_cadence: float = 1.0
    push_volume: float = 1.0

    @property
    def settings(self) -> Settings:
        """Its levers as the engine takes them."""
        return Settings(
            creative_refresh=self.creative_refresh,
            bid_change=self.bid_change_pct / _PERCENT,
            pause_worst=self.pause_worst_pct / _PERCENT,
            influencer_spend=self.influencer_spend,
            content_cadence=self.content_cadence,
            push_volume=self.push_volume,
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values, as they are stored and answered."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        return cls(**{one.name: stored[one.name] for one in fields(cls) if one.name in stored})


@dataclass(frozen=True)
class SplitLimits:
    """What the best split must keep to; money a day, channels that are not named are free."""

    total: float | None = None
    least: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)


def read_inputs(given: Mapping[str, Any], present: Mapping[str, float]) -> Inputs:
    """Check a plan: what is not said stays as it is now.

    Parameters
    ----------
    given : ``budgets`` by channel (money a day) or ``shifts`` (per cent of now), ``horizon_days``
        and the levers; numbers, or texts of them
    present : money a day of every channel that has a curve

    Raises
    ------
    InputError : names the field
    """
    budgets = dict(present)
    for channel, text in _by_channel(given, "shifts", present).items():
        shift = _number(f"shifts.{channel}", text, -_PERCENT, 1e6)
        budgets[channel] = present[channel] * (1 + shift / _PERCENT)
    for channel, text in _by_channel(given, "budgets", present).items():
        if channel in (given.get("shifts") or {}):
            raise InputError(
                f"budgets.{channel}", "Give either a budget or a shift of a channel, not both."
            )
        budgets[channel] = _number(f"budgets.{channel}", text, 0, _MOST_MONEY)
    return Inputs(
        budgets=budgets,
        horizon_days=_horizon(given.get("horizon_days", HORIZON_DAYS)),
        **{
            lever.name: _number(lever.name, given[lever.name], lever.least, lever.most)
            for lever in LEVERS
            if lever.name in given
        },
    )


def read_limits(given: Mapping[str, Any], present: Mapping[str, float]) -> SplitLimits:
    """Check the limits of the best split: ``total``, ``least`` and ``most`` by channel.

    Raises
    ------
    InputError : names the field
    """
    total = given.get("total")
    return SplitLimits(
        total=None if total is None else _number(f"{SPLIT}.total", total, 0.01, _MOST_MONEY),
        **{
            name: {
                channel: _number(f"{SPLIT}.{name}.{channel}", text, 0, _MOST_MONEY)
                for channel, text in _by_channel(given, name, present, f"{SPLIT}.").items()
            }
            for name in ("least", "most")
        },
    )


def _by_channel(
    given: Mapping[str, Any], name: str, present: Mapping[str, float], within: str = ""
) -> Mapping[str, Any]:
    found: Mapping[str, Any] = given.get(name) or {}
    for channel in found:
        if channel not in present:
            known = ", ".join(present)
            raise InputError(
                f"{within}{name}.{channel}",
                f"There is no curve of this channel. Known are: {known}.",
            )
    return found


def _horizon(text: Any) -> int:
    days = _number("horizon_days", text, 1, LONGEST_DAYS)
    if days != int(days):
        raise InputError("horizon_days", "Give whole days.")
    return int(days)


def _number(name: str, text: Any, least: float, most: float) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if not least <= value <= most:
        raise InputError(name, f"Give a number from {least:,g} to {most:,g}.")
    return value
