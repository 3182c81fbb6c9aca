"""The ledger: what was carried out, by whom, what came of it; nothing of another workspace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pgtrigger
import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import fresh, propose, run_due, sign, signed
from workspaces import gate
from workspaces.gate import Outcome, RequestError, StateError
from workspaces.models import Plan, Proposal, User, Workspace
from workspaces.selectors_ledger import (
    LedgerFilter,
    _parsed,
    changes_by_day,
    effect_of,
    ledger_page,
    ledger_rows,
)
from workspaces.selectors_undo import undoable, undoable_ids
from workspaces.services import brake, reverting

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 29, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture
def note():
    before = dict(gate._handlers)
    yield note_kind.install()
    gate._handlers.clear()
    gate._handlers.update(before)


@pytest.fixture
def done(note, workspace: Workspace, approver: User, now: Any) -> list[Proposal]:
    """Three notes, carried out an hour after another, from 09:00 UTC on a Saturday."""
    rows = []
    for number in range(3):
        at = now + timedelta(hours=number)
        rows.append(signed(workspace, approver, at, page=f"p{number}"))
        run_due(at)
    return [fresh(row) for row in rows]


def subjects(workspace: Workspace, **asked: Any) -> list[str]:
    page = ledger_page(workspace=workspace, filters=LedgerFilter(**asked))
    return [row.proposal.subject_label for row in page.rows]


def measured(proposal: Proposal, told: dict[str, str], delta: str | None, **more: Any) -> None:
    """Write past the services what was predicted, and what came of it."""
    rows = Plan.objects.filter(pk=proposal.current_plan_id)
    with_told = rows.get()
    with_told.pk, with_told.version, with_told.predicted = None, 2, told
    realised = {**({"delta": delta} if delta else {}), **more}
    Proposal.objects.filter(pk=proposal.pk).update(realised=realised, measured_at=AT)
    with_told.save()
    with pgtrigger.ignore():
        Proposal.objects.filter(pk=proposal.pk).update(current_plan=with_told)


def test_it_holds_what_was_carried_out_newest_first(done, workspace, approver, now, note):
    propose(workspace, now, page="waits")
    note.call = lambda plan: Outcome("refused", "No.")
    failed = signed(workspace, approver, now, page="fails")
    run_due(now)

    page = ledger_page(workspace=workspace, filters=LedgerFilter())

    assert subjects(workspace) == ["Page p2", "Page p1", "Page p0"]
    assert (page.rows[0].diff.before, page.rows[0].diff.after) == ("blank", "hello")
    assert page.rows[0].signers == (str(approver),)
    assert page.rows[0].at_stake == "$10.00 a day at stake"
    assert subjects(workspace, outcome="failed") == ["Page fails"]
    assert fresh(failed).executed_at is None


def test_pages_follow_each_other_without_gap_or_repetition(done, workspace):
    Proposal.objects.update(executed_at=done[0].executed_at)  # all in one moment
    seen, after = [], ""
    for _ in range(3):
        page = ledger_page(workspace=workspace, filters=LedgerFilter(), after=after, size=1)
        seen += [row.proposal.pk for row in page.rows]
        after = page.next_cursor

    assert seen == [row.pk for row in done[::-1]]
    assert after == ""


@pytest.mark.parametrize("cursor", ["x", "2026-11-21~1", "2026-11-21T09:00:00+00:00~x", "~"])
def test_a_damaged_address_is_refused(cursor, workspace):
    with pytest.raises(RequestError, match="damaged"):
        ledger_page(workspace=workspace, filters=LedgerFilter(), after=cursor)


def test_it_is_narrowed_by_what_people_ask(done, workspace, approver, operator, now):
    brake.pull(workspace=workspace, by=operator, reason="Fire.", now=now + timedelta(hours=9))

    assert subjects(workspace, kind="note", search="p1") == ["Page p1"]
    assert subjects(workspace, kind="workspaces.stop", signer="policy") != []
    assert len(subjects(workspace, signer=f"user:{approver.pk}")) == 3
    assert subjects(workspace, signer=f"user:{operator.pk}") == []
    assert subjects(workspace, signer="user:9'") == []
    assert len(subjects(workspace, proposer="model:sampler")) == 3
    assert subjects(workspace, proposer="model:other") == []


def test_days_are_those_of_the_workspace(done, workspace, now):
    workspace.time_zone = "Pacific/Auckland"  # 13 hours ahead: 11:00 UTC is the next day there
    workspace.save()
    workspace = Workspace.objects.get(pk=workspace.pk)

    assert subjects(workspace, since=date(2026, 11, 22)) == ["Page p2"]
    assert subjects(workspace, until=date(2026, 11, 21)) == ["Page p1", "Page p0"]
    assert changes_by_day(workspace, LedgerFilter()) == {
        date(2026, 11, 21): 2, date(2026, 11, 22): 1,
    }  # fmt: skip


def test_an_undone_change_says_so_and_its_undo_is_one_more(
    done, workspace, approver, operator, now
):
    undo = reverting.revert(proposal_id=done[2].pk, by=operator, now=now + timedelta(hours=4))
    sign(undo, approver, now + timedelta(hours=4))
    run_due(now + timedelta(hours=4))

    assert subjects(workspace, outcome="reverted") == ["Page p2"]
    assert subjects(workspace) == ["Page p2", "Page p2", "Page p1", "Page p0"]
    newest = ledger_page(workspace=workspace, filters=LedgerFilter()).rows[0]
    assert newest.proposal.reverts_id == done[2].pk


UP = {"metric": "revenue", "delta": "10", "low": "5", "high": "15"}
CUT = {"metric": "revenue", "delta": "-10", "low": "-15", "high": "-5"}
DOWN = {"metric": "complaints", "delta": "-10", "low": "-15", "high": "-5", "better": "less"}


@pytest.mark.parametrize(
    ("told", "delta", "more", "effect"),
    [
        (UP, "5", {}, "good"), (UP, "99", {}, "good"), (UP, "4.99", {}, "bad"),
        (CUT, "-15", {}, "good"), (CUT, "3", {}, "good"), (CUT, "-15.01", {}, "bad"),
        (DOWN, "-5", {}, "good"), (DOWN, "-99", {}, "good"), (DOWN, "3", {}, "bad"),
        (UP, None, {}, "none"), (UP, "9", {"separable": False}, "none"),
    ],
)  # fmt: skip
def test_what_came_of_it_reads_the_same_in_python_and_in_the_database(
    done, workspace, told, delta, more, effect
):
    measured(done[0], told, delta, **more)

    found = [
        name
        for name in ("good", "bad", "none")
        if ledger_rows(workspace, LedgerFilter(effect=name)).filter(pk=done[0].pk).exists()
    ]

    assert effect_of(fresh(done[0])) == effect
    assert found == [effect]


def test_the_page_shows_changes_and_offers_the_way_back(
    done, viewer, operator, client_as, django_assert_max_num_queries
):
    client = client_as(operator)
    client.get("/ledger/")
    with django_assert_max_num_queries(12):
        page = client.get("/ledger/", {"q": "p1"}).content.decode()
    seen = client_as(viewer).get("/ledger/").content.decode()

    assert "Page p1" in page
    assert "Page p2" not in page
    assert f"/approvals/{done[1].public_id}/undo/" in page
    assert "/undo/" not in seen


def test_what_stays_is_offered_no_way_back(note, done, operator, viewer, workspace, client_as):
    note.final = "blank"  # what all of them were written over
    client = client_as(operator)
    url = f"/approvals/{done[1].public_id}/"

    assert undoable_ids(done) == set()
    assert undoable(workspace=workspace, proposer=done[1].proposer_key, since=AT - YEAR) == []
    assert f"{url}undo/" not in client.get("/ledger/").content.decode()
    assert f"{url}undo/" not in client.get(url).content.decode()
    rows = client.get("/api/ledger/").json()["results"]
    listed = client.get("/api/proposals/").json()["results"]
    assert [row["can_undo"] for row in (*rows, *listed)] == 6 * [False]
    # Who asks all the same is told why.
    with pytest.raises(StateError, match="It stays"):
        reverting.revert(proposal_id=done[1].pk, by=operator, now=AT)


def test_what_can_be_undone_says_so_everywhere(done, operator, workspace, client_as):
    client = client_as(operator)
    url = f"/approvals/{done[1].public_id}/"

    assert undoable_ids(done) == {row.pk for row in done}
    assert f"{url}undo/" in client.get(url).content.decode()
    rows = client.get("/api/ledger/").json()["results"]
    listed = client.get("/api/proposals/").json()["results"]
    one = client.get(f"/api/proposals/{done[1].public_id}/").json()
    assert [row["can_undo"] for row in (*rows, *listed, one)] == 7 * [True]


def test_an_undo_from_the_row_waits_for_another_signature(done, operator, workspace, client_as):
    answer = client_as(operator).post(
        f"/approvals/{done[1].public_id}/undo/",
        {"workspace": str(workspace.public_id), "why": "Too early.",
         "plan_sha256": done[1].current_plan.sha256},
    )  # fmt: skip

    undo = Proposal.objects.get(reverts=done[1])
    assert answer.status_code == 302
    assert (undo.status, undo.reason) == ("pending", "Too early.")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_files_hold_the_same_rows(kind, done, viewer, client_as):
    answer = client_as(viewer).get(f"/ledger/export.{kind}", {"q": "p1"})

    assert answer["Content-Disposition"] == f'attachment; filename="ledger.{kind}"'
    if kind == "csv":
        text = answer.content.decode()
        assert "Page p1" in text
        assert "Page p2" not in text
        assert "Search,p1" in text


def test_nobody_sees_another_workspaces_changes(
    done: list[Proposal], outsider: User, client_as: Callable[[User], Client]
):
    client = client_as(outsider)

    assert "Page p" not in client.get("/ledger/").content.decode()
    assert "Page p" not in client.get("/ledger/export.csv").content.decode()
    assert client.get("/ledger/export.pdf").status_code == 404


@given(text=st.text(max_size=60))
def test_no_cursor_breaks_the_page(text):
    try:
        moment, pk = _parsed(text)
    except RequestError:
        return
    assert moment.tzinfo is not None
    assert pk >= 0
