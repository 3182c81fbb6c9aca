"""No main page has serious accessibility faults, and none scrolls sideways on a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, LogIn
from tests.e2e.pages import MAIN_PAGES, MainPage, show

# A drawer covers the header of a phone.
IN_FRONT = ("drawer", "proposal")
# Their rows take every colour that rows have.
STACKED = ("approvals", "campaigns")
GRAVE = ("serious", "critical")


def faults(page: Page, *, but: str = "") -> list[str]:
    """What axe calls serious or critical, one line for each element; ``but`` is a rule left out."""
    # The second look at a page takes the program that the first one left there, already compiled.
    script = "0" if page.evaluate("'axe' in window") else AXE_SCRIPT
    options = {"rules": {but: {"enabled": False}}} if but else None
    found = Axe(script).run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("shown", MAIN_PAGES, ids=lambda shown: shown.name)
def test_page_is_accessible(log_in: LogIn, shown: MainPage) -> None:
    page = log_in(shown.person, shown.workspace)
    show(page, shown)
    assert faults(page) == []

    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    assert wider <= 0, f"{shown.path} is {wider} px wider than the phone"
    # Looking at colours takes most of the time; on a phone only rows change theirs, to a card's.
    assert faults(page, but="" if shown.name in STACKED else "color-contrast") == []
    if shown.person and shown.name not in IN_FRONT:
        expect(page.locator("summary.cs-brake")).to_be_in_viewport(ratio=1)


def test_axe_finds_a_fault_that_is_there(log_in: LogIn) -> None:
    page = log_in("")
    page.goto("/accounts/login/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button></button>')")

    assert any(fault.startswith("button-name") for fault in faults(page))
