"""What came of a change: against its siblings, before and after, or not separable."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from campaigns.models import AdAccount, DailyPerformance
from tests.campaigns.change_steps import ad_set_in, connected, days, past, policy_of, propose, sign
from tests.workspaces.gate_steps import fresh
from workspaces.services import execution, upkeep

EXECUTED_ON = date(2026, 11, 21)
WINDOW_END = datetime(2026, 11, 29, tzinfo=UTC)
LAG = timedelta(hours=6)
AFTER = date(2026, 11, 28)


@pytest.fixture
def account(workspace):
    policy_of(workspace)
    return connected(workspace)


@pytest.fixture
def owners(account):
    """An ad set and four siblings, each in a campaign of its own."""
    owners = [ad_set_in(account) for _ in range(5)]
    days(account, owners)
    return owners


def executed(ad_set, now, approver, operator):
    AdAccount.objects.update(connection=None)
    proposal = sign(propose(ad_set, 110, now), now, approver)
    return execution.complete_by_hand(proposal_id=proposal.pk, by=operator, now=now)


def afterwards(account, owners, *, gain=2.0, others=1.0, until=AFTER):
    """Days after execution: the first owner's revenue grows, and that of the others."""
    count = (until - EXECUTED_ON).days + 1
    days(account, owners[:1], count=count, until=until, rate=3 * gain)
    days(account, owners[1:], count=count, until=until, rate=3 * others)


def measured(proposal, at=WINDOW_END + LAG):
    upkeep.measure_due(now=at)
    return fresh(proposal).realised


def test_effect_is_set_against_unchanged_siblings(account, owners, approver, operator, now):
    proposal = executed(owners[0], now, approver, operator)
    afterwards(account, owners, gain=2.0, others=1.5)

    realised = measured(proposal)

    assert (realised["separable"], realised["method"], realised["siblings"]) == (
        True, "siblings", 4,
    )  # fmt: skip
    # Siblings went up by half, so of twice as much only the rest is the change's.
    assert float(realised["delta"]) / float(realised["expected"]) == pytest.approx(1 / 3, abs=0.05)
    assert fresh(proposal).measured_at == WINDOW_END + LAG


def test_nothing_is_measured_before_seven_full_days(account, owners, approver, operator, now):
    proposal = executed(owners[0], now, approver, operator)
    afterwards(account, owners)

    assert proposal.measure_after == WINDOW_END + LAG
    assert measured(proposal, WINDOW_END + LAG - timedelta(seconds=1)) is None


def test_fewer_than_three_unchanged_siblings_is_plain_before_after(
    account, owners, approver, operator, now
):
    proposal = executed(owners[0], now, approver, operator)
    afterwards(account, owners, gain=2.0, others=1.5)
    for sibling in owners[1:3]:
        past(sibling, [now], old="100", new="110")

    realised = measured(proposal)

    assert (realised["method"], realised["siblings"]) == ("before_after", 2)
    assert float(realised["delta"]) / float(realised["expected"]) == pytest.approx(1, abs=0.1)


def test_sibling_whose_campaign_was_changed_is_not_unchanged(
    account, owners, approver, operator, now
):
    proposal = executed(owners[0], now, approver, operator)
    afterwards(account, owners)
    for sibling in owners[1:3]:
        past(sibling.campaign, [now], entity_type="campaign", change_type="status")

    assert measured(proposal)["siblings"] == 2


@pytest.mark.parametrize(
    ("when", "separable"),
    [
        (datetime(2026, 11, 7, 9, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 7, 9, 1, tzinfo=UTC), False),
        (WINDOW_END - timedelta(seconds=1), False),
        (WINDOW_END, True),
    ],
)
def test_change_of_the_same_campaign_in_the_same_days_is_not_separable(
    account, owners, approver, operator, now, when, separable
):
    proposal = executed(owners[0], now, approver, operator)
    afterwards(account, owners)
    sibling = ad_set_in(account, campaign=owners[0].campaign)
    past(sibling, [when])

    realised = measured(proposal)

    assert realised["separable"] is separable
    if not separable:
        assert realised["why"] == "1 other changes fell into the same days."


def test_failed_change_does_not_overlap(account, owners, approver, operator, now):
    proposal = executed(owners[0], now, approver, operator)
    afterwards(account, owners)
    past(owners[0], [now], status="refused")

    assert measured(proposal)["separable"] is True


def test_missing_days_are_waited_for(account, owners, approver, operator, now):
    proposal = executed(owners[0], now, approver, operator)
    afterwards(account, owners, until=AFTER - timedelta(days=1))
    assert measured(proposal) is None

    days(account, owners, count=1, until=AFTER)

    assert measured(proposal, WINDOW_END + 3 * LAG)["separable"] is True


def test_account_with_too_short_a_past_says_so(account, owners, approver, operator, now):
    proposal = executed(owners[0], now, approver, operator)
    afterwards(account, owners)
    DailyPerformance.objects.filter(day__lt=date(2026, 11, 8)).delete()

    realised = measured(proposal)

    assert realised == {
        "separable": False, "why": "Days of performance are missing around it."
    }  # fmt: skip


def test_change_without_a_prediction_is_not_measured(account, approver, operator, now):
    young = ad_set_in(account)
    days(account, [young], count=5)

    proposal = executed(young, now, approver, operator)

    assert proposal.measure_after is None
    assert upkeep.measure_due(now=WINDOW_END + LAG) == 0


def test_window_ends_with_the_accounts_days(workspace, approver, operator, now):
    policy_of(workspace)
    account = connected(workspace, time_zone="America/New_York")
    ad_set = ad_set_in(account)
    days(account, [ad_set])

    proposal = executed(ad_set, now, approver, operator)

    assert proposal.measure_after == datetime(2026, 11, 29, 5, tzinfo=UTC) + LAG
