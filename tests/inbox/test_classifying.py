"""Which model reads the messages of a workspace."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from inbox.engine.intent import IntentClassifier
from inbox.models import AIClassification
from inbox.services import classifying
from inbox.services.analysing import classify
from inbox.services.classifying import Reader, base, read_all, register_readers
from inbox.services.reading import read_new
from inbox.tasks import analyse_task
from tests.api.conftest import key_client
from tests.inbox.steps import NOW, conversation_of, response_of
from workspaces.engine.embedding.hashed import HashedTfidf
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

TEXT = "How long does delivery to Vienna usually take?"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, workspace: Workspace) -> list[set[int]]:
    """The workspace has a model that calls everything feedback; notes who was asked about."""
    monkeypatch.setattr(classifying, "_finders", [])
    seen: list[set[int]] = []
    own = IntentClassifier(base().intent.embedder).fit(["a", "b"], ["feedback"] * 2)

    def find(workspaces: Collection[int]) -> dict[int, Reader]:
        seen.append(set(workspaces))
        return {workspace.pk: Reader(own, "message_intent", "3")}

    register_readers(find)
    register_readers(find)
    return seen


def test_each_workspace_is_read_by_its_own_model(
    workspace: Workspace, other_workspace: Workspace, asked: list[set[int]]
) -> None:
    for place in (workspace, other_workspace):
        response_of(conversation_of(place), text=TEXT)

    assert read_new(now=NOW) == 2

    kept = AIClassification.objects.values_list("workspace", "intent", "model", "version")
    assert set(kept) == {
        (workspace.pk, "feedback", "message_intent", "3"),
        (other_workspace.pk, "question", "inbox-base", "base-1"),
    }
    assert asked == [{workspace.pk, other_workspace.pk}]
    assert classify([TEXT], workspace_id=workspace.pk)[0]["intent"] == "feedback"
    assert classify([TEXT], workspace_id=other_workspace.pk)[0]["intent"] == "question"


@pytest.mark.usefixtures("asked")
def test_rest_reads_as_messages_of_its_workspace_are_read(
    workspace: Workspace, other_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = analyse_task
    monkeypatch.setattr(run, "apply_async", lambda *, kwargs, **_: run(**kwargs))
    told = [
        key_client(place, ["inbox:read"]).post(
            "/api/responses/classify/", {"text": TEXT}, format="json"
        ).json()["intent"]
        for place in (workspace, other_workspace)
    ]  # fmt: skip
    assert told == ["feedback", "question"]


@pytest.mark.usefixtures("asked")
def test_company_changes_nothing_and_nobodys_texts_are_read_by_what_ships(
    workspace: Workspace,
) -> None:
    together = read_all([TEXT, "Thank you!", TEXT], [0, workspace.pk, 0])

    assert [one.model for one in together] == ["inbox-base", "message_intent", "inbox-base"]
    (alone,) = read_all([TEXT], [0])
    assert together[0].reading.intent == together[2].reading.intent == alone.reading.intent
    assert read_all([], []) == []


def test_a_model_of_other_vectors_reads_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = IntentClassifier(HashedTfidf()).fit(["a", "b"], ["feedback"] * 2)
    find = lambda _: {workspace.pk: Reader(other, "message_intent", "3")}  # noqa: E731 # one line
    monkeypatch.setattr(classifying, "_finders", [find])

    (one,) = read_all([TEXT], [workspace.pk])

    assert (one.model, one.version) == ("inbox-base", "base-1")
