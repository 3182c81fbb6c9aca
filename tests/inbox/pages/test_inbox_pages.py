"""The pages of the inbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from inbox.models import (
    AIClassification,
    Attachment,
    Conversation,
    ConversationEvent,
    InboxPolicy,
    InternalNote,
)
from inbox.services.topics import TOPIC
from outreach.models import ContactStanding
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of
from workspaces.models import SavedView, User, Workspace
from workspaces.services import live

Browse = Callable[[User], Client]


@pytest.fixture
def conversation(workspace: Workspace, agent: User) -> Conversation:
    made = conversation_of(workspace, subject="Where is it?", preview="I wait", unread=2)
    for n in range(3):
        response = response_of(made, text=f"Message {n}", html="<p>Formatted</p>", quoted="> older")
        AIClassification.objects.create(
            workspace=workspace, response=response, intent="complaint", confidence=0.91,
            sentiment=-0.7, sentiment_label="very_negative", urgency="high", model="words", ms=1,
            read_at=NOW, reasons=["says “late”"],
        )  # fmt: skip
        Attachment.objects.create(
            workspace=workspace, response=response, name=f"{n}.exe", content_type="x", size=1,
            sha256="0" * 64, held_because="Programs are not opened.",
        )  # fmt: skip
    InternalNote.objects.create(
        workspace=workspace, conversation=made, author=agent, text="Be kind", written_at=NOW
    )
    ConversationEvent.objects.create(
        workspace=workspace, conversation=made, kind="assigned", at=NOW, by_label="Rule",
        after={"assignee_id": agent.pk},
    )  # fmt: skip
    return made


def test_the_list_shows_who_wrote_what(
    client_as: Browse, viewer: User, conversation: Conversation, django_assert_max_num_queries: Any
) -> None:
    for n in range(5):
        conversation_of(conversation.workspace, contact=conversation.contact, subject=f"Other {n}")
    client = client_as(viewer)
    client.get("/inbox/")  # what is looked up once a process

    with django_assert_max_num_queries(12):
        html = client.get("/inbox/").content.decode()

    for words in ("Where is it?", "2 new", "Other 4", "All open", "E-mail"):
        assert words in html
    assert 'id="bulk"' not in html  # viewers only read


def test_what_was_chosen_stays_chosen(client_as: Browse, viewer: User) -> None:
    """Else the next search would look everywhere again."""
    html = client_as(viewer).get("/inbox/?channel=email&urgency=high").content.decode()
    chosen = re.findall(r'<option value="(\w+)"\s+selected', html)
    assert chosen == ["email", "high"]


def test_a_conversation_opens_by_its_address(
    client_as: Browse, agent: User, conversation: Conversation, django_assert_max_num_queries: Any
) -> None:
    client = client_as(agent)
    client.get("/inbox/")

    with django_assert_max_num_queries(12):
        html = client.get(f"/inbox/{conversation.public_id}/").content.decode()

    for words in ("Message 0", "Message 2", "complaint", " sure, high urgency", "says “late”",
                  "Be kind", "held back: Programs are not opened.", "gave it to"):  # fmt: skip
        assert words in html, words
    assert 'data-pane="conversation"' in html


def test_htmx_gets_the_conversation_alone(
    client_as: Browse, agent: User, conversation: Conversation, django_assert_max_num_queries: Any
) -> None:
    client = client_as(agent)
    client.get("/inbox/")

    with django_assert_max_num_queries(12):
        html = client.get(
            f"/inbox/{conversation.public_id}/", headers={"HX-Request": "true"}
        ).content.decode()

    assert "Message 2" in html
    assert "<html" not in html
    assert 'id="list"' not in html


def test_nothing_is_sent_while_nothing_changed(
    client_as: Browse, viewer: User, workspace: Workspace, conversation: Conversation,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    client = client_as(viewer)
    version = live.version(workspace.pk, TOPIC)
    assert client.get(f"/inbox/changes?since={version}").status_code == 204

    with django_capture_on_commit_callbacks(execute=True):
        live.bump(workspace.pk, TOPIC)
    answer = client.get(f"/inbox/changes?since={version}", headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert 'hx-swap-oob="true"' in answer.content.decode()
    assert answer["HX-Trigger-After-Settle"] == "inbox-news"


def test_news_bring_the_story_only_when_it_changed(
    client_as: Browse, viewer: User, conversation: Conversation
) -> None:
    client = client_as(viewer)
    page = client.get(f"/inbox/{conversation.public_id}/")
    seen = page.context["seen"]
    address = f"/inbox/{conversation.public_id}/news"

    same = client.get(address, {"seen": seen}, headers={"HX-Request": "true"}).content.decode()
    assert 'id="open-head"' in same
    assert 'id="open-timeline"' not in same

    response_of(conversation, text="One more")
    news = client.get(address, {"seen": seen}, headers={"HX-Request": "true"}).content.decode()
    assert "One more" in news


def test_reading_changes_nothing(
    client_as: Browse, agent: User, conversation: Conversation
) -> None:
    client_as(agent).get(f"/inbox/{conversation.public_id}/")

    conversation.refresh_from_db()
    assert conversation.unread == 2
    assert conversation.responses.filter(first_viewed_at=None).count() == 3


@pytest.mark.parametrize("asked", ["view=mars", "after=x", "assignee=ann"])
def test_what_is_unknown_is_refused(asked: str, client_as: Browse, viewer: User) -> None:
    assert client_as(viewer).get(f"/inbox/?{asked}").status_code == 400


@pytest.mark.parametrize(
    ("asked", "words"),
    [("", "Nothing has come in yet."), ("view=mine", "Nothing has come in yet."),
     ("q=zebra", "Nothing matches.")],
)  # fmt: skip
def test_an_empty_inbox_says_what_to_do(
    asked: str, words: str, client_as: Browse, viewer: User
) -> None:
    assert words in client_as(viewer).get(f"/inbox/?{asked}").content.decode()


def test_a_mail_is_shown_where_it_can_do_nothing(
    client_as: Browse, viewer: User, workspace: Workspace, conversation: Conversation
) -> None:
    message = conversation.responses.first()
    assert message is not None
    address = f"/inbox/messages/{message.public_id}/body"

    answer = client_as(viewer).get(address)

    assert answer.content == b"<p>Formatted</p>"
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy + ";"
    assert "script-src" not in policy
    InboxPolicy.objects.create(workspace=workspace, shows_images=True)
    assert "img-src data: https:" in client_as(viewer).get(address)["Content-Security-Policy"]


def test_files_that_are_held_back_stay_so(
    client_as: Browse, viewer: User, conversation: Conversation
) -> None:
    file = Attachment.objects.first()
    assert file is not None

    answer = client_as(viewer).get(f"/inbox/files/{file.public_id}")

    assert answer.status_code == 409
    assert b"Programs are not opened." in answer.content


def test_the_card_costs_few_queries(
    client_as: Browse, viewer: User, conversation: Conversation, django_assert_max_num_queries: Any
) -> None:
    client = client_as(viewer)
    client.get("/inbox/")

    ContactStanding.objects.create(
        workspace=conversation.workspace, contact=conversation.contact, spent=200, counted_at=NOW
    )
    AIClassification.objects.update(churn_score=0.25)
    with django_assert_max_num_queries(12):
        html = client.get(
            f"/inbox/{conversation.public_id}/customer", headers={"HX-Request": "true"}
        ).content.decode()

    words = " ".join(html.split())
    assert "ann@example.com" in html
    assert "200.00, what they spent so far" in words
    assert "25 %, by their words" in words
    assert "50.00" in words


@pytest.mark.parametrize("path", ["", "news", "earlier", "customer"])
def test_strangers_find_nothing(
    path: str, client_as: Browse, outsider: User, conversation: Conversation
) -> None:
    assert client_as(outsider).get(f"/inbox/{conversation.public_id}/{path}").status_code == 404


def test_views_are_kept_and_forgotten(
    client_as: Browse, viewer: User, workspace: Workspace
) -> None:
    client, form = client_as(viewer), {"workspace": str(workspace.public_id)}

    answer = client.post(
        "/inbox/views/", {**form, "name": "Angry", "query": "intent=complaint&after=9"}
    )
    assert answer["Location"] == "/inbox/?intent=complaint"
    view = SavedView.objects.get(page="inbox")
    assert 'href="/inbox/?intent=complaint"' in client.get("/inbox/").content.decode()

    gone = client.post(f"/inbox/views/{view.pk}/delete/", {**form, "query": "team=sales"})
    assert gone["Location"] == "/inbox/?team=sales"
    assert not SavedView.objects.filter(page="inbox").exists()


def test_a_new_filter_tells_the_views(client_as: Browse, viewer: User) -> None:
    found = client_as(viewer).get("/inbox/?channel=sms&q=", headers={"HX-Request": "true"})

    assert 'name="query" value="channel=sms"' in found.content.decode()


def test_the_sidebar_counts_what_is_over(
    client_as: Browse, viewer: User, workspace: Workspace
) -> None:
    contact = contact_of(workspace)
    for _ in range(3):
        conversation_of(workspace, contact=contact, due_at=NOW, sla_state="breached")

    html = client_as(viewer).get("/notices/").content.decode()

    assert "inbox" in html
    from workspaces.counters import counts

    assert counts(membership=viewer.memberships.get(), now=NOW)["breaches"] == "3"
