"""The window of the website chat on a page whose policy is strict, with a door that may fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from inbox.engine.chat_texts import WORDS, colours_of
from tests.tracker.site import ROOT

SCRIPT = ROOT / "inbox" / "widget" / "dist" / "chat.js"
SHOP, OPS = "https://shop.example", "https://ops.example"
POLICY = (
    f"default-src 'none'; script-src {OPS}; connect-src {OPS}; require-trusted-types-for 'script'"
)
PAGE = f'<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1></main>\
<script defer src="{OPS}/chat.js?site=k"></script>'
REFUSED = "Object.defineProperty(window, '{}', {{ get() {{ throw new Error('refused') }} }});"
CORS = {
    "Access-Control-Allow-Origin": SHOP,
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "content-type, x-chat-token",
}


@dataclass
class Door:
    """The product's side; the next so many messages do not arrive."""

    failing: int = 0
    is_there: bool = True
    kept: list[dict[str, Any]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    forms: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        request = route.request
        if "/chat.js" in request.url:
            accent, ink = colours_of("")
            config = {
                "key": "k", "lang": "en", "title": "Ask us", "greeting": "Hello",
                "offline": "Away.",
                "consent": "", "asks_name": True, "asks_email": False, "accent": accent, "ink": ink,
                "words": WORDS["en"],
            }  # fmt: skip
            script = SCRIPT.read_text().replace("CONFIG", json.dumps(config))
            route.fulfill(body=script, content_type="text/javascript")
        elif request.method == "OPTIONS":
            route.fulfill(status=204, headers=CORS)
        elif request.method == "POST":
            self._take(route, json.loads(request.post_data or "{}"))
        else:
            told = {
                "messages": self.said if request.headers.get("x-chat-token") else [],
                "after": "1", "seen": "", "is_typing": False, "is_there": self.is_there,
                "back_at": None if self.is_there else "2026-11-24T08:00:00Z",
            }  # fmt: skip
            route.fulfill(json=told, headers=CORS)

    def _take(self, route: Route, body: dict[str, Any]) -> None:
        if "/form" in route.request.url:
            self.forms.append(body)
            route.fulfill(status=201, headers=CORS, json={"id": body["id"]})
            return
        self.kept.append(body)
        if self.failing:
            self.failing -= 1
            route.abort()
            return
        at, token = "2026-11-23T10:00:00Z", "" if body.get("token") else "token-1"
        route.fulfill(status=201, headers=CORS, json={"id": body["id"], "at": at, "token": token})


Visit = Callable[..., Page]


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def visit(browser: Browser, door: Door) -> Iterator[Visit]:
    """Open a page of the shop in a browser without a past."""
    made: list[BrowserContext] = []
    errors: list[str] = []

    def build(*refused: str) -> Page:
        context = browser.new_context(reduced_motion="reduce")
        made.append(context)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on(
            "console",
            lambda line: errors.append(line.text) if "Security Policy" in line.text else None,
        )
        context.route(f"{OPS}/**", door.answer)
        context.route(
            f"{SHOP}/**",
            lambda route: route.fulfill(
                body=PAGE, content_type="text/html", headers={"Content-Security-Policy": POLICY}
            ),
        )
        for name in refused:
            context.add_init_script(REFUSED.format(name))
        page = context.new_page()
        page.goto(f"{SHOP}/")
        return page

    yield build
    for context in made:
        context.close()
    assert errors == []


def say(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Your message")
    box.fill(text)
    box.press("Enter")


def test_what_did_not_arrive_is_sent_again_once(visit: Visit, door: Door) -> None:
    page = visit()
    page.get_by_role("button", name="Open the chat").click()
    expect(page.get_by_role("textbox", name="Your message")).to_be_focused()
    door.failing = 1
    say(page, "Hello?")
    expect(page.get_by_text("Not sent.")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Sent", exact=False).first).to_be_visible()
    first, second = door.kept
    assert first["id"] == second["id"]

    say(page, "<b>Bold</b>")
    expect(page.get_by_text("<b>Bold</b>")).to_be_visible()
    assert [one.get("token") for one in door.kept] == [None, None, "token-1"]
    # Where a page is left before that, the next one sends it.
    door.failing = 1
    say(page, "Last")
    expect(page.get_by_text("Not sent.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("dialog", name="Ask us")).to_be_visible()
    expect(page.get_by_text("Last")).to_be_visible()


def test_closed_it_counts_what_is_new_and_gives_the_focus_back(visit: Visit, door: Door) -> None:
    page = visit()
    page.get_by_role("button", name="Open the chat").click()
    say(page, "Hello?")
    expect(page.get_by_text("Sent", exact=False).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Ask us")).to_be_hidden()
    expect(page.get_by_role("button", name="Open the chat")).to_be_focused()

    door.said = [
        {"id": "1", "text": "Yes?", "at": "2026-11-23T10:01:00Z", "name": "Agnes", "from": "us"}
    ]
    page.reload()
    page.get_by_role("button", name="Open the chat, 1 unread").click()
    expect(page.get_by_role("log").get_by_text("Agnes")).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_role("button", name="Open the chat", exact=True)).to_be_visible()


def test_without_storage_it_works_as_long_as_the_page(visit: Visit, door: Door) -> None:
    page = visit("localStorage", "sessionStorage")
    page.get_by_role("button", name="Open the chat").click()
    for text in ("One", "Two"):
        say(page, text)
        expect(page.get_by_text(text)).to_be_visible()
    expect(page.get_by_text("Sent", exact=False)).to_have_count(2)
    assert [one.get("token") for one in door.kept] == [None, "token-1"]


def test_when_nobody_is_there_a_form_goes_out(visit: Visit, door: Door) -> None:
    door.is_there = False
    page = visit()
    page.get_by_role("button", name="Open the chat").click()
    expect(page.get_by_text("Away. We are back")).to_be_visible()
    page.get_by_role("button", name="Write us an e-mail instead").click()
    page.get_by_role("textbox", name="E-mail").fill("ann@example.com")
    page.get_by_role("textbox", name="Your message").fill("A quote, please")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Thank you. We answer by e-mail.")).to_be_visible()
    (form,) = door.forms
    assert (form["email"], form["text"], form["website"]) == (
        "ann@example.com", "A quote, please", "",
    )  # fmt: skip
