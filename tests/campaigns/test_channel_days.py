"""Daily arrays of channels and campaigns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from campaigns.selectors.channel_days import channel_days
from tests.campaigns.factories import (
    AdAccountFactory,
    CampaignFactory,
    DailyPerformanceFactory,
)
from tests.workspaces.factories import ExchangeRateFactory
from workspaces.periods import Period

PERIOD = Period(date(2026, 11, 16), date(2026, 11, 20))


@pytest.fixture
def account(workspace):
    return AdAccountFactory(workspace=workspace)


def _day(account, day: int, *, channel: str = "meta", campaign=None, **fields):
    campaign = campaign or CampaignFactory(account=account, channel=channel)
    return DailyPerformanceFactory(ad__ad_set__campaign=campaign, day=date(2026, 11, day), **fields)


def test_missing_days_are_zero_and_marked(workspace, account):
    _day(account, 17, impressions=800, clicks=8, spend=Decimal("12.50"), installs=3)
    _day(account, 20, impressions=900, clicks=9, spend=Decimal("20"), installs=4)

    (meta,) = channel_days(workspace, PERIOD)

    assert [day.day for day in meta.days] == [16, 17, 18, 19, 20]
    assert meta.has_data.tolist() == [False, True, False, False, True]
    assert meta.spend.tolist() == [0, 12.5, 0, 0, 20]
    assert meta.installs.tolist() == [0, 3, 0, 0, 4]
    assert (meta.key, meta.currency, meta.campaign_id) == ("meta", "USD", None)


def test_parts_of_meta_and_nameless_campaigns_roll_up(workspace, account):
    for channel in ("facebook", "instagram", "meta", ""):
        _day(account, 20, channel=channel, spend=Decimal(10))
    _day(account, 20, channel="tiktok", spend=Decimal(7))

    series = channel_days(workspace, PERIOD)

    assert [(own.key, own.spend[-1]) for own in series] == [("meta", 40.0), ("tiktok", 7.0)]


def test_campaigns_are_apart_and_named(workspace, account):
    first, second = (CampaignFactory(account=account, channel="facebook") for _ in range(2))
    _day(account, 19, campaign=first, clicks=5)
    _day(account, 19, campaign=first, clicks=6)
    _day(account, 19, campaign=second, clicks=7)

    series = channel_days(workspace, PERIOD, by="campaign")

    assert [(own.campaign_id, own.label, own.channel, own.clicks[3]) for own in series] == [
        (first.pk, first.name, "meta", 11.0),
        (second.pk, second.name, "meta", 7.0),
    ]


def test_foreign_money_is_converted_at_one_rate_and_counts_are_not(workspace, account):
    euro = AdAccountFactory(workspace=workspace, currency="EUR")
    ExchangeRateFactory(workspace=workspace, day="2026-11-01", rate="1.10")
    ExchangeRateFactory(workspace=workspace, day="2026-11-20", rate="1.25")
    ExchangeRateFactory(workspace=workspace, day="2026-11-21", rate="9")
    _day(account, 17, spend=Decimal(100), clicks=10)
    _day(euro, 17, spend=Decimal(100), clicks=10, revenue=Decimal(40))

    (meta,) = channel_days(workspace, PERIOD)

    assert (meta.spend[1], meta.clicks[1], meta.revenue[1]) == (225.0, 20.0, 50.0)


def test_a_rate_the_other_way_round_is_used_too(workspace):
    yen = AdAccountFactory(workspace=workspace, currency="JPY")
    ExchangeRateFactory(workspace=workspace, day="2026-11-01", base="USD", quote="JPY", rate="125")
    _day(yen, 17, spend=Decimal(1000))

    (meta,) = channel_days(workspace, PERIOD)

    assert (meta.spend[1], meta.currency) == (8.0, "USD")


def test_money_without_a_rate_stands_apart_in_its_own_currency(workspace, account):
    pound = AdAccountFactory(workspace=workspace, currency="GBP")
    _day(account, 17, spend=Decimal(100))
    _day(pound, 17, spend=Decimal(30))

    series = channel_days(workspace, PERIOD)

    assert [(own.key, own.currency, own.spend[1]) for own in series] == [
        ("meta", "GBP", 30.0),
        ("meta", "USD", 100.0),
    ]


def test_untrusted_conversions_do_not_count_and_are_marked(workspace, account):
    tests = AdAccountFactory(workspace=workspace, has_usable_conversions=False)
    sold = {"conversions": Decimal(2), "revenue": Decimal(50), "pipeline_value": Decimal(70)}
    _day(account, 17, **sold)
    _day(tests, 17, **sold)

    (meta,) = channel_days(workspace, PERIOD)

    assert (meta.conversions[1], meta.revenue[1], meta.pipeline_value[1]) == (2.0, 50.0, 70.0)
    assert (meta.spend[1], meta.has_usable_conversions) == (100.0, False)


def test_days_are_counted_at_the_summing_level_once(workspace):
    account = AdAccountFactory(workspace=workspace, summing_level="campaign")
    row = _day(account, 17, spend=Decimal(10))
    DailyPerformanceFactory(
        campaign=row.campaign, account=account, workspace=workspace, ad=None, ad_set=None,
        level="campaign", day=date(2026, 11, 17), spend=Decimal(11),
    )  # fmt: skip

    (meta,) = channel_days(workspace, PERIOD)

    assert meta.spend[1] == 11.0


def test_other_workspaces_are_not_read(workspace, other_workspace, account):
    _day(AdAccountFactory(workspace=other_workspace), 17)

    assert channel_days(workspace, PERIOD) == []


def test_two_queries_however_many(workspace, account, django_assert_num_queries):
    euro = AdAccountFactory(workspace=workspace, currency="EUR")
    ExchangeRateFactory(workspace=workspace)
    for own in (account, euro):
        for day in (16, 17, 18):
            _day(own, day)

    with django_assert_num_queries(2):
        channel_days(workspace, PERIOD, by="campaign")
