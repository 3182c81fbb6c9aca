"""Rate, platform rate and velocity of real changes at their edges, alone and in parallel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from campaigns.models import AdSet, Campaign
from tests.campaigns.change_steps import (
    ad_set_in,
    connected,
    moment,
    past,
    policy_of,
    propose,
    sign,
    verdict,
)
from tests.campaigns.factories import CampaignFactory
from tests.workspaces.gate_steps import InThread
from workspaces.models import Proposal, Status, Workspace
from workspaces.services import execution

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def account(workspace):
    policy_of(workspace)
    return connected(workspace)


@pytest.fixture
def ad_set(account):
    return ad_set_in(account)


def minutes_ago(now, count, first=50):
    return [now - first * MINUTE + number * MINUTE for number in range(count)]


@pytest.mark.parametrize(("sent", "said"), [(0, "passed"), (14, "passed"), (15, "deferred")])
def test_fifteen_calls_a_campaign_and_hour(ad_set, now, sent, said):
    other = ad_set_in(ad_set.account, campaign=ad_set.campaign)
    if sent:
        past(other, minutes_ago(now, sent), status="refused", change_type="status")

    proposal = propose(ad_set, 110, now)

    assert verdict(proposal, "rate") == said
    expected = now - 50 * MINUTE + HOUR if said == "deferred" else None
    assert moment(proposal, "rate") == expected


def test_call_of_an_hour_ago_is_free_again(ad_set, now):
    past(ad_set, [now - HOUR, *minutes_ago(now, 14)], change_type="status")

    assert verdict(propose(ad_set, 110, now), "rate") == "passed"


@pytest.mark.parametrize(("sent", "said"), [(99, "passed"), (100, "deferred")])
def test_hundred_calls_a_workspace_day_of_its_own_zone(workspace, now, sent, said):
    Workspace.objects.filter(pk=workspace.pk).update(time_zone="America/New_York")
    workspace.refresh_from_db()
    policy_of(workspace)
    account = connected(workspace)
    midnight = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)  # 00:00 in New York
    elsewhere = ad_set_in(account)
    past(elsewhere, [midnight - SECOND] * 50 + [midnight + SECOND] * sent)

    proposal = propose(ad_set_in(account), 110, now)

    assert verdict(proposal, "rate") == said
    if said == "deferred":
        assert moment(proposal, "rate") == datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("platform", "sent", "said"),
    [
        ("meta", 3, "passed"),
        ("meta", 4, "deferred"),
        ("tiktok", 9, "not_applicable"),
    ],
)
def test_meta_takes_four_budget_changes_an_ad_set_and_hour(workspace, now, platform, sent, said):
    policy_of(workspace)
    ad_set = ad_set_in(connected(workspace, platform=platform))
    past(ad_set, minutes_ago(now, sent), status="throttled")

    proposal = propose(ad_set, 110, now)

    assert verdict(proposal, "platform_rate") == said
    if said == "deferred":
        assert moment(proposal, "platform_rate") == now + 10 * MINUTE


def test_budget_changes_of_campaigns_know_no_such_limit(account, now):
    campaign = CampaignFactory(account=account, daily_budget=Decimal(100))
    past(campaign, minutes_ago(now, 5), entity_type="campaign")

    proposal = propose(campaign, 110, now, entity_type="campaign")

    assert verdict(proposal, "platform_rate") == "not_applicable"


@pytest.mark.parametrize(
    ("value", "final"),
    [("120", "120"), ("120.01", "120"), ("80", "80"), ("79.99", "80")],
)
def test_first_change_moves_by_a_fifth_at_most(ad_set, now, value, final):
    proposal = propose(ad_set, value, now)

    assert proposal.current_plan.content["after"] == final
    assert verdict(proposal, "velocity") == "passed"
    assert (proposal.ad_change.rest_value is None) is (value == final)


@pytest.mark.parametrize(
    ("value", "said"), [("120", "passed"), ("120.01", "deferred"), ("80", "passed")]
)
def test_velocity_counts_from_the_start_of_the_window(ad_set, now, value, said):
    past(ad_set, [now - 2 * HOUR], old="100", new="105")
    past(ad_set, [now - HOUR], old="105", new="110")
    AdSet.objects.update(daily_budget=110)
    if value == "80":
        AdSet.objects.update(daily_budget=90)

    proposal = propose(ad_set, value, now)

    assert proposal.current_plan.content["after"] == value
    assert verdict(proposal, "velocity") == said
    if said == "deferred":
        assert moment(proposal, "velocity") == now + 4 * HOUR


def test_change_that_left_the_window_is_forgotten(ad_set, now):
    past(ad_set, [now - 6 * HOUR], old="100", new="120")
    AdSet.objects.update(daily_budget=120)

    assert verdict(propose(ad_set, 144, now), "velocity") == "passed"


def test_failed_changes_do_not_count_as_moves(ad_set, now):
    past(ad_set, [now - HOUR], old="50", new="100", status="refused")

    assert verdict(propose(ad_set, 120, now), "velocity") == "passed"


def test_shared_google_budget_moves_once_whoever_asks(workspace, now):
    policy_of(workspace)
    account = connected(workspace, platform="google")
    first, second = (
        CampaignFactory(account=account, daily_budget=Decimal(120), budget_external_id="b1")
        for _ in range(2)
    )
    past(first, [now - HOUR], old="100", new="120", entity_type="campaign")

    proposal = propose(second, 132, now, entity_type="campaign")

    assert verdict(proposal, "velocity") == "deferred"
    assert moment(proposal, "velocity") == now + 5 * HOUR
    assert Campaign.objects.get(pk=second.pk).daily_budget == 120


def claimed(now, worker="w"):
    return next(iter(execution.claim(worker=worker, now=now)), None)


def test_running_claim_takes_the_last_call_of_the_hour(ad_set, approver, now):
    sibling = ad_set_in(ad_set.account, campaign=ad_set.campaign)
    past(sibling, minutes_ago(now, 14), change_type="status")
    first, second = (sign(propose(owner, 110, now), now, approver) for owner in (ad_set, sibling))

    assert claimed(now).plan.proposal_id == first.pk
    assert claimed(now) is None

    second.refresh_from_db()
    assert second.status == Status.APPROVED
    assert second.execute_after > now
    assert "15 changes an hour" in second.waiting_for


def test_deferral_tells_when_it_executes(ad_set, approver, now):
    past(ad_set, minutes_ago(now, 15), change_type="status")

    proposal = sign(propose(ad_set, 110, now), now, approver)

    assert proposal.execute_after == now + 10 * MINUTE
    assert claimed(now + 9 * MINUTE) is None
    assert claimed(now + 10 * MINUTE) is not None


@pytest.mark.django_db(transaction=True)
def test_parallel_claims_of_siblings_stay_within_the_campaigns_fifth(ad_set, approver, now):
    owners = [ad_set, *(ad_set_in(ad_set.account, campaign=ad_set.campaign) for _ in range(3))]
    for owner in owners:
        sign(propose(owner, 120, now), now, approver)

    threads = [InThread(lambda n=n: claimed(now, f"w{n}")) for n in range(4)]
    plans = [thread.result().plan.content for thread in threads]

    rise = sum(Decimal(plan["after"]) - Decimal(plan["before"]) for plan in plans)
    assert rise == 80  # a fifth of 400, and no more


@pytest.mark.django_db(transaction=True)
def test_parallel_claims_never_exceed_the_workspaces_total(workspace, approver, now):
    policy_of(workspace, max_workspace_daily_total=Decimal(215))
    owners = [ad_set_in(connected(workspace)) for _ in range(2)]
    for owner in owners:
        sign(propose(owner, 110, now), now, approver)

    threads = [InThread(lambda n=n: claimed(now, f"w{n}")) for n in range(2)]
    claims = [thread.result() for thread in threads]

    assert sorted(claim is None for claim in claims) == [False, True]
    held = Proposal.objects.get(status=Status.PENDING)
    assert verdict(held, "bounds") == "blocked"


@pytest.mark.django_db(transaction=True)
def test_parallel_claims_never_send_the_fifth_budget_change(ad_set, approver, now):
    past(ad_set, minutes_ago(now, 3))
    rival = ad_set_in(ad_set.account, campaign=ad_set.campaign)
    past(rival, minutes_ago(now, 4))
    for owner in (ad_set, rival):
        sign(propose(owner, 110, now), now, approver)

    threads = [InThread(lambda n=n: claimed(now, f"w{n}")) for n in range(3)]
    claims = [claim for claim in (thread.result() for thread in threads) if claim]

    assert [claim.plan.proposal.ad_change.entity_id for claim in claims] == [ad_set.pk]
