"""Signed amounts on the wire, and drift, against the sandbox over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from campaigns.models import AdAccount, AdChangeHistory, AdSet
from campaigns.services.syncing import connect_account, sync_account
from sandbox.server import Sandbox
from tests.campaigns.change_steps import ad_set_in, connected, policy_of, propose, sign
from tests.campaigns.conftest import connect
from tests.workspaces.gate_steps import fresh
from workspaces.gate import Proposer, RequestError
from workspaces.models import ExecutionAttempt, Proposal, Status
from workspaces.services import execution

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox") / "state.sqlite3") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox, now):
    """The sandbox, forgotten and frozen."""
    _sandbox.control("reset")
    _sandbox.control("clock", {"set": now.isoformat()})
    return _sandbox


@pytest.fixture
def meta(sandbox, workspace, now):
    """Build a synced Meta account in a currency, with one ad set of a budget."""

    def build(currency: str = "USD", budget: str = "100", **extra: object) -> AdSet:
        seed = {
            "platform": "meta", "id": "1001", "name": "Account", "currency": currency,
            "timezone": "UTC", "token": "secret", **extra,
            "campaigns": [
                {"id": "101", "name": "Campaign", "status": "active",
                 "adsets": [{"id": "201", "name": "Ad set", "daily_budget": budget}]},
            ],
        }  # fmt: skip
        sandbox.control("seed", {"accounts": [seed], "created_at": 1790000000})
        policy_of(workspace)
        connection = connect(sandbox, workspace, "meta", {"access_token": "secret"})
        account = connect_account(
            connection=connection, external_id="1001", platform="meta", now=now
        )
        sync_account(account=account, now=now)
        return AdSet.objects.select_related("account", "campaign", "workspace").get()

    return build


def shown(sandbox):
    """The ad set's budget as Meta's own interface shows it."""
    http = HTTPConnection(urlsplit(sandbox.base_url).netloc, timeout=10)
    http.request(
        "GET", "/v26.0/201?fields=daily_budget", headers={"Authorization": "Bearer secret"}
    )
    try:
        return json.loads(http.getresponse().read())["daily_budget"]
    finally:
        http.close()


def effects(sandbox):
    return sandbox.control("calls?entity=201", None, "GET")["effects"]


def run(now):
    return execution.execute_due(worker="w", clock=lambda: now)


@pytest.mark.parametrize(
    ("currency", "wire"), [("JPY", "5000"), ("HUF", "5000"), ("TWD", "5000"), ("USD", "500000")]
)
def test_five_thousand_reaches_meta_in_its_own_units(
    sandbox, meta, approver, admin, now, currency, wire
):
    ad_set = meta(currency, "4500")
    proposal = sign(propose(ad_set, "5000", now), now, approver, admin)

    run(now)

    assert fresh(proposal).status == Status.EXECUTED, fresh(proposal).last_error
    assert str(shown(sandbox)) == wire
    ad_set.refresh_from_db()
    assert ad_set.daily_budget == 5000
    assert len(effects(sandbox)) == 1


@pytest.mark.parametrize("currency", ["KWD", "BHD", "TND"])
def test_three_decimal_currency_is_refused_in_words(workspace, now, currency):
    policy_of(workspace)
    ad_set = ad_set_in(connected(workspace, currency=currency))

    with pytest.raises(RequestError, match="until the ad account reports its currency offset"):
        propose(ad_set, "110", now)

    assert not Proposal.objects.exists()
    AdAccount.objects.update(money_offset=1000)
    assert propose(ad_set, "110.125", now).current_plan.content["after"] == "110.125"


@pytest.mark.parametrize(
    ("live", "status"), [("101.00", Status.EXECUTED), ("101.01", Status.PENDING)]
)
def test_drift_of_one_percent_is_let_pass(sandbox, meta, approver, now, live, status):
    ad_set = meta()
    proposal = sign(propose(ad_set, "110", now), now, approver)
    sandbox.control("edit", {"platform": "meta", "id": "201", "daily_budget": live})

    run(now)

    proposal = fresh(proposal)
    assert proposal.status == status
    sent = [effect for effect in effects(sandbox) if effect["source"] == "api"]
    assert bool(sent) is (status == Status.EXECUTED)
    if status == Status.PENDING:
        assert proposal.current_plan.content["before"] == "101.01"
        assert AdChangeHistory.objects.get(proposal=proposal).status == "drift"


def test_any_drift_of_a_status_asks_again(sandbox, meta, approver, operator, now):
    by = Proposer.person(operator)  # whom ignorance does not hold
    proposal = propose(meta(), "paused", now, change_type="status", proposer=by)
    sign(proposal, now, approver)
    sandbox.control("edit", {"platform": "meta", "id": "201", "status": "archived"})

    run(now)

    proposal = fresh(proposal)
    assert proposal.status == Status.PENDING
    assert proposal.current_plan.content["before"] == "archived"


def test_drift_to_the_target_itself_is_done_without_a_call(sandbox, meta, approver, now):
    proposal = sign(propose(meta(), "110", now), now, approver)
    sandbox.control("edit", {"platform": "meta", "id": "201", "daily_budget": "110.00"})

    run(now)

    assert fresh(proposal).status == Status.EXECUTED
    assert [effect["source"] for effect in effects(sandbox)] == ["edit"]
    assert ExecutionAttempt.objects.get().call_sent_at is None


def test_another_tools_fifth_change_makes_us_wait_an_hour(sandbox, meta, approver, now):
    proposal = sign(propose(meta(), "110", now), now, approver)
    sandbox.control("faults", {"kind": "meta_613_budget", "method": "POST", "times": 1})

    run(now)

    proposal = fresh(proposal)
    assert (proposal.status, proposal.attempts) == (Status.APPROVED, 0)
    assert proposal.next_attempt_at == now + HOUR
    assert effects(sandbox) == []
    assert run(now + HOUR - timedelta(seconds=1)) == 0
    run(now + HOUR)
    assert fresh(proposal).status == Status.EXECUTED


def test_call_that_was_sent_counts_whatever_became_of_it(sandbox, meta, approver, now):
    ad_set = meta()
    sandbox.control("faults", {"kind": "meta_100", "method": "POST", "times": 1})
    sign(propose(ad_set, "110", now), now, approver)
    run(now)

    history = AdChangeHistory.objects.get()
    assert (history.status, history.call_sent_at) == ("refused", now)
    assert Proposal.objects.get().status == Status.FAILED


def test_throttled_account_rests_and_the_next_change_waits(sandbox, meta, approver, now):
    ad_set = meta()
    sandbox.control("faults", {"kind": "meta_17", "method": "POST", "times": 1})
    proposal = sign(propose(ad_set, "110", now), now, approver)

    run(now)

    proposal = fresh(proposal)
    ad_set.account.refresh_from_db()
    assert (proposal.status, proposal.attempts) == (Status.APPROVED, 0)
    assert ad_set.account.blocked_until > now
    assert run(ad_set.account.blocked_until - timedelta(seconds=1)) == 0
    run(ad_set.account.blocked_until)
    assert fresh(proposal).status == Status.EXECUTED


def test_five_errors_in_a_row_rest_the_account(sandbox, meta, approver, now):
    ad_set = meta()
    AdAccount.objects.update(consecutive_errors=4)
    sandbox.control("faults", {"kind": "http_500", "method": "GET", "times": 1})
    proposal = sign(propose(ad_set, "110", now), now, approver)

    run(now)

    ad_set.account.refresh_from_db()
    assert fresh(proposal).attempts == 1
    assert ad_set.account.blocked_until == now + timedelta(minutes=15)


def test_bad_token_stops_the_connection_and_loses_nothing(sandbox, meta, approver, now):
    ad_set = meta()
    sandbox.control("faults", {"kind": "meta_190", "method": "POST", "times": 1})
    proposal = sign(propose(ad_set, "110", now), now, approver)

    run(now)

    ad_set.account.connection.refresh_from_db()
    assert ad_set.account.connection.status == "needs_login"
    assert (fresh(proposal).status, fresh(proposal).attempts) == (Status.APPROVED, 0)
    assert run(now + 2 * HOUR) == 0, "it waits for somebody to log in"
    assert fresh(proposal).status == Status.APPROVED
