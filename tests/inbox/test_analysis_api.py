"""What texts say, over REST; the worker that reads them answers in its own process."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from inbox.models import AIClassification, ReplyDraft, ResponseTemplate
from inbox.tasks import analyse_task, suggest_task
from tests.api.conftest import key_client
from tests.inbox.steps import NOW, conversation_of, response_of
from workspaces import asking

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(monkeypatch):
    """Works questions off as they are sent, as an idle worker would."""
    for task in (analyse_task, suggest_task):
        monkeypatch.setattr(task, "apply_async", lambda *, kwargs, _run=task, **_: _run(**kwargs))


@pytest.fixture
def client(workspace):
    return key_client(workspace, ["inbox:read"])


def ask(client, what, body):
    return client.post(f"/api/responses/{what}/", body, format="json")


@pytest.mark.usefixtures("worker")
def test_a_text_is_read_and_not_kept(client):
    told = ask(client, "classify", {"text": "This is awful, I want my money back!"}).json()
    assert (told["intent"], told["urgency"]) == ("complaint", "high")
    assert told["sentiment_score"] < -0.2
    assert told["requires_human"]["flag"]
    assert set(told["next_best_action"]) == {"action", "priority", "reasoning"}
    assert set(told["entities"]) == {"products", "issues", "requests"}
    assert not AIClassification.objects.exists()


@pytest.mark.usefixtures("worker")
def test_many_texts_are_read_in_their_order(client):
    texts = ["Please unsubscribe me", "How long does delivery take?", ""]
    refused = ask(client, "classify/batch", {"texts": texts})
    assert refused.status_code == 400
    told = ask(client, "classify/batch", {"texts": texts[:2]}).json()["results"]
    assert [one["intent"] for one in told] == ["unsubscribe", "question"]
    for wrong in ([], ["a"] * 101):
        assert ask(client, "classify/batch", {"texts": wrong}).status_code == 400


@pytest.mark.usefixtures("worker")
def test_what_keeps_somebody_from_buying(client):
    told = ask(client, "analyze-objection", {"text": "It is too expensive for us."}).json()
    assert told["type"] == "price"
    assert told["evidence"]
    assert told["suggested_response"]["key_points"]
    none = ask(client, "analyze-objection", {"text": "Thank you, I love it!"}).json()
    assert (none["type"], none["suggested_response"]) == ("", None)


@pytest.mark.usefixtures("worker")
def test_how_near_somebody_is_to_buying(client):
    keen = ask(client, "analyze-purchase-intent", {"text": "I want to buy ten now. How do I pay?"})
    cool = ask(client, "analyze-purchase-intent", {"text": "Thank you for the nice talk."})
    assert keen.json()["score"] > cool.json()["score"]
    assert keen.json()["level"] in ("high", "very_high")
    assert 0 <= keen.json()["discount_pct"] <= 30


@pytest.mark.usefixtures("worker")
def test_an_answer_is_suggested_and_kept_by_nobody(client, workspace, approver, other_workspace):
    asked = response_of(conversation_of(workspace), text="How long does delivery take?")
    nothing = ask(client, "generate-response", {"response": str(asked.public_id)}).json()
    assert (nothing["text"], nothing["template"]) == ("", None)
    template = ResponseTemplate.objects.create(
        workspace=workspace, name="How long delivery takes", approved_by=approver,
        approved_at=NOW - timedelta(days=1), body="Hello {{ first_name }}, three days.",
    )  # fmt: skip
    told = ask(client, "generate-response", {"response": str(asked.public_id)}).json()
    assert (told["text"], told["template"]) == (
        "Hello Ann, three days.", str(template.public_id),
    )  # fmt: skip
    assert not ReplyDraft.objects.exists()
    theirs = response_of(conversation_of(other_workspace))
    for wrong in (uuid4(), theirs.public_id):
        refused = ask(client, "generate-response", {"response": str(wrong)})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "response")


def test_without_a_worker_it_says_when_to_ask_again(client, monkeypatch):
    monkeypatch.setattr(asking, "WAIT_S", 0.01)
    monkeypatch.setattr(analyse_task, "apply_async", lambda **_: None)
    refused = ask(client, "classify", {"text": "Hello"})
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": ["x"]}, {"text": "a" * 20_001}])
def test_what_is_no_text_is_refused(client, body):
    refused = ask(client, "classify", body)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "text"
