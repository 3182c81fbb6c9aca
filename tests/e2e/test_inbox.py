"""An agent at the inbox with the keyboard alone, on a phone, with a colleague beside."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from embedded.stack import Stack
from tests.e2e.beside import processes
from tests.e2e.conftest import PHONE, PTD, LogIn, picture
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

    def open(self, words: str) -> None:
        """Walk down the list to a conversation and open it."""
        row = self.page.locator("[data-row]").filter(has_text=words).first
        expect(row).to_be_visible()
        marked = "one => one.classList.contains('cs-current')"
        for key in ("k", "j"):
            for _ in range(60):
                if row.evaluate(marked):
                    break
                self.press(key)
        expect(row).to_have_class(re.compile("cs-current"))
        self.press("Enter")
        expect(self.page.locator("#open-title")).to_contain_text(words)


def hands_of(page: Page, view: str = "") -> Hands:
    page.goto(f"/inbox/{view}")
    expect(page.locator("[data-row]").first).to_be_visible()
    return Hands(page)


def is_sound(page: Page) -> None:
    """Nothing that axe calls serious, and nothing beside the screen."""
    if faults(page, SIDEBAR):
        # Somebody else's news may be drawn at that very moment; what is wrong stays wrong.
        page.wait_for_timeout(1_000)
        assert faults(page, SIDEBAR) == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


@pytest.mark.usefixtures("sending")
def test_a_colleague_and_a_phone(stack: Stack, log_in: LogIn) -> None:
    amir = log_in("amir", PTD)
    page = log_in("agnes", PTD, size=PHONE)
    hands = hands_of(page, "?channel=email")
    is_sound(page)
    picture(page, "inbox-phone-1-list")
    hands.open("Which plan for a bad knee?")
    expect(page.locator(".cs-inbox-list")).to_be_hidden()
    is_sound(page)
    picture(page, "inbox-phone-2-conversation")
    amir.goto(page.url)
    expect(page.locator("#open-here")).to_contain_text("Amir", timeout=30_000)
    hands.press("r")
    expect(page.locator("#answer-text")).to_be_focused()
    hands.write("Yes, and a physiotherapist looks at it first.")
    picture(page, "inbox-phone-3-answer")
    hands.tab_to(page.get_by_role("button", name="Send", exact=True))
    hands.press("Enter")
    expect(page.locator("#composer")).to_contain_text("can be taken back")
    hands.press("Escape", "Escape")
    expect(page.locator(".cs-inbox-list")).to_be_visible()
