"""The chat over REST: for browsers on the site's origins, by its key and the visitor's token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from attribution.models import Site
from inbox.api import chat
from inbox.models import BusinessHours, ChatVisitor, ChatWidget, CustomerResponse
from inbox.services import presence
from inbox.services.answering import Words, answer
from tests.attribution.website.wire import AGENT
from tests.inbox.chat.steps import KEY, ORIGIN, chat_of, last_of, site_of
from workspaces.gate import Proposer
from workspaces.models import ThrottleRate, User, Workspace

pytestmark = pytest.mark.django_db
Answer = Any


class Visitor:
    """A browser on a page of somebody's website."""

    def __init__(self, site: Site, origin: str = ORIGIN, agent: str = AGENT) -> None:
        self.client, self.door = Client(), f"/api/chat/{site.key}"
        self.headers = {"Origin": origin, "User-Agent": agent}
        self.token = ""

    def say(self, text: str = "Do you deliver?", **body: Any) -> Answer:
        told = {"id": str(uuid4()), "text": text, "token": self.token, **body}
        answer = self.post("messages", told)
        if answer.status_code == 201:
            self.token = answer.json()["token"] or self.token
        return answer

    def post(self, path: str, body: Any) -> Answer:
        return self.client.post(
            f"{self.door}/{path}", body, "application/json", headers=self.headers
        )

    def look(self, query: str = "", token: str | None = None) -> Answer:
        known = self.token if token is None else token
        headers = self.headers | ({chat.TOKEN: known} if known else {})
        return self.client.get(f"{self.door}/messages?after={query}", headers=headers)


@pytest.fixture
def widget(workspace: Workspace) -> ChatWidget:
    return chat_of(workspace)


@pytest.fixture
def visitor(widget: ChatWidget) -> Visitor:
    return Visitor(widget.site)


def test_a_visitor_writes_and_is_answered(visitor: Visitor, agent: User) -> None:
    first = visitor.say(id=str(KEY), page=f"{ORIGIN}/", visitor=str(KEY), name="Ann")
    assert (first.status_code, first.json()["id"]) == (201, str(KEY))
    assert len(visitor.token) == 64

    asked = last_of(ChatVisitor.objects.get())
    told = answer(
        to=asked, words=Words("Yes."), by=Proposer.person(agent),
        now=timezone.now() - timedelta(minutes=1),
    )  # fmt: skip
    seen = visitor.look().json()
    # An answer that went out before the message stands before it.
    assert [(one["from"], one["text"], one["id"]) for one in seen["messages"]] == [
        ("us", "Yes.", str(told.public_id)),
        ("you", "Do you deliver?", str(KEY)),
    ]
    assert {name: seen[name] for name in ("seen", "is_typing", "is_there", "back_at")} == {
        "seen": "", "is_typing": False, "is_there": True, "back_at": None,
    }  # fmt: skip
    presence.note(conversation=asked.conversation, user=agent, what="typing", now=timezone.now())
    assert visitor.look(seen["after"]).json()["is_typing"]
    assert len(visitor.say("And to Austria?").json()["token"]) == 0
    assert CustomerResponse.objects.filter(direction="in").count() == 2


def test_who_has_not_written_yet_hears_who_is_there(workspace: Workspace, visitor: Visitor) -> None:
    BusinessHours.objects.create(workspace=workspace, time_zone="UTC", week={})
    assert visitor.look().json() == {
        "messages": [], "after": "", "seen": "", "is_typing": False, "is_there": False,
        "back_at": None,
    }  # fmt: skip
    assert not ChatVisitor.objects.exists()


def test_only_pages_of_the_site_may_read_the_answers(widget: ChatWidget, visitor: Visitor) -> None:
    for answered in (visitor.say(), visitor.look()):
        assert answered["Access-Control-Allow-Origin"] == ORIGIN
        assert "Origin" in answered["Vary"]
        assert "Access-Control-Allow-Credentials" not in answered
        assert answered["Cache-Control"] == "private, no-store"
        assert not answered.cookies
    asked = visitor.client.options(f"{visitor.door}/messages", headers=visitor.headers)
    assert asked.status_code == 204
    assert "x-chat-token" in asked["Access-Control-Allow-Headers"]

    elsewhere = Visitor(widget.site, origin="https://evil.example")
    for answered in (
        elsewhere.say(), elsewhere.look(), elsewhere.post("form", {}),
        elsewhere.client.options(f"{elsewhere.door}/messages", headers=elsewhere.headers),
    ):  # fmt: skip
        assert answered.status_code == 403
        assert "Access-Control-Allow-Origin" not in answered
    assert CustomerResponse.objects.count() == 1


def test_beacons_are_read_without_a_preflight(visitor: Visitor) -> None:
    body = f'{{"id": "{KEY}", "text": "Hi"}}'
    answered = visitor.client.post(
        f"{visitor.door}/messages", body, "text/plain", headers=visitor.headers
    )
    assert answered.status_code == 201


def test_there_is_no_chat_of_an_unknown_site_nor_where_it_is_off(
    workspace: Workspace, widget: ChatWidget, visitor: Visitor
) -> None:
    bare = Visitor(site_of(workspace, "Bare"))
    assert [bare.say().status_code, bare.look().status_code] == [403, 403]
    visitor.say()
    ChatWidget.objects.update(is_on=False)
    for answered in (visitor.say(), visitor.look(), visitor.post("form", {})):
        assert answered.status_code == 403
        assert answered.json()["detail"] == "The chat of this website is off."
    Site.objects.update(is_active=False)
    for answered in (visitor.say(), visitor.look(), visitor.post("form", {})):
        assert answered.status_code == 404
    assert CustomerResponse.objects.count() == 1


def test_a_token_opens_one_chat_of_one_site(
    workspace: Workspace, other_workspace: Workspace, visitor: Visitor
) -> None:
    visitor.say()
    for elsewhere in (chat_of(workspace, "Second"), chat_of(other_workspace)):
        other = Visitor(elsewhere.site)
        other.token = visitor.token
        assert [other.say().status_code, other.look().status_code] == [401, 401]
    assert visitor.look(token="wrong").status_code == 401
    # Nor does its address in the query.
    in_query = visitor.client.get(
        f"{visitor.door}/messages?token={visitor.token}", headers=visitor.headers
    )
    assert in_query.json()["messages"] == []
    assert CustomerResponse.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "a" * 4_001}, "text"),
        ({"id": "x"}, "id"),
        ({"email": "x"}, "email"),
        ({"email": "ann@example"}, "email"),
        ({"visitor": "x"}, "visitor"),
    ],
)
def test_what_is_wrong_is_named(visitor: Visitor, body: dict[str, str], field: str) -> None:
    answered = visitor.say(**body)
    assert answered.status_code == 400
    assert [one["field"] for one in answered.json()["errors"]] == [field]
    assert not CustomerResponse.objects.exists()


def test_machines_and_too_large_bodies_are_refused(widget: ChatWidget, visitor: Visitor) -> None:
    for agent in ("", "curl/8.5", "Googlebot/2.1"):
        assert Visitor(widget.site, agent=agent).say().status_code == 403
    assert visitor.say(page="a" * 70_000).status_code == 413
    assert not CustomerResponse.objects.exists()


def test_who_writes_too_much_is_told_to_wait(
    monkeypatch: pytest.MonkeyPatch, widget: ChatWidget, visitor: Visitor
) -> None:
    monkeypatch.setattr(chat, "_BEGINS", (2, 10**6))
    monkeypatch.setattr(chat, "_MESSAGES", (3, 10**6))
    visitor.say()
    assert [visitor.say().status_code for _ in range(4)] == [201, 201, 201, 429]
    other = Visitor(widget.site, agent=f"{AGENT} Other")
    assert [other.say(token="").status_code for _ in range(2)] == [201, 429]
    refused = other.post("form", {"id": str(KEY), "text": "Hi", "email": "a@example.com"})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) >= 1
    assert CustomerResponse.objects.count() == 5


def test_limits_of_the_workspace_hold_and_count_apart_from_events(
    workspace: Workspace, visitor: Visitor
) -> None:
    for scope, calls in (("visitor", 1), ("read", 2)):
        ThrottleRate.objects.create(workspace=workspace, scope=scope, calls=calls, seconds=10**6)
    assert [visitor.say().status_code for _ in range(2)] == [201, 429]
    assert [visitor.look().status_code for _ in range(3)] == [200, 200, 429]
    events = visitor.client.post(
        f"/api/website/events?site={visitor.door[10:]}", {"events": []}, "application/json",
        headers=visitor.headers,
    )  # fmt: skip
    assert events.status_code == 202


def test_who_is_over_a_limit_of_their_own_uses_up_nobody_elses(
    workspace: Workspace, widget: ChatWidget, visitor: Visitor
) -> None:
    for scope, calls in (("visitor", 2), ("ingest", 4)):
        ThrottleRate.objects.create(workspace=workspace, scope=scope, calls=calls, seconds=10**6)
    assert [visitor.say().status_code for _ in range(5)] == [201, 201, 429, 429, 429]
    other = Visitor(widget.site, agent=f"{AGENT} Other")
    assert other.say().status_code == 201


def test_one_address_is_one_whatever_browsers_it_says_that_it_is(
    widget: ChatWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "_CALLS", (3, 10**6))
    changing = [Visitor(widget.site, agent=f"{AGENT} {number}") for number in range(4)]
    assert [one.look().status_code for one in changing] == [200, 200, 200, 429]
    assert changing[0].say().status_code == 429


def test_one_chat_takes_so_many_messages_a_day(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "_DAY", (2, 10**6))
    visitor.say()
    assert [visitor.say().status_code for _ in range(3)] == [201, 201, 429]


def test_a_long_address_of_a_page_loses_no_message(visitor: Visitor) -> None:
    assert visitor.say(page=f"{ORIGIN}/{'a' * 3_000}").status_code == 201
    assert len(ChatVisitor.objects.get().page_url) == 500


def test_a_form_is_kept_once_and_traps_tell_nothing(visitor: Visitor) -> None:
    form = {"id": str(KEY), "text": "A quote, please", "email": "bob@example.com", "name": "Bob"}
    trapped = visitor.post("form", form | {"website": "http://spam.example"})
    assert (trapped.status_code, trapped.json()) == (201, {"id": str(KEY)})
    assert not CustomerResponse.objects.exists()

    for _ in range(2):
        answered = visitor.post("form", form)
        assert (answered.status_code, answered.json()) == (201, {"id": str(KEY)})
    row = CustomerResponse.objects.get()
    assert (row.channel, row.sender_address, row.is_flagged) == ("email", "bob@example.com", True)
    for name in ("text", "email"):
        refused = visitor.post("form", form | {name: ""})
        assert [one["field"] for one in refused.json()["errors"]] == [name]


def test_a_look_takes_few_queries(visitor: Visitor, django_assert_max_num_queries: Any) -> None:
    visitor.say()
    visitor.look()
    with django_assert_max_num_queries(8):
        assert visitor.look().status_code == 200
