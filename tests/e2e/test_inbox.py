"""An agent's hour at the inbox: with the keyboard alone, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from embedded.stack import Stack
from tests.e2e.beside import processes
from tests.e2e.conftest import PTD, LogIn, picture, sandbox
from tests.e2e.test_accessibility import SIDEBAR, faults

#: Stops on the way to the furthest thing that is reached with Tab.
FURTHEST = 80


@pytest.fixture(scope="module")
def sending(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The worker that sends answers."""
    with processes(stack, ["worker-outreach"], tmp_path_factory.mktemp("answers")):
        yield


class Hands:
    """Somebody who has a keyboard and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        """Keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Type where the cursor is."""
        self.page.keyboard.type(text)

    def tab_to(self, place: Locator) -> None:
        """Go on to a place, as anybody without a mouse does."""
        expect(place).to_be_visible()
        for _ in range(FURTHEST):
            if place.evaluate("one => one === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"No way to {place} with {FURTHEST} times Tab")

    def find(self, words: str) -> None:
        """Search the list."""
        self.press("/")
        expect(self.page.locator("#filter-q")).to_be_focused()
        self.press("Control+A")
        self.write(words)
        self.press("Enter", "Escape")

    def open(self, words: str) -> None:
        """Walk down the list to a conversation and open it."""
        row = self.page.locator("[data-row]").filter(has_text=words).first
        expect(row).to_be_visible()
        for _ in range(50):
            if "cs-current" in (row.get_attribute("class") or ""):
                break
            self.press("j")
        self.press("Enter")
        expect(self.page.locator("#open-title")).to_contain_text(words)

    def done(self, words: str) -> None:
        """What was just done is told, with a way back."""
        expect(self.page.locator("#notes")).to_contain_text(words)


def hands_of(page: Page, view: str = "") -> Hands:
    page.goto(f"/inbox/{view}")
    expect(page.locator("[data-row]").first).to_be_visible()
    return Hands(page)


def is_sound(page: Page) -> None:
    """Nothing that axe calls serious, and nothing beside the screen."""
    assert faults(page, SIDEBAR) == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def mails(stack: Stack, words: str) -> list[dict[str, Any]]:
    """Mails that went out with some words."""
    found = sandbox(stack, "messages?platform=resend&limit=500")["messages"]
    assert isinstance(found, list)
    return [one for one in found if words in one["text"]]


@pytest.mark.usefixtures("sending")
def test_an_hour_with_the_keyboard(stack: Stack, log_in: LogIn) -> None:
    page = log_in("agnes", PTD)
    hands = hands_of(page)
    is_sound(page)
    picture(page, "inbox-1-list")

    hands.press("?")
    expect(page.locator("#help")).to_be_visible()
    hands.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
