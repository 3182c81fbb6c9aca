"""A visitor of the demo shop and an agent talk: from the page to the inbox and back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from embedded.stack import Stack
from tests.attribution.website.wire import AGENT
from tests.browsers import CHROMIUM, FLAGS
from tests.e2e.conftest import People, picture
from tests.e2e.test_accessibility import faults


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """Somebody in a browser that is no machine's."""
    people = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*FLAGS, f"--user-agent={AGENT}"]
    )
    yield people.new_page()
    people.close()


def write(page: Page, text: str) -> None:
    """Say something in the open chat."""
    box = page.get_by_role("textbox", name="Your message")
    box.fill(text)
    box.press("Enter")


def test_a_visitor_and_an_agent_talk(stack: Stack, visitor: Page, people: People) -> None:
    # What it asks as it is opened is still on its way when the first message is sent.
    asked: list[Route] = []
    visitor.route("**/messages?*", lambda one: one.continue_() if asked else asked.append(one))
    visitor.goto(f"{stack.sandbox_url}/shop/")
    visitor.locator("#consent button").filter(has_text="Accept").click()
    visitor.get_by_role("button", name="Open the chat").click()
    visitor.get_by_role("textbox", name=re.compile("Your name")).fill("Vera Visitor")
    write(visitor, "Is the kettlebell in stock?")
    log = visitor.get_by_role("log")
    expect(log.get_by_text(re.compile("^Sent"))).to_be_visible()
    asked[0].continue_()

    agent = people.page("amir")
    agent.goto("/inbox/?channel=chat")
    agent.locator("#rows a", has_text="Is the kettlebell in stock?").first.click()
    expect(agent.locator("#open-title")).to_be_visible()
    # Opened is seen, and who types is told.
    expect(log.get_by_text(re.compile("^Seen"))).to_be_visible()
    answer = agent.locator("#answer-text")
    answer.press_sequentially("Yes, twelve")
    expect(visitor.get_by_text("Somebody is writing…")).to_be_visible()

    answer.press_sequentially(" of them.")
    agent.get_by_role("button", name="Send", exact=True).click()
    expect(log.get_by_text("Yes, twelve of them.")).to_be_visible()
    assert faults(visitor) == []
    picture(visitor, "chat-visitor")

    # On the next page it goes on, and nothing came twice.
    visitor.goto(f"{stack.sandbox_url}/shop/cart")
    expect(log.locator(".words")).to_have_text(
        [re.compile("help"), "Is the kettlebell in stock?", "Yes, twelve of them."]
    )
    write(visitor, "Thank you!")
    expect(agent.get_by_text("Thank you!").first).to_be_visible()
    picture(agent, "chat-agent")
