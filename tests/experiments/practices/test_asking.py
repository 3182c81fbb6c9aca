"""Practices that a language model names, and what is kept of the asking."""

from __future__ import annotations

from datetime import datetime

import pytest

from experiments.models import BestPractice, PracticeSource
from experiments.services.practices.asking import ask_for_practices
from tests.campaigns.advice.llm_stand_in import Raw, serving
from tests.campaigns.advice.steps import connect_model
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
SHORT = {
    "practices": [
        {
            "title": "Short subject lines",
            "recommendation": "Keep the subject below 40 characters.",
            "category": "copy",
            "channel": "",
            "rule": {"length": [[None, 40]]},
        }
    ]
}


def test_what_a_model_names_is_kept_and_its_connection_used(
    workspace: Workspace, now: datetime
) -> None:
    with serving(lambda asked: SHORT) as server:
        connection = connect_model(workspace, server)

        assert ask_for_practices(workspace=workspace, now=now) == 1

    kept = BestPractice.objects.get()
    assert (kept.source, kept.source_label) == (PracticeSource.LLM_KNOWLEDGE, "gpt-test")
    connection.refresh_from_db()
    assert (connection.last_ok_at, connection.last_error) == (now, "")


def test_a_refused_key_is_noted_and_waits_for_a_new_one(
    workspace: Workspace, now: datetime
) -> None:
    with serving(lambda asked: Raw(status=401)) as server:
        connection = connect_model(workspace, server)

        assert ask_for_practices(workspace=workspace, now=now) == 0

    assert not BestPractice.objects.exists()
    connection.refresh_from_db()
    assert (connection.status, connection.last_error_at) == ("needs_login", now)
    assert connection.last_error != ""


def test_a_model_that_is_switched_off_is_not_asked(workspace: Workspace, now: datetime) -> None:
    with serving(lambda asked: SHORT) as server:
        connection = connect_model(workspace, server)
        connection.status = "paused"
        connection.save()

        assert ask_for_practices(workspace=workspace, now=now) == 0

    assert server.asked == []


def test_without_a_model_nobody_is_asked(workspace: Workspace, now: datetime) -> None:
    assert ask_for_practices(workspace=workspace, now=now) == 0
