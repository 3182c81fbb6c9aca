"""Curves are fitted on own days, plans tried on them, kept, and sent to approval."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from campaigns.models import (
    Campaign,
    DailyOrganicMetric,
    DailyPerformance,
    ResponseFit,
    Scenario,
    ScenarioSending,
)
from campaigns.selectors.advice import outcomes_of
from campaigns.selectors.channels import Channels, channels_of
from campaigns.selectors.response import response_days
from campaigns.selectors.scenario_results import Shown
from campaigns.selectors.scenarios import present_of, serving_fit
from campaigns.services.budget_bundles import SendingRefusedError
from campaigns.services.scenarios.fitting import CURVES_JOB, KEPT_FITS, thin_fits
from campaigns.services.scenarios.inputs import InputError, Inputs, SplitLimits, read_inputs
from campaigns.services.scenarios.predicting import predict, suggest
from campaigns.services.scenarios.sending import send_scenario
from tests.campaigns.advice.steps import YESTERDAY
from tests.campaigns.change_steps import policy_of, sign
from tests.campaigns.factories import AdAccountFactory
from tests.campaigns.scenarios.steps import curves_of, scenario_of, two_channels
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import Proposal
from workspaces.services.jobs import run_job

PRESENT = {"google_ads": 100.0, "meta": 60.0}

ENDS = ("p10", "p50", "p90", "mean")


def _copies(fit, workspace, count):
    """Fits of days before, of any workspace."""
    facts = {"since": fit.since, "until": fit.until, "fitted_at": fit.fitted_at,
             "engine_version": fit.engine_version, "unit": fit.unit, "curves": {}, "quality": {},
             "uses_priors": True}  # fmt: skip
    rows = [ResponseFit(workspace=workspace, currency="USD", **facts) for _ in range(count)]
    return ResponseFit.objects.bulk_create(rows)


class TestInputs:
    def test_what_is_not_said_stays(self):
        inputs = read_inputs({"shifts": {"meta": "-50"}, "horizon_days": "7"}, PRESENT)

        assert inputs.budgets == {"google_ads": 100.0, "meta": 30.0}
        assert (inputs.horizon_days, inputs.creative_refresh) == (7, 1.0)
        assert Inputs.from_json(inputs.as_json()) == inputs

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"budgets": {"radio": 1}}, "budgets.radio"),
            ({"budgets": {"meta": -1}}, "budgets.meta"),
            ({"budgets": {"meta": "nan"}}, "budgets.meta"),
            ({"budgets": {"meta": 1}, "shifts": {"meta": 1}}, "budgets.meta"),
            ({"shifts": {"meta": -101}}, "shifts.meta"),
            ({"horizon_days": 1.5}, "horizon_days"),
            ({"horizon_days": 181}, "horizon_days"),
            ({"pause_worst_pct": 95}, "pause_worst_pct"),
            ({"push_volume": "often"}, "push_volume"),
        ],
    )
    def test_a_wrong_one_is_named(self, given, field):
        with pytest.raises(InputError) as refused:
            read_inputs(given, PRESENT)

        assert refused.value.field == field


pytestmark = pytest.mark.django_db


@pytest.fixture
def fit(workspace, now):
    two_channels(workspace)
    return curves_of(workspace)


class TestDays:
    def test_a_workspace_that_sells_by_deals_has_pipeline_value(self, workspace):
        workspace.mode = "pipeline"
        workspace.save()
        two_channels(workspace)
        DailyPerformance.objects.update(pipeline_value=Decimal(50))

        fit = curves_of(workspace)
        told = predict(fit=fit, inputs=read_inputs({"budgets": {"meta": 90}}, PRESENT))

        assert (told["value_name"], Shown(told, channels_of(workspace)).head[2]) == (
            "pipeline value",
            "Pipeline value",
        )
        assert told["total"]["revenue"]["present"]["p50"] == pytest.approx(30 * 100, rel=0.1)

    def test_counts_installs_of_all_sources_from_the_first_day(self, workspace, now):
        two_channels(workspace, days=10)
        DailyOrganicMetric.objects.create(workspace=workspace, day=YESTERDAY, organic_installs=7)

        days = response_days(workspace, now)

        assert (days.unit, days.channels) == ("installs", ("google_ads", "meta"))
        assert (days.period.days, days.period.until) == (10, YESTERDAY)
        assert days.spend.sum(axis=0).tolist() == [1000.0, 600.0]
        assert days.outcomes["installs"][-1] == 10 + 10 + 7

    def test_conversions_count_where_there_are_no_installs(self, workspace, now):
        two_channels(workspace, days=10)
        DailyPerformance.objects.update(installs=0, conversions=Decimal(3))

        assert response_days(workspace, now).unit == "conversions"

    def test_test_values_and_money_without_a_rate_are_left_out_and_named(self, workspace, now):
        google, meta = two_channels(workspace, days=10)
        type(google.account).objects.filter(pk=meta.account_id).update(currency="CHF")
        DailyPerformance.objects.filter(campaign=google).update(installs=0)
        type(google.account).objects.filter(pk=google.account_id).update(
            has_usable_conversions=False
        )

        assert response_days(workspace, now) is None

    def test_without_spend_there_are_none(self, workspace, now):
        AdAccountFactory(workspace=workspace)

        assert response_days(workspace, now) is None


class TestFitting:
    def test_the_job_fits_once_a_day_and_whenever_a_person_asks(self, workspace, operator, now):
        two_channels(workspace)

        runs = [
            run_job(workspace=workspace, name=CURVES_JOB, trigger="t", now=now, by=by,
                    clock=lambda: now)
            for by in (None, None, operator)
        ]  # fmt: skip

        assert [run.counts.get("channels", 0) for run in runs] == [2, 0, 2]
        assert ResponseFit.objects.filter(workspace=workspace).count() == 2
        newest = ResponseFit.objects.latest("pk")
        assert serving_fit(workspace) == newest

    def test_old_fits_go_but_those_that_a_scenario_stands_on(
        self, workspace, other_workspace, operator, now
    ):
        named = scenario_of(workspace, operator).fit
        (anothers,) = _copies(named, other_workspace, 1)
        gone, *kept = _copies(named, workspace, KEPT_FITS)

        run = run_job(workspace=workspace, name=CURVES_JOB, trigger="t", now=now, by=operator,
                      clock=lambda: now)  # fmt: skip

        newest = serving_fit(workspace)
        assert run.counts["removed"] == 1
        assert set(ResponseFit.objects.all()) == {anothers, named, *kept, newest}
        assert newest not in {gone, *kept}
        assert thin_fits(workspace=workspace) == 0

    def test_thin_figures_are_priors_and_say_so(self, fit):
        told = fit.quality["outcomes"]["installs"]

        assert fit.uses_priors
        assert (told["source"], told["mape"]) == ("prior", None)
        assert "There are 40 days of figures; 56 are the least" in told["reasons"][0]
        assert present_of(fit) == PRESENT

    def test_curves_of_another_engine_do_not_serve(self, workspace, fit):
        assert serving_fit(workspace) == fit
        with transaction.atomic():
            fit.pk, fit.public_id, fit.engine_version = None, None, "older"
            fit.public_id = "01932f6e-0000-7000-8000-000000000001"
            fit.save(force_insert=True)

        assert serving_fit(workspace).engine_version != "older"


class TestPredicting:
    def test_the_present_plan_changes_nothing(self, fit):
        told = predict(fit=fit, inputs=read_inputs({}, PRESENT))

        assert told["total"]["installs"]["change"] == dict.fromkeys(ENDS, 0.0)
        assert told["total"]["spend"] == told["total"]["present_spend"] == 160.0 * 30
        assert told["effects"] == []

    def test_more_money_brings_more_at_a_higher_price(self, fit):
        told = predict(fit=fit, inputs=read_inputs({"budgets": {"meta": 180}}, PRESENT))

        meta = told["lines"][1]
        assert meta["installs"]["change"]["p10"] > 0
        price = meta["cost_per_install"]
        assert price["plan"]["p50"] > price["present"]["p50"]
        assert told["lines"][0]["installs"]["change"]["p50"] == 0.0
        assert told["more_likely"] == 1.0

    def test_the_story_says_the_figures_that_are_shown(self, fit):
        told = predict(fit=fit, inputs=read_inputs({"budgets": {"meta": 180}}, PRESENT))

        story = " ".join(Shown(told, Channels({"meta": "Meta ads"})).story)
        change = told["total"]["installs"]["change"]
        assert f"costs {told['total']['spend']:,.0f}, 3,600 more" in story
        assert f"{change['p50']:,.0f} more installs ({change['p10']:+,.0f} to" in story
        assert "Meta ads: +3,600 in money" in story
        assert "Little is known of Google Ads, Meta ads: the" in story

    def test_levers_are_labelled_priors(self, fit):
        told = predict(fit=fit, inputs=read_inputs({"content_cadence": 2}, PRESENT))

        assert [(e["target"], e["source"]) for e in told["effects"]] == [
            ("dau", "prior"), ("organic", "prior"),
        ]  # fmt: skip
        assert told["app"] == {}  # nobody told of an app

    def test_the_best_split_keeps_to_its_limits_and_total(self, fit):
        limits = SplitLimits(total=160.0, most={"google_ads": 70.0})

        found = suggest(fit=fit, inputs=read_inputs({}, PRESENT), limits=limits)

        assert found["budgets"] == {"google_ads": 70.0, "meta": pytest.approx(90.0)}
        assert found["at_most"] == ["google_ads"]
        with pytest.raises(InputError, match="more than the total"):
            suggest(
                fit=fit,
                inputs=read_inputs({}, PRESENT),
                limits=SplitLimits(total=10.0, least={"meta": 60.0}),
            )


class TestSending:
    @pytest.fixture
    def made(self, workspace, operator, now):
        policy_of(workspace)
        return scenario_of(workspace, operator, google_ads=120.0, meta=48.0)

    def send(self, scenario, by, now):
        return send_scenario(scenario=scenario, proposer=Proposer.person(by), now=now)

    def test_budgets_become_a_bundle_with_what_they_should_bring(self, made, operator, now):
        sent = self.send(made, operator, now)

        google, meta = Proposal.objects.order_by("subject_label")
        assert {google.bundle_id, meta.bundle_id} == {made.public_id}
        # Spend of 100 to 120 and of 60 to 48 are factors of budgets of 100.
        assert [p.request["value"] for p in (google, meta)] == ["120.00", "80.00"]
        assert {p.status for p in (google, meta)} == {"pending"}
        told = google.current_plan.evidence["scenario"]
        change = made.results["lines"][0]["installs"]["change"]
        assert told["change_in_installs"]["p50"] == round(change["p50"], 1)
        assert "Google Ads goes from 100 to 120 USD a day" in google.reason
        assert (sent.is_new, sent.sending.left_out) == (True, [])
        assert outcomes_of([made])[made.pk].state == "waiting"

    def test_twice_is_one_bundle(self, made, operator, approver, now):
        self.send(made, operator, now)
        again = self.send(made, approver, now + timedelta(hours=1))

        assert not again.is_new
        assert again.sending.sent_by == operator
        assert Proposal.objects.count() == 2

    def test_the_budgets_that_are_live_now_count(self, made, operator, now):
        Campaign.objects.filter(name="Brand").update(daily_budget=Decimal(110))
        Campaign.objects.filter(name="Prospecting").update(daily_budget=Decimal(80))

        self.send(made, operator, now)

        # It meant 120 and 80; what is there already is not proposed again.
        (google,) = Proposal.objects.all()
        assert google.request["value"] == "120.00"

    def test_a_channel_without_live_budgets_is_named(self, made, operator, now):
        Campaign.objects.filter(name="Prospecting").update(status="paused")

        sent = self.send(made, operator, now)

        assert [left["budget"] for left in sent.sending.left_out] == ["Meta"]

    def test_nothing_becomes_a_pause(self, workspace, operator, approver, now):
        policy_of(workspace)
        made = scenario_of(workspace, operator, meta=0.0)

        self.send(made, operator, now)

        (meta,) = Proposal.objects.all()
        assert (meta.request["change_type"], meta.request["value"]) == ("status", "paused")
        with pytest.raises(NotAllowedError):
            sign(meta, now, operator)

    def test_roles_age_and_plans_without_moves_are_refused(
        self, workspace, made, viewer, operator, now
    ):
        with pytest.raises(NotAllowedError, match="operator"):
            self.send(made, viewer, now)
        with pytest.raises(SendingRefusedError, match="older than 7 days"):
            self.send(made, operator, now + timedelta(days=8))
        same = scenario_of(workspace, operator)
        with pytest.raises(SendingRefusedError, match="no live daily budget"):
            self.send(same, operator, now)

        assert (Proposal.objects.count(), ScenarioSending.objects.count()) == (0, 0)

    def test_no_fit_is_ever_changed_or_taken_from_its_scenario(self, made):
        fits = ResponseFit.objects.all()

        with pytest.raises(InternalError, match="never_changed"), transaction.atomic():
            fits.update(workspace=made.workspace)
        fits._raw_delete(fits.db)
        with pytest.raises(IntegrityError, match="foreign key"):
            connection.check_constraints()

    @pytest.mark.parametrize("model", [Scenario, ScenarioSending])
    def test_none_is_ever_changed(self, model, made, operator, now):
        self.send(made, operator, now)
        rows = model.objects.all()

        for change in (
            lambda: rows.update(workspace=made.workspace),
            lambda: rows._raw_delete(rows.db),
        ):
            with pytest.raises(InternalError, match="append_only"), transaction.atomic():
                change()
