"""A website's first event: from making the key to figures on the page, through the whole system."""

from __future__ import annotations

import json
from urllib.request import Request, urlopen

from playwright.sync_api import Page, expect

from embedded.stack import Stack
from tests.e2e.conftest import REAL, LogIn, picture
from workspaces.ids import uuid7

ORIGIN = "https://first.example"
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
    " Safari/537.36"
)


def send(stack: Stack, key: str, path: str) -> int:
    """A page view, as a browser on the site would send it."""
    event = {"id": str(uuid7()), "type": "page_view", "url": f"{ORIGIN}{path}"}
    request = Request(
        f"{stack.url}/api/website/events?site={key}",
        data=json.dumps({"events": [event]}).encode(),
        headers={"Origin": ORIGIN, "User-Agent": AGENT, "Content-Type": "text/plain"},
    )
    with urlopen(request, timeout=120) as answer:
        return int(json.loads(answer.read())["accepted"])


def count_now(stack: Stack, page: Page) -> None:
    """Beat would start the job within a minute; a person in a hurry starts it himself."""
    told = json.loads(page.locator("main").get_attribute("hx-headers") or "{}")
    headers = {"X-CSRFToken": told["X-CSRFToken"], "Referer": stack.url}
    url = f"{stack.url}/api/jobs/website-sessions/run/"
    answer = page.request.post(url, headers=headers, data={})
    # 409: beat was quicker.
    assert answer.status in (202, 409), answer.text()


def test_the_page_turns_into_figures_when_the_first_event_comes(
    stack: Stack, log_in: LogIn
) -> None:
    page = log_in("ada", REAL)
    page.goto("/website/")
    page.get_by_label("Name").fill("First")
    page.get_by_label("Where its pages live").fill(ORIGIN)
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator("#live")).to_contain_text("Waiting for the first event of First")
    key = page.locator(".cs-snippet code").inner_text().split('data-site="')[1].split('"')[0]

    assert send(stack, key, "/welcome?utm_source=newsletter&utm_medium=email") == 1

    count_now(stack, page)

    # Nobody reloads: the page asks, and draws itself anew once the event is counted.
    expect(page.locator(".cs-cards")).to_be_visible(timeout=180_000)
    expect(page.locator("#live")).to_contain_text("Here now")
    expect(page.locator(".cs-cards")).to_contain_text("/welcome")
    expect(page.locator(".cs-cards")).to_contain_text("E-mail")
    picture(page, "website-first-event")
    page.locator("main a[href*='/website/sessions/']").first.click()
    expect(page.locator(".cs-timeline")).to_contain_text("/welcome")
