"""The page on which approvers set a website's chat up, and what agents see of a visitor."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from inbox.models import ChatVisitor, ChatWidget
from inbox.selectors.chat import visitor_of
from inbox.services.widgets import save_widget
from outreach.services.people.erasing import erase_contact, export_contact
from tests.inbox.chat.steps import begin, chat_of, last_of, site_of
from tests.inbox.steps import NOW
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.services.permissions import NotAllowedError

pytestmark = pytest.mark.django_db
Browse = Callable[[User], Client]
FORM = {
    "is_on": "yes", "title": " Ask us ", "greeting": "Hi", "offline_text": "", "consent_text": "",
    "team": "sales", "language": "de", "accent": "#AABBCC", "asks_email": "yes",
}  # fmt: skip


def post(client: Client, workspace: Workspace, site: Any, **values: str) -> Any:
    form = FORM | values | {"workspace": str(workspace.public_id)}
    return client.post(f"/inbox/chat/{site.public_id}/save", form)


def test_a_chat_is_set_up_shown_and_switched_off(
    client_as: Browse, approver: User, workspace: Workspace
) -> None:
    site, client = site_of(workspace), client_as(approver)
    bare = client.get("/inbox/chat/").content.decode()
    assert "/chat.js?site=" in bare
    assert "preview&v=" not in bare

    assert post(client, workspace, site).status_code == 302
    widget = ChatWidget.objects.get()
    assert (widget.is_on, widget.title, widget.accent) == (True, "Ask us", "#aabbcc")
    assert (widget.asks_name, widget.asks_email, widget.team) == (False, True, "sales")
    shown = client.get("/inbox/chat/").content.decode()
    assert "The chat of Shop is saved and on." in shown
    assert re.search(rf'src="/chat\.js\?site={site.key}&(amp;)?preview&(amp;)?v=\d+"', shown)
    assert f'/chat.js?site={site.key}"&gt;&lt;/script&gt;' in shown

    post(client, workspace, site, is_on="")
    widget.refresh_from_db()
    assert not widget.is_on


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"title": ""}, "Give the chat a title"),
        ({"accent": "red"}, "Accent:"),
        ({"team": "x"}, "Team:"),
        ({"language": "xx"}, "Choose among en, de"),
        ({"greeting": "a" * 301}, "Greeting:"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    client_as: Browse, approver: User, workspace: Workspace, values: dict[str, str], said: str
) -> None:
    answer = post(
        client_as(approver), workspace, site_of(workspace), **{"greeting": "Aye"} | values
    )

    assert answer.status_code == 400
    text = answer.content.decode()
    assert said in text
    assert values.get("greeting", "Aye") in text
    assert not ChatWidget.objects.exists()


def test_there_is_nothing_to_set_up_of_a_website_that_is_used_no_more(
    client_as: Browse, approver: User, workspace: Workspace
) -> None:
    site = site_of(workspace)
    type(site).objects.update(is_active=False)
    for values in ({"title": "Hi"}, {"title": ""}):
        assert post(client_as(approver), workspace, site, **values).status_code == 404
    assert not ChatWidget.objects.exists()


def test_without_a_website_it_says_what_to_do(
    client_as: Browse, approver: User, workspace: Workspace
) -> None:
    assert "There is no website yet." in client_as(approver).get("/inbox/chat/").content.decode()


def test_only_approvers_and_only_sites_of_their_own(
    client_as: Browse,
    approver: User,
    operator: User,
    workspace: Workspace,
    other_workspace: Workspace,
) -> None:
    theirs, own = site_of(other_workspace), site_of(workspace)
    client = client_as(approver)
    assert client.get(f"/inbox/chat/?site={theirs.public_id}").status_code == 404
    assert post(client, workspace, theirs).status_code == 404
    assert post(client_as(operator), workspace, own).status_code == 403
    with pytest.raises(NotAllowedError):
        save_widget(site=own, values={"is_on": True}, by=Proposer.person(operator), now=NOW)
    with pytest.raises(NotAllowedError):
        save_widget(site=theirs, values={"is_on": True}, by=Proposer.person(approver), now=NOW)
    assert not ChatWidget.objects.exists()


def test_few_queries_however_many_sites(
    client_as: Browse, approver: User, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for name in "abcde":
        chat_of(workspace, name)
    client = client_as(approver)
    client.get("/inbox/chat/")
    with django_assert_max_num_queries(12):
        assert client.get("/inbox/chat/").status_code == 200


def test_the_card_tells_where_a_visitor_is(
    client_as: Browse, viewer: User, workspace: Workspace
) -> None:
    visitor, _ = begin(chat_of(workspace), name="Ann", email="ann@example.com")
    talk = last_of(visitor).conversation
    card = client_as(viewer).get(f"/inbox/{talk.public_id}/customer").content.decode()
    assert "On Shop" in card
    assert "https://shop.example/pricing" in card
    assert re.search(r"Says to be ann@example.com\s+<span[^>]*>\(as typed, no proof\)", card)


def test_who_is_erased_is_no_visitor_any_more(workspace: Workspace, admin: User) -> None:
    widget = chat_of(workspace)
    visitor, token = begin(widget, name="Zebulon", email="zeb@example.com")
    contact = last_of(visitor).conversation.contact
    told = export_contact(contact=contact, by=Proposer.person(admin), now=NOW)
    (chat,) = told["chats"]
    assert (chat["name"], chat["email"]) == ("Zebulon", "zeb@example.com")
    assert "token_hash" not in chat

    counts = erase_contact(contact=contact, by=Proposer.person(admin), now=NOW)
    assert counts["chats"] == 1
    row = ChatVisitor.objects.get()
    assert (row.name, row.email, row.page_url, row.visitor) == ("", "", "", "")
    assert visitor_of(widget, token) is None
