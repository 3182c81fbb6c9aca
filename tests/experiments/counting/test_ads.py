"""Tests of ads are read from the performance of the ads that are their variants."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from campaigns.models import DailyPerformance
from experiments.models import ABTest, ABTestStatus
from experiments.services.counting.ads import count_ads
from experiments.services.counting.job import COUNTING_JOB, workspaces_waiting
from experiments.services.counting.recounting import Recounted, recount_test
from tests.campaigns.factories import AdFactory
from tests.experiments.counting.steps import DAY, LATER, START, added, decimals, exposed, sums
from tests.experiments.steps import draft_of, metric_of
from workspaces.models import Workspace
from workspaces.services.jobs import run_job

pytestmark = pytest.mark.django_db


def _day(ad: Any, number: int, **figures: Any) -> None:
    DailyPerformance.objects.create(
        workspace=ad.workspace, account=ad.account, campaign=ad.campaign, ad_set=ad.ad_set, ad=ad,
        level="ad", day=(START + number * DAY).date(), fetched_at=START, **figures,
    )  # fmt: skip


@pytest.fixture
def test(workspace: Workspace) -> ABTest:
    """Two ads, measured by clicks, conversions, spend a day and spend a click."""
    metrics = {
        "primary": metric_of(workspace, "ctr", source="ad_performance", event="click"),
        "guardrail": metric_of(workspace, "spend", source="ad_performance", event="spend",
                               kind="mean", amount="value"),
    }  # fmt: skip
    test = draft_of(workspace, surface="ad", metrics=metrics)
    for key, options in (
        ("cvr", {"event": "conversion"}),
        ("cpc", {"event": "spend", "kind": "ratio", "amount": "value", "per_event": "click"}),
    ):
        metric = metric_of(workspace, key, source="ad_performance", **options)
        test.metrics.create(workspace=workspace, metric=metric, role="secondary")
    first = AdFactory(ad_set__campaign__account__workspace=workspace)
    second = AdFactory(ad_set=first.ad_set)
    for variant, ad in zip(test.variants.order_by("position"), (first, second), strict=True):
        variant.ad = ad
        variant.save(update_fields=["ad"])
    test.status, test.started_at = ABTestStatus.RUNNING, START
    test.save(update_fields=["status", "started_at"])
    return test


def _ad(test: ABTest, key: str) -> Any:
    return test.variants.get(key=key).ad


def test_shares_are_of_impressions_and_clicks_and_amounts_of_days(test: ABTest) -> None:
    blue = _ad(test, "blue")
    _day(blue, -1, impressions=1_000, clicks=50)
    _day(blue, 0, impressions=100, clicks=10, conversions=Decimal("2.5"), spend=30)
    _day(blue, 1, impressions=200, clicks=1, conversions=3, spend=20)

    assert count_ads(test=test) == 8

    found = sums(test)
    assert added(found, "ctr", "blue") == decimals(units=300, sum=11, sum_squares=11)
    assert added(found, "cvr", "blue") == decimals(units=11, sum="3.5", sum_squares="3.5")
    assert added(found, "spend", "blue") == decimals(units=2, sum=50, sum_squares=1300)
    assert added(found, "cpc", "blue") == decimals(
        units=2, sum=50, sum_squares=1300, denominator_sum=11, denominator_sum_squares=101,
        sum_product=320,
    )  # fmt: skip
    assert [units for units, _ in exposed(test).values()] == [100, 200]


def test_corrected_days_are_counted_again(test: ABTest) -> None:
    control = _ad(test, "control")
    _day(control, 0, impressions=100, clicks=10)
    count_ads(test=test)
    assert count_ads(test=test) == 0
    DailyPerformance.objects.update(clicks=12, impressions=110)

    run = run_job(workspace=test.workspace, name=COUNTING_JOB, trigger="schedule", now=LATER)

    assert run.counts["ad_days"] == 3
    assert added(sums(test), "ctr", "control") == decimals(units=110, sum=12, sum_squares=12)
    assert list(exposed(test).values()) == [(110, 0)]
    assert recount_test(test=test, now=LATER) == Recounted()


def test_running_tests_of_ads_are_looked_at_each_minute(test: ABTest) -> None:
    assert list(workspaces_waiting(now=LATER)) == [test.workspace]

    test.status, test.ended_at, test.end_reason = "completed", START + DAY, "person"
    test.save(update_fields=["status", "ended_at", "end_reason"])

    assert not workspaces_waiting(now=START + 40 * DAY)
