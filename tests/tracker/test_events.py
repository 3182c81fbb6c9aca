"""What the script tells, in real Chromium."""

from __future__ import annotations

import time
import uuid
from itertools import pairwise

from playwright.sync_api import Page

from tests.tracker.conftest import soon
from tests.tracker.site import Far, Site


def test_page_view_says_where_the_visitor_is_and_with_what(
    page: Page, site: Site, far: Far
) -> None:
    query = "utm_source=mail&utm_campaign=spring&gclid=abc123&fbclid=xyz"
    page.goto(f"/plain?{query}#part")
    soon(page)

    (view,) = far.expect("page_view")
    assert view["url"] == site.url(f"/plain?{query}")
    assert (view["title"], view["referrer"], "page_id" in view) == ("A plain page", "", False)
    (call,) = far.calls
    assert (call.query, call.headers["content-type"]) == ("site=KEY", "text/plain;charset=UTF-8")
    assert {name: call.batch[name] for name in ("screen", "time_zone", "language", "consent")} == {
        "screen": "1280x720",
        "time_zone": "Europe/Berlin",
        "language": "de-DE",
        "consent": False,
    }
    assert "visitor_id" not in call.batch
    assert abs(call.batch["sent_at"] / 1000 - time.time()) < 60


def test_ids_are_uuids_of_version_7_in_strict_order(page: Page, far: Far) -> None:
    page.goto("/plain")
    page.evaluate("for (let i = 0; i < 100; i++) countersign.track('tick', { i })")
    for _ in range(11):
        sent = len(far.calls)
        soon(page)
        far.wait(lambda sent=sent: len(far.calls) > sent)

    ticks = far.expect("tick", 100)
    ids = [uuid.UUID(event["id"]) for event in ticks]
    assert {(one.version, one.variant) for one in ids} == {(7, uuid.RFC_4122)}
    assert [event["properties"]["i"] for event in ticks] == list(range(100))
    assert all(first.int >> 80 < second.int >> 80 for first, second in pairwise(ids))
    assert abs((ids[0].int >> 80) / 1000 - time.time()) < 60


def test_custom_events_and_whom_the_page_knows(page: Page, far: Far) -> None:
    page.goto("/plain")
    page.evaluate("countersign.track('purchase', { value: 60, currency: 'EUR' })")
    page.evaluate("countersign.track('opened')")
    page.evaluate("countersign.identify(17)")
    soon(page)

    (bought,), (opened,) = far.expect("purchase"), far.expect("opened")
    (view,), (known,) = far.expect("page_view"), far.expect("identify")
    assert bought["type"] == opened["type"] == "custom"
    assert bought["properties"] == {"value": 60, "currency": "EUR"}
    assert "properties" not in opened
    assert known["user_id"] == "17"
    assert {event["page_id"] for event in (bought, opened, known)} == {view["id"]}
