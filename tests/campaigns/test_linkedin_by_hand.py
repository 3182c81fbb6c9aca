"""A LinkedIn account from its connection to its history: read, proposed, signed, done by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from campaigns.models import AdAccount, AdChangeHistory, AdSet, Campaign, DailyPerformance
from campaigns.onboarding import try_connection
from campaigns.services.syncing import add_account, connect_account, sync_account
from sandbox.server import Sandbox
from tests.campaigns.change_steps import policy_of, propose, sign, verdict
from tests.campaigns.conftest import connect
from tests.campaigns.test_platform_linkedin import ACCOUNT
from workspaces.crypto import encrypt
from workspaces.gate import StateError
from workspaces.hooks import ConnectionTestError
from workspaces.models import Connection, ExecutionAttempt, Proposal, Status
from workspaces.platforms.errors import PlatformError
from workspaces.services import execution, reverting

SECRET = {"access_token": str(ACCOUNT["token"]), "account_id": "5001"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("by_hand") / "state.sqlite3") as sandbox:
        yield sandbox


@pytest.fixture
def box(server: Sandbox, now: datetime) -> Sandbox:
    """The sandbox with one LinkedIn account in USD."""
    server.control("reset", {})
    server.control("clock", {"set": now.isoformat()})
    server.control(
        "seed", {"accounts": [ACCOUNT | {"currency": "USD"}], "created_at": 1_790_000_000}
    )
    return server


@pytest.fixture
def connection(box, workspace) -> Connection:
    return connect(box, workspace, "linkedin", SECRET)


@pytest.fixture
def account(connection, workspace, now) -> AdAccount:
    policy_of(workspace)
    account = add_account(
        connection=connection, external_id="urn:li:sponsoredAccount:5001", now=now
    )
    sync_account(account=account, now=now)
    account.refresh_from_db()
    return account


@pytest.fixture
def task(account, approver, now) -> Proposal:
    """A signed rise from 120 to 132 USD a day."""
    return sign(propose(_cfos(account), "132", now), now, approver)


def _cfos(account: AdAccount) -> AdSet:
    return AdSet.objects.get(account=account, external_id="201")


def _edit(box: Sandbox, **fields: str) -> None:
    """What a person does in Campaign Manager."""
    box.control("edit", {"platform": "linkedin", "kind": "adset", "id": "201", **fields})


def _tick(task: Proposal, by, now: datetime) -> Proposal:
    return execution.complete_by_hand(
        proposal_id=task.pk, by=by, now=now, note="In Campaign Manager."
    )


def test_account_is_mirrored_with_its_days(account, now):
    assert (account.external_id, account.currency, account.time_zone) == ("5001", "USD", "UTC")
    assert account.last_sync_at == now
    assert set(Campaign.objects.values_list("external_id", "channel")) == {
        ("101", "linkedin"),
        ("102", "linkedin"),
    }
    assert (_cfos(account).daily_budget, _cfos(account).bid) == (Decimal(120), Decimal("12.5"))
    days = DailyPerformance.objects.filter(account=account, ad__external_id="301")
    assert set(days.values_list("level", "source", "campaign__external_id")) == {
        ("ad", "sync", "101")
    }
    assert days.count() == 62


def test_second_sync_adds_no_days(account, now):
    before = DailyPerformance.objects.count()

    sync_account(account=account, now=now)

    assert DailyPerformance.objects.count() == before


def test_signed_change_is_a_task_that_no_worker_takes(task, now):
    assert (task.status, task.execute_after) == (Status.APPROVED, None)
    assert task.waiting_for == "A person makes this change and ticks it off here."
    assert verdict(task, "account") == "not_applicable"

    assert execution.execute_due(worker="w", clock=lambda: now) == 0
    assert not ExecutionAttempt.objects.exists()


def test_done_by_hand_is_read_back_and_kept(box, task, account, operator, now):
    _edit(box, daily_budget="132")

    done = _tick(task, operator, now)

    assert done.status == Status.EXECUTED
    row = AdChangeHistory.objects.get()
    assert (row.old_value, row.new_value, row.currency) == ("120", "132", "USD")
    assert (row.status, row.call_sent_at) == ("applied", None)
    assert row.platform_response["by_hand"] == str(operator)
    assert ExecutionAttempt.objects.get().facts["live"] == "132"
    assert _cfos(account).daily_budget == 132


def test_sync_between_doing_and_ticking_off_stands_in_no_ones_way(
    box, task, account, operator, now
):
    _edit(box, daily_budget="132")
    sync_account(account=account, now=now)
    assert _cfos(account).daily_budget == 132

    assert _tick(task, operator, now).status == Status.EXECUTED
    assert AdChangeHistory.objects.get().old_value == "120"


@pytest.mark.parametrize("live", ["120", "131.99", "140"])
def test_another_value_is_not_ticked_off(box, task, account, operator, now, live):
    _edit(box, daily_budget=live)

    with pytest.raises(StateError, match=f"LinkedIn shows {live} USD now, which is not what was"):
        _tick(task, operator, now)

    task.refresh_from_db()
    assert task.status == Status.APPROVED
    assert not AdChangeHistory.objects.exists()
    assert not ExecutionAttempt.objects.exists()
    assert _cfos(account).daily_budget == 120


def test_page_says_what_linkedin_shows(task, operator, client_as):
    client = client_as(operator)
    form = {
        "workspace": str(task.workspace.public_id),
        "plan_sha256": task.current_plan.sha256,
        "why": "Done.",
    }
    path = f"/approvals/{task.public_id}/tick/"

    answer = client.post(path, form, headers={"HX-Request": "true"})

    assert answer.status_code == 409
    assert "LinkedIn shows 120 USD now" in answer.content.decode()


def test_switch_by_hand_is_compared_too(box, account, approver, operator, now):
    paused = AdSet.objects.get(account=account, external_id="202")
    task = sign(propose(paused, "active", now, change_type="status"), now, approver)
    with pytest.raises(StateError, match="LinkedIn shows paused now"):
        _tick(task, operator, now)

    box.control("edit", {"platform": "linkedin", "id": "202", "status": "active"})

    assert _tick(task, operator, now).status == Status.EXECUTED
    paused.refresh_from_db()
    assert paused.status == "active"


def test_what_cannot_be_read_back_is_not_ticked_off(box, task, operator, now):
    _edit(box, daily_budget="132")
    box.control("faults", {"kind": "linkedin_status", "code": 503})

    with pytest.raises(StateError, match="cannot be read back, so it is not ticked off: LinkedIn"):
        _tick(task, operator, now)

    box.control("faults", None, "DELETE")
    assert _tick(task, operator, now).status == Status.EXECUTED


def test_undo_is_a_task_again(box, task, account, approver, operator, now):
    _edit(box, daily_budget="132")
    done = _tick(task, operator, now)

    undo = reverting.revert(proposal_id=done.pk, by=operator, now=now, reason="Too much.")
    task = sign(undo, now, approver)
    _edit(box, daily_budget="120")

    assert _tick(task, operator, now).status == Status.EXECUTED
    assert _cfos(account).daily_budget == 120


def test_accounts_page_says_that_it_is_read_only(account, operator, client_as):
    text = client_as(operator).get("/campaigns/accounts/").content.decode()

    assert "read only, signed changes are done by hand" in text


def test_connection_is_tried_by_reading_its_account(connection):
    assert try_connection(connection, SECRET) == "B2B answers, in USD, UTC."
    with pytest.raises(ConnectionTestError, match="enter a newer one"):
        try_connection(connection, SECRET | {"api_version": "202511"})
    with pytest.raises(ConnectionTestError) as caught:
        try_connection(connection, SECRET | {"access_token": "wrong"})
    assert caught.value.needs_login


def test_connection_is_made_on_its_page_and_resumed_where_it_was_stopped(
    box, workspace, admin, client_as
):
    client = client_as(admin)
    form = {"workspace": str(workspace.public_id), "name": "Main", "base_url": box.base_url}
    client.post("/connections/new/linkedin/", form | SECRET)
    connection = Connection.objects.get()
    assert (connection.kind, connection.status) == ("linkedin", "active")
    assert connection.last_ok_at is not None

    Connection.objects.update(status="stopped")
    resume = f"/connections/{connection.public_id}/resume/"
    assert resume in client.get("/connections/").content.decode()
    client.post(resume, form)

    connection.refresh_from_db()
    assert connection.status == "active"


def test_retired_version_stands_at_the_account(account, connection, now):
    connection.secret = encrypt(SECRET | {"api_version": "202511"})
    connection.save()

    with pytest.raises(PlatformError):
        sync_account(account=AdAccount.objects.get(pk=account.pk), now=now)

    account.refresh_from_db()
    assert "retired: enter a newer one" in account.last_sync_error


def test_accounts_of_two_workspaces_do_not_meet(box, account, other_workspace, now):
    theirs = connect_account(
        connection=connect(box, other_workspace, "linkedin", SECRET),
        external_id="5001",
        platform="linkedin",
        now=now,
    )

    sync_account(account=theirs, now=datetime(2026, 11, 21, 10, tzinfo=UTC))

    account.refresh_from_db()
    assert account.last_sync_at == now
    assert AdSet.objects.filter(workspace=other_workspace, external_id="201").count() == 1
    assert AdSet.objects.filter(external_id="201").count() == 2
