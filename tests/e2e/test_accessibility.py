"""No main page has serious accessibility faults, and none scrolls sideways on a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, LogIn
from tests.e2e.pages import MAIN_PAGES, MainPage, show

# Other rows in the template of another page, which is looked at there.
ALIKE = ("approvals-real", "attribution-channel", "website-pages")
SHOWN = [shown for shown in MAIN_PAGES if shown.name not in ALIKE]
# A table's rows have one template; most of a look went to the hundredth of them.
LATER_ROWS = "tbody tr:nth-child(n+8)"
# The same on every page, and looked at on the first.
SIDEBAR, WITH_SIDEBAR = "#nav-sidebar", "approvals"
# A drawer covers the header of a phone, and people outside have none.
IN_FRONT = ("drawer", "proposal", "inbox-rating")
# Their rows take every colour that rows have.
STACKED = ("approvals", "campaigns")
AGENT = "agnes"  # cannot stop everything
GRAVE = ("serious", "critical")


def faults(page: Page, *but: str) -> list[str]:
    """What axe calls serious or critical, one line for each element; ``but``: selectors."""
    # The second look at a page takes the program that the first one left there, already compiled.
    script = "0" if page.evaluate("'axe' in window") else AXE_SCRIPT
    told = {"resultTypes": ["violations"]}  # else it describes each element that is well, too
    context = {"exclude": [LATER_ROWS, *but]}
    found = Axe(script).run(page, context=context, options=told).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.name)
def test_page_is_accessible(log_in: LogIn, shown: MainPage) -> None:
    page = log_in(shown.person, shown.workspace)
    show(page, shown)
    known = () if shown.name == WITH_SIDEBAR else (SIDEBAR,)
    assert faults(page, *known) == []

    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    assert wider <= 0, f"{shown.path} is {wider} px wider than the phone"
    # The elements and their names are the same; only rows change, to cards.
    if shown.name in STACKED:
        assert faults(page, SIDEBAR) == []
    if shown.person not in ("", AGENT) and shown.name not in IN_FRONT:
        expect(page.locator("summary.cs-brake")).to_be_in_viewport(ratio=1)


def test_axe_finds_a_fault_that_is_there(log_in: LogIn) -> None:
    page = log_in("")
    page.goto("/accounts/login/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button></button>')")

    assert any(fault.startswith("button-name") for fault in faults(page))
