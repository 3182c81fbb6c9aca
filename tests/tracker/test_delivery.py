"""That events arrive: once, whole calls within limits, and in spite of what goes wrong."""

from __future__ import annotations

from itertools import pairwise

from playwright.sync_api import BrowserContext, Page

from tests.tracker.conftest import leave, soon, until
from tests.tracker.site import Far

KEPT = "(localStorage.countersign_events || '').match(/.+/g)?.map(JSON.parse) ?? []"
RETRY_MS = 10_000
WIRE_MAX = 64 * 1024


def kept(page: Page) -> list[str]:
    """What waits in local storage, by type or name."""
    return [event.get("name") or event["type"] for event in page.evaluate(KEPT)]


def test_a_beacon_tells_the_rest_when_the_page_is_left(page: Page, far: Far) -> None:
    page.goto("/plain")
    page.evaluate("countersign.track('last word')")
    leave(page)  # no timer has run

    far.expect("last word")
    assert len(far.calls) == 1, "pagehide and visibilitychange: one beacon"
    assert kept(page) == ["page_view", "last word"], "nobody has read the answer"


def test_what_a_beacon_told_goes_again_once_and_is_forgotten(page: Page, far: Far) -> None:
    page.goto("/plain")
    leave(page)
    far.expect("page_view")
    page.goto("/second")
    soon(page)
    far.expect("page_view", 2)
    page.wait_for_function(f"({KEPT}).length == 0")

    first, second = far.batches
    assert first["events"][0] in second["events"]
    assert [event["title"] for event in second["events"]] == ["A plain page", "The second page"]


def test_where_no_beacon_goes_a_call_does_that_outlives_the_page(
    context: BrowserContext, page: Page, far: Far
) -> None:
    other = context.new_page()
    other.add_init_script("navigator.sendBeacon = () => false")
    other.goto("/plain")
    leave(other)

    far.expect("page_view")


def test_errors_of_the_server_are_tried_again_with_the_same_ids(page: Page, far: Far) -> None:
    far.first = [503, 429]
    page.goto("/plain")
    until(page, lambda: len(far.calls) >= 3)
    page.wait_for_function(f"({KEPT}).length == 0")

    calls = sorted(far.calls, key=lambda call: call.batch["sent_at"])
    assert [call.status for call in calls] == [503, 429, 202]
    assert len({call.batch["events"][0]["id"] for call in calls}) == 1
    times = [call.batch["sent_at"] for call in calls]
    assert all(second - first >= RETRY_MS for first, second in pairwise(times))


def test_a_refusal_for_good_is_not_repeated(page: Page, far: Far) -> None:
    page.goto("/plain")
    far.status = 400
    until(page, lambda: far.calls)
    far.status = 202
    page.evaluate("countersign.track('next')")
    until(page, lambda: far.of("next"))

    assert far.of("page_view") == []
    assert len(far.calls) == 2


def test_offline_events_arrive_when_the_network_is_back(
    context: BrowserContext, page: Page, far: Far
) -> None:
    page.goto("/plain")
    context.set_offline(True)
    with page.expect_event("requestfailed"):
        soon(page)
    page.evaluate("countersign.track('in the tunnel')")
    context.set_offline(False)
    until(page, lambda: far.of("in the tunnel"))

    far.expect("page_view")


def test_what_a_page_could_not_tell_goes_with_the_next_page(page: Page, far: Far) -> None:
    far.status = 503
    page.goto("/plain")
    page.evaluate("countersign.track('unheard')")
    leave(page)
    far.wait(lambda: far.calls)
    far.status = 202
    page.clock.run_for(50)  # within a millisecond, ids of two pages have no order
    page.goto("/second")
    soon(page)

    far.expect("unheard")
    assert [view["title"] for view in far.expect("page_view", 2)] == [
        "A plain page",
        "The second page",
    ]


def test_tabs_do_not_lose_what_another_tab_keeps(
    context: BrowserContext, page: Page, far: Far
) -> None:
    far.status = 503
    other = context.new_page()
    page.goto("/plain")
    other.goto("/second")
    page.evaluate("countersign.track('in one tab')")
    other.evaluate("countersign.track('in the other')")
    leave(page)
    leave(other)
    far.wait(lambda: len(far.calls) == 2)
    far.status = 202
    page.goto("/plain")
    soon(page)

    far.expect("in one tab")
    far.expect("in the other")


def test_calls_stay_within_what_a_beacon_may_carry(page: Page, far: Far) -> None:
    """Every call might have to outlive its page, and the letters of some take three bytes."""
    page.goto("/plain")
    page.evaluate(
        """const text = (count) => ({ a: "漢".repeat(count), b: "漢".repeat(count) });
        for (let i = 0; i < 25; i++) countersign.track("long", text(925));
        countersign.track("too long", text(1000))"""
    )
    until(page, lambda: len(far.calls) == 3)

    far.expect("long", 25)
    assert far.of("too long") == []
    assert max(len(call.body.encode()) for call in far.calls) <= WIRE_MAX
    assert [len(batch["events"]) for batch in far.batches] == [10, 10, 6]


def test_what_waits_is_bounded_and_the_oldest_goes_first(page: Page, far: Far) -> None:
    page.goto("/plain")
    page.evaluate("for (let i = 0; i < 600; i++) countersign.track('tick' + i)")
    leave(page)

    waiting = kept(page)
    assert (len(waiting), waiting[0], waiting[-1]) == (500, "tick100", "tick599")


def test_full_storage_stops_nothing_but_the_keeping(page: Page, far: Far) -> None:
    page.goto("/bare")
    page.evaluate("localStorage.fill = 'x'.repeat(5 * 1024 * 1024 - 6)")
    page.goto("/plain")
    page.evaluate("countersign.consent(true)")
    soon(page)

    far.expect("page_view")
    assert (far.batches[0]["consent"], far.batches[0].get("visitor_id")) == (False, None)


def test_no_call_asks_for_a_preflight(page: Page, far: Far) -> None:
    page.goto("/plain")
    soon(page)
    far.expect("page_view")
    page.click("#buy")
    leave(page)

    far.expect("click")
    assert {call.method for call in far.calls} == {"POST"}
