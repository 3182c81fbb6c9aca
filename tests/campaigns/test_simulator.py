"""The policy simulator: past proposals under an edited policy, and nothing written."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import SafetyPolicy
from campaigns.services.simulating import simulate
from tests.campaigns.change_steps import ad_set_in, connected, days, past, policy_of, propose
from workspaces.gate import RequestError

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(workspace):
    policy_of(workspace)
    return connected(workspace)


@pytest.fixture
def three(account, now):
    """Proposals of +5 %, +10 % and +20 %."""
    owners = [ad_set_in(account) for _ in range(3)]
    days(account, owners)
    return [
        propose(owner, value, now) for owner, value in zip(owners, (105, 110, 120), strict=True)
    ]


def run(workspace, now, **values):
    account = values.pop("account", None)
    return simulate(workspace=workspace, values=values, now=now, account=account)


def test_same_policy_changes_nothing(workspace, three, now):
    result = run(workspace, now)

    assert result.standing == result.edited == {"one_signature": 3}
    assert not any(row.differs for row in result.rows)


def test_switching_automatic_signatures_on_is_counted(workspace, three, now):
    result = run(workspace, now, auto_approve_enabled=True)

    assert result.standing == {"one_signature": 3}
    assert result.edited == {"auto_approved": 2, "one_signature": 1}
    assert [row.proposal for row in result.rows if row.differs] == three[1::-1]
    assert result.loosens == ("auto_approve_enabled",)


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ({"max_daily_budget": 110}, {"one_signature": 2, "blocked": 1}),
        ({"four_eyes_result": 105}, {"one_signature": 1, "two_signatures": 2}),
        ({"blackout_dates": ["2026-11-21"]}, {"deferred": 3}),
        ({"velocity_pct": Decimal(10)}, {"one_signature": 2, "blocked": 1}),
    ],
    ids=str,
)
def test_stricter_limits_are_counted(workspace, three, now, values, counts):
    assert run(workspace, now, **values).edited == counts


def test_nothing_is_written(workspace, three, now):
    with CaptureQueriesContext(connection) as queries:
        run(workspace, now, auto_approve_enabled=True, max_daily_budget=110)

    statements = {query["sql"].split()[0] for query in queries}
    assert statements <= {"SELECT", "SAVEPOINT", "RELEASE"}
    assert SafetyPolicy.objects.count() == 1


def test_each_is_judged_at_its_own_moment(workspace, account, now):
    ad_set = ad_set_in(account)
    propose(ad_set, 110, now)
    past(ad_set, [now + number * MINUTE for number in range(1, 16)], change_type="status")

    result = run(workspace, now + HOUR)

    assert result.standing == {"one_signature": 1}, "later calls were not there yet"


def test_thirty_days_are_replayed(workspace, account, now):
    for owner, age in ((ad_set_in(account), 31), (ad_set_in(account), 29)):
        propose(owner, 110, now - timedelta(days=age))

    assert len(run(workspace, now).rows) == 1


def test_one_accounts_policy_looks_at_its_proposals_only(workspace, three, now):
    other = connected(workspace)
    propose(ad_set_in(other), 110, now)

    result = run(workspace, now, account=other, max_daily_budget=105)

    assert result.edited == {"blocked": 1}


def test_another_workspaces_proposals_are_not_seen(workspace, other_workspace, now):
    policy_of(other_workspace)
    propose(ad_set_in(connected(other_workspace)), 110, now)

    assert run(workspace, now).rows == ()


def test_impossible_policy_is_refused_before_anything_is_judged(workspace, three, now):
    with pytest.raises(RequestError) as refusal:
        run(workspace, now, fuzz_pct=9)

    assert refusal.value.field == "fuzz_pct"
