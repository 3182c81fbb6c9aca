"""An agent's hour at the inbox: with the keyboard alone, on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from embedded.stack import Stack
from tests.e2e.beside import processes
from tests.e2e.conftest import PHONE, PTD, LogIn, picture, sandbox
from tests.e2e.test_accessibility import SIDEBAR, faults

#: Opens the demo's page in the sandbox.
PAGE_TOKEN = "sandbox-meta-social-ptd-fitness"  # opens the sandbox only
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
        self.press("Control+A", "Backspace")
        self.write(words)
        self.press("Enter", "Escape")

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

    def done(self, words: str) -> None:
        """What was just done is told, with a way back."""
        expect(self.page.locator("#notes")).to_contain_text(words)


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


def arrives(stack: Stack, page: Page, recipient: str, words: str) -> None:
    """Somebody got a mail with some words, once, in the thread that they began."""
    for _ in range(60):
        found = sandbox(stack, f"messages?platform=resend&recipient={recipient}")["messages"]
        assert isinstance(found, list)
        if mails := [one for one in found if words in one["text"]]:
            break
        page.wait_for_timeout(500)
    (mail,) = mails
    assert mail["headers"]["In-Reply-To"].startswith("<demo-")


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

    hands.find("weekend")
    hands.open("Opening hours")
    sign_a_draft(page, hands)
    # Comments below posts come in all the time.
    hands = hands_of(page, "?channel=email")
    hands.open("Starting")
    address = answer_from_a_template(page, hands)
    hands.open("Charged twice")
    hand_over(page, hands)
    hands = hands_of(page, "?channel=email")
    hands.open("Thank you")
    put_away(page, hands)
    hands = hands_of(page, "?channel=instagram")
    hands.open("Do you coach teenagers?")
    caught_up(stack, page, hands)
    hands.press("Escape", "Escape")
    arrives(stack, page, address, "ptd.example/start")


def sign_a_draft(page: Page, hands: Hands) -> None:
    """The draft is read, signed, taken back in time, and signed again."""
    is_sound(page)
    sign = page.get_by_role("button", name="Sign and send")
    hands.tab_to(sign)
    hands.press("Enter")
    hands.done("Signed")
    picture(page, "inbox-2-signed")
    hands.press("z")
    hands.done("The draft waits again")
    hands.tab_to(sign)
    hands.press("Enter")
    hands.done("Signed")
    expect(sign).to_have_count(0)


def answer_from_a_template(page: Page, hands: Hands) -> str:
    """Words come from a template, are taken back once and sent again; to whom."""
    hands.press("r")
    text = page.locator("#answer-text")
    expect(text).to_be_focused()
    told = page.locator("#answer-to").inner_text()
    hands.write("Hello Sam, ")
    hands.press(";")
    expect(page.locator("#templates-q")).to_be_focused()
    hands.write("start a")
    is_sound(page)
    picture(page, "inbox-3-templates")
    hands.press("Enter")
    expect(text).to_be_focused()
    expect(text).to_have_value(re.compile("^Hello Sam, .*ptd.example/start", re.DOTALL))
    hands.tab_to(page.get_by_role("button", name="Send", exact=True))
    hands.press("Enter")
    expect(page.locator("#composer")).to_contain_text("can be taken back")
    hands.press("z")
    expect(text).to_be_focused()
    expect(text).to_have_value(re.compile("ptd.example/start"))
    hands.tab_to(page.get_by_role("button", name="Send", exact=True))
    hands.press("Enter")
    expect(page.locator("#composer")).to_contain_text("can be taken back")
    (address,) = re.findall(r"E-mail: (\S+)", told)
    return str(address)


def hand_over(page: Page, hands: Hands) -> None:
    """A colleague is called, given the conversation, and it gets a tag."""
    hands.press("n")
    expect(page.locator("#note-text")).to_be_focused()
    hands.write("@amir please refund the second booking.")
    hands.press("Tab", "Enter")
    expect(page.locator("#open-timeline")).to_contain_text("refund the second booking")
    hands.press("a")
    expect(page.locator("#ask-assignee")).to_be_focused()
    is_sound(page)
    picture(page, "inbox-4-assign")
    hands.write("Amir")
    expect(page.locator("#ask-assignee option:checked")).to_contain_text("Amir")
    hands.press("Enter")
    hands.done("1 conversation assigned")
    expect(page.locator("#open-head")).to_contain_text("Amir")
    hands.press("t")
    expect(page.locator("#ask-tags")).to_be_focused()
    hands.write("refund")
    hands.press("Enter")
    expect(page.locator("#open-head")).to_contain_text("refund")


def put_away(page: Page, hands: Hands) -> None:
    """Snoozed and put back, closed with others, and put back."""
    hands.press("s")
    expect(page.locator("#ask [name=until]").first).to_be_focused()
    is_sound(page)
    hands.press("Enter")
    expect(page.locator("#open-head")).to_contain_text("Snoozed until")
    picture(page, "inbox-5-snoozed")
    hands.press("z")
    expect(page.locator("#open-head")).not_to_contain_text("Snoozed until")
    hands.press("e")
    expect(page.locator("#open-head")).to_contain_text("Closed")
    hands.press("z")
    expect(page.locator("#open-head")).not_to_contain_text("Closed")
    hands.press("j", "x", "j", "x", "e")
    hands.done("2 conversations closed")
    picture(page, "inbox-6-closed")
    hands.press("z")
    hands.done("2 conversations put back")


def caught_up(stack: Stack, page: Page, hands: Hands) -> None:
    """They write again while the answer is typed: it is not sent before that was read."""
    hands.press("r")
    text = page.locator("#answer-text")
    expect(text).to_be_focused()
    hands.write("Yes, from 14 on.")
    (told,) = re.findall(r"Instagram: (\d+)", page.locator("#answer-to").inner_text())
    write_to_the_page(stack, told, "And do they need a parent there?")
    expect(page.locator("#open-timeline")).to_contain_text("need a parent", timeout=30_000)
    expect(text).to_have_value("Yes, from 14 on.")
    hands.tab_to(page.get_by_role("button", name="Send", exact=True))
    hands.press("Enter")
    expect(page.locator("#composer [role=alert]")).to_contain_text("They wrote again")
    is_sound(page)
    picture(page, "inbox-7-newer")
    expect(text).to_have_value("Yes, from 14 on.")
    hands.tab_to(text)
    hands.press("Control+End")
    hands.write(" And no.")
    hands.tab_to(page.get_by_role("button", name="Send", exact=True))
    hands.press("Enter")
    expect(page.locator("#composer")).to_contain_text("can be taken back")


def write_to_the_page(stack: Stack, sender: str, text: str) -> None:
    """Somebody writes to the demo's page; the sandbox calls the webhook by itself."""
    accounts = sandbox(stack, "state")["accounts"]
    assert isinstance(accounts, list)
    (page,) = [one["id"] for one in accounts if one["token"] == PAGE_TOKEN]
    told = {"account": page, "from": sender, "text": text, "channel": "instagram"}
    sandbox(stack, "meta/inbound", told)


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
