"""Checking rules: raised once, kept up, resolved, told once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from campaigns.models import Ad, Alert, AlertRule, Prediction
from campaigns.services.alerts import check_alerts, ensure_rules
from tests.campaigns.alerting.steps import (
    TODAY,
    YESTERDAY,
    campaign_of,
    days_to,
    only,
    set_days,
    types_of,
)
from tests.campaigns.factories import AdFactory, AdSetFactory
from tests.workspaces.factories import ExchangeRateFactory
from workspaces.models import Notification, WebhookDelivery, WebhookEndpoint
from workspaces.services.notices import deliver_mails

POOR = {"revenue": Decimal(100)}
FINE = {"revenue": Decimal(400)}


@pytest.fixture
def campaign(workspace):
    """A calm campaign of twenty days to yesterday."""
    made = campaign_of(workspace)
    days_to(made)
    return made


@pytest.fixture
def poor(workspace, campaign):
    """The same, with a ROAS of 1; only the rule of a ROI drop is on."""
    only(workspace, "ROI drop")
    set_days(campaign, **POOR)
    return campaign


def check(workspace, now):
    return check_alerts(workspace=workspace, now=now)


class TestShippedRules:
    def test_calm_figures_cross_nothing(self, workspace, campaign, now):
        ensure_rules(workspace=workspace)
        assert check(workspace, now).open == 0

    @pytest.mark.parametrize(
        ("newest", "expected"),
        [
            ({"spend": Decimal("500.01"), "revenue": 2_001}, {"cost_spike"}),
            ({"conversions": Decimal(60)}, {"conversion_surge"}),
            ({"impressions": 500, "clicks": 1, "engagement": 0}, set()),
        ],
    )
    def test_one_odd_day(self, workspace, now, newest, expected):
        ensure_rules(workspace=workspace)
        days_to(campaign_of(workspace), **newest)
        check(workspace, now)
        assert types_of(workspace) == expected

    @pytest.mark.parametrize(
        ("every", "expected"),
        [
            ({"revenue": Decimal(150)}, {"roas_low"}),
            ({"revenue": Decimal("149.99")}, {"roas_low", "roi_drop"}),
            ({"conversions": Decimal("2.9")}, {"low_conversion"}),
            ({"conversions": Decimal("0.9")}, {"low_conversion", "cpa_high"}),
            ({"clicks": 800, "conversions": Decimal(30)}, {"anomaly"}),
        ],
    )
    def test_poor_days(self, workspace, campaign, now, every, expected):
        ensure_rules(workspace=workspace)
        set_days(campaign, **every)
        check(workspace, now)
        assert types_of(workspace) == expected

    def test_ratios_against_their_own_mean(self, workspace, campaign, now):
        ensure_rules(workspace=workspace)
        newest = campaign.dailyperformance_set.filter(day__gt=YESTERDAY - timedelta(days=3))
        newest.update(clicks=80, engagement=175, conversions=Decimal(4))
        check(workspace, now)
        assert types_of(workspace) == {"ctr_drop", "engagement_drop"}

    def test_rules_that_are_off_at_first(self, workspace, campaign, now):
        rules = ensure_rules(workspace=workspace)
        off = {name for name, rule in rules.items() if not rule.is_enabled}
        assert off == {"ROAS to watch", "Low delivery"}
        AlertRule.objects.filter(name__in=off).update(is_enabled=True)
        set_days(campaign, revenue=Decimal(299))
        check(workspace, now)
        # 5,000 impressions a day are 208 an hour.
        assert types_of(workspace) == {"roas_watch", "low_delivery"}

    @pytest.mark.parametrize(
        ("budget", "expected"),
        [(2_501, {}), (2_500, {"medium"}), (2_223, {"medium"}), (2_222, {"critical"})],
    )
    def test_the_budget_of_the_whole_run(self, workspace, campaign, now, budget, expected):
        ensure_rules(workspace=workspace)
        campaign.lifetime_budget = budget
        campaign.save()
        check(workspace, now)
        rows = Alert.objects.filter(type="budget_overrun")
        assert {row.severity for row in rows} == set(expected)

    def test_the_daily_budget_of_a_campaign_or_of_its_ad_sets(self, workspace, campaign, now):
        ensure_rules(workspace=workspace)
        AdSetFactory(campaign=campaign, daily_budget=Decimal(60))
        AdSetFactory(campaign=campaign, daily_budget=Decimal(41))
        check(workspace, now)
        assert types_of(workspace) == set()
        campaign.daily_budget = Decimal(100)
        campaign.save()
        check(workspace, now)
        alert = Alert.objects.get(type="budget_exhausted")
        assert (alert.severity, alert.metric_value) == ("critical", 1)

    def test_a_budget_that_campaigns_share_is_spent_together(self, workspace, now):
        only(workspace, "Daily budget spent")
        first = campaign_of(
            workspace, daily_budget=150, budget_external_id="b", account__platform="google"
        )
        second = campaign_of(workspace, account=first.account, daily_budget=150,
                             budget_external_id="b")  # fmt: skip
        for one in (first, second):
            days_to(one)
        check(workspace, now)
        alert = Alert.objects.get()
        assert (alert.campaign, round(alert.metric_value, 4)) == (first, Decimal("1.3333"))

    @pytest.mark.parametrize(
        ("words", "found"),
        [("DISAPPROVED", 1), ("AD_STATUS_AUDIT_DENY", 1), ("REJECTED", 1), ("ACTIVE", 0)],
    )
    def test_an_ad_that_a_platform_refused(self, workspace, now, words, found):
        only(workspace, "Ad disapproved")
        ad = AdFactory(ad_set__campaign=campaign_of(workspace), effective_status=words)
        assert check(workspace, now).open == found
        Ad.objects.filter(pk=ad.pk).update(status="paused")
        assert check(workspace, now).open == 0

    def test_a_prediction_that_was_off(self, workspace, campaign, now):
        rule = only(workspace, "Prediction error")
        Prediction.objects.create(
            workspace=workspace, campaign=campaign, day=TODAY - timedelta(days=9), horizon_days=7,
            predicted_roas=2.6, low=2, high=3, risk_level="low", model_version="plain-1",
            created_at=now, actual_roas=2.0,
        )  # fmt: skip
        check(workspace, now)
        alert = Alert.objects.get()
        assert (alert.rule, alert.metric_value, alert.threshold_value) == (
            rule, Decimal("0.3"), Decimal("0.3"),
        )  # fmt: skip

    def test_a_channel_against_the_others(self, workspace, campaign, now):
        only(workspace, "Channel underperforms")
        weak = campaign_of(workspace, channel="tiktok", account__platform="tiktok")
        days_to(weak)
        set_days(weak, revenue=Decimal(200))
        check(workspace, now)
        alert = Alert.objects.get()
        # 0.7 of the mean of 4 and 2.
        assert (alert.channel, alert.campaign, alert.metric_value, alert.threshold_value) == (
            "tiktok", None, 2, Decimal("2.1"),
        )  # fmt: skip


class TestMoneyAndTrust:
    def test_thresholds_are_in_the_workspaces_currency(self, workspace, now):
        only(workspace, "Cost spike")
        euros = campaign_of(workspace, account__currency="EUR")
        days_to(euros, spend=Decimal(455))
        assert check(workspace, now).open == 0  # nobody knows what they are worth
        ExchangeRateFactory(workspace=workspace, rate=Decimal("1.1"))
        check(workspace, now)
        assert Alert.objects.get().metric_value == Decimal("500.5")

    def test_conversions_that_do_not_count_raise_nothing(self, workspace, now):
        ensure_rules(workspace=workspace)
        test_values = campaign_of(workspace, account__has_usable_conversions=False)
        days_to(test_values)
        set_days(test_values, revenue=0, conversions=0)
        assert check(workspace, now).open == 0

    def test_where_deals_take_weeks_the_pipeline_is_what_is_earned(self, workspace, campaign, now):
        only(workspace, "ROI drop")
        workspace.mode = "pipeline"
        workspace.save()
        set_days(campaign, revenue=0, pipeline_value=150)
        assert check(workspace, now).open == 0
        set_days(campaign, revenue=999, pipeline_value=149)
        check(workspace, now)
        assert (
            Alert.objects.get().message == "Spring: Pipeline ROAS of 7 days is 1.49×, below 1.50×"
        )


class TestOneCrossing:
    def test_it_says_what_was_measured(self, workspace, poor, now):
        assert check(workspace, now).raised == 1
        alert = Alert.objects.get()
        assert alert.message == "Spring: ROAS of 7 days is 1.00×, below 1.50×"
        assert (alert.type, alert.severity, alert.channel) == ("roi_drop", "high", "meta")
        assert (alert.metric_value, alert.threshold_value) == (1, Decimal("1.5"))
        assert (alert.day, alert.first_seen_at, alert.is_read) == (TODAY, now, False)

    def test_it_goes_on_in_range_and_again(self, workspace, poor, now):
        check(workspace, now)
        later = now + timedelta(hours=1)
        assert check(workspace, later).raised == 0
        row = Alert.objects.get()
        assert (row.first_seen_at, row.last_seen_at) == (now, later)

        set_days(poor, **FINE)
        over = now + timedelta(hours=2)
        assert check(workspace, over).resolved == 1
        row.refresh_from_db()
        assert (row.resolved_at, row.resolution) == (over, "returned")

        set_days(poor, **POOR)
        again = check(workspace, now + timedelta(hours=3))
        assert (again.raised, again.told) == (1, 0)
        row.refresh_from_db()
        assert (row.is_open, row.raised_at) == (True, now + timedelta(hours=3))
        assert Notification.objects.count() == 0  # nobody is a member yet

    def test_people_are_told_again_when_the_cool_down_is_over(self, workspace, poor, operator, now):
        check(workspace, now)
        set_days(poor, **FINE)
        check(workspace, now + timedelta(hours=1))
        set_days(poor, **POOR)
        told = [
            check(workspace, now + timedelta(minutes=minutes)).told
            for minutes in (120, 359, 360, 375)
        ]
        assert told == [0, 0, 1, 0]
        assert Notification.objects.count() == 2

    def test_the_day_is_the_workspaces(self, workspace, poor):
        workspace.time_zone = "America/New_York"
        workspace.save()
        evening = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)  # 23:30 of the 20th
        night = evening + timedelta(hours=1)
        check(workspace, evening)
        set_days(poor, **FINE)
        check(workspace, evening + timedelta(minutes=15))
        set_days(poor, **POOR)
        check(workspace, night)
        days = list(Alert.objects.order_by("pk").values_list("day", "resolution", "told_at"))
        assert days == [(YESTERDAY, "returned", evening), (TODAY, "", None)]

    def test_one_that_lasts_past_midnight_stays_one(self, workspace, poor, now):
        check(workspace, now)
        check(workspace, now + timedelta(days=1))
        assert Alert.objects.count() == 1

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda one: AlertRule.objects.update(is_enabled=False), "switched_off"),
            (lambda one: type(one).objects.update(status="paused"), "stopped"),
        ],
    )
    def test_what_is_not_judged_any_more_is_over(self, workspace, poor, now, change, reason):
        check(workspace, now)
        change(poor)
        check(workspace, now + timedelta(minutes=15))
        assert Alert.objects.get().resolution == reason

    def test_missing_figures_end_it_after_three_days_only(self, workspace, poor, now):
        check(workspace, now)
        poor.dailyperformance_set.all().delete()
        assert check(workspace, now + timedelta(days=3)).resolved == 0
        check(workspace, now + timedelta(days=3, minutes=15))
        assert Alert.objects.get().resolution == "no_figures"

    def test_another_channel_is_none_of_the_rules_business(self, workspace, poor, now):
        AlertRule.objects.update(channel="tiktok")
        assert check(workspace, now).open == 0

    def test_other_workspaces_are_not_touched(self, workspace, other_workspace, poor, now):
        ensure_rules(workspace=other_workspace)
        assert check(other_workspace, now).open == 0
        assert not Alert.objects.exists()


class TestTelling:
    def test_operators_get_one_notice_and_one_mail(self, workspace, poor, operator, viewer, now):
        check(workspace, now)
        notice = Notification.objects.get()
        assert (notice.user, notice.topic, notice.url) == (
            operator, "alert.raised", "/dashboards/alerts/",
        )  # fmt: skip
        assert notice.title == "Spring: ROAS of 7 days is 1.00×, below 1.50×"
        assert deliver_mails(now=now) == 1
        assert mail.outbox[0].to == [operator.email]
        assert "Spring: ROAS of 7 days is 1.00×, below 1.50×" in mail.outbox[0].body

    def test_many_at_once_are_one_notice_the_gravest_first(
        self, workspace, campaign, operator, now
    ):
        ensure_rules(workspace=workspace)
        campaign.lifetime_budget = 2_100
        campaign.save()
        set_days(campaign, **POOR)
        assert check(workspace, now).told == 3
        notice = Notification.objects.get()
        assert notice.title.startswith(
            "3 alerts. Spring: Share of the whole budget spent is 95.2 %"
        )
        assert notice.body.count("\n") == 2

    def test_what_presses_little_is_no_mail(self, workspace, campaign, operator, now):
        only(workspace, "ROI drop", severity="low")
        set_days(campaign, **POOR)
        check(workspace, now)
        assert Notification.objects.get().email_due is False

    def test_webhooks_hear_both_ends(self, workspace, poor, now):
        WebhookEndpoint.objects.create(workspace=workspace, url="https://example.com", secret="s")
        check(workspace, now)
        set_days(poor, **FINE)
        check(workspace, now + timedelta(minutes=15))
        told = list(WebhookDelivery.objects.order_by("pk").values_list("event_type", flat=True))
        assert told == ["alert.raised", "alert.resolved"]

    def test_checks_without_end_are_one_alert_and_one_notice(self, workspace, poor, operator, now):
        for number in range(30):
            check(workspace, now + timedelta(minutes=15 * number))
        assert (Alert.objects.count(), Notification.objects.count()) == (1, 1)


class TestBounds:
    def test_queries_do_not_grow_with_campaigns(self, workspace, poor, operator, now):
        check(workspace, now)
        with CaptureQueriesContext(connection) as one:
            check(workspace, now + timedelta(minutes=15))
        for number in range(5):
            days_to(campaign_of(workspace, account=poor.account, name=f"C{number}"), **POOR)
        check(workspace, now + timedelta(minutes=30))
        with CaptureQueriesContext(connection) as six:
            check(workspace, now + timedelta(minutes=45))
        assert len(six) == len(one) <= 16

    @pytest.mark.parametrize("resolved", [False, True])
    def test_the_database_refuses_a_second_one(self, workspace, poor, now, resolved):
        check(workspace, now)
        row = Alert.objects.get()
        if resolved:  # two of a day
            Alert.objects.update(resolved_at=now, resolution="returned")
        else:  # two that are open
            row.day += timedelta(days=1)
        row.pk, row.public_id = None, "01932f6e-0000-7000-8000-000000000001"
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)

    @pytest.mark.parametrize(
        "wrong",
        [{"operator": "eq"}, {"metric": "luck"}, {"lookback_days": 0}, {"also_metric": "ctr"},
         {"threshold": -1}, {"name": "Cost spike"}],
    )  # fmt: skip
    def test_impossible_rules_are_refused(self, workspace, wrong):
        rule = ensure_rules(workspace=workspace)["ROI drop"]
        with pytest.raises(IntegrityError), transaction.atomic():
            AlertRule.objects.filter(pk=rule.pk).update(**wrong)


@pytest.mark.django_db(transaction=True)
def test_checks_at_the_same_time_raise_it_once(workspace, poor, operator, now):
    ready = threading.Barrier(4)

    def run() -> None:
        try:
            ready.wait()
            check_alerts(workspace=workspace, now=now)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert (Alert.objects.count(), Notification.objects.count()) == (1, 1)
