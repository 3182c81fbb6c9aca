"""The queue page: what it shows, in which order, to whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.database import answers_alone
from tests.workspaces import note_kind
from tests.workspaces.note_kind import NoteKind
from workspaces import gate, selectors_queue
from workspaces.gate import CheckResult, Proposer
from workspaces.models import Proposal, Risk, SavedView, Workspace
from workspaces.selectors_queue import QueueFilter
from workspaces.services import brake, proposing, signing

MACHINE = Proposer.model("sampler", "v1")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def note():
    before = dict(gate._handlers)
    yield note_kind.install()
    gate._handlers.clear()
    gate._handlers.update(before)


@pytest.fixture
def now() -> datetime:
    """Pages read the clock themselves, so these proposals are made at its time."""
    return timezone.now()


def _propose(workspace: Workspace, now: datetime, page: str, **options: object) -> Proposal:
    options = {"proposer": MACHINE, "request": {"page": page, "text": "hello"}, **options}
    return proposing.propose(
        workspace=workspace, kind="note", reason="Because.", now=now, **options
    )


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(selectors_queue, "PAGE_SIZE", 5)


def _subjects(response) -> list[str]:
    return [row.proposal.subject_label for row in response.context["page"].rows]


@pytest.mark.parametrize(
    "path",
    ["/approvals/", "/approvals/changes", "/approvals/execution/", "/approvals/undo/"],
)
def test_strangers_log_in_first(db, client, path):
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_stranger_inside_a_fragment_gets_the_whole_page_reloaded(db, client):
    response = client.get("/approvals/", headers=HTMX)

    assert response.status_code == 401
    assert response["HX-Refresh"] == "true"


def test_riskiest_then_soonest_expiring_stand_first(
    note: NoteKind, workspace, viewer, client_as, now
):
    _propose(workspace, now, "low-late")
    _propose(workspace, now - timedelta(hours=2), "low-soon")
    note.risk = Risk.HIGH
    _propose(workspace, now, "high")
    note.risk = Risk.MEDIUM
    _propose(workspace, now, "medium")

    response = client_as(viewer).get("/approvals/")

    assert _subjects(response) == ["Page high", "Page medium", "Page low-soon", "Page low-late"]
    assert "2 of" not in response.text
    assert "0 of 1 signed" in response.text


def test_checks_have_a_text_beside_their_icon(note: NoteKind, workspace, viewer, client_as, now):
    note.checks = (
        CheckResult("velocity", "deferred", "Later.", now + timedelta(hours=1)),
        CheckResult("bounds", "passed", "Inside."),
    )
    _propose(workspace, now, "1")

    text = client_as(viewer).get("/approvals/").text

    assert "deferred: velocity" in text
    assert "passed: bounds" in text


def test_other_workspaces_are_not_shown(note, workspace, outsider, client_as, now):
    proposal = _propose(workspace, now, "1")
    client = client_as(outsider)

    assert _subjects(client.get("/approvals/")) == []
    assert client.get(f"/approvals/{proposal.public_id}/").status_code == 404
    assert client.get(f"/approvals/?open={proposal.public_id}").context.get("detail") is None


def test_list_needs_few_queries(note, workspace, viewer, client_as, now):
    for page in range(30):
        _propose(workspace, now, str(page))
    client = client_as(viewer)
    client.get("/approvals/")

    with CaptureQueriesContext(connection) as queries:
        response = client.get("/approvals/")

    assert len(_subjects(response)) == 30
    assert len(queries) <= 12, "\n".join(query["sql"][:150] for query in queries)


@pytest.mark.parametrize(
    "query",
    ["risk=low", "q=page", "kind=note&low=1", "proposer=model:sampler", "tab=done", "after="],
)
def test_no_filter_needs_more_queries(
    note, workspace, viewer, client_as, now, query, django_assert_max_num_queries
):
    for page in range(3):
        _propose(workspace, now, str(page))
    client = client_as(viewer)
    client.get("/approvals/")

    with django_assert_max_num_queries(12):
        response = client.get(f"/approvals/?{query}")

    assert response.status_code == 200


def test_opening_a_row_needs_few_queries(
    note, workspace, approver, client_as, now, django_assert_max_num_queries
):
    proposal = _propose(workspace, now, "1")
    client = client_as(approver)
    path = f"/approvals/{proposal.public_id}/"
    client.get(path, headers=HTMX)

    with django_assert_max_num_queries(12):
        response = client.get(path, headers=HTMX)

    assert "Because." in response.text


def test_narrowed_queue_is_read_from_its_index(note, workspace, now):
    rows = selectors_queue._narrowed(
        QueueFilter(kind="note", risk="low", proposer="x", low=Decimal(1), high=Decimal(2)), now
    )
    ids = selectors_queue._waiting_order(rows.filter(workspace=workspace)).values("pk")

    answers_alone("workspaces_proposal_in_queue")
    plan = ids.explain()

    assert "Index Only Scan using workspaces_proposal_in_queue" in plan
    assert "Sort" not in plan


def test_an_index_tells_at_which_risks_an_amount_waits(note, workspace):
    rows = selectors_queue._of_their_risks(
        Proposal.objects.all(), workspace, {"money_at_stake__lte": Decimal(2)}
    )

    answers_alone("workspaces_proposal_amounts")
    plan = rows.explain()

    assert plan.count("Index Only Scan using workspaces_proposal_amounts") == 3


def test_an_amount_is_found_at_any_risk(note, workspace, viewer, client_as, now):
    amounts = {"one": "0.20", "two": "5.00", "three": "0.30", "four": None}
    risks = (Risk.LOW, Risk.HIGH, Risk.MEDIUM, Risk.HIGH)
    for (page, amount), risk in zip(amounts.items(), risks, strict=True):
        made = _propose(workspace, now, page)
        Proposal.objects.filter(pk=made.pk).update(money_at_stake=amount, risk=risk)

    client = client_as(viewer)
    shown = {
        asked: _subjects(client.get(f"/approvals/?{asked}"))
        for asked in ("high=0.30", "low=1", "low=0.25&high=6", "high=0.10")
    }

    assert shown == {
        "high=0.30": ["Page three", "Page one"],
        "low=1": ["Page two"],
        "low=0.25&high=6": ["Page two", "Page three"],
        "high=0.10": [],
    }


@pytest.mark.usefixtures("small_pages")
def test_pages_are_stable_while_rows_come_and_go(note, workspace, viewer, approver, client_as, now):
    made = [_propose(workspace, now + timedelta(seconds=n), f"{n:03}") for n in range(8)]
    client = client_as(viewer)
    first = client.get("/approvals/")
    cursor = first.context["page"].next_cursor

    plan = made[0].current_plan.sha256
    signing.sign(proposal_id=made[0].pk, plan_sha256=plan, by=approver, now=now)
    _propose(workspace, now - timedelta(hours=1), "urgent")
    second = client.get("/approvals/", {"after": cursor})

    assert _subjects(first) == [f"Page {n:03}" for n in range(5)]
    assert _subjects(second) == [f"Page {n:03}" for n in range(5, 8)]
    assert second.context["page"].next_cursor == ""


@pytest.mark.usefixtures("small_pages")
def test_equal_moments_are_paged_without_loss(note, workspace, viewer, client_as, now):
    for n in range(12):
        note.risk = [Risk.HIGH, Risk.LOW][n % 2]
        _propose(workspace, now, f"{n:03}")
    client = client_as(viewer)

    seen, cursor = [], ""
    for _ in range(3):
        response = client.get("/approvals/", {"after": cursor})
        seen += _subjects(response)
        cursor = response.context["page"].next_cursor

    assert cursor == ""
    assert seen == [f"Page {n:03}" for n in (*range(0, 12, 2), *range(1, 12, 2))]


@pytest.mark.usefixtures("small_pages")
def test_done_tab_is_paged_newest_first(note, workspace, viewer, approver, client_as, now):
    for n in range(7):
        proposal = _propose(workspace, now, f"{n:03}")
        decide = signing.cancel if n % 2 else signing.reject
        extra = {} if n % 2 else {"plan_sha256": proposal.current_plan.sha256}
        decide(proposal_id=proposal.pk, by=approver, now=now, why="No.", **extra)
    client = client_as(viewer)

    first = client.get("/approvals/?tab=done")
    second = client.get("/approvals/", {"tab": "done", "after": first.context["page"].next_cursor})

    assert _subjects(first) + _subjects(second) == [f"Page {n:03}" for n in range(6, -1, -1)]


@pytest.mark.parametrize(
    "cursor", ["x", "3~yesterday~1", "3~2026-01-01T00:00:00~1", "~~", "9" * 40]
)
def test_damaged_cursor_is_refused_in_words(note, workspace, viewer, client_as, cursor):
    response = client_as(viewer).get("/approvals/", {"after": cursor})

    assert response.status_code == 400
    assert "first page" in response.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=ALPHA", ["Page alpha"]),
        ("risk=high", ["Page beta"]),
        ("proposer=model:other", ["Page beta"]),
        ("low=10&high=10", ["Page beta", "Page alpha"]),
        ("low=11", []),
        ("kind=note", ["Page beta", "Page alpha"]),
        ("kind=nonsense", ["Page beta", "Page alpha"]),
        ("q=%00", ["Page beta", "Page alpha"]),
    ],
)
def test_filters(note: NoteKind, workspace, viewer, client_as, now, query, expected):
    _propose(workspace, now, "alpha")
    note.risk = Risk.HIGH
    _propose(workspace, now, "beta", proposer=Proposer.model("other", "v2"))

    assert _subjects(client_as(viewer).get(f"/approvals/?{query}")) == expected


def test_snoozed_rows_are_hidden_unless_asked_for(
    note, workspace, viewer, operator, client_as, now
):
    proposal = _propose(workspace, now, "1")
    signing.snooze(proposal_id=proposal.pk, until=now + timedelta(hours=1), by=operator, now=now)
    client = client_as(viewer)

    assert _subjects(client.get("/approvals/")) == []
    assert _subjects(client.get("/approvals/?snoozed=on")) == ["Page 1"]


def test_empty_queue_says_what_to_do_next(workspace, viewer, client_as):
    response = client_as(viewer).get("/approvals/")

    assert "Nothing waits for a signature" in response.text
    assert 'href="/campaigns/"' in response.text


def test_fragment_is_the_table_alone(note, workspace, viewer, client_as, now):
    _propose(workspace, now, "1")

    response = client_as(viewer).get("/approvals/", headers=HTMX)

    assert "<html" not in response.text
    assert "Page 1" in response.text
    assert "HX-Request" in response["Vary"]


def test_nothing_new_is_answered_with_204(
    note, workspace, viewer, client_as, now, django_capture_on_commit_callbacks
):
    client = client_as(viewer)
    version = client.get("/approvals/").context["version"]
    assert client.get(f"/approvals/changes?since={version}", headers=HTMX).status_code == 204

    with django_capture_on_commit_callbacks(execute=True):
        _propose(workspace, now, "1")

    response = client.get(f"/approvals/changes?since={version}", headers=HTMX)
    assert response.status_code == 200
    assert _subjects(response) == ["Page 1"]


def test_rows_decided_by_others_leave_with_a_note(
    note, workspace, viewer, approver, client_as, now
):
    proposal = _propose(workspace, now, "1")
    kept = _propose(workspace, now, "2")
    signing.sign(
        proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=approver, now=now
    )
    query = {"since": -1, "shown": [str(proposal.public_id), str(kept.public_id), "junk"]}

    seen_by_other = client_as(viewer).get("/approvals/changes", query, headers=HTMX)
    seen_by_signer = client_as(approver).get("/approvals/changes", query, headers=HTMX)

    assert f"Page 1: signed, waiting to execute by {approver}." in seen_by_other.text
    assert "Page 1" not in seen_by_signer.text


def test_detail_shows_all_that_is_signed(note: NoteKind, workspace, viewer, client_as, now):
    proposal = _propose(
        workspace,
        now,
        "1",
        evidence={
            "days": ["2026-11-19", "2026-11-20"],
            "series": {"spend": ["10", "12.5"]},
            "currency": "USD",
            "dashboard": "https://example.com/d",
        },
    )

    text = client_as(viewer).get(f"/approvals/{proposal.public_id}/").text

    assert proposal.current_plan.sha256 in text
    assert "Spend, 2 days: lowest $10.00, highest $12.50, latest $12.50" in text
    assert 'href="https://example.com/d"' in text
    assert "Because." in text
    assert "plan_sha256" not in text  # a viewer has nothing to press


def test_reading_changes_nothing(note, workspace, approver, client_as, now):
    proposal = _propose(workspace, now, "1")
    before = Proposal.objects.filter(pk=proposal.pk).values().get()
    client = client_as(approver)

    for path in (
        "/approvals/",
        "/approvals/changes?since=-1",
        "/approvals/execution/",
        f"/approvals/undo/?proposer=model:sampler&since={now:%Y-%m-%dT%H:%M}",
        f"/approvals/{proposal.public_id}/",
    ):
        assert client.get(path).status_code == 200, path
    for action in ("sign", "reject", "edit", "snooze", "withdraw", "cancel", "undo", "retry"):
        assert client.get(f"/approvals/{proposal.public_id}/{action}/").status_code == 405
    assert client.get("/approvals/bulk/").status_code == 405
    assert client.get("/kill-switch/").status_code == 405

    assert Proposal.objects.filter(pk=proposal.pk).values().get() == before


def test_views_are_saved_by_name_and_belong_to_their_owner(workspace, viewer, agent, client_as):
    client = client_as(viewer)
    form = {"workspace": workspace.public_id, "name": "Risky", "query": "risk=high&after=x&open=y"}

    assert client.post("/approvals/views/", form)["Location"] == "/approvals/?risk=high"
    view = SavedView.objects.get()
    assert (view.user, view.query) == (viewer, "risk=high")
    assert "Risky" in client.get("/approvals/").text

    delete = f"/approvals/views/{view.pk}/delete/"
    client_as(agent).post(delete, {"workspace": workspace.public_id})
    assert SavedView.objects.exists()
    client.post(delete, {"workspace": workspace.public_id})
    assert not SavedView.objects.exists()


def test_kill_switch_stands_in_the_record_and_on_the_page(workspace, operator, client_as, now):
    brake.pull(workspace=workspace, by=operator, reason="Prices are wrong", now=now)
    client = client_as(operator)

    response = client.get("/approvals/?tab=done")

    assert "Everything is stopped" in response.text
    assert "Prices are wrong" in response.text
    assert _subjects(response) == ["Acme"]
    stop = Proposal.objects.get()
    assert client.get(f"/approvals/{stop.public_id}/").status_code == 200
