"""From corrections to a model that reads the workspace's messages, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.test import Client

from inbox.models import AIClassification, AutoSendRule
from inbox.services import classifying
from inbox.services.classifying import base, read_all
from inbox.services.reading import read_new
from mlops.engine.learning import message_intent
from mlops.engine.learning.message_intent import JUDGED_AT, KIND
from mlops.models import DriftReport, ModelPrediction, ModelVersion, ShadowReport
from mlops.selectors.messages import handled_messages, newest_messages
from mlops.services.registry.files import export_version, import_version
from mlops.services.registry.serving import shelf
from mlops.services.training import NothingNewError, TooLittleError, messages, train_model
from mlops.services.watch.comparing import advance, compare, propose_ready
from mlops.services.watch.drifting import watch_drift
from tests.api.conftest import key_client
from tests.inbox.steps import conversation_of, response_of
from tests.mlops.messages.rows import answer, correct, messages_of
from tests.mlops.messages.steps import small_base, standing, trade
from tests.mlops.registry.steps import champion
from workspaces.engine.embedding.hashed import HashedTfidf
from workspaces.models import Proposal, User, Workspace

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def hashed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Words are hashed and few texts ship: a training takes a moment."""
    for module, name in ((message_intent, "embedder"), (classifying, "recent_embedder")):
        monkeypatch.setattr(module, name, HashedTfidf)
    monkeypatch.setattr(messages, "base_texts", lambda: list(small_base()[0]))
    base.cache_clear()
    shelf.clear()
    yield
    base.cache_clear()
    shelf.clear()


@pytest.fixture
def corrected(workspace: Workspace, approver: User, now: datetime) -> None:
    """Sixty messages of the trade, corrected, and thirty plain ones, answered as read."""
    texts, right = trade(60)
    rows = messages_of(workspace, texts, read_as=_read(texts), since=now - 5 * DAY)
    correct(rows, right, now - DAY)
    _stood(workspace, slice(30, 60), approver, now - 5 * DAY, name="b")


def _stood(workspace: Workspace, half: slice, by: User, since: datetime, name: str) -> None:
    texts, as_read = (part[half] for part in standing(60))
    answer(messages_of(workspace, texts, read_as=as_read, since=since, name=name), by)


def _read(texts: list[str]) -> list[str]:
    return [one.reading.intent for one in read_all(texts, [0] * len(texts))]


def _train(workspace: Workspace, now: datetime, **words: bool) -> ModelVersion:
    return train_model(workspace=workspace, name=KIND, now=now, **words)


@pytest.mark.usefixtures("corrected")
def test_corrections_become_the_workspaces_own_reader(
    workspace: Workspace, other_workspace: Workspace, approver: User, now: datetime
) -> None:
    version = _train(workspace, now)

    assert (version.is_better, version.stage, version.format) == (True, "challenger", "safetensors")
    assert version.card["corrections"] == 60
    made = propose_ready(workspace=workspace, name=KIND, now=now)
    assert made is not None
    assert made.summary == "Let version 1 of Intent of messages serve"
    assert "corrected messages it did not learn" in made.reason

    text, talk = "Fix us forty boxes ex Koper prompt", conversation_of(workspace)
    before = response_of(talk, text=text, at=now, received_at=now)
    read_new(now=now)
    champion(version, now, approver)
    after = response_of(talk, text=text, at=now, received_at=now)
    theirs = response_of(conversation_of(other_workspace), text=text, at=now, received_at=now)
    read_new(now=now)

    told = {
        row.response_id: (row.intent == "purchase", row.model, row.version)
        for row in AIClassification.objects.filter(response__in=[before, after, theirs])
    }
    assert told == {
        before.pk: (False, "inbox-base", "base-1"),
        after.pk: (True, KIND, "1"),
        theirs.pk: (False, "inbox-base", "base-1"),
    }


@pytest.mark.usefixtures("corrected")
def test_a_newer_version_is_compared_and_proposed_on_messages_neither_learned(
    workspace: Workspace, approver: User, now: datetime
) -> None:
    champion(_train(workspace, now), now, approver)
    # A new word of the trade.
    texts = [f"TEU slots wanted wk {number}" for number in range(60)]
    rows = messages_of(workspace, texts, read_as=["other"] * 60, since=now + DAY, name="c")
    correct(rows, ["purchase"] * 60, now + 2 * DAY)
    later = now + 3 * DAY
    _stood(workspace, slice(30), approver, now + DAY + DAY / 48, name="d")

    second = _train(workspace, later)
    assert second.is_better, second.verdict
    assert set(second.baselines) == {"version 1 on the same", "what ships", "commonest intent"}
    assert advance(workspace=workspace, name=KIND, now=later) == second
    report = compare(workspace=workspace, name=KIND, now=later)

    assert report is not None
    assert report.is_eligible, report.verdict
    assert (report.metric, report.challenger_figure) == ("share read wrong", 0.0)
    assert f"On {report.rows} messages its share read wrong is 0.0000" in report.verdict
    assert report.differing[0]["meant"] == report.differing[0]["challenger_said"] == "purchase"
    made = propose_ready(workspace=workspace, name=KIND, now=later)
    assert isinstance(made, Proposal)
    assert made.current_plan is not None
    assert made.current_plan.predicted["metric"] == "% fewer messages read wrong"
    (check,) = [one for one in made.current_plan.verdict if one["name"] == "canary"]
    assert check["why"].startswith("One version reads all messages of the workspace")
    assert ShadowReport.objects.get().version == second


@pytest.mark.usefixtures("corrected")
def test_a_scheduled_training_waits_for_corrections_or_a_week(
    workspace: Workspace, now: datetime
) -> None:
    _train(workspace, now, only_new=True)
    with pytest.raises(NothingNewError, match="it has learnt the same rows"):
        _train(workspace, now, only_new=True)

    texts = [f"TEU slots wanted wk {number}" for number in range(20)]
    rows = messages_of(workspace, texts, read_as=["other"] * 20, since=now, name="c")
    correct(rows[:1], ["purchase"], now + DAY)
    with pytest.raises(NothingNewError, match="Corrections since version 1: 1"):
        _train(workspace, now + 2 * DAY, only_new=True)
    assert _train(workspace, now + 7 * DAY, only_new=True).version == 2
    correct(rows, ["purchase"] * 20, now + 8 * DAY)
    assert _train(workspace, now + 9 * DAY, only_new=True).version == 3


def test_too_few_corrections_train_nothing(workspace: Workspace, now: datetime) -> None:
    texts, right = trade(8)
    rows = messages_of(workspace, texts, read_as=["other"] * 8, since=now - DAY)
    correct(rows, right, now)
    with pytest.raises(TooLittleError, match="8 messages were corrected; 42 more are needed, 50"):
        _train(workspace, now)
    assert not ModelVersion.objects.exists()


def test_what_is_learned_from(
    workspace: Workspace, other_workspace: Workspace, approver: User, now: datetime
) -> None:
    def add(*texts: str, of: Workspace = workspace, name: str = "a") -> list:
        return messages_of(of, texts, read_as=["other"] * len(texts), since=now - DAY, name=name)

    fixed, stood, by_machine, _ = add("Fixed", "Stood", "By a machine", "Nobody answered")
    twice, again = add("Two  slots", "two slots", name="b")
    (leaves,) = add("Please unsubscribe me", name="c")
    (gone, robot) = add("", "Out of office", name="d")
    (theirs,) = add("Theirs", of=other_workspace)
    correct([fixed, twice, leaves, gone, theirs], ["purchase"] * 5, now)
    answer([stood, again, robot], approver)
    answer([by_machine], None)
    robot.is_auto = True
    robot.save(update_fields=["is_auto"])

    found = handled_messages(workspace, since=now - 2 * DAY)

    assert dict(zip(found.text, found.meant.tolist(), strict=True)) == {
        "Fixed": "purchase", "Stood": "other", "Two  slots": "purchase",
    }  # fmt: skip
    assert found.is_corrected.tolist() == [True, True, False]
    assert len(handled_messages(workspace, since=now)) == 0
    assert len(newest_messages(workspace, since=now - 2 * DAY)) == 7


@pytest.mark.usefixtures("corrected")
def test_drift_sees_another_mix_and_more_corrections(
    workspace: Workspace, approver: User, now: datetime
) -> None:
    version = _train(workspace, now)
    champion(version, now, approver)
    assert JUDGED_AT in version.card
    texts = [f"Number {number}" for number in range(220)]
    own = (KIND, str(version.version))
    rows = messages_of(
        workspace, texts, read_as=["spam"] * 220, since=now, name="s", version=own, confidence=0.9
    )
    AutoSendRule.objects.create(workspace=workspace, intent="question", is_on=True)
    assert watch_drift(workspace=workspace, name=KIND, now=now) is not None
    report = DriftReport.objects.get()
    assert (report.is_moved, report.known_rows) == (True, 0)
    rule = AutoSendRule.objects.get()
    assert (rule.is_on, rule.demoted_because[:31]) == (False, "The reading of messages drifts:")
    assert report.worst_first[0][0] == "intent"

    correct(rows, ["question"] * 220, now)
    watch_drift(workspace=workspace, name=KIND, now=now)

    report.refresh_from_db()
    assert (report.known_rows, round(report.calibration_error, 2)) == (220, 0.9)
    assert "Its predictions are off by 0.900" in report.verdict


@pytest.mark.usefixtures("corrected")
def test_the_first_version_goes_back_to_what_ships(
    workspace: Workspace, approver: User, now: datetime, client_as: Callable[[User], Client]
) -> None:
    version = _train(workspace, now)
    champion(version, now, approver)
    assert _model_of(workspace) == KIND
    client = client_as(approver)
    shown = client.get("/models/").text
    assert "Intent of messages" in shown

    key = key_client(workspace, ["changes:sign"], acts_as=approver)
    told = key.post(
        f"/api/models/{KIND}/rollback", {"reason": "Odd.", "from_id": str(version.public_id)},
        format="json",
    )  # fmt: skip

    assert (told.status_code, told.json()["stage"]) == (200, "archived")
    assert _model_of(workspace) == "inbox-base"
    assert "the base that ships does" in client.get("/models/").text
    again = {"reason": "Odd.", "version": str(version.public_id), "workspace": workspace.public_id}
    refused = client.post(f"/models/{KIND}/rollback/", again)
    assert (refused.status_code, "nothing to roll back" in refused.text) == (409, True)
    record = Proposal.objects.latest("pk")
    assert record.summary == "Roll Intent of messages back to the base that ships"


@pytest.mark.usefixtures("corrected")
def test_its_page_tells_all_and_words_of_customers_are_kept_nowhere(
    workspace: Workspace,
    other_workspace: Workspace,
    approver: User,
    now: datetime,
    client_as: Callable[[User], Client],
) -> None:
    version = _train(workspace, now)
    content = export_version(version=version)
    assert not any(text.encode() in content for text in trade(60)[0])
    brought = import_version(workspace=other_workspace, content=content, now=now)
    assert (brought.stage, brought.sha256) == ("challenger", version.sha256)
    champion(version, now, approver)
    client = client_as(approver)

    page = client.get(f"/models/{version.public_id}/").text

    assert "once it has read 200 messages of the last two weeks" in page
    assert "Corrected ones read right" in page
    assert client.get(f"/models/{version.public_id}/try/").status_code == 404
    asked = key_client(workspace, ["ml:read"]).post(
        f"/api/ml/predict/{KIND}", {"rows": [{"text": "Where is it?"}]}, format="json"
    )
    assert (asked.status_code, "POST /api/responses/classify/" in asked.text) == (409, True)
    assert not ModelPrediction.objects.exists()


def _model_of(workspace: Workspace) -> str:
    (one,) = read_all(["Fix us forty boxes ex Koper prompt"], [workspace.pk])
    return one.model
