"""One id leads from a person's request to the task that it woke, and to the call that task made."""

from __future__ import annotations

import json
import logging
from io import StringIO

import pytest
import structlog
from celery import current_app
from celery.signals import before_task_publish
from django.conf import settings
from django.utils import timezone
from django_structlog.celery.receivers import CeleryReceiver

from tests.workspaces import note_kind
from tests.workspaces.gate_steps import propose
from workspaces.models import Proposal
from workspaces.tasks import execute_due


@pytest.fixture
def lines():
    """Lines that a process writes from now on, as an operator reads them."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    chosen = dict(settings.LOGGING["formatters"]["json"])
    handler.setFormatter(chosen.pop("()")(**chosen))
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def published():
    """Headers of messages to workers, after those who add to them have done so."""
    found: list[dict] = []

    def note(headers: dict, **_: object) -> None:
        found.append(headers)

    before_task_publish.connect(note)
    yield found
    before_task_publish.disconnect(note)
    with current_app.connection_for_write() as broker:
        broker.default_channel.queue_purge("gate")


@pytest.mark.django_db(transaction=True)  # workers are woken within the request, on its commit
def test_ids_lead_from_the_page_to_the_call(lines, published, workspace, approver, client_as):
    note_kind.install()
    proposal = propose(workspace, timezone.now())
    form = {"workspace": workspace.public_id, "plan_sha256": proposal.current_plan.sha256}
    answer = client_as(approver).post(f"/approvals/{proposal.public_id}/sign/", form)
    assert answer.status_code < 400, answer.content

    (message,) = [one for one in published if one["task"] == "workspaces.execute_due"]
    Proposal.objects.filter(pk=proposal.pk).update(execute_after=timezone.now())
    structlog.contextvars.clear_contextvars()  # the worker is another process
    carried = message["__django_structlog__"]
    execute_due.push_request(id=message["id"], __django_structlog__=carried)
    try:
        CeleryReceiver().receiver_task_prerun(message["id"], execute_due)
        assert execute_due.run() == 1
    finally:
        execute_due.pop_request()

    (begun,) = [
        line
        for line in lines()
        if line["event"] == "request_started" and line["request"].endswith("/sign/")
    ]
    calls = [line for line in lines() if line["event"] == "changes go out"]
    assert [
        (line["request_id"], line["task_id"], line["user_id"], line["proposals"]) for line in calls
    ] == [(begun["request_id"], message["id"], approver.pk, [str(proposal.public_id)])]
    (told,) = [line for line in lines() if line["event"] == "changes were answered"]
    assert (told["request_id"], told["outcomes"]) == (begun["request_id"], {"applied": 1})


def test_task_of_beat_has_an_id_of_its_own(lines, db):
    note_kind.install()
    execute_due.push_request(id="beat-1")
    try:
        CeleryReceiver().receiver_task_prerun("beat-1", execute_due)
    finally:
        execute_due.pop_request()

    (line,) = lines()
    assert (line["event"], line["task_id"]) == ("task_started", "beat-1")
    assert "request_id" not in line
