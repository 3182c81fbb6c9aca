"""Daily arrays of channels and campaigns: the one source of engines, pages, JSON and exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from django.db.models import CharField, F, FloatField, Func, Sum
from django.db.models.functions import Cast
from django.db.models.sql.compiler import SQLCompiler

from campaigns.models import Campaign
from campaigns.selectors.performance import days_of
from workspaces.models import Workspace
from workspaces.periods import Period
from workspaces.selectors import rates_of

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Group = Literal["channel", "campaign"]

MONEY: Final = ("spend", "revenue", "pipeline_value")
COUNTS: Final = ("impressions", "clicks", "engagement", "installs", "conversions", "reach")
# Test values of an account whose conversions nobody trusts are left out of sums.
TRUSTED: Final = ("conversions", "revenue", "pipeline_value")
# Parts of one auction are compared as one channel.
ROLLS_UP: Final = {"facebook": "meta", "instagram": "meta"}
# Platforms whose main channel has another name than they.
MAIN_CHANNEL: Final = {"google": "google_ads", "microsoft": "microsoft_ads"}
RENAMED: Final = {**ROLLS_UP, **MAIN_CHANNEL}


@dataclass(frozen=True)
class Series:
    """Days of one channel or campaign.

    ``days`` are consecutive and the same for all series of one reading; each array is (d,), zero
    where ``has_data`` is false. Amounts are in ``currency``: the workspace's, or the account's
    own where no exchange rate is known, and then the series stands apart from its channel's other
    money and must not be added to it.
    """

    key: str
    label: str
    channel: str
    campaign_id: int | None
    currency: str
    has_usable_conversions: bool
    days: tuple[date, ...]
    has_data: BoolArray
    impressions: FloatArray
    clicks: FloatArray
    engagement: FloatArray
    spend: FloatArray
    installs: FloatArray
    conversions: FloatArray
    revenue: FloatArray
    pipeline_value: FloatArray
    # Of one day, over campaigns: people reached by two are counted twice; never add up days.
    reach: FloatArray


class ChannelKey(Func):
    """Channel that figures count under, of a campaign's channel and its account's platform.

    One comparison after another over each row, or one expression after another for each query,
    would be what dashboards wait for.
    """

    output_field = CharField()

    def as_sql(self, compiler: SQLCompiler, *_: Any, **__: Any) -> tuple[str, tuple[str, ...]]:
        """Compare the one name with each that is renamed."""
        channel, platform = (compiler.compile(one)[0] for one in self.get_source_expressions())
        cases = " ".join(f"WHEN '{part}' THEN '{whole}'" for part, whole in RENAMED.items())
        name = f"COALESCE(NULLIF({channel}, ''), {platform})"
        return f"CASE {name} {cases} ELSE {name} END", ()


def channel_key(campaign: str = "campaign__") -> ChannelKey:
    """Channel that a row's figures count under; a campaign without one is its platform's.

    ``campaign`` is the way from the row, which has an account of its own, to its campaign.
    """
    return ChannelKey(F(f"{campaign}channel"), F("account__platform"))


def channel_of(campaign: Campaign) -> str:
    """The same of a campaign that is at hand, with its account."""
    name = campaign.channel or campaign.account.platform
    return RENAMED.get(name, name)


def channel_days(workspace: Workspace, period: Period, by: Group = "channel") -> list[Series]:
    """Days of every channel, or campaign, that has a row in the period; by key.

    Facebook and Instagram are read as Meta; a campaign without a channel belongs to its platform's.
    Foreign money is converted at the newest rate known at the period's end, one for all days, so
    that no change of a rate looks like a change of the advertising. Two queries at most.
    """
    rows = list(_rows(workspace, period, by))
    currencies = {row["currency"] for row in rows}
    rates = rates_of(workspace=workspace, currencies=currencies, on=period.until)
    groups: dict[tuple[str, str, int | None, str], list[dict[str, Any]]] = {}
    for row in rows:
        currency = workspace.currency if row["currency"] in rates else row["currency"]
        key = (row["channel_key"], row.get("campaign__name", ""), row.get("campaign_id"), currency)
        groups.setdefault(key, []).append(row)
    found = {currency: float(rate) for currency, rate in rates.items()}
    days = _days(period)
    return [_series(key, own, days, found) for key, own in sorted(groups.items(), key=_by_key)]


def _rows(workspace: Workspace, period: Period, by: Group) -> Any:
    own = ("campaign_id", "campaign__name") if by == "campaign" else ()
    return (
        days_of(workspace, period)
        .annotate(channel_key=channel_key(), currency=F("account__currency"))
        .values("channel_key", *own, "currency", "day", usable=F("account__has_usable_conversions"))
        .annotate(**{f"sum_{name}": _sum(name) for name in (*MONEY, *COUNTS)})
        .order_by()
    )


def _sum(name: str) -> Cast:
    return Cast(Sum(name), FloatField())


def _by_key(item: tuple[tuple[str, str, int | None, str], object]) -> tuple[str, int, str]:
    (channel, _, campaign_id, currency), _ = item
    return channel, campaign_id or 0, currency


def _days(period: Period) -> tuple[date, ...]:
    count = (period.until - period.since).days + 1
    return tuple(period.since + timedelta(days=n) for n in range(count))


def _series(
    key: tuple[str, str, int | None, str],
    rows: Sequence[dict[str, Any]],
    days: tuple[date, ...],
    rates: dict[str, float],
) -> Series:
    channel, name, campaign_id, currency = key
    amounts = {measure: np.zeros(len(days)) for measure in (*MONEY, *COUNTS)}
    has_data = np.zeros(len(days), dtype=np.bool_)
    for row in rows:
        place = (row["day"] - days[0]).days
        has_data[place] = True
        for measure, values in amounts.items():
            if row["usable"] or measure not in TRUSTED:
                rate = rates.get(row["currency"], 1.0) if measure in MONEY else 1.0
                values[place] += (row[f"sum_{measure}"] or 0) * rate
    return Series(
        key=channel if campaign_id is None else str(campaign_id),
        label=channel if campaign_id is None else name,
        channel=channel,
        campaign_id=campaign_id,
        currency=currency,
        has_usable_conversions=all(row["usable"] for row in rows),
        days=days,
        has_data=has_data,
        **amounts,
    )
