"""An agent's hour at the inbox: with the keyboard alone, on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from embedded.process import wait_until
from embedded.stack import Stack
from tests.e2e.beside import processes
from tests.e2e.conftest import PHONE, PTD, LogIn, picture, sandbox
from tests.e2e.test_accessibility import SIDEBAR, faults

#: Opens the demo's page in the sandbox.
PAGE_TOKEN = "sandbox-meta-social-ptd-fitness"  # opens the sandbox only
#: Stops on the way to the furthest thing that is reached with Tab.
FURTHEST = 200
#: What comes from outside passes a webhook, a queue and a worker.
FROM_OUTSIDE = 180_000
#: The key that leads from the marked row to the one with these words; none where it is marked.
WAY = """words => {
  const rows = Array.from(document.querySelectorAll("[data-row]"));
  const to = rows.findIndex(row => row.textContent.includes(words));
  const at = rows.findIndex(row => row.classList.contains("cs-current"));
  return to === at ? "" : to > at ? "j" : "k";
}"""


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
        """Keys, one after the other, as fast as they are read."""
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Type where the cursor is."""
        self.page.keyboard.type(text)

    def tab_to(self, place: Locator) -> None:
        """Go on to a place, as anybody without a mouse does."""
        expect(place).to_be_visible()
        reached = place.and_(self.page.locator(":focus"))
        for _ in range(FURTHEST):
            if reached.count():
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
        self.shown("q", words)

    def only(self, channel: str, value: str) -> None:
        """Narrow the list to a channel."""
        self.press("/")
        expect(self.page.locator("#filter-q")).to_be_focused()
        choice = self.page.locator("#filter-channel")
        if not choice.is_visible():
            self.tab_to(self.page.locator("summary", has_text="Filters"))
            self.press("Enter")
        self.tab_to(choice)
        self.write(channel)
        self.shown("channel", value)
        self.press("Escape")

    def shown(self, name: str, value: str) -> None:
        """The list is narrowed, and its news will be."""
        asked = re.compile(rf"[?&]{name}={value}&") if value else re.compile(rf"^((?!{name}=).)*$")
        expect(self.page.locator("#live")).to_have_attribute("hx-get", asked)

    def walk(self, words: str) -> None:
        """Go to a row of the list."""
        expect(self.page.locator("[data-row]").filter(has_text=words).first).to_be_visible()
        for _ in range(FURTHEST):
            if not (key := self.page.evaluate(WAY, words)):
                return
            self.press(key)
        raise AssertionError(f"No way to {words}")

    def pick_first(self, number: int) -> None:
        """Select the first rows of the list."""
        first = self.page.locator("[data-row]").first
        for _ in range(FURTHEST):
            if "cs-current" in str(first.get_attribute("class")):
                break
            self.press("k")
        self.press("x", *("j", "x") * (number - 1))
        expect(self.page.locator("[data-selected]")).to_have_text(f"{number} selected")

    def open(self, words: str) -> None:
        """Walk to a conversation and open it."""
        self.walk(words)
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
    # Somebody else's news may be drawn while it looks; what is wrong stays wrong.
    assert not faults(page, SIDEBAR) or faults(page, SIDEBAR) == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def arrives(stack: Stack, recipient: str, words: str) -> None:
    """Somebody got a mail with some words, once, in the thread that they began."""
    path = f"messages?platform=resend&recipient={recipient}"

    def mails() -> list[dict[str, dict[str, str]]]:
        found = sandbox(stack, path)["messages"]
        assert isinstance(found, list)
        return [one for one in found if words in one["text"]]

    wait_until(lambda: bool(mails()), timeout_s=FROM_OUTSIDE / 1000)
    (mail,) = mails()
    assert mail["headers"]["In-Reply-To"].startswith("<demo-")


@pytest.mark.usefixtures("sending")
def test_an_hour_with_the_keyboard(stack: Stack, log_in: LogIn) -> None:
    page = log_in("agnes", PTD)
    hands = hands_of(page)
    left: list[str] = []
    page.on("request", lambda one: left.append(one.url) if one.is_navigation_request() else None)
    is_sound(page)
    picture(page, "inbox-1-list")

    hands.press("?")
    expect(page.locator("#help")).to_be_visible()
    hands.press("Escape")
    expect(page.locator("#help")).to_be_hidden()

    hands.find("weekend")
    hands.open("Opening hours")
    sign_a_draft(page, hands)
    hands.find("")
    # Comments below posts come in all the time.
    hands.only("E-mail", "email")
    hands.open("Starting")
    address = answer_from_a_template(page, hands)
    hands.open("Charged twice")
    hand_over(page, hands)
    hands.open("Thank you")
    put_away(page, hands)
    # Whatever was done in it, the list is the one that was asked for.
    hands.shown("channel", "email")
    hands.only("Instagram", "instagram")
    caught_up(stack, page, hands)
    arrives(stack, address, "ptd.example/start")
    assert left == [], "The page was left"


def sign_a_draft(page: Page, hands: Hands) -> None:
    """The draft is read, signed, taken back in time, and signed again."""
    is_sound(page)
    sign = page.get_by_role("button", name="Sign and send")
    hands.tab_to(sign)
    hands.press("Enter", "z")
    hands.done("The draft waits again")
    hands.tab_to(sign)
    hands.press("Enter")
    hands.done("Signed")
    picture(page, "inbox-2-signed")
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
    hands.press("Enter", "z")
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
    hands.press("Tab", "Enter", "a")
    expect(page.locator("#ask-assignee")).to_be_focused()
    is_sound(page)
    picture(page, "inbox-4-assign")
    hands.write("Amir")
    expect(page.locator("#ask-assignee option:checked")).to_contain_text("Amir")
    # Faster than the question: what is typed goes into it.
    hands.press("Enter", "t")
    hands.write("refund")
    hands.press("Enter")
    head = page.locator("#open-head")
    expect(head).to_contain_text("Amir")
    expect(head).to_contain_text("refund")
    expect(page.locator("#open-timeline")).to_contain_text("refund the second booking")


def put_away(page: Page, hands: Hands) -> None:
    """Snoozed and put back, closed with others, and put back."""
    head = page.locator("#open-head")
    hands.press("s")
    expect(page.locator("#ask [name=until]").first).to_be_focused()
    is_sound(page)
    hands.press("Enter")
    expect(head).to_contain_text("Snoozed until")
    picture(page, "inbox-5-snoozed")
    hands.press("z")
    expect(head).not_to_contain_text("Snoozed until")
    hands.press("e")
    expect(head).to_contain_text("Closed")
    hands.press("z")
    expect(head).not_to_contain_text("Closed")
    hands.pick_first(2)
    hands.press("e")
    hands.done("2 conversations closed")
    picture(page, "inbox-6-closed")
    hands.press("z")
    hands.done("2 conversations put back")


def caught_up(stack: Stack, page: Page, hands: Hands) -> None:
    """They write again while the answer is typed: it is not sent before that was read."""
    hands.walk("Do you coach teenagers?")
    # Nobody waits for a page: it is opened, and what is typed goes into the answer.
    hands.press("Enter", "r")
    hands.write("Yes, from 14 on.")
    text, send = page.locator("#answer-text"), page.get_by_role("button", name="Send", exact=True)
    expect(page.locator("#open-title")).to_contain_text("Do you coach teenagers?")
    expect(text).to_have_value("Yes, from 14 on.")
    (told,) = re.findall(r"Instagram: (\d+)", page.locator("#answer-to").inner_text())
    write_to_the_page(stack, told, "And do they need a parent there?")
    expect(page.locator("#open-timeline")).to_contain_text("need a parent", timeout=FROM_OUTSIDE)
    expect(text).to_have_value("Yes, from 14 on.")
    hands.tab_to(send)
    hands.press("Enter")
    expect(page.locator("#composer [role=alert]")).to_contain_text("They wrote again")
    is_sound(page)
    picture(page, "inbox-7-newer")
    expect(text).to_have_value("Yes, from 14 on.")
    hands.tab_to(text)
    hands.press("Control+End")
    hands.write(" And no.")
    hands.tab_to(send)
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
    expect(page.locator("#open-here")).to_contain_text("Amir")
    hands.press("r")
    expect(page.locator("#answer-text")).to_be_focused()
    hands.write("Yes, and a physiotherapist looks at it first.")
    picture(page, "inbox-phone-3-answer")
    hands.tab_to(page.get_by_role("button", name="Send", exact=True))
    hands.press("Enter")
    expect(page.locator("#composer")).to_contain_text("can be taken back")
    hands.press("Escape", "Escape")
    expect(page.locator(".cs-inbox-list")).to_be_visible()
