"""What the script for A/B tests does to a page, in real Chromium, and what of it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from experiments.engine.assignment import Holdout, TestPlan, assign
from experiments.engine.changes import look_of
from experiments.engine.hashing import bucket
from experiments.engine.snippet import SiteTest, site_config
from experiments.engine.targeting import Facts, Targeting
from tests.experiments.assignment_vectors import vectors
from tests.tracker.conftest import leave, until
from tests.tracker.site import SPLITTER, Far, Site
from tests.tracker.test_consent import SIGNALS

ALL_B = (("control", 0), ("b", 10_000))
ALL_CONTROL = (("control", 10_000), ("b", 0))
TITLE = {"changes": [{"kind": "text", "selector": "h1", "value": "New title"}]}
KNOWN = "localStorage.countersign_visitor_id"
KEPT = "[localStorage, sessionStorage].map((one) => one.countersign_variants)"
AT = "2026-11-21T11:00:00+00:00"


def one_of(
    config: Mapping[str, object] = TITLE,
    weights: tuple[tuple[str, int], ...] = ALL_B,
    key: str = "title",
    **options: object,
) -> SiteTest:
    """A test whose second variant changes something."""
    is_open = bool(options.pop("is_open", True))
    plan = TestPlan(key, f"seed of {key}", weights, **options)
    return SiteTest(plan, {"b": look_of(config)}, is_open)


def tell(far: Far, *tests: SiteTest, holdout: Holdout | None = None) -> None:
    """Let the site have these tests."""
    far.tests = site_config(tests, Facts(), holdout)


def title_of(page: Page, path: str = "/shop") -> str:
    """The headline, once the page has come."""
    page.goto(path)
    return page.inner_text("h1")


def variants_of(page: Page, far: Far) -> dict[str, str]:
    """The variants that the newest page view came with."""
    before = len(far.of("page_view"))
    until(page, lambda: len(far.of("page_view")) > 0)
    assert before <= 1
    return far.first_call_of(far.of("page_view")[-1]).get("variants") or {}


def test_every_kind_of_change_under_a_strict_policy(page: Page, far: Far) -> None:
    """The page allows no style but what a script of ours puts on the document itself."""
    changes = [
        {"kind": "text", "selector": "#buy", "value": "Get <b>it</b> & go"},
        {"kind": "attribute", "selector": "#buy", "name": "href", "value": "/new?a=1&b=2"},
        {"kind": "class", "selector": "h1", "value": "huge"},
        {"kind": "style", "selector": "h1", "value": "color: rgb(1, 2, 3); --gap:4px"},
    ]
    tell(far, one_of({"changes": changes}))
    page.goto("/shop")

    assert page.inner_text("#buy") == "Get <b>it</b> & go"
    assert page.get_attribute("#buy", "href") == "/new?a=1&b=2"
    assert page.get_attribute("h1", "class") == "big huge"
    style = "getComputedStyle(document.querySelector('h1'))"
    assert page.evaluate(f"[{style}.color, {style}.getPropertyValue('--gap')]") == [
        "rgb(1, 2, 3)",
        "4px",
    ]
    assert page.inner_text("p") == "Kept"


def test_no_frame_shows_what_was_there_before(site: Site, far: Far, browser: Browser) -> None:
    """Even where the headline comes in pieces, with frames between them."""
    style = {"kind": "style", "selector": "h1", "value": "color: rgb(0, 128, 0)"}
    tell(far, one_of({"changes": [*TITLE["changes"], style]}))
    with browser.new_context(base_url=site.origin) as visitor:
        page = visitor.new_page()
        page.goto("/halting", wait_until="commit")
        for _ in range(5):
            page.wait_for_function("count > (self.last || 0) + 5 && (self.last = count)")
            far.rest.release()
        page.wait_for_load_state("load")
        page.wait_for_function("frames.length > 20")

        assert set(page.evaluate("frames")) == {"New title rgb(0, 128, 0)"}


def test_the_control_is_left_alone_and_counted(page: Page, far: Far) -> None:
    tell(far, one_of(weights=ALL_CONTROL))

    assert title_of(page) == "Old title"
    assert page.evaluate("countersign.ab.variant('title')") == "control"
    assert variants_of(page, far) == {"title": "control"}


def test_an_element_that_comes_later_is_changed_and_told(page: Page, far: Far) -> None:
    tell(far, one_of({"changes": [{"kind": "text", "selector": ".late", "value": "New"}]}))
    page.goto("/shop")
    assert variants_of(page, far) == {}

    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<i class=late>Old</i>')")
    assert page.inner_text(".late") == "New"
    page.evaluate("document.querySelector('.late').firstChild.nodeValue = 'Drawn again'")
    assert page.inner_text(".late") == "New"
    until(page, lambda: far.of("experiment_seen"))
    (seen,) = far.expect("experiment_seen")
    assert seen["properties"] == {"test": "title", "variant": "b"}
    assert far.first_call_of(seen)["variants"] == {"title": "b"}


def test_a_page_that_undoes_a_change_wins_in_the_end(page: Page, far: Far) -> None:
    tell(far, one_of())
    page.goto("/shop")

    page.evaluate(
        "new MutationObserver(() => {"
        "  const h1 = document.querySelector('h1'); if (h1.textContent != 'Mine')"
        "  h1.textContent = 'Mine' }).observe(document.body, { childList: true, subtree: true });"
        "document.querySelector('h1').append('!')"
    )

    assert page.inner_text("h1") == "Mine"


def test_other_pages_are_left_alone(page: Page, far: Far) -> None:
    tell(far, one_of(targeting=Targeting(pages=("/other*",))))

    assert title_of(page) == "Old title"
    assert page.evaluate("countersign.ab.variant('title')") is None
    assert variants_of(page, far) == {}


def test_a_variant_is_kept_whatever_becomes_of_the_shares(page: Page, far: Far) -> None:
    tell(far, one_of())
    assert title_of(page) == "New title"

    tell(far, one_of(weights=ALL_CONTROL, traffic=0), holdout=Holdout("h", 10_000))
    assert title_of(page) == "New title"
    tell(far, one_of(weights=ALL_CONTROL, is_open=False))
    assert title_of(page) == "Old title"
    assert page.evaluate("countersign.variants") == {"title": "b"}
    assert page.evaluate("countersign.ab.variant('title')") == "b"
    tell(far, one_of(weights=(("control", 5_000), ("c", 5_000))))
    page.reload()
    assert page.evaluate("countersign.ab.variant('title')") is None


def test_without_consent_the_tab_is_the_unit(context: BrowserContext, page: Page, far: Far) -> None:
    tell(far, one_of(weights=(("control", 5_000), ("b", 5_000))))
    page.goto("/shop")
    unit = page.evaluate("sessionStorage.countersign_tab")

    wanted = assign(one_of(weights=(("control", 5_000), ("b", 5_000))).plan, unit).variant
    assert page.evaluate("countersign.ab.variant('title')") == wanted
    assert page.evaluate(KEPT) == [None, json.dumps({"title": wanted}, separators=(",", ":"))]
    other = context.new_page()
    other.goto("/shop")
    assert other.evaluate("sessionStorage.countersign_tab") != unit


def test_with_consent_the_visitor_is_the_unit(page: Page, far: Far) -> None:
    halves = (("control", 5_000), ("b", 5_000))
    page.evaluate(f"{KNOWN} = '019aa5b0-0000-7000-8000-00000000002a'")
    tell(far, one_of(weights=halves))
    page.goto("/shop")

    wanted = assign(one_of(weights=halves).plan, "019aa5b0-0000-7000-8000-00000000002a").variant
    assert page.evaluate("countersign.ab.variant('title')") == wanted
    assert page.evaluate(KEPT) == [json.dumps({"title": wanted}, separators=(",", ":")), None]


def test_what_was_met_before_consent_stays_and_withdrawn_is_forgotten(page: Page, far: Far) -> None:
    tell(far, one_of())
    page.goto("/shop")
    page.evaluate("countersign.consent(true)")
    tell(far, one_of(weights=ALL_CONTROL))
    assert title_of(page) == "New title"

    page.evaluate("countersign.consent(false); sessionStorage.clear()")
    assert title_of(page) == "Old title"
    assert page.evaluate(KEPT)[0] is None


@pytest.mark.parametrize("signal", SIGNALS)
def test_who_asks_not_to_be_tracked_sees_the_control(
    context: BrowserContext, page: Page, far: Far, signal: str
) -> None:
    page = context.new_page()
    page.add_init_script(SIGNALS[signal])
    tell(far, one_of())

    assert title_of(page) == "Old title"
    assert page.evaluate("countersign.ab.variant('title')") == "control"
    page.evaluate("countersign.ab.seen('title')")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert page.evaluate("countersign.variants") == {}


def test_where_storage_is_blocked_the_control_is_shown(page: Page, far: Far) -> None:
    tell(far, one_of())
    page.goto("/boxed")
    frame = page.frame_locator("iframe")

    assert frame.locator("h1").inner_text() == "Old title"
    assert page.frames[1].evaluate("countersign.ab.variant('title')") == "control"
    assert page.frames[1].evaluate("countersign.variants") == {}


def test_looking_at_a_variant_counts_nowhere(page: Page, far: Far) -> None:
    tell(far, one_of(weights=ALL_CONTROL), one_of(key="other"))

    assert title_of(page, "/shop?cs_variant=title%3Ab&x=1") == "New title"
    assert page.evaluate("countersign.ab.variant('other')") == "control"
    page.evaluate("countersign.ab.seen('title')")
    assert variants_of(page, far) == {}
    assert page.evaluate(KEPT) == [None, None]
    assert page.evaluate("sessionStorage.countersign_tab") is None


def test_a_redirect_keeps_the_query_and_is_told_by_the_page_it_leads_to(
    page: Page, site: Site, far: Far
) -> None:
    tell(far, one_of({"redirect": "/offer?plan=b"}, targeting=Targeting(pages=("/shop",))))
    page.goto("/shop?utm_source=mail#part")
    page.wait_for_url(site.url("/offer?plan=b&utm_source=mail#part"))

    assert page.inner_text("h1") == "The offer"
    assert variants_of(page, far) == {"title": "b"}


def test_a_redirect_within_its_own_page_goes_once(page: Page, site: Site, far: Far) -> None:
    tell(far, one_of({"redirect": "/shop?plan=b"}))
    page.goto("/shop")
    page.wait_for_url(site.url("/shop?plan=b"))

    assert variants_of(page, far) == {"title": "b"}
    assert page.url == site.url("/shop?plan=b")


def test_the_control_of_a_redirect_stays_and_is_told(page: Page, site: Site, far: Far) -> None:
    tell(far, one_of({"redirect": "/offer"}, ALL_CONTROL, targeting=Targeting(pages=("/shop",))))

    assert title_of(page) == "Old title"
    assert page.url == site.url("/shop")
    assert variants_of(page, far) == {"title": "control"}


def test_a_page_asks_for_a_variant_and_says_when_it_is_seen(page: Page, far: Far) -> None:
    tell(far, one_of({}))
    page.goto("/shop")

    assert page.evaluate("countersign.ab.variant('title')") == "b"
    assert variants_of(page, far) == {}
    page.evaluate("countersign.ab.seen('title'); countersign.ab.seen('title')")
    page.evaluate("countersign.ab.seen('unknown')")
    leave(page)
    far.expect("experiment_seen")


def test_a_selector_that_no_browser_reads_harms_no_other_test(page: Page, far: Far) -> None:
    wrong = {"changes": [{"kind": "text", "selector": "h1[", "value": "x"}]}
    tell(far, one_of(wrong, key="wrong"), one_of())

    assert title_of(page) == "New title"
    assert page.evaluate("countersign.variants") == {"title": "b"}


@pytest.mark.parametrize(
    ("types", "session", "variant"),
    [
        (("new",), None, None),
        (("returning",), None, "b"),
        (("new",), "019aa5b0-0000", "b"),
        (("returning",), "019aa5b0-0000", None),
        (("new",), "019aa5b1-ffff", "b"),
        (("returning",), "019aa5b2-0000", "b"),
        (("new", "returning"), "019aa5b2-0000", "b"),
        (("existing",), None, None),
    ],
)
def test_first_and_later_sessions_of_a_visitor(
    page: Page, far: Far, types: tuple[str, ...], session: str | None, variant: str | None
) -> None:
    page.evaluate(f"{KNOWN} = '019aa5b1-0000-7000-8000-00000000002a'")
    if session:
        page.evaluate("(id) => { sessionStorage.countersign_session = id }", session)
    tell(far, one_of(targeting=Targeting(customer_types=types)))
    page.goto("/shop")

    assert page.evaluate("countersign.ab.variant('title')") == variant


VECTORS = """([script, tests, units]) => {
  const run = new Function("self", "location", "document", "localStorage", "sessionStorage",
    "navigator", "MutationObserver", script.replace("CONFIG", tests));
  const place = { pathname: "/", search: "", hash: "", href: "http://x/" };
  return units.map((unit) => {
    const page = { adoptedStyleSheets: [], referrer: "", querySelector: () => null };
    const countersign = {};
    run({ countersign }, place, page, {}, { countersign_tab: unit }, {}, class { observe() {} });
    return countersign.ab.variant("t") || null;
  });
}"""


def test_ten_thousand_vectors(page: Page) -> None:
    """In twenty arms: a bucket that is wrong by chance is in another one."""
    script = SPLITTER.read_text()
    twenty = tuple((f"v{number}", 500) for number in range(20))
    for seed in sorted({vector.seed for vector in vectors()}):
        mine = [vector for vector in vectors() if vector.seed == seed and vector.unit]
        plan = TestPlan("t", seed, twenty)
        told = site_config([SiteTest(plan, {})], Facts())
        found = page.evaluate(VECTORS, [script, told, [vector.unit for vector in mine]])
        assert found == [f"v{vector.bucket // 500}" for vector in mine]


def test_holdout_layer_and_traffic_as_the_server_has_them(page: Page) -> None:
    plan = TestPlan("t", "s", (("a", 3_333), ("b", 6_667)), 5_000, "layer", 1_000, 9_000)
    holdout = Holdout("held", 700)
    units = [f"unit-{number}" for number in range(2_000)]
    assert sum(bucket("held", unit) < 700 for unit in units) == 128

    told = site_config([SiteTest(plan, {})], Facts(), holdout)
    found = page.evaluate(VECTORS, [SPLITTER.read_text(), told, units])

    assert found == [assign(plan, unit, holdout=holdout).variant for unit in units]
