"""Runs: journeys in, credits out that add up, the same bits again whatever the order of rows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from attribution.engine.multi_touch import MODELS
from attribution.models import (
    AttributionCredit,
    AttributionModel,
    AttributionRun,
    ChannelPerformance,
    Method,
)
from attribution.selectors.journeys import load_journeys
from attribution.services.attribution_runs import (
    refresh_attribution,
    run_model,
    run_models,
    seed_models,
    windows_to,
)
from attribution.services.channel_days import CountError, count_messages, fill_channel_days
from attribution.services.journeys import build_journeys
from tests.attribution.journey_steps import DAY, three_walks, walk
from tests.attribution.steps import click, convert
from tests.campaigns.factories import AdFactory, DailyPerformanceFactory
from workspaces.periods import Period
from workspaces.services import jobs

WEEK = Period(date(2026, 11, 14), date(2026, 11, 20))


@pytest.fixture
def model(workspace) -> AttributionModel:
    seed_models(workspace=workspace)
    return AttributionModel.objects.get(workspace=workspace, method=Method.LINEAR)


def _credits(run: AttributionRun) -> dict[str, tuple[float, Decimal]]:
    rows = run.credits.select_related("channel")
    return {row.channel.name: (round(row.conversions, 9), row.revenue) for row in rows}


def test_the_methods_are_those_of_the_engine():
    assert tuple(Method.values) != ()
    assert set(Method.values) == set(MODELS)


def test_linear_run_shares_conversions_and_money(workspace, model, now):
    three_walks(workspace, now)

    run = run_model(model=model, period=WEEK, level="channel", now=now)

    third = round(1 / 3, 9)
    assert _credits(run) == {
        "google": (round(1 / 3 + 0.5, 9), Decimal("35.005")),
        "meta": (third, Decimal("30")),
        "email": (third, Decimal("30")),
        "direct": (0.5, Decimal("5.005")),
    }
    assert (run.journeys, run.converted, run.revenue) == (3, 2, Decimal("100.01"))
    assert (run.mean_touches, run.mean_hours) == (2.5, 60.0)
    assert (run.top_channel.name, run.top_campaign, run.cost) == ("google", None, None)
    assert run.code_version
    assert len(run.data_sha256) == 64


@pytest.mark.parametrize("level", ["channel", "campaign", "ad"])
def test_credits_add_up_under_every_model(level, workspace, now):
    seed_models(workspace=workspace)
    AttributionModel.objects.update(is_active=True)
    three_walks(workspace, now)

    runs = [run for run in run_models(workspace=workspace, period=WEEK, now=now)
            if run.level == level]  # fmt: skip

    assert len(runs) == len(MODELS)
    for run in runs:
        credits = list(run.credits.all())
        assert abs(sum(row.conversions for row in credits) - 2) < 2e-9, run.model
        assert abs(sum(row.share for row in credits) - 1) < 1e-9
        assert sum(row.revenue for row in credits) == Decimal("100.01")


def test_learned_models_have_intervals_that_hold_their_credit(workspace, now):
    seed_models(workspace=workspace)
    for number in range(30):
        walk(workspace, f"p{number}", "meta email" if number % 3 else "google", now - DAY)
    build_journeys(workspace=workspace, now=now)

    for method in (Method.MARKOV, Method.SHAPLEY):
        model = AttributionModel.objects.get(workspace=workspace, method=method)
        run = run_model(model=model, period=WEEK, level="channel", now=now)
        for row in run.credits.all():
            assert row.conversions_low <= row.conversions <= row.conversions_high
            assert row.revenue_low <= row.revenue <= row.revenue_high


def test_running_again_gives_the_same_bits(workspace, now):
    three_walks(workspace, now)
    seed_models(workspace=workspace)
    columns = ("channel", "campaign", "ad", "conversions", "revenue", "conversions_low",
               "revenue_high")  # fmt: skip

    first = run_models(workspace=workspace, period=WEEK, now=now)
    again = run_models(workspace=workspace, period=WEEK, now=now)

    for one, other in zip(first, again, strict=True):
        rows = [list(run.credits.order_by("pk").values_list(*columns)) for run in (one, other)]
        assert rows[0] == rows[1]
        assert one.data_sha256 == other.data_sha256


def test_journeys_built_again_are_the_same_data(workspace, now):
    three_walks(workspace, now)
    before = load_journeys(workspace, WEEK).sha256()

    build_journeys(workspace=workspace, now=now)

    assert load_journeys(workspace, WEEK).sha256() == before


def test_the_order_of_rows_does_not_matter(workspace, other_workspace, now):
    end = now - 2 * DAY
    walks = [
        ("ann", "meta email google", "90"),
        ("bob", "meta direct", "10"),
        ("cid", "email", "5"),
    ]
    for house, order in ((workspace, walks), (other_workspace, walks[::-1])):
        for name, path, value in order:
            walk(house, name, path, end, value=value)
        build_journeys(workspace=house, now=now)
        seed_models(workspace=house)

    models = AttributionModel.objects.filter(method__in=(Method.TIME_DECAY, Method.MARKOV))
    for one, other in zip(*(models.filter(workspace=house).order_by("method")
                            for house in (workspace, other_workspace)), strict=True):  # fmt: skip
        runs = [run_model(model=row, period=WEEK, level="channel", now=now) for row in (one, other)]
        assert len(_credits(runs[0])) == 4
        assert _credits(runs[0]) == _credits(runs[1])


def test_spend_of_the_period_stands_beside_the_credit(workspace, model, now):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace)
    idle = AdFactory(ad_set=ad.ad_set)
    other = AdFactory(ad_set__campaign__account__workspace=workspace,
                      ad_set__campaign__channel="TikTok")  # fmt: skip
    for row, day in ((ad, "2026-11-18"), (idle, "2026-11-18"), (other, "2026-11-19"),
                     (ad, "2026-11-01")):  # fmt: skip
        DailyPerformanceFactory(ad=row, day=day, spend=Decimal(50))
    AdAccount = type(ad.account)
    AdAccount.objects.update(currency=workspace.currency, summing_level="ad")
    click(workspace, now - 3 * DAY, ad=ad.external_id, key="c", email="a@b.example")
    convert(workspace, now - 2 * DAY, email="a@b.example", value="300")

    refresh_attribution(workspace=workspace, now=now)

    newest = AttributionRun.objects.filter(model=model, since=WEEK.since)
    channels = {row.channel.name: row for row in newest.get(level="channel").credits.all()}
    assert {
        name: (row.conversions, row.cost, row.roas, row.roi) for name, row in channels.items()
    } == {"meta": (1, 100, 3, 2), "tiktok": (0, 50, 0, -1)}
    ads = {row.ad_id: (row.conversions, row.cost) for row in newest.get(level="ad").credits.all()}
    assert ads == {ad.pk: (1, 50), idle.pk: (0, 50), other.pk: (0, 50)}
    assert newest.get(level="channel").cost == 150


def test_a_conversion_type_leaves_journeys_to_others_out(workspace, model, now):
    three_walks(workspace, now)

    run = run_model(model=model, period=WEEK, level="channel", now=now, conversion_type="lead")

    assert (run.journeys, run.converted, run.conversions) == (1, 0, 0)
    assert {row.conversions for row in run.credits.all()} == {0}


def test_nothing_at_all_is_a_run_without_credits(workspace, model, now):
    run = run_model(model=model, period=WEEK, level="channel", now=now)

    assert (run.journeys, run.mean_touches, run.top_channel) == (0, None, None)
    assert not run.credits.exists()


def test_workspaces_do_not_mix(workspace, other_workspace, model, now):
    three_walks(other_workspace, now)

    assert run_model(model=model, period=WEEK, level="channel", now=now).journeys == 0


def test_job_runs_the_usual_periods_and_forgets_old_runs(workspace, model, now):
    three_walks(workspace, now)
    run_model(model=model, period=WEEK, level="channel", now=now - timedelta(days=61))

    done = jobs.run_job(
        workspace=workspace, name="attribution-models", trigger="schedule", now=now,
        clock=lambda: now,
    )  # fmt: skip

    active = AttributionModel.objects.filter(workspace=workspace, is_active=True).count()
    assert active == 9
    assert done.counts == {"runs": 9 * 3 * 3}
    assert AttributionRun.objects.count() == 81
    assert [p.since for p in windows_to(workspace, now=now)] == [
        date(2026, 11, 14), date(2026, 10, 22), date(2026, 8, 23),
    ]  # fmt: skip
    assert AttributionCredit.objects.filter(run__model=model, run__level="channel").count() == 12


def test_days_of_channels_have_last_touch_and_attributed_figures(workspace, model, now):
    three_walks(workspace, now)
    count_messages(workspace=workspace, day=date(2026, 11, 19), channel="Google",
                   counts={"sent": 5, "delivered": 4})  # fmt: skip
    count_messages(workspace=workspace, day=date(2026, 11, 19), channel="google",
                   counts={"sent": 1})  # fmt: skip

    fill_channel_days(workspace=workspace, period=WEEK)
    fill_channel_days(workspace=workspace, period=WEEK)

    rows = {
        row.channel.name: (row.sent, row.conversions, row.revenue, row.attributed_conversions,
                           row.attributed_revenue, row.model_name)
        for row in ChannelPerformance.objects.select_related("channel")
    }  # fmt: skip
    name = "Position based"
    assert rows == {
        "google": (6, 1, Decimal(90), 0.9, Decimal("41.005"), name),
        "direct": (0, 1, Decimal("10.01"), 0.5, Decimal("5.005"), name),
        "meta": (0, 0, Decimal(0), 0.4, Decimal(36), name),
        "email": (0, 0, Decimal(0), 0.2, Decimal(18), name),
    }


def test_counts_of_messages_are_checked(workspace, other_workspace, now):
    theirs = AdFactory(ad_set__campaign__account__workspace=other_workspace).campaign
    for wrong in ({"counts": {"seen": 1}}, {"counts": {"sent": 1}, "campaign": theirs}):
        with pytest.raises(CountError):
            count_messages(workspace=workspace, day=now.date(), channel="email", **wrong)
    assert not ChannelPerformance.objects.exists()


def test_models_are_checked(workspace, model):
    model.method, model.weights = Method.POSITION_BASED, [0.5, 0.5]
    with pytest.raises(ValidationError, match="3 weights"):
        model.clean()
    model.weights = [0.5, 0.4, 0.4]
    with pytest.raises(ValidationError, match="add up to 1"):
        model.clean()
    for wrong in ({"order": 4}, {"half_life_days": 0}, {"levels": []}, {"method": "guess"},
                  {"is_default": True}):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            AttributionModel.objects.filter(pk=model.pk).update(**wrong)
