"""The inbox over REST: how far messages are, and what is done with them."""

from __future__ import annotations

from datetime import timedelta

import pgtrigger
import pytest
from django.utils import timezone

from inbox.models import (
    ConversationEvent,
    CustomerResponse,
    InternalNote,
    ResponseTemplate,
)
from inbox.selectors.status import ResponseStatus, status_of, with_parts, with_status
from tests.api.conftest import key_client
from tests.inbox.desk_steps import answer_to, draft_of, talk_of
from tests.inbox.steps import NOW
from workspaces.models import Proposal


@pytest.fixture
def client(workspace, agent):
    return key_client(workspace, ["inbox:read", "inbox:write"], acts_as=agent)


@pytest.fixture
def talk(workspace):
    return talk_of(workspace, "ann@example.com")


def path_of(row, *words, kind="inbox"):
    return "/".join(["/api/responses", kind, str(row.public_id), *words, ""])


def stages(workspace, agent):
    """A message for each status, by it."""
    found = {}
    for name in ResponseStatus.values:
        talk = talk_of(workspace, f"{name}@example.com", 1)
        found[name] = talk.responses.get()
    for name in ("assigned", "in_progress"):
        type(talk).objects.filter(subject__startswith=name).update(assignee=agent)
    CustomerResponse.objects.filter(pk=found["in_progress"].pk).update(first_viewed_at=NOW)
    draft_of(found["ai_draft_ready"])
    draft_of(found["awaiting_approval"], why_person="A complaint.")
    answer_to(found["approved"], delivery="scheduled", sent_at=None)
    answer_to(found["sent"])
    closed = type(talk).objects.filter(subject__startswith="closed")
    closed.update(status="closed", closed_at=NOW)
    type(talk).objects.filter(subject__startswith="archived").update(archived_at=NOW)
    return found


def test_status_is_the_same_in_lists_and_for_one(workspace, agent, client):
    found = stages(workspace, agent)
    rows = CustomerResponse.objects.filter(direction="in")

    by_list = {row.pk: row.status for row in with_status(rows)}
    by_one = {row.pk: status_of(row) for row in with_parts(rows)}

    assert by_list == by_one == {row.pk: name for name, row in found.items()}
    for name, row in found.items():
        answer = client.get(f"/api/responses/inbox/?status={name}").json()["results"]
        assert [(one["id"], one["status"]) for one in answer] == [(str(row.public_id), name)]


def test_a_signed_answer_that_was_taken_back_is_no_answer(workspace):
    asked = talk_of(workspace, "dan@example.com", 1).responses.get()
    draft = draft_of(asked)
    draft.proposal.status = "executed"
    with pgtrigger.ignore("workspaces.Proposal:state_machine"):
        draft.proposal.save()
    answer_to(asked, delivery="cancelled", sent_at=None)

    rows = CustomerResponse.objects.filter(pk=asked.pk)
    assert with_status(rows).get().status == "new"
    assert status_of(with_parts(rows).get()) == "new"


def test_lists_are_filtered_and_paged(
    client, talk, workspace, agent, django_assert_max_num_queries
):
    talk_of(workspace, "bob@example.com", 1, channel="email", assignee=agent, intent="spam")

    def texts(query):
        rows = client.get(f"/api/responses/inbox/?{query}").json()["results"]
        return [one["text"] for one in rows]

    assert texts("intent=spam") == ["bob@example.com 0"]
    assert texts(f"assigned_to={agent.email.upper()}") == ["bob@example.com 0"]
    assert texts("assigned_to=none") == ["ann@example.com 1", "ann@example.com 0"]
    assert texts("ordering=at&assigned_to=none") == ["ann@example.com 0", "ann@example.com 1"]
    assert texts("sla_breached=true") == texts("is_flagged=true") == texts("channel=sms") == []
    with django_assert_max_num_queries(12):
        page = client.get("/api/responses/inbox/?page_size=2").json()
    rest = client.get(page["next"]).json()["results"]
    assert (len(page["results"]), len(rest)) == (2, 1)
    assert client.get("/api/responses/inbox/?status=odd").status_code == 400


def test_assigning_names_the_field_that_is_wrong(client, talk, agent, viewer, outsider):
    one = talk.responses.first()
    post = f"{path_of(one, 'assign')}"

    given = client.post(post, {"assigned_to": agent.email}, format="json")
    assert (given.status_code, given.json()["status"]) == (200, "assigned")
    assert given.json()["assigned_to"]["email"] == agent.email
    for email in (viewer.email, outsider.email):
        refused = client.post(post, {"assigned_to": email}, format="json")
        assert refused.status_code == 400
        assert [error["field"] for error in refused.json()["errors"]] == ["assigned_to"]
    taken = client.post(post, {"assigned_to": None}, format="json")
    assert taken.json()["assigned_to"] is None
    assert ConversationEvent.objects.count() == 2


def test_closing_again_is_no_second_closing(client, talk):
    one = talk.responses.first()
    head = {"HTTP_IDEMPOTENCY_KEY": "k"}

    first = client.post(path_of(one, "close"), {}, format="json", **head)
    again = client.post(path_of(one, "close"), {}, format="json", **head)

    assert (first.status_code, first.json()) == (200, again.json())
    assert first.json()["status"] == "closed"
    until = (timezone.now() + timedelta(days=1)).isoformat()
    refused = client.post(path_of(one, "snooze"), {"until": until}, format="json")
    assert (refused.status_code, refused.json()["detail"]) == (
        409, "It is closed; open it again first."
    )  # fmt: skip
    assert ConversationEvent.objects.count() == 1


def test_snoozing_needs_a_moment_to_come(client, talk):
    post = path_of(talk.responses.first(), "snooze")

    refused = client.post(post, {"until": "2020-01-01T00:00:00Z"}, format="json")
    until = timezone.now() + timedelta(days=1)
    done = client.post(post, {"until": until.isoformat()}, format="json")

    assert refused.json()["errors"][0]["field"] == "until"
    talk.refresh_from_db()
    assert (done.status_code, talk.snoozed_until) == (200, until)


def test_conversations_tell_what_stands_in_them(client, talk, agent, django_assert_max_num_queries):
    noted = client.post(
        path_of(talk, "notes", kind="conversations"), {"text": "Look"}, format="json"
    )
    tagged = client.post(
        path_of(talk, "tags", kind="conversations"), {"add": ["VIP", "b"]}, format="json"
    )
    changed = client.post(
        path_of(talk, "tags", kind="conversations"), {"add": ["c"], "remove": ["b"]},
        format="json",
    )  # fmt: skip

    assert (noted.status_code, tagged.json()["tags"]) == (201, ["vip", "b"])
    assert changed.json()["tags"] == ["vip", "c"]
    with django_assert_max_num_queries(12):
        told = client.get(path_of(talk, kind="conversations")).json()
    assert [one["text"] for one in told["messages"]] == ["ann@example.com 0", "ann@example.com 1"]
    assert [(one["author"], one["text"]) for one in told["notes"]] == [(agent.email, "Look")]
    assert [one["kind"] for one in told["events"]] == ["tagged", "tagged", "tagged"]
    listed = client.get("/api/responses/conversations/?tag=vip").json()["results"]
    assert [one["id"] for one in listed] == [str(talk.public_id)]
    empty = client.post(path_of(talk, "tags", kind="conversations"), {}, format="json")
    assert empty.status_code == 400


def test_conversations_are_merged_split_and_put_back(client, talk, workspace, other_workspace):
    other = talk_of(workspace, "bob@example.com", 1)
    merge = path_of(talk, "merge", kind="conversations")
    body = {"conversations": [str(other.public_id)]}
    done = client.post(merge, body, format="json").json()
    assert (done["changed"], done["refused"], talk.responses.count()) == (2, {}, 3)

    undo = f"/api/responses/undo/{done['batch']}/"
    assert client.post(undo).json()["changed"] == 2
    assert (talk.responses.count(), other.responses.count()) == (2, 1)
    assert client.post(undo).status_code == 409

    last = talk.responses.order_by("pk").last()
    split = path_of(talk, "split", kind="conversations")
    made = client.post(split, {"responses": [str(last.public_id)]}, format="json")
    assert made.status_code == 201
    last.refresh_from_db()
    assert str(last.conversation.public_id) == made.json()["id"]

    foreign = talk_of(other_workspace, "eve@example.com", 1)
    for path, name, row in (
        (merge, "conversations", foreign), (split, "responses", foreign.responses.get()),
    ):  # fmt: skip
        for ids in ([], [str(row.public_id)], "x"):
            refused = client.post(path, {name: ids}, format="json")
            field = refused.json()["errors"][0]["field"]
            assert (refused.status_code, field.split(".")[0]) == (400, name)
    assert foreign.responses.count() == 1


def test_nobody_stands_behind_the_note_of_a_machine(workspace, talk):
    machine = key_client(workspace, ["inbox:read", "inbox:write"])

    refused = machine.post(
        path_of(talk, "notes", kind="conversations"), {"text": "x"}, format="json"
    )

    assert refused.status_code == 409
    assert not InternalNote.objects.exists()


def test_templates_are_checked_and_approved_by_approvers(client, workspace, approver):
    body = {"name": "Hours", "intents": ["question"], "body": "Hello {{ first_name }}, from nine."}
    made = client.post("/api/responses/templates/", body, format="json")
    path = f"/api/responses/templates/{made.json()['id']}/"
    signer = key_client(workspace, ["inbox:write"], acts_as=approver)

    assert (made.status_code, made.json()["approved_at"]) == (201, None)
    assert client.post(f"{path}approve/").status_code == 403
    approved = signer.post(f"{path}approve/").json()
    assert approved["approved_by"]["email"] == approver.email
    renamed = client.patch(path, {"name": "Times"}, format="json").json()
    assert renamed["approved_by"]["email"] == approver.email
    changed = client.patch(path, {"body": "From ten."}, format="json").json()
    assert (changed["body"], changed["approved_at"]) == ("From ten.", None)
    assert client.post(f"{path}archive/").status_code == 200
    gone = client.patch(path, {"name": "x"}, format="json")
    assert (gone.status_code, gone.json()["detail"]) == (409, "It is archived; write a new one.")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"body": "{{ first_nmae }}"}, "body"),
        ({"body": "{% if %}"}, "body"),
        ({"subject": "{{ salary }}"}, "subject"),
        ({"body": " "}, "body"),
        ({"intents": ["love"]}, "intents.0"),
        ({"channels": ["fax"]}, "channels.0"),
        ({"name": ""}, "name"),
    ],
)
def test_templates_that_cannot_be_filled_in_are_refused(client, values, field):
    body = {"name": "Hours", "body": "From nine.", **values}

    refused = client.post("/api/responses/templates/", body, format="json")

    assert refused.status_code == 400, refused.json()
    assert [error["field"] for error in refused.json()["errors"]][:1] == [field]
    assert not ResponseTemplate.objects.exists()
    assert not Proposal.objects.exists()


def test_a_name_that_is_taken_is_told(client, workspace):
    body = {"name": "Hours", "body": "From nine."}
    made = client.post("/api/responses/templates/", body, format="json")
    assert made.status_code == 201
    for name in ("Hours", "HOURS"):
        refused = client.post("/api/responses/templates/", body | {"name": name}, format="json")
        assert (refused.status_code, refused.json()["errors"]) == (
            400, [{"field": "name", "message": "Another template has this name."}],
        )  # fmt: skip
    other = client.post("/api/responses/templates/", body | {"name": "Days"}, format="json").json()
    path = f"/api/responses/templates/{other['id']}/"
    refused = client.patch(path, {"name": "hours"}, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "name")
    assert client.patch(path, {"name": "Days"}, format="json").status_code == 200


def test_waiting_and_escalating(client, talk):
    one = talk.responses.first()

    assert client.post(path_of(one, "escalate"), {}, format="json").status_code == 200
    assert client.post(path_of(one, "wait"), {}, format="json").status_code == 200

    talk.refresh_from_db()
    assert (talk.status, talk.is_escalated) == ("waiting", True)
    kinds = ConversationEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert {"escalated", "waiting"} <= {*kinds}
