from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from mlops.simulation.market import owner_truth
from sandbox.seeding import seed_accounts
from sandbox.store import Store
from sandbox.traffic import AdDay, Traffic
from sandbox.web import as_list
from sandbox.worlds import ptd_fitness

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 17, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def world() -> tuple[Store, Traffic]:
    store = Store(":memory:")
    seed = ptd_fitness(TODAY)
    seed_accounts(
        store, as_list(seed["accounts"]), created_at=float(seed["created_at"]), skip_present=False
    )
    return store, Traffic(store)


def _month(world: tuple[Store, Traffic]) -> list[AdDay]:
    store, traffic = world
    first, last = TODAY - timedelta(days=30), TODAY - timedelta(days=1)
    return [row for a in store.accounts() for row in traffic.rows(a, first, last, NOW)]


def test_history_has_sixty_days_and_today(world: tuple[Store, Traffic]) -> None:
    store, traffic = world

    for account in store.accounts():
        days = {row.day for row in traffic.rows(account, date(2020, 1, 1), TODAY, NOW)}
        assert days == {TODAY - timedelta(days=n) for n in range(61)}


def test_company_is_believable(world: tuple[Store, Traffic]) -> None:
    rows = _month(world)

    spend = sum((row.spend for row in rows), Decimal(0))
    leads = sum(row.conversions for row in rows)
    assert 3_000 < spend / 30 < 4_500
    assert 80 < spend / leads < 250
    assert Decimal("1.5") < sum(row.pipeline_value for row in rows) / spend < 6
    assert leads > sum(row.appointments for row in rows) > sum(row.sales for row in rows) > 5


def test_there_are_winners_and_losers(world: tuple[Store, Traffic]) -> None:
    totals: dict[str, list[Decimal]] = {}
    for row in _month(world):
        total = totals.setdefault(row.adset_id, [Decimal(0), Decimal(0)])
        total[0] += row.spend
        total[1] += row.pipeline_value

    returns = sorted(value / spend for spend, value in totals.values())
    assert len(returns) == 20
    assert returns[3] < Decimal("0.5")
    assert returns[-4] > 3


def test_truth_has_diminishing_returns(world: tuple[Store, Traffic]) -> None:
    store, traffic = world

    for account in store.accounts():
        market = traffic.market(account)
        for owner in set(market.owners.values()):
            slopes = [
                owner_truth(market, owner, budget, TODAY.toordinal())[1]
                for budget in (50.0, 200.0, 800.0)
            ]
            assert slopes[0] > slopes[1] > slopes[2] > 0


def test_young_ads_have_no_past(world: tuple[Store, Traffic]) -> None:
    rows = _month(world)
    firsts: dict[str, date] = {}
    for row in rows:
        firsts[row.ad_id] = min(row.day, firsts.get(row.ad_id, row.day))

    late = sorted(TODAY - day for day in firsts.values() if day > TODAY - timedelta(days=30))
    assert [age.days for age in late] == [2, 9, 14, 20]
