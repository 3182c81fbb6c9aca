"""What the script tells, in real Chromium."""

from __future__ import annotations

import uuid
from itertools import pairwise

import pytest
from playwright.sync_api import Page

from tests.tracker.conftest import leave, soon, until
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
    assert (call.query, call.headers["content-type"]) == (
        f"site={far.key}",
        "text/plain;charset=UTF-8",
    )
    about = ("screen", "time_zone", "language", "consent", "sent_at")
    assert {name: call.batch[name] for name in about} == {
        "screen": "1280x720",
        "time_zone": "Europe/Berlin",
        "language": "de-DE",
        "consent": False,
        "sent_at": page.evaluate("Date.now()"),
    }


def test_ids_are_uuids_of_version_7_in_strict_order(page: Page, far: Far) -> None:
    """All at one moment of the clock; and after it was set back."""
    page.goto("/plain")
    page.evaluate("for (let i = 0; i < 6; i++) countersign.track('tick', { i })")
    now = page.evaluate("Date.now()")
    page.evaluate("Date.now = () => 1000")
    page.evaluate("for (let i = 6; i < 9; i++) countersign.track('tick', { i })")
    leave(page)

    ticks = far.expect("tick", 9)
    ids = [uuid.UUID(event["id"]) for event in ticks]
    assert {(one.version, one.variant) for one in ids} == {(7, uuid.RFC_4122)}
    assert [event["properties"]["i"] for event in ticks] == list(range(9))
    times = [(one.int >> 80) - now for one in ids]
    assert all(first < second for first, second in pairwise(times))
    assert 0 < times[0] < times[-1] < 20


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


def test_what_the_page_changes_later_was_told_as_it_was(page: Page, far: Far) -> None:
    page.goto("/plain")
    page.evaluate("const cart = { items: 1 }; countersign.track('cart', cart); cart.items = 9")
    soon(page)

    assert far.expect("cart")[0]["properties"] == {"items": 1}


def test_single_page_sites_view_a_page_for_each_new_path(page: Page, site: Site, far: Far) -> None:
    page.goto("/plain?a=1")
    page.evaluate("history.pushState({}, '', '/shop?b=2'); countersign.track('in the shop')")
    page.evaluate("history.pushState({}, '', '/shop?b=3'); history.replaceState({}, '', '?b=4#x')")
    page.evaluate("document.title = 'Basket'; history.replaceState({}, '', '/basket')")
    page.go_back()
    soon(page)

    views = far.expect("page_view", 4)
    assert [(view["url"], view["referrer"], view["title"]) for view in views] == [
        (site.url("/plain?a=1"), "", "A plain page"),
        (site.url("/shop?b=2"), site.url("/plain"), "A plain page"),
        (site.url("/basket"), site.url("/shop"), "Basket"),
        (site.url("/shop?b=2"), site.url("/basket"), "Basket"),
    ]
    assert far.expect("in the shop")[0]["page_id"] == views[1]["id"]


def test_history_still_refuses_what_it_refused(page: Page, far: Far) -> None:
    page.goto("/plain")
    refused = "(() => { try { %s } catch (error) { return error.name } })()"

    assert page.evaluate(refused % "history.pushState(() => 1, '')") == "DataCloneError"
    assert page.evaluate(refused % "history.replaceState({}, '', 'https://x.test/')") == (
        "SecurityError"
    )


def test_clicks_on_links_and_buttons(page: Page, site: Site, far: Far) -> None:
    page.goto("/plain")
    page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    page.click("#buy b")
    page.click("#out")
    page.click("#text")
    page.click("#next")
    soon(page)

    assert [event["element"] for event in far.expect("click", 3)] == [
        {"id": "buy", "class": "primary", "text": "Buy now", "type": "button"},
        {
            "id": "out",
            "class": "",
            "text": "An offer",
            "type": "a",
            "href": "https://elsewhere.example/offer",
        },
        {
            "id": "next",
            "class": "link big",
            "text": "Next page",
            "type": "a",
            "href": site.url("/second?from=plain#top"),
        },
    ]


def test_sent_forms_but_nothing_of_what_is_in_them(page: Page, far: Far) -> None:
    page.goto("/plain")
    page.fill("[name=email]", "ada@example.org")
    page.press("[name=email]", "Enter")
    soon(page)

    (sent,) = far.expect("form_submit")
    assert sent["element"] == {"id": "signup", "class": "small", "text": "Sign up", "type": "form"}
    assert "ada@" not in str([call.body for call in far.calls])


def test_scrolling_tells_each_quarter_once(page: Page, far: Far) -> None:
    page.goto("/long")
    page.mouse.wheel(0, 1400)
    page.wait_for_function("scrollY == 1400")
    soon(page)
    assert [event["scroll"] for event in far.expect("scroll", 2)] == [25, 50]

    page.mouse.wheel(0, -1400)
    page.wait_for_function("scrollY == 0")
    page.mouse.wheel(0, 9000)
    page.wait_for_function("scrollY + innerHeight == 4000")
    until(page, lambda: len(far.of("scroll")) == 4)
    assert [event["scroll"] for event in far.expect("scroll", 4)] == [25, 50, 75, 100]


def test_engaged_time_is_visible_and_active_time(page: Page, far: Far) -> None:
    page.goto("/long")
    page.clock.run_for(10_000)
    page.mouse.move(5, 5)
    page.clock.run_for(10_000)
    page.keyboard.press("a")
    page.clock.fast_forward("20:00")  # of that, half a minute counts
    page.mouse.move(9, 9)
    hide(page)
    page.clock.run_for(60_000)  # nobody looks
    show(page)
    page.clock.run_for(7_000)
    leave(page)

    assert [event["seconds"] for event in far.expect("engagement", 2)] == [50, 7]


def test_engaged_time_belongs_to_the_page_on_which_it_passed(page: Page, far: Far) -> None:
    page.goto("/long")
    page.clock.run_for(4_000)
    page.evaluate("history.pushState({}, '', '/other')")
    page.clock.run_for(3_000)
    leave(page)

    told = far.expect("engagement", 2)
    first, second = far.expect("page_view", 2)
    assert [(event["page_id"], event["url"], event["seconds"]) for event in told] == [
        (first["id"], first["url"], 4),
        (second["id"], second["url"], 3),
    ]


def test_closing_a_forgotten_tab_begins_no_session(page: Page, far: Far) -> None:
    page.goto("/plain")
    page.clock.run_for(10_000)
    page.clock.fast_forward("45:00")
    page.mouse.move(7, 7)
    page.clock.run_for(3_000)
    leave(page)
    page.goto("/second")
    until(page, lambda: len(far.of("page_view")) == 2)

    assert far.of("engagement") == []


def test_a_session_ends_after_half_an_hour_without_an_event(page: Page, far: Far) -> None:
    sessions = []
    page.goto("/plain")
    for pause in ("00:01", "29:30", "30:02"):
        page.clock.fast_forward(pause)
        page.evaluate("countersign.track('still here')")
        until(page, lambda: len(far.of("still here")) > len(sessions))
        sessions.append(far.first_call_of(far.of("still here")[-1])["session_id"])

    assert sessions[0] == sessions[1] != sessions[2]
    assert uuid.UUID(sessions[2]).version == 7


def test_a_session_goes_on_over_pages_and_not_over_tabs(page: Page, far: Far) -> None:
    page.goto("/plain")
    soon(page)
    far.expect("page_view")
    page.goto("/second")
    soon(page)
    far.expect("page_view", 2)
    other = page.context.new_page()
    other.goto("/plain")
    soon(other)
    views = far.expect("page_view", 3)

    first, second, third = (far.first_call_of(view)["session_id"] for view in views)
    assert first == second != third


@pytest.mark.parametrize("path", ["/twice", "/own-door"])
def test_ways_to_include_it(page: Page, far: Far, path: str) -> None:
    page.goto(path)
    soon(page)

    far.wait(lambda: far.calls)
    call, *more = far.calls
    assert more == []
    if path == "/twice":
        assert (call.query, call.batch["variants"]) == (f"site={far.key}", {"price-test": "b"})
        assert [event["type"] for event in call.batch["events"]] == ["page_view"]
    else:
        assert (call.path, call.query) == ("/door", f"site={far.key}")


def test_variants_are_stamped_when_sending(page: Page, far: Far) -> None:
    page.goto("/plain")
    page.evaluate("countersign.variants = { 'price-test': 'a' }")
    soon(page)

    far.expect("page_view")
    assert far.batches[0]["variants"] == {"price-test": "a"}


def test_a_page_cannot_make_it_throw(page: Page, far: Far) -> None:
    """Errors that reach the page fail the test (see the fixture); what is sound still arrives."""
    page.goto("/plain")
    page.evaluate(
        """() => {
          const round = {};
          round.self = round;
          const bad = { get value() { throw Error("bad") } };
          for (const given of [round, bad, 10n, Symbol("s"), { big: "x".repeat(7000) }]) {
            countersign.track("odd", given);
          }
          countersign.identify(Symbol("s"));
          countersign.identify({ toString() { throw Error("bad") } });
          document.dispatchEvent(new Event("click"));
          dispatchEvent(new Event("submit"));
          countersign.variants = round;
        }"""
    )
    soon(page)
    page.evaluate("countersign.variants = null; countersign.track('sound')")
    until(page, lambda: far.of("sound"))

    far.expect("page_view")


def hide(page: Page, hidden: str = "true") -> None:
    """As when another tab comes to the front, which a headless browser does not tell."""
    page.evaluate(
        f"""Object.defineProperty(document, "hidden", {{ value: {hidden}, configurable: true }});
        document.dispatchEvent(new Event("visibilitychange", {{ bubbles: true }}))"""
    )


def show(page: Page) -> None:
    """The tab is in front again."""
    hide(page, "false")
