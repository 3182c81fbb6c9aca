"""What an account's ads did: the market model played over the history kept in the store.

An account has traffic when its seed says so:
`"traffic": {"funnel": {…}, "ads": {ad id: {cost_per_mille, click_rate, …}}}`.
Without it (an imported account that only needs a place for changes to land) there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from mlops.simulation.market import DELAY_DAYS, AdTraits, Delivery, Funnel, Market, simulate
from mlops.simulation.market import Traffic as MarketTraffic
from sandbox.entities import Account, Entity
from sandbox.store import Store
from sandbox.web import JsonObject, as_object

#: A lifetime budget without dates is spent evenly over this many days.
LIFETIME_DAYS = 30
KEPT_RESULTS = 8
T = TypeVar("T", AdTraits, Funnel)


@dataclass(frozen=True, slots=True)
class AdDay:
    """One ad on one day of the account."""

    day: date
    campaign_id: str
    adset_id: str
    ad_id: str
    impressions: int
    reach: int
    clicks: int
    engagement: int
    spend: Decimal
    conversions: int
    appointments: int
    sales: int
    revenue: Decimal
    pipeline_value: Decimal


@dataclass(frozen=True)
class _Tree:
    """An account's entities by id, and who owns which ad's budget."""

    ads: list[Entity]
    adsets: dict[str, Entity]
    campaigns: dict[str, Entity]
    budgets: dict[str, Entity]

    def owner(self, ad: Entity) -> Entity:
        adset = self.adsets[ad.parent_id]
        campaign = self.campaigns[adset.parent_id]
        if campaign.budget_id:
            return self.budgets[campaign.budget_id]
        has_budget = campaign.daily_budget is not None or campaign.lifetime_budget is not None
        return campaign if has_budget else adset


class Traffic:
    """Answers what happened between two days, and remembers recent answers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._results: dict[tuple[object, ...], list[AdDay]] = {}

    def rows(self, account: Account, first: date, last: date, now: float) -> list[AdDay]:
        """Return the ad-days on which anything happened, by day and ad."""
        if not account.extra.get("traffic"):
            return []
        last = min(last, datetime.fromtimestamp(now, ZoneInfo(account.timezone)).date())
        version = self._store.query(
            "SELECT max(rowid), count(*) FROM history WHERE platform = ? AND account_id = ?",
            *(account.platform, account.id),
        )[0]
        key = (
            *(account.platform, account.id, self._store.generation, *version, self._store.seed),
            *(first, last, _hours(account, last, now)),
        )
        if key not in self._results:
            if len(self._results) >= KEPT_RESULTS:
                del self._results[next(iter(self._results))]
            self._results[key] = self._play(account, first, last, now)
        return self._results[key]

    def market(self, account: Account) -> Market:
        """Return the account's market with its known truth."""
        return self._market(account, self._tree(account))

    def _tree(self, account: Account) -> _Tree:
        by_kind: dict[str, dict[str, Entity]] = {}
        for entity in self._store.entities(account):
            by_kind.setdefault(entity.kind, {})[entity.id] = entity
        traits = as_object(as_object(account.extra.get("traffic")).get("ads"))
        return _Tree(
            [ad for ad in by_kind.get("ad", {}).values() if ad.id in traits],
            *(by_kind.get(kind, {}) for kind in ("adset", "campaign", "budget")),
        )

    def _market(self, account: Account, tree: _Tree) -> Market:
        config = as_object(account.extra["traffic"])
        traits = as_object(config.get("ads"))
        return Market(
            seed=self._store.seed,
            ads={ad.id: _build(AdTraits, as_object(traits[ad.id])) for ad in tree.ads},
            owners={ad.id: _name(tree.owner(ad)) for ad in tree.ads},
            live_since={ad.id: _live_since(account, ad).toordinal() for ad in tree.ads},
            funnel=_build(Funnel, as_object(config.get("funnel"))),
        )

    def _play(self, account: Account, first: date, last: date, now: float) -> list[AdDay]:
        tree = self._tree(account)
        if not tree.ads or last < first:
            return []
        market = self._market(account, tree)
        begun = min(_local_day(account, ad.created_at) for ad in tree.ads)
        start = min(max(begun, first - timedelta(days=DELAY_DAYS)), last)
        grid = _hour_grid(account, start, last)
        hours = np.full(len(grid), 24)
        hours[-1] = _hours(account, last, now)
        series = _Series(self._store, account, grid, hours)
        delivery = _delivery(tree, market, series, start, hours)
        skip = max((first - start).days, 0)
        result = simulate(market, delivery).since(skip)
        return _rows(tree, result, start + timedelta(days=skip))


class _Series:
    """Fields of entities over the hours of the days, from their history."""

    def __init__(
        self, store: Store, account: Account, grid: NDArray[np.float64], hours: NDArray[np.int64]
    ) -> None:
        self._grid = grid
        #: 1 for the hours that are over.
        self.over = (np.arange(24)[None, :] < hours[:, None]).astype(float)
        self._history: dict[tuple[str, str, str], list[tuple[float, str]]] = {}
        for row in store.query(
            "SELECT * FROM history WHERE platform = ? AND account_id = ? ORDER BY at, rowid",
            *(account.platform, account.id),
        ):
            key = (row["kind"], row["entity_id"], row["field"])
            self._history.setdefault(key, []).append((row["at"], row["value"]))

    def active(self, entity: Entity) -> NDArray[np.float64]:
        """Return 1 for each hour in which the entity was on."""
        return self._values(entity, "status", {"active": 1.0})

    def budget(self, entity: Entity) -> NDArray[np.float64]:
        """Return the money per day that held in each hour."""
        daily = self._values(entity, "daily_budget", None)
        return daily + self._values(entity, "lifetime_budget", None) / _flight_days(entity)

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Average over the hours of each day that are over."""
        total = self.over.sum(axis=1)
        averages: NDArray[np.float64] = (values * self.over).sum(axis=1) / np.maximum(total, 1)
        return averages

    def _values(
        self, entity: Entity, field: str, words: Mapping[str, float] | None
    ) -> NDArray[np.float64]:
        rows = self._history.get((entity.kind, entity.id, field), [])
        times = np.array([at for at, _ in rows])
        numbers = [_number(text, words) for _, text in rows]
        position = np.searchsorted(times, self._grid, side="right")
        values: NDArray[np.float64] = np.array([0.0, *numbers])[position]
        return values


def _delivery(
    tree: _Tree, market: Market, series: _Series, start: date, hours: NDArray[np.int64]
) -> Delivery:
    owners = {_name(tree.owner(ad)): tree.owner(ad) for ad in tree.ads}
    running = []
    for ad in tree.ads:
        adset = tree.adsets[ad.parent_id]
        campaign = tree.campaigns[adset.parent_id]
        on = series.active(ad) * series.active(adset) * series.active(campaign)
        running.append(series.mean(on))
    return Delivery(
        first_day=start.toordinal(),
        owners=list(owners),
        budgets=np.column_stack([series.mean(series.budget(owner)) for owner in owners.values()]),
        running=np.column_stack(running),
        elapsed=hours / 24,
    )


def _rows(tree: _Tree, result: MarketTraffic, first: date) -> list[AdDay]:
    rows = []
    seen = (result.impressions > 0) | (result.conversions > 0) | (result.sales > 0)
    for row, column in np.argwhere(seen):
        ad = tree.ads[column]
        cell = (row, column)
        rows.append(
            AdDay(
                day=first + timedelta(days=int(row)),
                campaign_id=tree.adsets[ad.parent_id].parent_id,
                adset_id=ad.parent_id,
                ad_id=ad.id,
                impressions=int(result.impressions[cell]),
                reach=int(result.reach[cell]),
                clicks=int(result.clicks[cell]),
                engagement=int(result.engagement[cell]),
                spend=_cents(result.spend[cell]),
                conversions=int(result.conversions[cell]),
                appointments=int(result.appointments[cell]),
                sales=int(result.sales[cell]),
                revenue=_cents(result.revenue[cell]),
                pipeline_value=_cents(result.pipeline_value[cell]),
            )
        )
    return rows


def _cents(value: float) -> Decimal:
    return Decimal(str(round(value, 2))).quantize(Decimal("0.01"))


def _name(entity: Entity) -> str:
    return f"{entity.kind}:{entity.id}"


def _number(text: str, words: Mapping[str, float] | None) -> float:
    if words is not None:
        return words.get(text, 0.0)
    return float(text) if text else 0.0


def _flight_days(entity: Entity) -> int:
    start, stop = entity.extra.get("starts_on"), entity.extra.get("ends_on")
    if not (isinstance(start, str) and isinstance(stop, str)):
        return LIFETIME_DAYS
    return max((date.fromisoformat(stop) - date.fromisoformat(start)).days + 1, 1)


def _live_since(account: Account, ad: Entity) -> date:
    given = ad.extra.get("live_since")
    return (
        date.fromisoformat(given) if isinstance(given, str) else _local_day(account, ad.created_at)
    )


def _local_day(account: Account, at: float) -> date:
    return datetime.fromtimestamp(at, ZoneInfo(account.timezone)).date()


def day_start(account: Account, day: date) -> float:
    """Unix seconds at which a day of the account begins."""
    return datetime.combine(day, time(), ZoneInfo(account.timezone)).astimezone(UTC).timestamp()


def _hour_grid(account: Account, first: date, last: date) -> NDArray[np.float64]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    starts = np.array([day_start(account, day) for day in days])
    grid: NDArray[np.float64] = starts[:, None] + 3600.0 * np.arange(24)[None, :]
    return grid


def _hours(account: Account, day: date, now: float) -> int:
    """Whole hours of a day that are over."""
    return int(min(max((now - day_start(account, day)) // 3600, 0), 24))


def _build(kind: type[T], values: JsonObject) -> T:
    known = {item.name for item in fields(kind)}
    unknown = set(values) - known
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return kind(**values)  # type: ignore[arg-type]  # checked by the dataclass's users: plain numbers
