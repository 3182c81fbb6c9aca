"""Deals that move: once into the sampler's ledger, and maybe into a proposal of more budget."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from attribution.models import Conversion
from attribution.selectors.revenue import credited_between, current_values
from attribution.services import deal_effects
from attribution.services.tracking import Sender, Worth, record_conversion
from campaigns.models import DeliveryStatus
from campaigns.selectors import current_policy, limits_of
from mlops.models import SamplerFeedback
from mlops.selectors.sampling import arms_of
from mlops.services import deals
from mlops.services.sampling import allocate
from tests.attribution.stage_steps import CRM, installed, moved
from tests.attribution.steps import click
from tests.campaigns.factories import AdFactory, DailyPerformanceFactory
from workspaces.models import Proposal, Status

ARM = "meta:{account}:adset:{ad_set}:budget"


@pytest.fixture
def ad(workspace, now):
    installed(workspace, now - timedelta(days=60))
    return AdFactory(ad_set__campaign__account__workspace=workspace, external_id="4000")


def arm_of(ad):
    return ARM.format(account=ad.account.external_id, ad_set=ad.ad_set.external_id)


def credited(ad, deal, now):
    """The deal's conversion, tied to the ad for certain."""
    click(ad.workspace, now - timedelta(days=1), ad=str(ad.public_id), gclid=f"g-{deal}")
    row, _ = record_conversion(
        workspace=ad.workspace, conversion_id=f"{CRM}:{deal}", now=now,
        sender=Sender(gclid=f"g-{deal}"), worth=Worth(type="lead", converted_at=now),
    )  # fmt: skip
    return row


def step(ad, deal, stage, now, at=None):
    """The deal enters a stage, and everybody who asked is told."""
    recorded = moved(ad.workspace, deal, stage, now, at=at or now, ad=ad)
    return deal_effects.moved(deal=recorded.deal, moves=recorded.new_events, now=now)


def test_increments_reach_the_ledger_of_the_budgets_owner(ad, now):
    step(ad, "d1", "appointment_scheduled", now - timedelta(hours=3))
    step(ad, "d1", "closed_lost", now)

    rows = SamplerFeedback.objects.order_by("pk")
    assert [(row.arm, row.pipeline_value, row.spend) for row in rows] == [
        (arm_of(ad), 2250, 0),
        (arm_of(ad), -2250, 0),
    ]


def test_replayed_change_teaches_and_proposes_once(ad, now):
    credited(ad, "d1", now)
    (change,) = step(ad, "d1", "show_up", now)

    deals.learn_from_deal(change, now)
    deals.learn_from_deal(change, now + timedelta(days=1))

    assert SamplerFeedback.objects.count() == 1
    assert Proposal.objects.count() == 1


def test_replay_after_the_proposal_was_decided_proposes_nothing(ad, now):
    credited(ad, "d1", now)
    (change,) = step(ad, "d1", "show_up", now)
    ad.ad_set.daily_budget = Decimal(200)
    ad.ad_set.save()
    Proposal.objects.update(status=Status.CANCELLED)

    deals.learn_from_deal(change, now)

    assert Proposal.objects.count() == 1


def test_good_step_of_a_sure_deal_proposes_more_budget(ad, now):
    credited(ad, "d1", now)
    step(ad, "d1", "appointment_scheduled", now - timedelta(hours=2))
    Conversion.objects.update(confidence=Decimal("0.9"))

    step(ad, "d1", "show_up", now)

    proposal = Proposal.objects.get()
    change = proposal.ad_change
    assert (change.requested_value, change.current_value) == ("111.75", "100")
    assert (change.entity_type, change.entity_id) == ("adset", ad.ad_set.pk)
    assert proposal.status == Status.PENDING
    assert proposal.confidence == proposal.current_plan.confidence == Decimal("0.7650")
    assert "+6,750.00 USD of pipeline value" in proposal.reason
    assert "may rise by 11.75 %" in proposal.reason
    assert proposal.current_plan.evidence["deal"]["increment"] == "6750.00"


def test_budget_of_the_campaign_is_raised_where_it_owns_it(ad, now):
    ad.ad_set.daily_budget = None
    ad.ad_set.save()
    ad.campaign.daily_budget = Decimal(300)
    ad.campaign.save()
    credited(ad, "d1", now)

    step(ad, "d1", "show_up", now)

    change = Proposal.objects.get().ad_change
    assert (change.entity_type, change.requested_value) == ("campaign", "342")


@pytest.mark.parametrize("case", ["no click", "small", "paused", "old", "budget unknown"])
def test_what_the_rule_does_not_ask_for_is_not_proposed(ad, now, case):
    at, stage = now, "show_up"
    if case != "no click":
        credited(ad, "d1", now)
    if case == "small":
        stage = "appointment_scheduled"
    if case == "old":
        at = now - timedelta(days=15)
    if case == "paused":
        ad.ad_set.status = DeliveryStatus.PAUSED
    if case == "budget unknown":
        ad.ad_set.daily_budget = None
    ad.ad_set.save()

    step(ad, "d1", stage, now, at=at)

    assert not Proposal.objects.exists()
    assert SamplerFeedback.objects.count() == 1


def test_deal_of_no_ad_teaches_nothing(ad, workspace, now):
    recorded = moved(workspace, "d1", "show_up", now)
    deal_effects.moved(deal=recorded.deal, moves=recorded.new_events, now=now)

    assert not SamplerFeedback.objects.exists()


def test_loss_never_makes_an_arm_worth_less_than_nothing(ad, workspace, now):
    step(ad, "d1", "appointment_scheduled", now - timedelta(days=20))
    step(ad, "d1", "closed_lost", now)
    states = _arms(ad.account, now)

    allocation, _ = allocate(workspace=workspace, states=states, total_budget=100.0, now=now)

    assert [state.pipeline_value for state in states] == [0.0]
    assert allocation.items[0].ad_id == arm_of(ad)


def _arms(account, now):
    limits = limits_of(current_policy(workspace=account.workspace, account=account))
    arms = arms_of(account=account, limits=limits, rate=Decimal(2), now=now)
    return [arm.state for arm in arms]


def test_sampler_reads_pipeline_value_of_deals_in_the_accounts_currency(ad, now):
    yesterday = now - timedelta(days=1)
    DailyPerformanceFactory(
        ad=ad, day=yesterday.date(), impressions=1000, spend=Decimal(500),
        pipeline_value=Decimal(77),
    )  # fmt: skip
    assert [state.pipeline_value for state in _arms(ad.account, now)] == [77.0]

    step(ad, "d1", "show_up", now, at=yesterday - timedelta(hours=2))
    step(ad, "d2", "show_up", now, at=now - timedelta(days=30))

    assert [state.pipeline_value for state in _arms(ad.account, now)] == [4500.0]


def test_first_deals_and_those_of_another_account_judge_nobody(ad, now):
    """Arms that no deal could tell of yet are not stopped for bringing nothing."""
    other = AdFactory(ad_set__campaign__account__workspace=ad.workspace, external_id="5000")
    yesterday = now - timedelta(days=1)
    for one in (ad, other):
        DailyPerformanceFactory(
            ad=one, day=yesterday.date(), impressions=1000, spend=Decimal(500),
            pipeline_value=Decimal(77),
        )  # fmt: skip

    step(ad, "d1", "show_up", now, at=yesterday - timedelta(hours=2))
    assert [state.pipeline_value for state in _arms(ad.account, now)] == [77.0]

    step(ad, "d2", "show_up", now, at=now - timedelta(days=30))
    assert [state.pipeline_value for state in _arms(ad.account, now)] == [4500.0]
    assert [state.pipeline_value for state in _arms(other.account, now)] == [77.0]


def test_increments_between_two_moments_add_up(ad, workspace, now):
    values = current_values(workspace=workspace, now=now)
    step(ad, "d1", "appointment_scheduled", now - timedelta(days=3))
    step(ad, "d1", "show_up", now - timedelta(days=1))

    def between(start, end):
        return credited_between(
            workspace=workspace, values=values,
            since=now - timedelta(days=start), until=now - timedelta(days=end),
        )  # fmt: skip

    assert between(4, 2) == {ad.pk: 2250}
    assert between(2, 0) == {ad.pk: 6750}
    assert between(4, 0) == {ad.pk: 9000}
    assert between(1, 0) == {ad.pk: 6750}
    assert between(4, 3) == {}
