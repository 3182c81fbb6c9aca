"""Take the pictures of ``docs/screenshots`` from a running system with its demo data."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser

from tests.browsers import chromium
from tests.e2e.conftest import PHONE, WIDE, People, demo_stack
from tests.e2e.pages import MAIN_PAGES, MainPage, show

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
LONGEST = {WIDE: 900, PHONE: 1000}  # the pictures stay small
INTRODUCTION = """# Screenshots

`make screenshots` starts the system with its demo data and takes these pictures, at 1280 pixels
and at the 375 pixels of a phone.

| wide | phone | shows |
|---|---|---|
"""


def main() -> None:
    """Start the system, take every picture, stop it."""
    with tempfile.TemporaryDirectory() as state, chromium() as browser:
        stack = demo_stack(Path(state))
        stack.start(timeout_s=400)
        try:
            take(stack.url, browser)
        finally:
            stack.stop()


def take(url: str, browser: Browser, shown: Sequence[MainPage] = MAIN_PAGES) -> None:
    """Write the pictures, and the page that names each."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    people = People(url, browser)
    for one in shown:
        for size, suffix in ((WIDE, ""), (PHONE, "-375")):
            _take_one(people, one, size, FOLDER / f"{one.name}{suffix}.png")
    lines = [
        f"| {_link(one.name)} | {_link(f'{one.name}-375')} | {one.shows} |" for one in MAIN_PAGES
    ]
    text = INTRODUCTION + "\n".join(lines) + "\n"
    (FOLDER / "README.md").write_text(text, encoding="utf-8")


def _link(name: str) -> str:
    return f"[{name}.png]({name}.png)"


def _take_one(people: People, shown: MainPage, size: tuple[int, int], target: Path) -> None:
    page = people.page(shown.person, shown.workspace, size)
    show(page, shown)
    whole = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size[0], "height": min(max(whole, size[1]), LONGEST[size])})
    # What is drawn once it is seen, on phones.
    page.wait_for_load_state("networkidle")
    page.screenshot(path=str(target))
    people.leave()


if __name__ == "__main__":
    main()
