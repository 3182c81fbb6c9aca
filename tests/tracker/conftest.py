"""One Chromium for all tests of the tracking script, and a site for it to visit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.tracker.site import Far, Site

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.example 127.0.0.1",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them as what they are: browser tests."""
    for item in items:
        if "/tests/tracker/" in item.path.as_posix():
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """The site and the product's side of it."""
    with Site() as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One headless Chromium."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def far(site: Site) -> Iterator[Far]:
    """What arrives, empty at first."""
    site.far.forget()
    yield site.far
    site.far.forget()


@pytest.fixture
def context(site: Site, far: Far, browser: Browser) -> Iterator[BrowserContext]:
    """A visitor: storage and time of his own. Errors of a page fail its test."""
    visitor = browser.new_context(base_url=site.origin, locale="de-DE", timezone_id="Europe/Berlin")
    errors: list[str] = []
    visitor.on("weberror", lambda error: errors.append(str(error.error)))
    yield visitor
    visitor.close()
    assert errors == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab whose timers run when the test says so, or in their time."""
    tab = context.new_page()
    tab.clock.install()
    return tab


def soon(page: Page) -> None:
    """Let the second pass after which events are sent."""
    page.clock.run_for(1000)
