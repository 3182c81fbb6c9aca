"""One message over REST, the log, and what people decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from outreach.models import OutreachMessage, OutreachPolicy, OutreachTask, Suppression
from tests.outreach.launch_steps import FOOT
from tests.outreach.sending.steps import channel_on, due, people, send_all
from tests.outreach.steps import NOW, contact_of, template_of
from workspaces import crypto
from workspaces.models import Connection, Proposal, User, Workspace

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]
JSON = "application/json"


@pytest.fixture
def api(client_as: Browse, operator: User) -> Client:
    return client_as(operator)


@pytest.fixture
def mail(workspace: Workspace) -> Connection:
    connection = Connection.objects.create(
        workspace=workspace, kind="email", name="Mail", secret=crypto.encrypt({"provider": "smtp"})
    )
    channel_on(connection)
    return connection


def send(api: Client, **body: Any) -> Any:
    return api.post("/api/outreach/send/", body, content_type=JSON)


@pytest.mark.usefixtures("mail")
def test_an_operator_sends_a_service_message(api: Client, workspace: Workspace) -> None:
    contact = contact_of(workspace)

    told = send(api, address="Ann@Example.com", subject="Your order", text="It is on its way.")

    assert told.status_code == 200
    assert (told.json()["status"], told.json()["channel"]) == ("scheduled", "email")
    message = OutreachMessage.objects.get()
    assert (message.contact, message.purpose, message.text) == (
        contact, "service", "It is on its way.",
    )  # fmt: skip
    assert told.json()["message"] == str(message.public_id)


@pytest.mark.usefixtures("mail")
def test_a_suppressed_address_is_told_and_nothing_is_kept(
    api: Client, workspace: Workspace
) -> None:
    contact = contact_of(workspace)
    Suppression.objects.create(
        workspace=workspace, value="ann@example.com", reason="bounce", at=timezone.now()
    )

    told = send(api, contact=str(contact.public_id), text="Hello").json()

    assert (told["status"], told["reason"], told["message"]) == ("blocked", "suppressed", None)
    assert not OutreachMessage.objects.exists()


def test_without_a_channel_that_is_on_it_is_blocked(api: Client, workspace: Workspace) -> None:
    contact = contact_of(workspace)

    told = send(api, contact=str(contact.public_id), text="Hello").json()

    assert (told["status"], told["reason"]) == ("blocked", "no_viable_channel")


@pytest.mark.usefixtures("mail")
def test_marketing_is_proposed_and_no_message_is_made(api: Client, workspace: Workspace) -> None:
    OutreachPolicy.objects.create(workspace=workspace, postal_address="1 Main Street, Springfield")
    contact = contact_of(workspace)
    template = template_of(workspace, text=FOOT)

    told = api.post(
        "/api/outreach/send-batch/",
        {"contacts": [str(contact.public_id)], "template": str(template.public_id)},
        content_type=JSON,
    )  # fmt: skip

    assert told.status_code == 202, told.content
    assert Proposal.objects.get().kind == "outreach.launch"
    assert not OutreachMessage.objects.exists()


@pytest.mark.usefixtures("mail")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "Hello"}, "contact"),
        ({"address": "nobody@example.com", "text": "Hello"}, "address"),
        ({"address": "ann@example.com"}, "text"),
        ({"address": "ann@example.com", "purpose": "marketing", "text": "Buy"}, "template"),
        ({"address": "ann@example.com", "text": "Hello", "force": True}, "reason"),
    ],
)
def test_a_wrong_request_names_its_field(
    api: Client, workspace: Workspace, body: dict[str, Any], field: str
) -> None:
    contact_of(workspace)

    told = send(api, **body)

    assert told.status_code in (400, 422), told.content
    assert [one["field"] for one in told.json()["errors"]] == [field]
    assert not OutreachMessage.objects.exists()


@pytest.mark.usefixtures("mail")
def test_forcing_needs_an_approver(
    api: Client, client_as: Browse, approver: User, workspace: Workspace
) -> None:
    contact_of(workspace)
    body = {"address": "ann@example.com", "text": "Recall!", "force": True, "reason": "Recall"}

    assert send(api, **body).status_code == 403
    assert send(client_as(approver), **body).status_code == 200
    assert OutreachMessage.objects.get().proof["forced_because"] == "Recall"


def test_a_viewer_sends_nothing(client_as: Browse, viewer: User, workspace: Workspace) -> None:
    contact_of(workspace)

    assert send(client_as(viewer), address="ann@example.com", text="Hello").status_code == 403


def test_the_log_is_of_the_own_workspace_and_filtered(
    api: Client, workspace: Workspace, other_workspace: Workspace, django_assert_max_num_queries
) -> None:
    ann, ben = people(workspace, 2)
    due(ann, NOW)
    unsure = due(ben, NOW, status="sending", is_unsure=True, proof={"consent": 7})
    due(contact_of(other_workspace), NOW)

    with django_assert_max_num_queries(12):
        everything = api.get("/api/outreach/messages/").json()["results"]
    found = api.get("/api/outreach/messages/?unsure=true").json()["results"]
    shown = api.get(f"/api/outreach/messages/{unsure.public_id}/").json()

    assert len(everything) == 2
    assert [one["id"] for one in found] == [str(unsure.public_id)]
    assert (shown["proof"], shown["address"]) == ({"consent": 7}, "p1@example.com")
    of_ann = api.get(f"/api/outreach/messages/?contact={ann.public_id}").json()["results"]
    assert [one["status"] for one in of_ann] == ["scheduled"]


def _task(workspace: Workspace, reason: str, **values: Any) -> OutreachTask:
    message = due(people(workspace, 1)[0], NOW, **values)
    return OutreachTask.objects.create(workspace=workspace, message=message, reason=reason)


def _do(api: Client, task: OutreachTask, what: str) -> int:
    path = f"/api/outreach/tasks/{task.public_id}/{what}/"
    return api.post(path, {}, content_type=JSON).status_code


def test_what_was_sent_by_hand_is_ticked_off(api: Client, workspace: Workspace) -> None:
    task = _task(workspace, "assisted", status="pending")

    assert _do(api, task, "again") == 409
    assert _do(api, task, "sent") == 200
    assert _do(api, task, "sent") == 409

    task.refresh_from_db()
    assert (task.is_sent, task.message.status, task.message.provider) == (True, "sent", "by hand")


def test_a_dismissed_task_leaves_its_message_unsent(api: Client, workspace: Workspace) -> None:
    task = _task(workspace, "window_closed", status="pending")

    assert _do(api, task, "dismiss") == 200

    task.refresh_from_db()
    assert (task.is_sent, task.message.status) == (False, "cancelled")


@pytest.mark.parametrize(("what", "ends"), [("sent", "sent"), ("again", "scheduled")])
def test_a_person_decides_on_what_nobody_can_tell(
    api: Client, workspace: Workspace, what: str, ends: str
) -> None:
    task = _task(workspace, "unsure", status="sending", is_unsure=True, call_sent_at=NOW)

    assert _do(api, task, what) in (200, 204)

    message = OutreachMessage.objects.get()
    assert (message.status, message.is_unsure) == (ends, False)


def test_a_failed_message_is_sent_again_unless_another_channel_was(
    api: Client, workspace: Workspace
) -> None:
    message = due(people(workspace, 1)[0], NOW, status="failed", failed_at=NOW, tries=5)
    path = f"/api/outreach/messages/{message.public_id}/replay/"

    assert api.post(path, {}, content_type=JSON).json()["status"] == "scheduled"
    assert api.post(path, {}, content_type=JSON).status_code == 409


def test_tasks_of_others_are_not_found(
    client_as: Browse, outsider: User, workspace: Workspace
) -> None:
    task = _task(workspace, "assisted", status="pending")

    assert _do(client_as(outsider), task, "sent") == 404
    assert send_all(NOW).called == 0
