"""The running system with its demo data, and people who log in to it with a browser."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from embedded.stack import Stack
from tests.browsers import chromium

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
PASSWORD = "countersign-demo"
REAL, PTD, APP = "Search ads (real export)", "PTD Fitness", "PTD Coach (app)"
SCREENSHOTS = Path(__file__).parents[1] / "output"
WIDE, PHONE = (1280, 900), (375, 812)
expect.set_options(timeout=45_000)

LogIn = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser tests; the first of them starts the whole system."""
    for item in items:
        if "/e2e/" in item.path.as_posix():
            item.add_marker(pytest.mark.e2e)


def demo_stack(state: Path) -> Stack:
    """Everything that `make demo` runs, with demo data, on free ports; changes execute at once."""
    return Stack(state, prepare=["python -m tests.e2e.prepare"])


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Stack]:
    """The one running system of all browser tests; its schema is that of the test database.

    Of the package, so that a dozen processes and a browser end before the other tests.
    """
    running = demo_stack(tmp_path_factory.mktemp("stack"))
    running.start(timeout_s=540)  # before the test's own limit, which tells less
    yield running
    running.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One headless Chromium."""
    with chromium() as running:
        yield running


class People:
    """Pages of the demo's people; each logs in once for each workspace and keeps the session."""

    def __init__(self, url: str, browser: Browser) -> None:
        self._url, self._browser = url, browser
        self._contexts: dict[tuple[str, str], BrowserContext] = {}
        self._pages: list[Page] = []

    def page(self, name: str, workspace: str = PTD, size: tuple[int, int] = WIDE) -> Page:
        """A new page of a person who is logged in and stands in a workspace; "" is a stranger."""
        key = (name, workspace if name else "")
        is_new = key not in self._contexts
        if is_new:
            self._contexts[key] = self._browser.new_context(
                base_url=self._url, reduced_motion="reduce"
            )
        page = self._contexts[key].new_page()
        self._pages.append(page)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        if is_new and name:
            log_in_by_hand(page, name)
            switch_to(page, workspace)
        return page

    def leave(self) -> None:
        """Close all pages; the sessions stay."""
        for page in self._pages:
            page.close()
        self._pages.clear()


@pytest.fixture(scope="package")
def people(stack: Stack, browser: Browser) -> People:
    """Sessions that all tests share: logging in is what takes time."""
    return People(stack.url, browser)


@pytest.fixture
def log_in(people: People) -> Iterator[LogIn]:
    """``log_in("amir", "PTD Fitness", size=PHONE)``: a page of that person, in that workspace."""
    yield people.page
    people.leave()


def log_in_by_hand(page: Page, name: str) -> None:
    """Fill in the log-in form."""
    page.goto("/accounts/login/?next=/approvals/")
    page.fill("input[name=username]", f"{name}@demo.example")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(re.compile(r"/approvals/"))


def switch_to(page: Page, workspace: str) -> None:
    """Choose a workspace the way a person does, on the account page."""
    page.goto("/account/")
    button = page.get_by_role("button", name=re.compile(re.escape(workspace)))
    if button.count():
        button.first.click()
        # A click does not wait for the form to be sent; the next ``goto`` would call it back.
        page.wait_for_url(re.compile(r"/home/"))


def sandbox(stack: Stack, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
    """Ask the sandbox's control surface."""
    data = json.dumps(body).encode() if body is not None else None
    request = Request(f"{stack.sandbox_url}/_sandbox/{path}", data=data)
    with urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())


def picture(page: Page, name: str) -> None:
    """Keep a screenshot."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / f"{name}.png"))
