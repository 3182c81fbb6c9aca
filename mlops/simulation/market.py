"""A seeded model of paid traffic with a known truth, in plain NumPy.

One market is one advertising account; per ad and day it gives what a platform would report.

How a day comes about, for ad *i* with budget owner *o*:

1. ``spend`` = budget(o) x pacing(o, day) x share(i, day), where pacing lies in [0.94, 1] and the
   shares of an owner's running ads sum to one. Spend never exceeds the budget.
2. ``impressions`` = 1000 spend / (cost_per_mille x (1 + spend / saturation)): the more is spent
   in a day, the dearer the next thousand (diminishing returns).
3. ``clicks`` ~ Binomial(impressions, click_rate x weekday x fatigue(age)).
4. ``leads`` ~ Binomial(clicks, conversion_rate); a share of them become appointments, a share of
   those become sales. Each lands some days after its click, and is reported on the day it lands,
   so that a past day is never restated.

Every draw comes from a generator keyed by (seed, ad, day), so a past day depends only on the seed
and on budgets and running hours up to it: asking again gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mlops.simulation.noise import generator, normal

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Days after a click within which everything lands that ever lands.
DELAY_DAYS = 28
PACING_FLOOR = 0.94
SHARE_NOISE = 0.12
FATIGUE_FLOOR = 0.45
#: Monday to Sunday.
WEEKDAYS = (1.04, 1.06, 1.05, 1.02, 0.97, 0.91, 0.95)


@dataclass(frozen=True, slots=True)
class AdTraits:
    """The latent quality of one ad; money in major units of the account."""

    cost_per_mille: float
    click_rate: float
    #: Leads (pipeline) or purchases (direct) per click.
    conversion_rate: float
    #: Spend of a day at which a thousand impressions cost twice `cost_per_mille`.
    saturation: float
    audience: int = 200_000
    engagement_rate: float = 0.02
    fatigue_days: float = 90.0
    #: How much of its owner's budget the platform gives it, relative to its siblings.
    appeal: float = 1.0


@dataclass(frozen=True, slots=True)
class Funnel:
    """What a conversion is worth: leads → appointments → sales, or purchases alone.

    ``pipeline``: a conversion is a lead; `lead_value`, `appointment_value` and `sale_value` are
    what the pipeline counts at each stage, cash comes with the sale.
    ``direct``: a conversion is a purchase of `sale_value` on average.
    """

    mode: Literal["pipeline", "direct"] = "pipeline"
    lead_value: float = 0.0
    appointment_value: float = 0.0
    sale_value: float = 100.0
    appointment_rate: float = 0.5
    sale_rate: float = 0.3
    #: Log standard deviation of one sale's amount.
    sale_spread: float = 0.35
    #: Mean days from the click to each stage.
    lead_delay: float = 0.4
    appointment_delay: float = 3.0
    sale_delay: float = 8.0

    @property
    def value_per_conversion(self) -> float:
        """Expected value of one conversion once everything has landed."""
        if self.mode == "direct":
            return self.sale_value
        return self.lead_value + self.appointment_rate * (
            self.appointment_value
            - self.lead_value
            + self.sale_rate * (self.sale_value - self.appointment_value)
        )


@dataclass(frozen=True)
class Market:
    """The ads of one account and who owns their budgets."""

    seed: int
    ads: Mapping[str, AdTraits]
    #: Ad id → id of the owner of its budget.
    owners: Mapping[str, str]
    #: Ordinal of the day on which each ad began (`datetime.date.toordinal`).
    live_since: Mapping[str, int]
    funnel: Funnel = field(default_factory=Funnel)

    def __post_init__(self) -> None:
        missing = [ad for ad in self.ads if ad not in self.owners or ad not in self.live_since]
        if missing:
            raise ValueError(f"ads without owner or first day: {', '.join(sorted(missing))}")


@dataclass(frozen=True)
class Delivery:
    """What ran: one row per day from `first_day` on, without gaps.

    `budgets` has one column per owner: the day's budget in major units, weighted by the hours it
    held. `running` has one column per ad: the share of the day's hours in which the ad, its ad set
    and its campaign were on. `elapsed` is the share of the day that is over: 1 for past days.
    """

    first_day: int
    owners: Sequence[str]
    budgets: FloatArray
    running: FloatArray
    elapsed: FloatArray


@dataclass(frozen=True)
class Traffic:
    """Results, each of shape (days, ads); money in major units rounded to cents."""

    impressions: IntArray
    reach: IntArray
    clicks: IntArray
    engagement: IntArray
    spend: FloatArray
    conversions: IntArray
    appointments: IntArray
    sales: IntArray
    revenue: FloatArray
    pipeline_value: FloatArray

    def since(self, row: int) -> Traffic:
        """Return the same results without the days before a row."""
        return Traffic(**{item.name: getattr(self, item.name)[row:] for item in fields(self)})


def simulate(market: Market, delivery: Delivery) -> Traffic:
    """Play the days of a delivery.

    Conversions of the first `DELAY_DAYS` rows lack those of clicks before `first_day`: start that
    much earlier than the first day you need, or at the account's own beginning.

    Parameters
    ----------
    delivery : budgets (n_days, n_owners), running (n_days, n_ads), elapsed (n_days,)

    Returns
    -------
    Traffic of (n_days, n_ads), ads in the order of `market.ads`

    Raises
    ------
    ValueError : shapes that do not fit each other
    """
    _check_shapes(market, delivery)
    means = _expected(market, delivery)
    n_days, n_ads = delivery.running.shape
    totals = {name: np.zeros((n_days, n_ads)) for name in _DRAWN}
    landed = {name: np.zeros((n_days + DELAY_DAYS, n_ads)) for name in _LANDING}
    for row in range(n_days):
        for column, (ad, traits) in enumerate(market.ads.items()):
            if means.impressions[row, column] > 0:
                rng = generator(market.seed, ad, delivery.first_day + row)
                if conversions := _draw(traits, rng, means, (row, column), totals):
                    _land(market.funnel, rng, conversions, (row, column), landed)
    return _assemble(market, delivery, means, totals, landed)


def response(traits: AdTraits, funnel: Funnel, spend: float, factor: float = 1.0) -> float:
    """Expected value, in the end, of spending an amount on one ad in one day: the known truth."""
    value = traits.click_rate * factor * traits.conversion_rate * funnel.value_per_conversion
    return 1000 * spend / (traits.cost_per_mille * (1 + spend / traits.saturation)) * value


def marginal_return(traits: AdTraits, funnel: Funnel, spend: float, factor: float = 1.0) -> float:
    """Expected value of the next unit of money, at a day's spend: the slope of `response`."""
    value = traits.click_rate * factor * traits.conversion_rate * funnel.value_per_conversion
    return 1000 * value / (traits.cost_per_mille * (1 + spend / traits.saturation) ** 2)


def click_factor(traits: AdTraits, age_days: float, weekday: int) -> float:
    """How weekday (0 = Monday) and wear change an ad's click rate."""
    wear = FATIGUE_FLOOR + (1 - FATIGUE_FLOOR) * float(np.exp(-age_days / traits.fatigue_days))
    return WEEKDAYS[weekday] * wear


def owner_truth(market: Market, owner: str, budget: float, day: int) -> tuple[float, float]:
    """Expected value and marginal return of an owner's daily budget, its ads all running.

    Parameters
    ----------
    budget : money per day in major units
    day : ordinal of the day

    Returns
    -------
    expected value of the budget, and of one more unit of money
    """
    ads = [ad for ad in market.ads if market.owners[ad] == owner]
    appeal = sum(market.ads[ad].appeal for ad in ads)
    value = slope = 0.0
    for ad in ads:
        traits = market.ads[ad]
        share = traits.appeal / appeal
        factor = click_factor(traits, max(day - market.live_since[ad], 0), (day - 1) % 7)
        value += response(traits, market.funnel, share * budget, factor)
        slope += share * marginal_return(traits, market.funnel, share * budget, factor)
    return value, slope


# Inside a day

_DRAWN = ("impressions", "reach", "clicks", "engagement")
_LANDING = ("conversions", "appointments", "sales", "revenue")


@dataclass(frozen=True)
class _Means:
    spend: FloatArray
    impressions: FloatArray
    click_rate: FloatArray


def _check_shapes(market: Market, delivery: Delivery) -> None:
    n_days = len(delivery.elapsed)
    if delivery.running.shape != (n_days, len(market.ads)):
        raise ValueError(f"running has shape {delivery.running.shape}, not days x ads")
    if delivery.budgets.shape != (n_days, len(delivery.owners)):
        raise ValueError(f"budgets has shape {delivery.budgets.shape}, not days x owners")
    unknown = set(market.owners.values()) - set(delivery.owners)
    if unknown:
        raise ValueError(f"no budgets for {', '.join(sorted(unknown))}")


def _expected(market: Market, delivery: Delivery) -> _Means:
    """Spend and expectations of whole days, before the elapsed share is taken."""
    days = delivery.first_day + np.arange(len(delivery.elapsed))
    traits = list(market.ads.values())
    spend = _spend(market, delivery, days)
    price = np.array([t.cost_per_mille for t in traits])
    saturation = np.array([t.saturation for t in traits])
    age = np.maximum(days[:, None] - np.array([market.live_since[ad] for ad in market.ads]), 0)
    wear = FATIGUE_FLOOR + (1 - FATIGUE_FLOOR) * np.exp(
        -age / np.array([t.fatigue_days for t in traits])
    )
    weekday = np.array(WEEKDAYS)[(days - 1) % 7][:, None]
    rate = np.array([t.click_rate for t in traits]) * wear * weekday
    impressions = 1000 * spend / (price * (1 + spend / saturation))
    return _Means(spend, impressions, np.minimum(rate, 1.0))


def _spend(market: Market, delivery: Delivery, days: IntArray) -> FloatArray:
    """Split each owner's budget over its running ads; cents, rounded down."""
    owner_of = np.array([list(delivery.owners).index(market.owners[ad]) for ad in market.ads], int)
    noise = normal(market.seed, list(market.ads), days)
    appeal = np.array([traits.appeal for traits in market.ads.values()])
    begun = days[:, None] >= np.array([market.live_since[ad] for ad in market.ads])
    weight = appeal * np.exp(SHARE_NOISE * noise) * delivery.running * begun
    pacing = 1 - (1 - PACING_FLOOR) * np.abs(np.tanh(normal(market.seed, delivery.owners, days)))
    spend = np.zeros_like(weight)
    for owner in range(len(delivery.owners)):
        mine = owner_of == owner
        total = weight[:, mine].sum(axis=1)
        # An owner whose ads ran for part of the day spends that part of its budget.
        hours = delivery.running[:, mine].max(axis=1, initial=0.0)
        money = delivery.budgets[:, owner] * pacing[:, owner] * hours
        share = weight[:, mine] / np.where(total > 0, total, 1.0)[:, None]
        spend[:, mine] = share * money[:, None]
    return _cents(spend)


def _cents(money: FloatArray) -> FloatArray:
    """Round down to cents; the small term keeps 0.29 from becoming 0.28."""
    cents: FloatArray = np.floor(money * 100 + 1e-6) / 100
    return cents


def _draw(
    traits: AdTraits,
    rng: np.random.Generator,
    means: _Means,
    cell: tuple[int, int],
    totals: dict[str, FloatArray],
) -> int:
    """Draw one ad-day up to its conversions, and return those."""
    impressions = int(rng.poisson(means.impressions[cell]))
    clicks = int(rng.binomial(impressions, means.click_rate[cell]))
    totals["impressions"][cell] = impressions
    totals["clicks"][cell] = clicks
    totals["reach"][cell] = np.ceil(traits.audience * -np.expm1(-impressions / traits.audience))
    totals["engagement"][cell] = clicks + rng.binomial(impressions - clicks, traits.engagement_rate)
    return int(rng.binomial(clicks, traits.conversion_rate))


def _land(
    funnel: Funnel,
    rng: np.random.Generator,
    conversions: int,
    cell: tuple[int, int],
    landed: dict[str, FloatArray],
) -> None:
    """Spread the conversions of one ad-day, and what follows from them, over the days after it."""
    window, column = slice(cell[0], cell[0] + DELAY_DAYS), cell[1]
    spread = funnel.sale_spread
    if funnel.mode == "direct":
        sales, delays = conversions, _delays(funnel.lead_delay)
    else:
        appointments = int(rng.binomial(conversions, funnel.appointment_rate))
        sales, delays = (
            int(rng.binomial(appointments, funnel.sale_rate)),
            _delays(funnel.sale_delay),
        )
        landed["conversions"][window, column] += rng.multinomial(
            conversions, _delays(funnel.lead_delay)
        )
        landed["appointments"][window, column] += rng.multinomial(
            appointments, _delays(funnel.appointment_delay)
        )
    when = rng.choice(DELAY_DAYS, sales, p=delays)
    amounts = funnel.sale_value * rng.lognormal(-(spread**2) / 2, spread, sales)
    counts = np.bincount(when, minlength=DELAY_DAYS)
    landed["sales"][window, column] += counts
    landed["revenue"][window, column] += np.bincount(when, np.round(amounts, 2), DELAY_DAYS)
    if funnel.mode == "direct":
        landed["conversions"][window, column] += counts


@cache
def _delays(mean: float) -> FloatArray:
    """Geometric distribution over DELAY_DAYS whole days from 0 on, with about the given mean."""
    chance = 1 / (1 + mean)
    weights = (1 - chance) ** np.arange(DELAY_DAYS)
    normed: FloatArray = weights / weights.sum()
    return normed


def _assemble(
    market: Market,
    delivery: Delivery,
    means: _Means,
    totals: dict[str, FloatArray],
    landed: dict[str, FloatArray],
) -> Traffic:
    """Take the elapsed share of each day and add up the pipeline."""
    part = delivery.elapsed[:, None]
    counted = {name: np.floor(values * part).astype(np.int64) for name, values in totals.items()}
    arrived = {
        name: np.floor(landed[name][: len(part)] * part).astype(np.int64)
        for name in ("conversions", "appointments", "sales")
    }
    funnel = market.funnel
    revenue = _cents(landed["revenue"][: len(part)] * part)
    steps = (
        arrived["conversions"] * funnel.lead_value
        + arrived["appointments"] * (funnel.appointment_value - funnel.lead_value)
        + arrived["sales"] * (funnel.sale_value - funnel.appointment_value)
    )
    return Traffic(
        **counted,
        **arrived,
        spend=_cents(means.spend * part),
        revenue=revenue,
        pipeline_value=revenue.copy() if funnel.mode == "direct" else np.round(steps, 2),
    )
