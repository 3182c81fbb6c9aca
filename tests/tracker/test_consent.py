"""What is stored and sent, and what is not, by what the visitor agreed to."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.tracker.conftest import leave, soon, until
from tests.tracker.site import Far, Site

DAY_MS = 24 * 3600 * 1000
VISITOR = "localStorage.countersign_visitor_id"
STORED = "[Object.entries(localStorage), Object.entries(sessionStorage)]"
SIGNALS = {
    "gpc": "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })",
    "dnt": "Object.defineProperty(navigator, 'doNotTrack', { value: '1' })",
}


def visitor_of(page: Page, far: Far, path: str) -> str | None:
    """Open a page; the visitor whom the call with its page view names."""
    before = len(far.of("page_view"))
    page.goto(path)
    until(page, lambda: len(far.of("page_view")) > before)
    batch = far.first_call_of(far.of("page_view")[-1])
    assert batch["consent"] is (batch.get("visitor_id") is not None)
    return batch.get("visitor_id")


def test_without_consent_nothing_names_the_visitor(
    context: BrowserContext, page: Page, far: Far
) -> None:
    page.goto("/plain")
    page.evaluate("countersign.identify('u-17'); countersign.track('seen')")
    leave(page)

    far.expect("identify")
    local, session = page.evaluate(STORED)
    assert [name for name, _ in local] == ["countersign_events"]
    assert "u-17" not in local[0][1]
    assert dict(session)["countersign_session"] not in local[0][1]
    assert {name for name, _ in session} == {"countersign_session", "countersign_at"}
    assert context.cookies() == []
    assert "visitor_id" not in far.batches[0]


def test_consent_gives_an_id_that_stays(page: Page, far: Far) -> None:
    assert visitor_of(page, far, "/plain") is None
    page.evaluate("countersign.consent(true); countersign.consent(true)")

    first, second = visitor_of(page, far, "/plain"), visitor_of(page, far, "/second")

    assert first == second == page.evaluate(VISITOR)
    assert uuid.UUID(first).version == 7


def test_whom_a_page_identified_waits_with_consent_only(page: Page, far: Far) -> None:
    page.goto("/agreed")
    page.evaluate("countersign.identify('u-17')")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert "u-17" in page.evaluate("localStorage.countersign_events")

    page.evaluate("countersign.consent(false)")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert "u-17" not in page.evaluate("localStorage.countersign_events")


def test_consent_that_the_page_knows_of(page: Page, far: Far) -> None:
    first = visitor_of(page, far, "/agreed")

    assert first == visitor_of(page, far, "/plain") is not None


def test_withdrawn_consent_forgets_the_visitor_in_all_tabs(
    context: BrowserContext, page: Page, far: Far
) -> None:
    other = context.new_page()
    first = visitor_of(page, far, "/agreed")
    other.goto("/plain")
    page.evaluate("countersign.consent(false)")
    other.evaluate("countersign.track('after')")
    until(other, lambda: far.of("after"))

    assert "visitor_id" not in far.batches[-1]
    assert page.evaluate(VISITOR) is None
    assert visitor_of(page, far, "/agreed") not in (None, first)


@pytest.mark.parametrize(("days", "stays"), [(364, True), (366, False)])
def test_the_id_is_kept_for_365_days(page: Page, far: Far, days: int, stays: bool) -> None:
    first = visitor_of(page, far, "/agreed")
    page.clock.fast_forward(days * DAY_MS)

    second = visitor_of(page, far, "/plain")

    assert second == (first if stays else None)
    assert page.evaluate(VISITOR) == (first if stays else None)


@pytest.mark.parametrize("signal", SIGNALS)
def test_who_asks_not_to_be_tracked_is_not(
    context: BrowserContext, page: Page, site: Site, far: Far, signal: str
) -> None:
    page = context.new_page()
    page.add_init_script(SIGNALS[signal])
    page.goto("/agreed")
    page.evaluate("countersign.consent(true); countersign.track('x'); countersign.identify('u')")
    page.evaluate("history.pushState({}, '', '/other')")
    page.mouse.click(5, 5)
    page.clock.run_for(60_000)
    left = page.evaluate(STORED)
    leave(page)
    last = f"{site.ops_url}/last?site={far.key}"
    page.evaluate(f"fetch('{last}', {{ method: 'POST', mode: 'no-cors' }})")

    far.wait(lambda: far.calls)
    assert [call.path for call in far.calls] == ["/last"]
    assert left == [[], []]


def test_blocked_storage_stops_nothing(page: Page, far: Far) -> None:
    """A sandboxed frame: reading localStorage is an error there."""
    page.goto("/framed")
    frame = page.frames[1]
    frame.wait_for_function("!!countersign.track")
    frame.evaluate("countersign.track('inside')")
    soon(page)

    far.expect("inside")
    (batch,) = far.batches
    assert uuid.UUID(batch["session_id"]).version == 7
    assert (batch["consent"], batch.get("visitor_id")) == (False, None)
