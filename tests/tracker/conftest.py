"""One Chromium and one tab for all tests of the tracking script, and a site for it to visit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from attribution.engine.web_events import Call, Terms, read_events
from attribution.engine.web_wire import BODY
from tests.browsers import chromium
from tests.tracker.site import Far, Site

# Playwright keeps a loop in the thread that all tests share.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


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
    """One headless Chromium, to which every site is on this machine."""
    with chromium("--host-resolver-rules=MAP *.example 127.0.0.1") as running:
        yield running


@pytest.fixture(scope="package")
def tab(site: Site, browser: Browser) -> Page:
    """The tab that all tests share, because another one costs as much as a test."""
    visitor = browser.new_context(base_url=site.origin, locale="de-DE", timezone_id="Europe/Berlin")
    tab = visitor.new_page()
    tab.clock.install(time=NOW - timedelta(minutes=1))
    tab.clock.pause_at(NOW)
    return tab


@pytest.fixture
def far(site: Site) -> Iterator[Far]:
    """What arrives, empty at first; the site has a new key. The product could read all of it."""
    site.far.begin()
    yield site.far
    assert refused(site.far) == []


def refused(far: Far) -> list[str]:
    """What the product's own reading of events would not take."""
    terms = Terms(hosts=frozenset(), conversions=("purchase",), currency="EUR", oldest_ms=0)
    found: list[str] = []
    for batch in far.batches:
        BODY.validate_python(batch)
        read = read_events(batch["events"], terms, Call(received_ms=batch["sent_at"]))
        found += [f"{one.field}: {one.message}" for one in read.rejected]
    return found


@pytest.fixture
def page(far: Far, tab: Page) -> Iterator[Page]:
    """A visitor without a past, for whom time passes only when the test says so.

    An error that reaches a page fails the test.
    """
    errors: list[str] = []
    tab.context.on("weberror", lambda error: errors.append(str(error.error)))
    tab.goto("/bare")
    tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    yield tab
    tab.context.set_offline(False)
    for other in tab.context.pages[1:]:
        other.close()
    assert errors == []


@pytest.fixture
def context(page: Page) -> BrowserContext:
    """The visitor's browser, for further tabs."""
    return page.context


def soon(page: Page) -> None:
    """Let the second pass after which events are sent."""
    page.clock.run_for(1000)


def until(page: Page, holds: Callable[[], object]) -> None:
    """Let seconds pass until something holds: an answer has to reach the page before it goes on."""
    for _ in range(300):
        if holds():
            return
        soon(page)
    raise AssertionError("five minutes of the page's time were not enough")


def leave(page: Page) -> None:
    """Go to a page that has no script."""
    page.goto("/bare")
