"""What a recommendation may be founded on: plain numbers, each with its id, value and unit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from campaigns import metrics

FloatArray = npt.NDArray[np.float64]
Unit = Literal["money", "count", "percent", "ratio", "days"]
Amounts = Mapping[str, float | None]

WINDOW_DAYS: Final = 30
WEEK_DAYS: Final = 7
# No share may move by more than half of itself at once: the policy would cut it anyway.
MOST_MOVED: Final = 0.5
CAMPAIGNS_SHOWN: Final = 3
LONGEST_NAME: Final = 80
MEASURES: Final = ("impressions", "clicks", "spend", "installs", "conversions", "value")
_MONEY: Final = ("spend", "value", "cpc", "cpa", "cpi", "daily_budget")
_PERCENT: Final = ("ctr", "conversion_rate")
_NEEDS_CONVERSIONS: Final = ("conversions", "value")
_COMPARED: Final = ("spend", "value", "conversions", "clicks", "ctr", "cpc", "cpa", "roas")


@dataclass(frozen=True)
class CampaignDays:
    """Daily figures of one campaign; arrays (60,), the newest day last, unknown money left out."""

    name: str
    channel: str
    measures: Mapping[str, FloatArray]
    has_usable_conversions: bool = True
    is_fatigued: bool = False
    is_learning: bool = False


@dataclass(frozen=True)
class Fact:
    """One number. ``about`` is its channel, empty for what holds for all of them."""

    id: str
    about: str
    value: float
    unit: Unit


@dataclass(frozen=True)
class NamedCampaign:
    """A campaign that facts are about; ``id`` is the first part of theirs."""

    id: str
    channel: str
    name: str


@dataclass(frozen=True)
class Evidence:
    """All that a recommendation may say of a workspace.

    Attributes
    ----------
    since, until : first and last of the 30 days
    currency : of all money
    value_name : what counts as earned, in words
    shares : channel -> share of the spend, sums to one; channels with spend only
    facts : the numbers
    campaigns : names that people or platforms gave, cleaned
    notes : what is not in the numbers, in sentences
    """

    since: date
    until: date
    currency: str
    value_name: str
    shares: Mapping[str, float]
    facts: tuple[Fact, ...]
    campaigns: tuple[NamedCampaign, ...]
    notes: tuple[str, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels with spend, the largest first."""
        return tuple(self.shares)

    def get(self, fact_id: str) -> Fact | None:
        """One fact, ``None`` where the number is not known."""
        return next((fact for fact in self.facts if fact.id == fact_id), None)

    def text(self, fact: Fact) -> str:
        """Write a fact's number as people do."""
        if fact.unit == "money":
            return f"{fact.value:,.2f} {self.currency}"
        if fact.unit == "percent":
            return f"{fact.value:,.1f} %"
        return f"{fact.value:,.2f}" if fact.unit == "ratio" else f"{fact.value:,.0f}"

    def bounds(self, channel: str) -> tuple[float, float]:
        """Least and largest share that may be recommended for a channel."""
        share = self.shares[channel]
        return share * (1 - MOST_MOVED), min(1.0, share * (1 + MOST_MOVED))

    def as_json(self) -> dict[str, Any]:
        """Form in which it is stored."""
        return {
            **asdict(self),
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "shares": dict(self.shares),
        }


def shown_name(name: str) -> str:
    """Clean a name from outside so that it can be quoted: one line, no quotation marks."""
    plain = unicodedata.normalize("NFKC", name).translate(dict.fromkeys(map(ord, '"“”„«»'), "'"))
    kept = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in plain)
    return " ".join(kept.split())[:LONGEST_NAME].strip()


def gather(
    campaigns: Sequence[CampaignDays],
    *,
    budgets: Mapping[str, float],
    until: date,
    since: date,
    currency: str,
    value_name: str = "revenue",
    forecasts: tuple[int, int] = (0, 0),
    notes: Sequence[str] = (),
) -> Evidence | None:
    """Sum up the last 30 days, the 30 days before and the last two weeks.

    Parameters
    ----------
    campaigns : 60 days of each, all money in one currency
    budgets : channel -> sum of its live daily budgets
    since, until : first and last of the newest 30 days
    currency, value_name : of the money; what counts as earned
    forecasts : measured predictions of ours, and how many of them held
    notes : what the figures leave out

    Returns
    -------
    the evidence, ``None`` when nothing was spent

    Raises
    ------
    ValueError : an array is not 60 days long
    """
    _require_sixty_days(campaigns)
    spend = _spend_by_channel(campaigns)
    total = sum(spend.values())
    if total <= 0:
        return None
    shares = {channel: amount / total for channel, amount in spend.items()}
    facts = list(_of_period(len(shares), forecasts))
    named: list[NamedCampaign] = []
    for channel, share in shares.items():
        own = [campaign for campaign in campaigns if campaign.channel == channel]
        facts.append(Fact(f"{channel}.share", channel, share * 100, "percent"))
        facts += _of_group(channel, channel, own, budgets.get(channel, 0.0))
        for campaign, chosen in _largest(channel, own):
            named.append(chosen)
            facts += _of_campaign(chosen, campaign)
    spending = [campaign for campaign in campaigns if campaign.channel in shares]
    facts += _of_group("total", "", spending, sum(budgets.get(name, 0.0) for name in shares))
    return Evidence(
        since, until, currency, value_name, shares, tuple(facts), tuple(named), tuple(notes)
    )


def _require_sixty_days(campaigns: Sequence[CampaignDays]) -> None:
    for campaign in campaigns:
        for name, values in campaign.measures.items():
            if values.shape != (2 * WINDOW_DAYS,):
                raise ValueError(f"{name} of {campaign.name!r} has shape {values.shape}")


def _spend_by_channel(campaigns: Sequence[CampaignDays]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for campaign in campaigns:
        amount = float(campaign.measures["spend"][-WINDOW_DAYS:].sum())
        sums[campaign.channel] = sums.get(campaign.channel, 0.0) + amount
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return {channel: amount for channel, amount in ranked if amount > 0}


def _of_period(channels: int, forecasts: tuple[int, int]) -> Iterator[Fact]:
    yield Fact("period.days", "", WINDOW_DAYS, "days")
    yield Fact("period.week_days", "", WEEK_DAYS, "days")
    yield Fact("total.channels", "", channels, "count")
    measured, held = forecasts
    yield Fact("forecast.measured", "", measured, "count")
    if measured:
        yield Fact("forecast.held", "", held, "count")
        yield Fact("forecast.held_share", "", held / measured * 100, "percent")


def _sums(campaigns: Sequence[CampaignDays], window: slice) -> dict[str, float | None]:
    """Amounts of some campaigns in some days; those that cannot be trusted are unknown."""
    sums: dict[str, float | None] = {
        name: float(sum(campaign.measures[name][window].sum() for campaign in campaigns))
        for name in MEASURES
    }
    spending = (c for c in campaigns if c.measures["spend"][window].sum() > 0)
    if not all(campaign.has_usable_conversions for campaign in spending):
        sums |= dict.fromkeys(_NEEDS_CONVERSIONS)
    return sums


def _with_ratios(sums: Amounts) -> dict[str, float | None]:
    ctr = metrics.ctr(sums["clicks"], sums["impressions"])
    cvr = metrics.cvr(sums["conversions"], sums["clicks"])
    return {
        **sums,
        "ctr": None if ctr is None else ctr * 100,
        "conversion_rate": None if cvr is None else cvr * 100,
        "cpc": metrics.cpc(sums["spend"], sums["clicks"]),
        "cpa": metrics.cpa(sums["spend"], sums["conversions"]),
        "cpi": metrics.cpi(sums["spend"], sums["installs"]),
        "roas": metrics.roas(sums["value"], sums["spend"]),
    }


def _unit(name: str) -> Unit:
    if name in _MONEY:
        return "money"
    if name in _PERCENT:
        return "percent"
    return "ratio" if name == "roas" else "count"


def _of_group(
    prefix: str, about: str, campaigns: Sequence[CampaignDays], budget: float
) -> Iterator[Fact]:
    now = _with_ratios(_sums(campaigns, slice(-WINDOW_DAYS, None)))
    before = _with_ratios(_sums(campaigns, slice(None, WINDOW_DAYS)))
    week = _sums(campaigns, slice(-WEEK_DAYS, None))
    week_before = _sums(campaigns, slice(-2 * WEEK_DAYS, -WEEK_DAYS))
    for name, value in now.items():
        if value is not None:
            yield Fact(f"{prefix}.{name}", about, value, _unit(name))
    for name in _COMPARED:
        yield from _change(f"{prefix}.{name}", about, now[name], before[name], "before", name)
    for name in ("spend", "value"):
        if (value := week[name]) is not None:
            yield Fact(f"{prefix}.{name}.week", about, value, "money")
        key = f"{prefix}.{name}.week"
        yield from _change(key, about, week[name], week_before[name], "before", name)
    if budget > 0:
        yield Fact(f"{prefix}.daily_budget", about, budget, "money")
        pace = (week["spend"] or 0.0) / WEEK_DAYS / budget
        yield Fact(f"{prefix}.pacing", about, pace * 100, "percent")
    yield from _counts(prefix, about, campaigns)


def _change(
    key: str, about: str, now: float | None, before: float | None, word: str, name: str
) -> Iterator[Fact]:
    if before is None or now is None:
        return
    yield Fact(f"{key}.{word}", about, before, _unit(name))
    if before > 0:
        yield Fact(f"{key}.change", about, (now - before) / before * 100, "percent")


def _counts(prefix: str, about: str, campaigns: Sequence[CampaignDays]) -> Iterator[Fact]:
    spending = [c for c in campaigns if c.measures["spend"][-WINDOW_DAYS:].sum() > 0]
    yield Fact(f"{prefix}.campaigns", about, len(spending), "count")
    yield Fact(f"{prefix}.fatigued", about, sum(c.is_fatigued for c in spending), "count")
    yield Fact(f"{prefix}.learning", about, sum(c.is_learning for c in spending), "count")


def _largest(
    channel: str, campaigns: Sequence[CampaignDays]
) -> Iterator[tuple[CampaignDays, NamedCampaign]]:
    def spent(campaign: CampaignDays) -> float:
        return float(campaign.measures["spend"][-WINDOW_DAYS:].sum())

    ranked = sorted(campaigns, key=lambda campaign: (-spent(campaign), campaign.name))
    for place, campaign in enumerate(ranked[:CAMPAIGNS_SHOWN], start=1):
        if spent(campaign) > 0:
            name = shown_name(campaign.name)
            yield campaign, NamedCampaign(f"{channel}.campaign{place}", channel, name)


def _of_campaign(named: NamedCampaign, campaign: CampaignDays) -> Iterator[Fact]:
    figures = _with_ratios(_sums([campaign], slice(-WINDOW_DAYS, None)))
    for name in ("spend", "value", "roas", "ctr", "cpa"):
        if (value := figures[name]) is not None:
            yield Fact(f"{named.id}.{name}", named.channel, value, _unit(name))


def rounded(evidence: Evidence) -> Evidence:
    """Round to six decimals, as it is stored: what is checked is what is kept."""
    facts = tuple(replace(fact, value=round(fact.value, 6)) for fact in evidence.facts)
    return replace(evidence, facts=facts)
