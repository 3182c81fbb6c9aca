"""Days of ads by channel, as arrays: what the ML dashboards are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db.models import Sum

from campaigns.selectors.channel_days import channel_key
from campaigns.selectors.channels import channels_of
from campaigns.selectors.insight.amounts import rates_for, summed
from campaigns.selectors.performance import days_of
from mlops.selectors.campaign_days import newest_day
from workspaces.models import BusinessMode, Workspace
from workspaces.periods import Period

FloatArray = npt.NDArray[np.float64]

#: Days that lines show, those before them that predictions learn from, and those that are typical.
SHOWN_DAYS: Final = 90
_LEARNT_DAYS: Final = 90
TYPICAL_DAYS: Final = 30
#: Older figures say nothing about today.
_OLDEST: Final = timedelta(days=365)
_SUMS: Final = (
    "impressions", "clicks", "spend", "known_spend", "known_clicks", "conversions", "revenue",
    "pipeline_value",
)  # fmt: skip


@dataclass(frozen=True)
class BoardDays:
    """Days of every channel that has a row in them; arrays are (days, channels), none negative.

    ``value`` is revenue, or pipeline value where the business counts leads; money is in the
    workspace's currency. ``known_`` amounts are of accounts whose conversions count, so that a
    ratio compares like with like. ``missing_rates`` names currencies that are left out.
    """

    channels: tuple[str, ...]
    labels: tuple[str, ...]
    days: tuple[date, ...]
    has_data: npt.NDArray[np.bool_]
    impressions: FloatArray
    clicks: FloatArray
    reach: FloatArray
    spend: FloatArray
    known_spend: FloatArray
    known_clicks: FloatArray
    conversions: FloatArray
    value: FloatArray
    missing_rates: tuple[str, ...]

    @property
    def shown(self) -> slice:
        """The days that lines show."""
        return slice(-SHOWN_DAYS, None)

    @cached_property
    def recent(self) -> dict[str, FloatArray]:
        """Sums of the last thirty days, (channels,) each."""
        names = ("spend", "known_spend", "known_clicks", "conversions", "value")
        return {name: getattr(self, name)[-TYPICAL_DAYS:].sum(axis=0) for name in names}


def board_days(workspace: Workspace, now: datetime) -> BoardDays | None:
    """Read the days up to the newest one with figures; ``None`` where a year has none."""
    today = now.astimezone(workspace.zone).date()
    until = newest_day(workspace, today)
    if until is None or today - until > _OLDEST:
        return None
    period = Period.ending(until, SHOWN_DAYS + _LEARNT_DAYS)
    rates = rates_for(workspace, period)
    rows = days_of(workspace, period, rates.level).annotate(key=channel_key()).values("key", "day")
    if rates.missing:
        rows = rows.exclude(account__currency__in=rates.missing)
    found = list(summed(rows, rates, *_SUMS).annotate(sum_reach=Sum("reach")).order_by())
    if not found:
        return None
    is_pipeline = workspace.mode == BusinessMode.PIPELINE
    return _arrays(workspace, period, found, rates.missing, is_pipeline=is_pipeline)


def _arrays(
    workspace: Workspace,
    period: Period,
    rows: list[dict[str, Any]],
    missing: tuple[str, ...],
    *,
    is_pipeline: bool,
) -> BoardDays:
    channels = sorted({row["key"] for row in rows})
    place = {channel: number for number, channel in enumerate(channels)}
    days = tuple(period)
    shape = (len(days), len(channels))
    amounts = {name: np.zeros(shape) for name in (*_SUMS, "reach")}
    has_data = np.zeros(shape, dtype=np.bool_)
    for row in rows:
        at = (row["day"] - period.since).days, place[row["key"]]
        has_data[at] = True
        for name, values in amounts.items():
            # A refund may take more than a day brought; a ratio of it is not less than nothing.
            values[at] = max(row[f"sum_{name}"] or 0, 0)
    revenue, pipeline = amounts.pop("revenue"), amounts.pop("pipeline_value")
    names = channels_of(workspace)
    return BoardDays(
        channels=tuple(channels),
        labels=tuple(names.label(channel) for channel in channels),
        days=days,
        has_data=has_data,
        value=pipeline if is_pipeline else revenue,
        missing_rates=missing,
        **amounts,
    )
