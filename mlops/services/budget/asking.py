"""What is asked of a budget plan: a total over some days, and bounds of single channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import numpy as np

from campaigns.engine.cents import CENT
from campaigns.engine.response.optimum import Bounds
from campaigns.services.scenarios.inputs import HORIZON_DAYS, LONGEST_DAYS, InputError
from mlops.engine.budget.splits import FloatArray

TOTAL: Final = "total_budget"
MIN, MAX = "min", "max"
# How far a plan goes where nobody says: further out, curves are guesses.
LEAST_SHARE: Final = 0.5
MOST_SHARE: Final = 2.0
_MOST_MONEY: Final = Decimal(10**12)


@dataclass(frozen=True)
class Asked:
    """A question that was checked; money of the whole horizon."""

    total: Decimal
    horizon_days: int
    least: dict[str, Decimal]
    most: dict[str, Decimal]


def read_asked(given: Mapping[str, Any], present: Mapping[str, float]) -> Asked:
    """Check what is asked.

    Parameters
    ----------
    given : ``total_budget`` (what is spent now where it is not said), ``horizon_days``, and
        ``bounds`` as {channel: {min, max}}; numbers, or texts of them
    present : money a day of every channel that has a curve

    Raises
    ------
    InputError : names the field
    """
    days = _days(given.get("horizon_days", HORIZON_DAYS))
    least: dict[str, Decimal] = {}
    most: dict[str, Decimal] = {}
    for channel, bound in (given.get("bounds") or {}).items():
        _require_known(channel, present)
        for name, found in ((MIN, least), (MAX, most)):
            if bound.get(name) is not None:
                found[channel] = _amount(f"bounds.{channel}.{name}", bound[name])
        if least.get(channel, Decimal()) > most.get(channel, _MOST_MONEY):
            raise InputError(f"bounds.{channel}.{MIN}", "The least amount is above the greatest.")
    total = given.get(TOTAL)
    if total is None:
        total = Decimal(repr(round(sum(present.values()) * days, 2)))
    asked = Asked(_amount(TOTAL, total), days, least, most)
    _require_room(asked, present)
    return asked


def _require_known(channel: str, present: Mapping[str, float]) -> None:
    if channel not in present:
        known = ", ".join(present)
        raise InputError(
            f"bounds.{channel}", f"There is no curve of this channel. Known are: {known}."
        )


def _require_room(asked: Asked, present: Mapping[str, float]) -> None:
    if asked.total <= 0:
        raise InputError(TOTAL, "Give a total above 0.")
    needed = sum(asked.least.values(), Decimal())
    if needed > asked.total:
        raise InputError(
            "bounds",
            f"The least amounts add up to {needed:,.2f}, more than the total of"
            f" {asked.total:,.2f}: lower one of them or raise the total.",
        )
    room = sum(asked.most.values(), Decimal())
    if set(asked.most) == set(present) and room < asked.total:
        raise InputError(
            "bounds",
            f"The greatest amounts add up to {room:,.2f}, less than the total of"
            f" {asked.total:,.2f}: raise one of them or lower the total.",
        )


def bounds_a_day(
    asked: Asked, channels: tuple[str, ...], present: FloatArray
) -> tuple[Bounds, bool]:
    """Bounds of all channels, in money a day; and whether they go further than usual.

    A channel of which nothing is said may go from half to twice of its share of the total at
    present. Where that does not hold the total beside what was said of the others, such channels
    are free.
    """
    days = asked.horizon_days
    total = float(asked.total) / days
    now = float(present.sum())
    scaled = present * total / now if now > 0 else np.full(len(present), total / len(present))
    # A smaller total leaves room below half of now, a larger one above twice of now.
    least = LEAST_SHARE * np.minimum(scaled, present if now > 0 else scaled)
    most = MOST_SHARE * np.maximum(scaled, present)
    for place, channel in enumerate(channels):
        if channel in asked.least:
            least[place] = float(asked.least[channel]) / days
            most[place] = max(most[place], least[place])
        if channel in asked.most:
            most[place] = float(asked.most[channel]) / days
            least[place] = min(least[place], most[place])
    is_wide = False
    if least.sum() > total:
        least = np.array([float(asked.least.get(one, Decimal())) / days for one in channels])
    if most.sum() < total:
        is_wide = True
        free = np.array([channel not in asked.most for channel in channels])
        most = np.where(free, total, most)
    return Bounds(total, np.minimum(least, most), most), is_wide


def _days(text: Any) -> int:
    try:
        days = int(text)
        whole = float(text) == days
    except (TypeError, ValueError, OverflowError):
        days, whole = 0, False
    if not whole or not 1 <= days <= LONGEST_DAYS:
        raise InputError("horizon_days", f"Give whole days from 1 to {LONGEST_DAYS}.")
    return days


def _amount(name: str, text: Any) -> Decimal:
    try:
        amount = Decimal(str(text)).quantize(CENT)
    except InvalidOperation:
        amount = Decimal(-1)
    if not 0 <= amount <= _MOST_MONEY:
        raise InputError(name, f"Give an amount from 0 to {_MOST_MONEY:,}.")
    return amount
