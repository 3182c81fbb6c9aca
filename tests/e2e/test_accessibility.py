"""No main page has serious accessibility faults, and none scrolls sideways on a phone."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, expect

from tests.e2e.conftest import PHONE, LogIn
from tests.e2e.every_page import ADMIN_PAGES, OTHER_PAGES
from tests.e2e.pages import MAIN_PAGES, MainPage, show

# Other rows in the template of another page, which is looked at there.
ALIKE = ("approvals-real", "attribution-channel", "website-pages")
SHOWN = [shown for shown in MAIN_PAGES if shown.name not in ALIKE]
# One of each kind is looked at in every run, the others in the long one.
SOON = {
    "home", "search", "approvals", "drawer", "execution", "inbox", "inbox-conversation",
    "inbox-settings", "overview", "executive", "scenarios", "budget", "signals", "ledger",
    "ledger-explain", "agents", "scorecards", "alerts", "campaigns", "entity", "policy",
    "attribution", "website", "funnel", "models", "experiment", "experiment-editor",
    "outreach-plan", "contacts", "audience", "social", "import", "start", "account", "admin",
    "admin-list", "log-in",
}  # fmt: skip
EVERY = [
    *(shown if shown.name in SOON else pytest.param(shown, marks=pytest.mark.slow)
      for shown in SHOWN),
]  # fmt: skip
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


def faults(page: Page, *but: str, only: str = "") -> list[str]:
    """What axe calls serious or critical, one line for each element.

    ``but``: selectors of what is left out; ``only``: the one rule that is looked at.
    """
    # The second look at a page takes the program that the first one left there, already compiled.
    script = "0" if page.evaluate("'axe' in window") else AXE_SCRIPT
    told: dict[str, object] = {"resultTypes": ["violations"]}  # else all that is well, too
    if only:
        told["runOnly"] = [only]
    context = {"exclude": [LATER_ROWS, *but]}
    found = Axe(script).run(page, context=context, options=told).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("shown", EVERY, ids=lambda shown: shown.name)
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


def heard(page: Page) -> list[str]:
    """What goes wrong on a page, and what it asks of other hosts; filled as it comes."""
    told: list[str] = []
    page.on("console", lambda one: told.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda one: told.append(str(one)))

    def note(request: Request) -> None:
        host = urlsplit(request.url).hostname
        if request.url.startswith("http") and host not in ("127.0.0.1", "localhost"):
            told.append(request.url)

    page.on("request", note)
    return told


@pytest.mark.slow
@pytest.mark.parametrize(
    "shown", [*SHOWN, *OTHER_PAGES, *ADMIN_PAGES], ids=lambda shown: shown.name
)
def test_page_is_sound_in_the_dark_and_on_a_phone(log_in: LogIn, shown: MainPage) -> None:
    """In silence, without asking anybody outside, legible in the dark, and whole on a phone."""
    page = log_in(shown.person, shown.workspace)
    told = heard(page)
    show(page, shown)
    if shown not in SHOWN:
        assert faults(page, SIDEBAR) == []
    page.evaluate("document.documentElement.classList.add('dark')")
    assert faults(page, SIDEBAR, only="color-contrast") == []

    page.evaluate("document.documentElement.classList.remove('dark')")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, f"{shown.path} is {wider} px wider than the phone"
    assert faults(page, SIDEBAR) == []
    # An address that leads nowhere says so to the console, as it should.
    assert [one for one in told if "status of 4" not in one] == []
