"""Which conversations a list holds, and in what order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inbox.models import Conversation, InboxPolicy, InternalNote, ReplyDraft
from inbox.selectors import counts, finding, lists
from inbox.selectors.counts import view_counts
from inbox.selectors.filters import filters_of
from inbox.selectors.lists import default_order, order_of, page_of, rows_of
from inbox.services.counting import counts_of
from inbox.services.topics import TOPIC
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of
from workspaces.gate import RequestError
from workspaces.models import Proposal, User, Workspace
from workspaces.services.live import bump

HOUR = timedelta(hours=1)


@pytest.fixture
def rows(workspace: Workspace, other_workspace: Workspace, agent: User) -> dict[str, Conversation]:
    contact, other = contact_of(workspace), contact_of(other_workspace)
    conversation_of(other_workspace, contact=other, due_at=NOW - HOUR, assignee=agent)
    values: dict[str, dict[str, Any]] = {
        "mine": {"assignee": agent, "channel": "sms", "tags": ["vip"], "intent": "complaint"},
        "nobody": {"urgency": "high", "team": "sales"},
        "late": {"due_at": NOW - HOUR, "sla_state": "breached", "assignee": agent},
        "soon": {"due_at": NOW + 3 * HOUR, "warn_at": NOW, "sla_state": "warned"},
        "later": {"due_at": NOW + 3 * HOUR, "warn_at": NOW + HOUR, "sla_state": "running"},
        "waiting": {"status": "waiting"},
        "snoozed": {"status": "snoozed", "snoozed_until": NOW + HOUR},
        "closed": {"status": "closed", "closed_at": NOW},
        "archived": {"archived_at": NOW},
    }
    made = {
        name: conversation_of(workspace, contact=contact, subject=name, **own)
        for name, own in values.items()
    }
    conversation_of(
        workspace, contact=contact, status="closed", closed_at=NOW, merged_into=made["closed"]
    )
    return made


def names(workspace: Workspace, user: User, **asked: str) -> list[str]:
    found = rows_of(workspace, filters_of(asked), user=user, now=NOW)
    return sorted(found.values_list("subject", flat=True))


OPEN = ["late", "later", "mine", "nobody", "soon"]


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ({"view": "mine"}, ["late", "mine"]),
        ({"view": "unassigned"}, ["later", "nobody", "soon"]),
        ({}, OPEN),
        ({"view": "breaching"}, ["late", "soon"]),
        ({"view": "waiting"}, ["waiting"]),
        ({"view": "snoozed"}, ["snoozed"]),
        ({"view": "closed"}, ["closed"]),
        ({"view": "all"}, sorted([*OPEN, "waiting", "snoozed", "closed"])),
        ({"view": "all", "status": "waiting"}, ["waiting"]),
        ({"channel": "sms"}, ["mine"]),
        ({"tag": "vip"}, ["mine"]),
        ({"intent": "complaint"}, ["mine"]),
        ({"urgency": "high"}, ["nobody"]),
        ({"team": "sales"}, ["nobody"]),
        ({"assignee": "me"}, ["late", "mine"]),
        ({"assignee": "none"}, ["later", "nobody", "soon"]),
        ({"sla": "over"}, ["late"]),
        ({"sla": "none"}, ["mine", "nobody"]),
        ({"is_flagged": "true"}, ["nobody"]),
        ({"is_flagged": "false"}, ["late", "later", "mine", "soon"]),
    ],
)
def test_views_and_filters(
    asked: dict[str, str], held: list[str], rows: dict[str, Conversation], workspace: Workspace,
    agent: User,
) -> None:  # fmt: skip
    response_of(rows["nobody"], is_flagged=True)

    assert names(workspace, agent, **asked) == held


def test_a_number_names_whose(rows: dict[str, Conversation], workspace: Workspace, agent: User,
                              viewer: User) -> None:  # fmt: skip
    assert names(workspace, viewer, assignee=str(agent.pk)) == ["late", "mine"]


def test_drafts_to_sign(rows: dict[str, Conversation], workspace: Workspace, agent: User) -> None:
    proposal = Proposal.objects.create(
        workspace=workspace, kind="inbox.reply", subject_key="a", subject_label="a", summary="a",
        reason="a", proposer_type="rule", proposer_key="rule:a", proposer_label="a", created_at=NOW,
    )  # fmt: skip
    ReplyDraft.objects.create(
        workspace=workspace, proposal=proposal, conversation=rows["waiting"],
        answers=response_of(rows["waiting"]), source="template", text="Yes.",
    )  # fmt: skip

    assert names(workspace, agent, view="awaiting") == ["waiting"]
    assert view_counts(workspace, user=agent, now=NOW)["awaiting"] == "1"


@pytest.mark.parametrize(
    ("name", "value"),
    [("view", "mars"), ("status", "late"), ("assignee", "ann"), ("channel", "fax"), ("sla", "x"),
     ("order", "luck"), ("is_flagged", "perhaps"), ("assignee", "9" * 19)],
)  # fmt: skip
def test_what_is_unknown_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(RequestError) as refusal:
        filters_of({name: value})

    assert refusal.value.field == name


def test_words_alone_look_everywhere() -> None:
    assert filters_of({"q": " refund "}).view == "all"
    assert filters_of({"q": "refund", "view": "mine"}).view == "mine"
    assert not filters_of({"view": "mine"}).is_narrowed


def walked(workspace: Workspace, user: User, **asked: str) -> list[str]:
    """Subjects page by page, to the end."""
    filters, after, found = filters_of(asked), "", []
    for _ in range(20):
        page = page_of(workspace, filters, user=user, now=NOW, after=after)
        found += [row.subject for row in page.rows]
        after = page.next_cursor
        if not after:
            return found
    raise AssertionError("the pages never end")


ORDERED = {
    "loss": ["c", "e", "b", "d", "a"],
    "fifo": ["d", "b", "a", "c", "e"],
    "newest": ["e", "d", "c", "b", "a"],
}


@pytest.mark.parametrize("order", ORDERED)
@pytest.mark.parametrize("view", ["open", "unassigned", "all"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_hold_each_row_once_in_order(
    order: str, view: str, size: int, workspace: Workspace, agent: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(lists, "PAGE_ROWS", size)
    contact = contact_of(workspace)
    waits = {"a": NOW, "b": NOW - HOUR, "c": None, "d": NOW - HOUR, "e": None}
    costs = {"a": 0.0, "b": 0.1 + 0.2, "c": 7.5, "d": 0.1 + 0.2, "e": 7.5}
    # Equals are told apart by id: made in this order, so that ids and letters differ.
    for place, name in enumerate("dbace"):
        moment = NOW + timedelta(seconds="abcde".index(name))
        conversation_of(
            workspace, contact=contact, subject=name, waiting_since=waits[name],
            order_key=costs[name] + (0.5 if name in "c" else 0), last_message_at=moment,
            opened_at=NOW - timedelta(seconds=place),
        )  # fmt: skip

    # What is over waits for nobody: everything comes newest first, whatever is asked.
    held = ORDERED["newest" if view == "all" else order]
    assert walked(workspace, agent, view=view, order=order) == held


def test_due_ones_come_by_their_time(
    rows: dict[str, Conversation], workspace: Workspace, agent: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(lists, "PAGE_ROWS", 1)

    assert walked(workspace, agent, view="breaching") == ["late", "soon"]


@pytest.mark.parametrize("cursor", ["x", "~", "nan~1", "1.0~x", f"1.0~{'9' * 20}", "~5"])
def test_damaged_cursors_are_refused(cursor: str, workspace: Workspace, agent: User) -> None:
    with pytest.raises(RequestError) as refusal:
        page_of(workspace, filters_of({}), user=agent, now=NOW, after=cursor)

    assert refusal.value.field == "after"


def test_the_policy_chooses_the_usual_order(workspace: Workspace) -> None:
    assert default_order(workspace) == "loss"
    InboxPolicy.objects.create(workspace=workspace, order="fifo")

    assert order_of(filters_of({}), default_order(workspace)) == "fifo"
    assert order_of(filters_of({"view": "closed"}), "fifo") == "newest"
    assert order_of(filters_of({"order": "loss"}), "fifo") == "loss"
    assert order_of(filters_of({"view": "closed", "order": "loss"}), "fifo") == "newest"
    all_open = filters_of({"view": "all", "status": "open", "order": "loss"})
    assert order_of(all_open, "fifo") == "loss"


@pytest.mark.parametrize("many", [finding.MANY, -1])
@pytest.mark.parametrize(
    ("text", "held"),
    [("refu", ["nobody"]), ("soon", ["soon"]), ("colleague", ["late"]), ("ann", "all"),
     ("refund soon", []), ("ANN@example.com refund", ["nobody"]), ("'!", "all")],
)  # fmt: skip
def test_words_are_found_in_messages_subjects_notes_and_people(
    text: str, held: Any, many: int, rows: dict[str, Conversation], workspace: Workspace,
    agent: User, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(finding, "MANY", many)
    response_of(rows["nobody"], text="I want a refund", sender_address="ann@example.com")
    InternalNote.objects.create(
        workspace=workspace, conversation=rows["late"], author=agent, text="Ask a colleague",
        written_at=NOW,
    )  # fmt: skip

    everything = sorted([*OPEN, "waiting", "snoozed", "closed"])
    wanted = everything if held == "all" else held
    assert names(workspace, agent, view="all", q=text) == wanted
    page = page_of(workspace, filters_of({"q": text}), user=agent, now=NOW)
    assert sorted(row.subject for row in page.rows) == wanted


@pytest.mark.parametrize("most", [lists._LOOKED_UP, -1])
def test_flagged_ones_are_the_same_however_they_are_looked_for(
    most: int, rows: dict[str, Conversation], workspace: Workspace, agent: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(lists, "_LOOKED_UP", most)
    for name in ("nobody", "closed"):
        response_of(rows[name], is_flagged=True)
        response_of(rows[name], is_flagged=True)

    assert names(workspace, agent, is_flagged="true") == ["nobody"]
    page = page_of(
        workspace, filters_of({"view": "all", "is_flagged": "true"}), user=agent, now=NOW
    )
    assert sorted(row.subject for row in page.rows) == ["closed", "nobody"]


def test_counts_stop_at_their_cap(
    rows: dict[str, Conversation], workspace: Workspace, agent: User, viewer: User,
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any,
) -> None:  # fmt: skip
    with django_assert_num_queries(1):
        found = view_counts(workspace, user=agent, now=NOW)
    assert dict(found) == {
        "mine": "2", "unassigned": "3", "open": "5", "breaching": "2", "waiting": "1",
        "snoozed": "1", "channel:email": "4", "channel:sms": "1",
    }  # fmt: skip
    assert "mine" not in view_counts(workspace, user=viewer, now=NOW)

    monkeypatch.setattr(counts, "CAP", 3)
    assert view_counts(workspace, user=agent, now=NOW)["open"] == "2+"


def test_views_are_counted_anew_when_something_happens(
    workspace: Workspace, agent: User, django_capture_on_commit_callbacks: Any,
    django_assert_num_queries: Any,
) -> None:  # fmt: skip
    conversation_of(workspace)
    assert counts_of(workspace=workspace, user=agent, now=NOW)["open"] == "1"
    conversation_of(workspace, contact=contact_of(workspace, "bob@example.com"))
    with django_assert_num_queries(0):
        assert counts_of(workspace=workspace, user=agent, now=NOW)["open"] == "1"
    with django_capture_on_commit_callbacks(execute=True):
        bump(workspace.pk, TOPIC)
    assert counts_of(workspace=workspace, user=agent, now=NOW)["open"] == "2"
