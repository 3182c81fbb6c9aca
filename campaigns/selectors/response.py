"""Days of a workspace as response curves are fitted on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from campaigns.engine.response.compare import INSTALLS, REVENUE
from campaigns.engine.response.series import Series
from campaigns.engine.response.transforms import FloatArray
from campaigns.models import DailyOrganicMetric
from campaigns.selectors.channel_days import Series as ChannelDays
from campaigns.selectors.channel_days import channel_days
from campaigns.selectors.pages import value_field
from workspaces.models import Workspace
from workspaces.periods import Period, yesterday_of

HISTORY_DAYS: Final = 400


@dataclass(frozen=True)
class ResponseDays:
    """Spend per channel and what came of all sources, day by day in the workspace's currency.

    Attributes
    ----------
    period : from the first day with any figure to yesterday
    unit : what ``INSTALLS`` counts here: installs, or conversions where there are none
    value_name : what ``REVENUE`` is here: revenue, or pipeline value
    channels : paid ones, by name
    spend : (n_days, n_channels) money
    outcomes : (n_days,) by outcome; those that never happened are missing
    notes : what is left out, as sentences
    """

    period: Period
    currency: str
    unit: str
    value_name: str
    channels: tuple[str, ...]
    spend: FloatArray
    outcomes: dict[str, FloatArray]
    notes: tuple[str, ...]

    def series(self, outcome: str) -> Series:
        """Days of one outcome, as the engine takes them."""
        return Series(
            channels=self.channels,
            spend=self.spend,
            outcome=self.outcomes[outcome],
            first_weekday=self.period.since.weekday(),
        )


def response_days(workspace: Workspace, now: datetime) -> ResponseDays | None:
    """Figures of up to 400 days to yesterday; ``None`` where nothing was ever spent.

    Three queries at most.
    """
    period = Period.ending(yesterday_of(workspace, now), HISTORY_DAYS)
    found = channel_days(workspace, period)
    own = [one for one in found if one.currency == workspace.currency and one.spend.any()]
    told = [one for one in own if one.has_usable_conversions or one.installs.any()]
    if not told:
        return None
    unit = "installs" if any(one.installs.any() for one in told) else "conversions"
    counted = _sum(told, unit)
    if unit == "installs":
        counted = counted + _organic(workspace, period)
    value = value_field(workspace)
    money = _sum(told, value)
    spend = np.stack([one.spend for one in told], axis=1)
    first = int(np.argmax((spend.sum(axis=1) > 0) | (counted > 0) | (money > 0)))
    outcomes = {INSTALLS: counted[first:], REVENUE: money[first:]}
    return ResponseDays(
        period=Period(period.since + timedelta(days=first), period.until),
        currency=workspace.currency,
        unit=unit,
        value_name=value.replace("_", " "),
        channels=tuple(one.key for one in told),
        spend=spend[first:],
        outcomes={name: values for name, values in outcomes.items() if values.any()},
        notes=tuple(_notes(found, own, told)),
    )


def _sum(series: list[ChannelDays], name: str) -> FloatArray:
    return np.asarray(np.sum([getattr(one, name) for one in series], axis=0))


def _organic(workspace: Workspace, period: Period) -> FloatArray:
    """Installs by themselves: the baseline that advertising comes on top of."""
    days = np.zeros(period.days)
    rows = DailyOrganicMetric.objects.filter(
        workspace=workspace, day__gte=period.since, day__lte=period.until
    )
    for day, installs in rows.values_list("day", "organic_installs"):
        days[(day - period.since).days] = installs
    return days


def _notes(found: list[ChannelDays], own: list[ChannelDays], told: list[ChannelDays]) -> list[str]:
    foreign = sorted({one.currency for one in found} - {one.currency for one in own})
    unknown = sorted({one.key for one in own} - {one.key for one in told})
    notes = [
        f"Accounts in {currency} are left out: no exchange rate is known." for currency in foreign
    ]
    if unknown:
        notes.append(
            f"{', '.join(f'{{{key}}}' for key in unknown)} is left out: the conversions of its"
            " accounts are test values."
        )
    return notes
