"""The demo shop with the script: somebody buys, and all of it is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from sandbox.server import Sandbox
from tests.tracker.site import Far, Site

ADDRESS = {
    "name": "Ada Brandt",
    "email": "ada@example.org",
    "street": "Pier 1",
    "postcode": "20457",
    "city": "Hamburg",
}
WIDTHS = ((1280, 900), (375, 812))


@pytest.fixture
def shop(tmp_path: Path, site: Site, far: Far, browser: Browser) -> Iterator[Page]:
    """Its home page, in a browser that has never been there."""
    with Sandbox(tmp_path / "state.sqlite3") as box:
        box.control("shop", {"base_url": site.ops_url, "site_key": far.key})
        context = browser.new_context(base_url=box.base_url)
        page = context.new_page()
        page.goto("/shop/?utm_source=mail")
        yield page
        context.close()


def buy(page: Page) -> None:
    """From the home page to the order."""
    page.click("a.card >> nth=0")
    page.click("#add-to-cart")
    page.click(".cart-link")
    page.click("#to-checkout")
    for name, value in ADDRESS.items():
        page.fill(f"[name={name}]", value)
    page.click("#place-order")
    page.wait_for_url("**/shop/thank-you")


def test_a_purchase_is_told_from_the_first_page_to_its_value(shop: Page, far: Far) -> None:
    hosts: set[str] = set()
    shop.on("request", lambda request: hosts.add(request.url.split("/")[2].split(":")[0]))
    shop.click("[data-consent=yes]")
    buy(shop)
    shop.reload()

    views = far.expect("page_view", 6)
    (bought,) = far.expect("purchase")
    assert (bought["properties"]["value"], bought["properties"]["currency"]) == (49, "EUR")
    paths = [view["url"].partition("/shop/")[2] for view in views]
    way = ["?utm_source=mail", "products/kettlebell", "cart", "checkout", "thank-you"]
    assert paths == [*way, "thank-you"]
    assert [view["title"].partition(" ·")[0] for view in views][1:3] == [
        "Cast kettlebell, 12\N{NO-BREAK SPACE}kg",
        "Your cart",
    ]
    assert far.expect("add_to_cart")[0]["properties"]["sku"] == "kettlebell"
    assert far.expect("begin_checkout")[0]["properties"] == {"value": 49, "currency": "EUR"}
    assert far.expect("form_submit")[0]["element"]["id"] == "order"
    assert len({batch["visitor_id"] for batch in far.batches}) == 1
    assert "ada@example.org" not in str([call.body for call in far.calls])
    assert hosts == {"127.0.0.1", "ops.example"}


def test_who_declines_has_no_id(shop: Page, far: Far) -> None:
    shop.click("[data-consent=no]")
    shop.goto("/shop/cart")
    shop.goto("about:blank")

    far.expect("page_view", 2)
    assert {batch.get("visitor_id") for batch in far.batches} == {None}


def test_pages_open_without_loading_and_go_back(shop: Page) -> None:
    shop.evaluate("window.stayed = true")
    shop.click("[data-kind=mobility]")
    assert shop.locator(".cards li:visible").count() == 1
    shop.click("a.card:visible")
    shop.wait_for_selector("#add-to-cart")
    shop.go_back()
    shop.wait_for_selector(".hero")

    assert shop.evaluate("window.stayed") is True
    assert shop.title().startswith("Train at home")


def test_wrong_addresses_are_told(shop: Page) -> None:
    shop.evaluate("localStorage.shop_cart = '{\"rope\": 2}'")
    shop.goto("/shop/checkout")
    shop.fill("[name=name]", "Ada")
    shop.click("#place-order")

    assert shop.inner_text("#order-error").startswith("E-mail: ")
    assert shop.inner_text("[data-total]") == "42.70\N{NO-BREAK SPACE}€"


def test_every_page_is_accessible_and_fits_a_phone(shop: Page) -> None:
    shop.evaluate('localStorage.shop_cart = \'{"mat": 1, "rope": 2}\'')
    for path in ("", "products/bands", "cart", "checkout", "thank-you"):
        shop.goto(f"/shop/{path}")
        for width, height in WIDTHS:
            shop.set_viewport_size({"width": width, "height": height})
            assert shop.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        found = Axe().run(shop).response["violations"]
        assert [(path, one["id"]) for one in found] == []
