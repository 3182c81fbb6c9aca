"""The running system with its demo data, and people who log in to it with a browser."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from embedded.stack import MIGRATE, Stack

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
PASSWORD = "countersign-demo"
SCREENSHOTS = Path(__file__).parents[1] / "output"
WIDE, PHONE = (1280, 900), (375, 812)
# Chromium tries to reach its makers' hosts at start; here it would only wait for refusals.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker drives the one running system."""
    for item in items:
        if "/e2e/" in item.path.as_posix():
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("stack"))
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything that `make demo` runs, with demo data, on free ports."""
    running = Stack(
        tmp_path_factory.mktemp("stack"),
        prepare=(MIGRATE, "python manage.py seed_demo", "python -m tests.e2e.quick_policy"),
    )
    running.start(timeout_s=300)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium."""
    path = Path("/usr/bin/chromium")
    if not path.exists():
        pytest.skip("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(path), args=FLAGS)
        yield chromium
        chromium.close()


LogIn = Callable[..., Page]


@pytest.fixture
def log_in(stack: Stack, browser: Browser) -> Iterator[LogIn]:
    """``log_in("amir", "ptd_fitness", size=PHONE)``: a page of that person, in that workspace."""
    contexts = []

    def start(name: str, workspace: str = "PTD Fitness", size: tuple[int, int] = WIDE) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, base_url=stack.url
        )
        contexts.append(context)
        page = context.new_page()
        page.goto("/accounts/login/")
        page.fill("input[name=username]", f"{name}@demo.example")
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(re.compile(r"/approvals/"))
        switch_to(page, workspace)
        return page

    yield start
    for context in contexts:
        context.close()


def switch_to(page: Page, workspace: str) -> None:
    """Choose a workspace the way a person does, on the account page."""
    page.goto("/account/")
    button = page.get_by_role("button", name=re.compile(re.escape(workspace)))
    if button.count():
        button.first.click()
        page.wait_for_load_state()


def sandbox(stack: Stack, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
    """Ask the sandbox's control surface."""
    data = json.dumps(body).encode() if body is not None else None
    request = Request(f"{stack.sandbox_url}/_sandbox/{path}", data=data)
    with urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def picture(page: Page, name: str) -> None:
    """Keep a screenshot."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / f"{name}.png"))
