"""Each person's day by the keyboard alone.

The support agent's hour is in ``test_inbox.py``, the integration's in ``test_integration_day.py``.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import LogIn
from tests.e2e.test_inbox import Hands
from tests.e2e.test_queue import first_budget, go_to, row_of


def test_an_approver_is_faster_than_the_server(log_in: LogIn) -> None:
    """Keys are pressed before the drawer is there: they wait for it, and none becomes another."""
    page = log_in("amir")
    hands = Hands(page)
    public_id = first_budget(page)
    go_to(page, public_id)
    signatures: list[str] = []
    page.on("request", lambda one: signatures.append(one.url) if "/sign/" in one.url else None)

    # "a" signs where it is a key; here each is a letter of the reason.
    hands.press("r")
    hands.write("A jar: ask again a year ahead.")

    reason = page.locator(f"#drawer [data-panel='{public_id}'] #why-reject")
    expect(reason).to_have_value("A jar: ask again a year ahead.")
    hands.press("Enter")
    expect(page.locator("#drawer .cs-state").first).to_have_text("Rejected")
    assert signatures == []

    hands.press("Escape", "j", "?")
    expect(page.locator("#help")).to_be_visible()
    hands.press("Escape", "/")
    expect(page.locator("#filter-q")).to_be_focused()


@pytest.mark.slow
def test_an_approver_edits_signs_and_goes_on(log_in: LogIn) -> None:
    page = log_in("amir")
    hands = Hands(page)
    public_id = first_budget(page)
    go_to(page, public_id)
    ids = page.locator("tr.cs-row").evaluate_all("rows => rows.map(row => row.dataset.row)")
    following = ids[ids.index(public_id) + 1]

    hands.press("e")
    value = page.locator("#edit-value")
    expect(value).to_be_focused()
    assert value.evaluate("field => field.selectionEnd - field.selectionStart") > 0
    hands.press("Escape", "Escape")
    expect(page.locator("#drawer")).to_be_empty()
    hands.press("a", "j")

    expect(row_of(page, public_id).locator("[data-sign]")).to_have_count(0)
    expect(row_of(page, following)).to_have_class(re.compile("cs-current"))
    # When the signed row is gone, the keys go on from where it was.
    expect(row_of(page, public_id)).to_have_count(0)
    hands.press("k", "j", "x")
    expect(page.locator("[data-selected]")).to_have_text("1 selected")
    leads_everywhere(page, hands)


def leads_everywhere(page: Page, hands: Hands) -> None:
    """From any page to any other: the header's search, then the row that is found."""
    page.goto("/home/")
    hands.press("/")
    expect(page.locator("#search-all")).to_be_focused()
    hands.write("Coach tips")
    hands.press("Enter")
    found = page.locator("#found a[href*='/campaigns/']", has_text="Coach tips").first
    hands.tab_to(found)
    hands.press("Enter")
    expect(page.locator("h1")).to_contain_text("Coach tips")


@pytest.mark.slow
def test_a_marketer_proposes_a_budget(log_in: LogIn) -> None:
    """From the home page to a campaign, and a change that waits for another's signature."""
    page = log_in("olga")
    hands = Hands(page)
    leads_everywhere(page, hands)

    page.goto("/campaigns/")
    campaign = page.locator("main tbody a", has_text="Search | Competitors").first
    hands.tab_to(campaign)
    hands.press("Enter")
    pause = page.get_by_label("Why pause it?")
    hands.tab_to(pause)
    hands.write("Nobody bought in a month.")
    hands.press("Enter")
    expect(page.locator("main")).to_contain_text(re.compile("waiting for a signature", re.I))


@pytest.mark.slow
def test_an_admin_loosens_nothing_by_accident(log_in: LogIn) -> None:
    """The policy is tried by the keyboard; the sidebar's search finds a list of the admin."""
    page = log_in("ada")
    hands = Hands(page)
    page.goto("/policy/")
    hands.tab_to(page.locator("#id_max_change_pct"))
    hands.press("Control+A")
    hands.write("40")
    hands.tab_to(page.locator("#policy-why"))
    hands.write("A careful week.")
    hands.press("Enter")
    expect(page.get_by_role("region", name="Simulation")).to_contain_text("The last 30 days")

    page.goto("/admin/workspaces/proposal/")
    hands.press("/")
    expect(page.locator("#searchbar")).to_be_focused()
    hands.write("Coach")
    hands.press("Enter")
    page.wait_for_url(re.compile("q=Coach"))
    hands.tab_to(page.locator("#result_list tbody a").first)
    hands.press("Enter")
    expect(page.locator("#content h1, h1").first).to_be_visible()


@pytest.mark.slow
def test_somebody_who_reads_narrows_a_dashboard(log_in: LogIn) -> None:
    """A longer period and one channel, chosen by letters; the address keeps both."""
    page = log_in("agnes")
    hands = Hands(page)
    page.goto("/dashboards/")
    period = page.locator("main select[name=days]")
    hands.tab_to(period)
    hands.write("Last 90")
    channel = page.locator("main select[name=channel]")
    hands.tab_to(channel)
    hands.write("Meta")
    hands.tab_to(page.get_by_role("button", name="Show", exact=True))
    hands.press("Enter")

    page.wait_for_url(re.compile("channel=meta"))
    expect(page.locator("main select[name=days]")).to_have_value("90")
    # What only others may do is not on the way.
    expect(page.locator("summary.cs-brake")).to_have_count(0)
