"""A visit to the demo shop, on another origin, in a real browser: everything of it arrives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

import psycopg2
import pytest
from playwright.sync_api import Browser, Page, expect

from embedded.stack import Stack
from tests.attribution.website.wire import AGENT
from tests.browsers import CHROMIUM, FLAGS
from tests.e2e.conftest import People

EVENTS = """
SELECT e.type, e.name, e.path, e.has_consent, e.visitor_key, e.is_tagged, e.click_id
  FROM attribution_webevent e JOIN attribution_site s ON s.id = e.site_id
 WHERE s.name = 'Demo shop' AND e.browser = 'Chrome' ORDER BY e.at, e.event_id
"""
SEND = """
async ([url, type]) => {
  const body = JSON.stringify({events: []});
  const answer = await fetch(url, {method: "POST", headers: {"Content-Type": type}, body});
  return [answer.status, await answer.json()];
}
"""


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    """Somebody who was never here, in a browser that is no machine's, its beacons included."""
    people = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*FLAGS, f"--user-agent={AGENT}"]
    )
    yield people.new_page()
    people.close()


def _rows(stack: Stack, query: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(stack.database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute(query)
        return cursor.fetchall()


def _until(stack: Stack, holds) -> list[tuple[object, ...]]:
    deadline = time.monotonic() + 180
    while not holds(found := _rows(stack, EVENTS)):
        assert time.monotonic() < deadline, [row[:3] for row in found]
        time.sleep(0.2)
    return found


def _door(stack: Stack) -> str:
    ((key,),) = _rows(stack, "SELECT key FROM attribution_site WHERE name = 'Demo shop'")
    return f"http://localhost:{stack.port}/api/website/events?site={key}"


def test_a_visit_arrives_from_another_origin(stack: Stack, visitor: Page, people: People) -> None:
    others = {row[4] for row in _rows(stack, EVENTS)}  # of tests of the shop's chat
    calls: list[tuple[str, str]] = []
    visitor.on("request", lambda call: calls.append((call.method, call.url)))
    visitor.goto(f"{stack.sandbox_url}/shop/?utm_source=news&utm_medium=email&gclid=abc")
    visitor.locator("#consent button").filter(has_text="Accept").click()
    visitor.locator(".cards a").first.click()
    visitor.locator("[data-add]").first.click()
    _until(stack, lambda rows: ("custom", "add_to_cart") in {row[:2] for row in rows})
    visitor.goto(f"{stack.sandbox_url}/shop/cart")
    # What the page still had to say goes by a beacon when it is left.
    visitor.locator("h1").click()
    visitor.goto("about:blank")

    rows = _until(stack, lambda found: "/shop/cart" in {row[2] for row in found})
    assert {row[0] for row in rows} >= {"page_view", "click", "custom"}
    assert (True, "abc") in {row[5:] for row in rows}
    agreed = {UUID(str(row[4])) for row in rows if row[3] and row[4] not in others}
    assert len(agreed) == 1
    script = [url for _, url in calls if url.endswith("/t.js")]
    assert script
    assert all(url.startswith(f"http://localhost:{stack.port}") for url in script)
    page = people.page("amir")
    page.goto("/website/")
    expect(page.locator("#live .cs-kpi-value")).not_to_have_text("0")


def test_a_page_elsewhere_is_refused_and_a_preflight_answered(stack: Stack, visitor: Page) -> None:
    door = _door(stack)
    visitor.goto(f"{stack.sandbox_url}/shop/cart")
    with visitor.expect_response(lambda answer: answer.request.method == "POST"):
        status, told = visitor.evaluate(SEND, [door, "application/json"])
    assert (status, told["accepted"]) == (202, 0)

    visitor.route("http://elsewhere.example/", lambda route: route.fulfill(body="<p>Elsewhere"))
    visitor.goto("http://elsewhere.example/")
    for kind in ("application/json", "text/plain"):
        with pytest.raises(Exception, match="Failed to fetch"):
            visitor.evaluate(SEND, [door, kind])
