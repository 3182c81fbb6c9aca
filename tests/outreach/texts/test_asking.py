"""Words that a language model writes: checked, a draft, and never sent by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from outreach.models import ChannelTemplate, OutreachPolicy
from outreach.services.texts.asking import (
    MOST_AN_HOUR,
    Asking,
    ask_for_words,
    asking_of,
    begin_asking,
)
from outreach.services.texts.writing import TextRefusedError
from outreach.tasks import write_text
from tests.campaigns.advice.llm_stand_in import Raw, serving
from tests.campaigns.advice.steps import connect_model
from tests.outreach.steps import contact_of, template_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db
FIVE = ["Five trails near you", "Run where it is quiet", "New shoes, new trails",
        "{{ first_name }}, look outside", "What to run this week"]  # fmt: skip
DRAFT: dict[str, Any] = {
    "subject": "Trails for you",
    "preheader": "All under two hours.",
    "paragraphs": [
        "Hello {{ first_name | default('there') }},",
        "five trails & more wait for you.",
    ],
}


@pytest.fixture
def template(workspace: Workspace) -> ChannelTemplate:
    OutreachPolicy.objects.create(workspace=workspace, postal_address="1 Main Street")
    contact_of(workspace, "secret.person@example.com", first_name="Zacharias")
    return template_of(
        workspace, subject="Trails", text="Hello {{ first_name }}",
        variables=[{"name": "offer", "type": "text", "sample": "for Zacharias only"}],
    )  # fmt: skip


def _ask(
    template: ChannelTemplate, by: User, now: datetime, kind: str = "subjects", brief: str = "Runs"
) -> Asking:
    return ask_for_words(
        template=template, kind=kind, brief=brief, by=Proposer.person(by), now=now
    )  # fmt: skip


def test_five_subjects_are_suggested_and_nothing_is_changed(
    workspace: Workspace, template: ChannelTemplate, operator: User, now: datetime
) -> None:
    with serving(lambda asked: {"subjects": FIVE}) as server:
        connect_model(workspace, server)
        told = _ask(template, operator, now)

    assert (told.state, told.subjects, told.words) == ("done", tuple(FIVE), "gpt-test suggests:")
    assert asking_of(template) == told
    assert template.versions.count() == 1


def test_the_model_gets_blanks_and_nobodys_data(
    workspace: Workspace, template: ChannelTemplate, operator: User, now: datetime
) -> None:
    with serving(lambda asked: {"subjects": FIVE}) as server:
        connect_model(workspace, server)
        _ask(template, operator, now)

    document = server.asked[0].document
    assert document["blanks"][0] == {"name": "offer", "type": "text"}
    assert (document["subject"], document["text"]) == ("Trails", "Hello {{ first_name }}")
    assert not any(name in server.asked[0].said for name in ("Zacharias", "secret.person"))


def test_a_draft_is_a_version_that_is_not_in_use(
    workspace: Workspace, template: ChannelTemplate, operator: User, now: datetime
) -> None:
    with serving(lambda asked: DRAFT) as server:
        connect_model(workspace, server)
        told = _ask(template, operator, now, "draft")

    assert (told.state, told.version) == ("done", 2)
    made = template.versions.get(number=2)
    assert (made.subject, made.markup) == ("Trails for you", "mjml")
    assert "five trails &amp; more" in made.body
    assert "{{ unsubscribe_url }}" in made.body
    assert made.by_label == f"gpt-test for {Proposer.person(operator).label}"
    template.refresh_from_db()
    assert template.current is not None
    assert template.current.number == 1


def test_a_draft_for_another_channel_is_text(
    workspace: Workspace, operator: User, now: datetime
) -> None:
    short = template_of(workspace, channel="sms", name="Short", subject="", text="Hi STOP")
    with serving(
        lambda asked: {"paragraphs": ["Five trails wait.", "Reply STOP to end"]}
    ) as server:
        connect_model(workspace, server)
        _ask(short, operator, now, "draft")

    assert short.versions.get(number=2).text == "Five trails wait.\n\nReply STOP to end"


@pytest.mark.parametrize(
    ("kind", "answer", "why"),
    [
        ("subjects", {"subjects": FIVE[:4]}, "no answer of the required form"),
        ("subjects", {"subjects": [*FIVE[:4], "For {{ surname }}"]}, "surname"),
        ("subjects", {"subjects": [*FIVE[:4], "trails"]}, "is there already"),
        ("subjects", {"subjects": [*FIVE[:4], "ACT NOW AND WIN"]}, "small letters"),
        ("subjects", {"subjects": [*FIVE[:4], "Re: your order"]}, "no reply"),
        ("draft", {**DRAFT, "paragraphs": ["Hi {{ shoe_size }}"]}, "shoe_size"),
        ("draft", {**DRAFT, "paragraphs": ["{% for %}"]}, "refused"),
        ("draft", {**DRAFT, "subject": ""}, "Write a subject"),
        ("draft", Raw(status=500), "gpt-test"),
    ],
)
def test_a_bad_answer_is_refused_and_told(
    workspace: Workspace, template: ChannelTemplate, operator: User, now: datetime,
    kind: str, answer: Any, why: str,
) -> None:  # fmt: skip
    with serving(lambda asked: answer) as server:
        connect_model(workspace, server)
        told = _ask(template, operator, now, kind)

    assert told.state == "failed"
    assert why in told.words
    assert template.versions.count() == 1


def test_what_was_archived_meanwhile_stays_as_it_is(
    workspace: Workspace, template: ChannelTemplate, operator: User, now: datetime
) -> None:
    with serving(lambda asked: DRAFT) as server:
        connect_model(workspace, server)
        template.status = "archived"
        template.save()
        told = _ask(template, operator, now, "draft")

    assert (told.state, "archived" in told.words) == ("failed", True)
    assert template.versions.count() == 1


def test_without_a_model_nothing_is_asked(
    workspace: Workspace, template: ChannelTemplate, operator: User, client_as: Any, now: datetime
) -> None:
    with pytest.raises(TextRefusedError, match="No language model"):
        begin_asking(
            template=template, kind="subjects", brief="", by=Proposer.person(operator), now=now
        )  # fmt: skip

    assert asking_of(template) is None
    page = client_as(operator).get(reverse("text-words", args=[template.public_id])).text
    assert "No language model is connected." in page


@pytest.mark.parametrize(
    ("kind", "brief", "field"),
    [
        ("poem", "", "kind"),
        ("draft", " ", "brief"),
        ("draft", "Write to ann@example.com", "brief"),
        ("draft", "Call +49 30 1234567", "brief"),
        ("draft", "x" * 501, "brief"),
    ],
)
def test_a_wrong_question_names_its_field(
    template: ChannelTemplate, operator: User, now: datetime, kind: str, brief: str, field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        begin_asking(
            template=template, kind=kind, brief=brief, by=Proposer.person(operator), now=now
        )  # fmt: skip

    assert set(refused.value.message_dict) == {field}


def test_one_question_at_a_time_and_thirty_an_hour(
    workspace: Workspace, template: ChannelTemplate, operator: User, viewer: User, now: datetime
) -> None:
    def begin(by: User, at: datetime) -> Asking:
        return begin_asking(
            template=template, kind="subjects", brief="", by=Proposer.person(by), now=at
        )  # fmt: skip

    with serving(lambda asked: {"subjects": FIVE}) as server:
        connect_model(workspace, server)
        with pytest.raises(NotAllowedError):
            begin(viewer, now)
        begin(operator, now)
        with pytest.raises(TextRefusedError, match="written already"):
            begin(operator, now + timedelta(seconds=119))
        for number in range(1, MOST_AN_HOUR):
            begin(operator, now + timedelta(seconds=120 * number))
        with pytest.raises(TextRefusedError, match="asked enough"):
            begin(operator, now + timedelta(hours=2))

    assert server.asked == []


def test_from_the_editor_to_a_subject_that_is_kept(
    workspace: Workspace, template: ChannelTemplate, operator: User, viewer: User,
    client_as: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    client, own = client_as(operator), {"workspace": str(workspace.public_id)}
    path = reverse("text-words", args=[template.public_id])
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(write_text, "delay_on_commit", lambda **given: sent.append(given))
    with serving(lambda asked: {"subjects": FIVE}) as server:
        connect_model(workspace, server)
        assert "Suggest five subjects" in client.get(path).text
        assert "The model is asked" in client.post(path, {**own, "kind": "subjects"}).text
        assert "The model is asked" in client.get(path).text
        write_text(**sent[0])
        assert FIVE[4] in client.get(path).text
    client.post(
        reverse("text-act", args=[template.public_id, "subject"]), {**own, "subject": FIVE[4]}
    )

    assert template.versions.get(number=2).subject == FIVE[4]
    assert client_as(viewer).get(path).status_code == 403
    assert client.post(path, {**own, "kind": "draft"}).status_code == 400
