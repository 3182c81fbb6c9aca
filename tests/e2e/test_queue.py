"""What people do at the queue, with the keyboard, with many rows, and beside each other."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import LogIn

BUDGETS = "/approvals/?risk=medium"
#: Draws a part of the page anew, as its news do, and comes back long before that has settled.
NEWS = """part => new Promise(drawn => {
  const live = document.getElementById("live");
  const url = live.getAttribute("hx-get").replace(/&since=[^&]*/, "");
  htmx.config.defaultSettleDelay = 3000;
  document.addEventListener("htmx:afterSwap", () => setTimeout(drawn), { once: true });
  htmx.ajax("GET", url, { source: live, target: "#" + part, swap: "outerHTML" });
})"""


def budget_rows(page: Page) -> Locator:
    """Waiting budget changes that this person can sign."""
    page.goto(BUDGETS)
    rows = page.locator("tr.cs-row:has(.cs-change):has([data-sign])")
    expect(rows.first).to_be_visible()
    return rows


def first_budget(page: Page) -> str:
    """Public id of the first of them."""
    return str(budget_rows(page).first.get_attribute("data-row"))


def go_to(page: Page, public_id: str) -> None:
    """Walk down to a row by the keyboard; others may stand above it."""
    ids = page.locator("tr.cs-row").evaluate_all("rows => rows.map(row => row.dataset.row)")
    for _ in range(ids.index(public_id) + 1):
        page.keyboard.press("j")
    expect(row_of(page, public_id)).to_have_class(re.compile("cs-current"))


def first_of_the_sampler(page: Page) -> str:
    """Public id of the first row that the sampler proposed."""
    row = page.locator("tr.cs-row").filter(has_text="sampler").first
    return str(row.get_attribute("data-row"))


def row_of(page: Page, public_id: str) -> Locator:
    return page.locator(f"#row-{public_id}")


def open_row(page: Page, public_id: str) -> Locator:
    """Open it beside the table; the drawer."""
    page.locator(f"#open-{public_id}").click()
    drawer = page.locator(f"#drawer [data-panel='{public_id}']")
    expect(drawer).to_be_visible()
    return drawer


def difference(row: Locator) -> Decimal:
    """By how much a row's budget moves."""
    texts = (row.locator(part).inner_text() for part in (".cs-before", ".cs-diff strong"))
    before, after = (Decimal(re.sub(r"[^0-9.]", "", text)) for text in texts)
    return after - before


class TestKeyboard:
    def test_moves_selects_searches_and_helps(self, log_in: LogIn) -> None:
        page = log_in("amir")
        budget_rows(page)
        rows = page.locator("tr.cs-row")  # the keys pass over none, whatever other tests left

        page.keyboard.press("j")
        expect(rows.nth(0)).to_have_class(re.compile("cs-current"))
        page.keyboard.press("j")
        expect(rows.nth(1)).to_have_class(re.compile("cs-current"))
        page.keyboard.press("k")
        expect(rows.nth(0)).to_have_class(re.compile("cs-current"))

        public_id = first_budget(page)
        go_to(page, public_id)
        page.keyboard.press("x")
        expect(row_of(page, public_id).locator("[name=pick]")).to_be_checked()
        expect(page.locator("[data-selected]")).to_have_text("1 selected")
        page.keyboard.press("x")
        expect(page.locator("[data-selected]")).to_have_text("Nothing selected")

        page.keyboard.press("?")
        expect(page.locator("#help")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#help")).to_be_hidden()
        page.keyboard.press("/")
        expect(page.locator("#filter-q")).to_be_focused()

    def test_opens_the_questions(self, log_in: LogIn) -> None:
        page = log_in("amir")
        public_id = first_budget(page)
        drawer = page.locator(f"#drawer [data-panel='{public_id}']")

        go_to(page, public_id)
        page.keyboard.press("e")
        expect(drawer.locator("#edit-value")).to_be_focused()
        page.keyboard.press("Escape")
        page.keyboard.press("r")
        expect(drawer.locator("#why-reject")).to_be_focused()
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(page.locator("#drawer")).to_be_empty()
        expect(page.locator(f"#open-{public_id}")).to_be_focused()

        # Other tests execute and undo on top of the list; the seeded changes stand at its end.
        page.goto("/approvals/?tab=done&kind=ad_change")
        done = page.locator("tr.cs-row:has(.cs-state-executed)").last
        done.locator("a[data-open]").focus()
        page.keyboard.press("u")
        expect(page.locator("#why-undo")).to_be_focused()

    def test_signs(self, log_in: LogIn) -> None:
        page = log_in("amir")
        public_id = first_budget(page)

        go_to(page, public_id)
        page.keyboard.press("a")

        expect(row_of(page, public_id).locator("[data-sign]")).to_have_count(0)
        page.goto(f"/approvals/{public_id}/")
        expect(page.locator("#drawer")).to_contain_text("Signed by Amir Approver")


def test_many_are_signed_with_one_question(log_in: LogIn) -> None:
    page = log_in("amir")
    rows = budget_rows(page)
    picked = [str(rows.nth(place).get_attribute("data-row")) for place in (0, 1)]
    total = sum((difference(rows.nth(place)) for place in (0, 1)), Decimal(0))
    for public_id in picked:
        row_of(page, public_id).locator("[name=pick]").check()

    page.get_by_role("button", name="Sign selected").click()

    question = page.locator("#ask-title")
    sign = "+" if total > 0 else "−"
    expect(question).to_have_text(f"Sign 2 changes, {sign}${abs(total):,.2f}/day?")
    page.locator("#ask").get_by_role("button", name="Sign 2").click()
    expect(page.get_by_text("2 changes signed.")).to_be_visible()
    for public_id in picked:
        expect(row_of(page, public_id)).to_have_count(0)


def test_a_row_that_somebody_else_signs_vanishes_with_a_note(log_in: LogIn) -> None:
    ada, amir = log_in("ada"), log_in("amir")
    public_id = first_budget(amir)
    budget_rows(ada)
    subject = amir.locator(f"#open-{public_id}").inner_text()

    row_of(ada, public_id).locator("[data-sign] button").click()

    expect(row_of(amir, public_id)).to_have_count(0)
    expect(amir.locator("#notes")).to_contain_text(subject)


def test_the_drawer_tells_the_evidence_in_words(log_in: LogIn) -> None:
    page = log_in("amir")
    page.goto("/approvals/?tab=done")
    drawer = open_row(page, first_of_the_sampler(page))

    facts = drawer.locator("dl.cs-facts-many")
    expect(facts.get_by_text("Probability best", exact=True)).to_be_visible()
    expect(facts).not_to_contain_text("{")
    expect(drawer.locator(".cs-chart")).to_have_count(3)


def test_reject_with_a_reason(log_in: LogIn) -> None:
    page = log_in("amir")
    public_id = first_budget(page)
    drawer = open_row(page, public_id)

    drawer.locator("summary", has_text="Reject").click()
    drawer.locator("#why-reject").fill("We keep this one through the holidays.")
    drawer.locator("details[data-action=reject] button").click()

    expect(drawer.locator(".cs-state").first).to_have_text("Rejected")
    expect(drawer).to_contain_text("We keep this one through the holidays.")
    page.goto(f"/approvals/?tab=done&open={public_id}")
    expect(row_of(page, public_id)).to_contain_text("Rejected")


def test_an_edit_voids_what_was_seen_and_shows_the_new_version(log_in: LogIn) -> None:
    ada, amir = log_in("ada"), log_in("amir")
    public_id = first_budget(amir)
    drawer = open_row(amir, public_id)
    ada.goto(f"/approvals/{public_id}/")
    # Half way back is inside every limit, whichever change stands first.
    amounts = re.findall(r"[\d,]+\.\d\d", drawer.locator(".cs-panel-diff").inner_text())
    before, after = (Decimal(amount.replace(",", "")) for amount in amounts[:2])
    wanted = ((before + after) / 2).quantize(Decimal("0.01"))

    drawer.locator("summary", has_text="Edit").click()
    drawer.locator("#edit-value").fill(f"{wanted:f}")
    drawer.locator("details[data-action=edit] button").click()

    expect(drawer.locator("[role=status]")).to_contain_text("The new version starts without")
    expect(drawer).to_contain_text("version 2")
    expect(drawer.locator(".cs-panel-diff strong")).to_have_text(f"${wanted:,.2f}")
    ada.locator(".cs-actions").get_by_role("button", name="Sign", exact=True).click()
    expect(ada.locator("#drawer [role=alert]")).to_be_visible()
    expect(ada.locator(".cs-panel-diff strong")).to_have_text(f"${wanted:,.2f}")
    expect(ada.locator("#drawer")).to_contain_text("Nobody has signed yet.")


def test_a_second_decision_is_refused_politely(log_in: LogIn) -> None:
    ada, amir = log_in("ada"), log_in("amir")
    public_id = first_budget(amir)
    for page in (ada, amir):
        page.goto(f"/approvals/{public_id}/")

    ada.locator("summary", has_text="Reject").click()
    ada.locator("#why-reject").fill("Not now.")
    ada.locator("details[data-action=reject] button").click()
    expect(ada.locator("#drawer .cs-state").first).to_have_text("Rejected")
    amir.locator(".cs-actions").get_by_role("button", name="Sign", exact=True).click()

    expect(amir.locator("#drawer [role=alert]")).to_be_visible()
    expect(amir.locator("#drawer .cs-state").first).to_have_text("Rejected")


def test_the_execution_drawer_says_what_runs(log_in: LogIn) -> None:
    page = log_in("amir")
    page.goto("/approvals/")

    page.get_by_role("link", name="Execution", exact=True).last.click()

    drawer = page.locator("#drawer")
    for heading in ("Running", "Waiting for their moment", "Failed"):
        expect(drawer.get_by_role("heading", name=re.compile(heading))).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_empty()


@pytest.fixture
def stopped(log_in: LogIn) -> Page:
    """Olga's page after she stopped everything from the header."""
    page = log_in("olga")
    page.goto("/campaigns/")
    page.locator("summary", has_text="Stop everything").click()
    page.locator("#brake-reason").fill("The shop is down.")
    page.get_by_role("button", name="Stop everything now").click()
    return page


def test_kill_switch_stops_and_an_approver_releases(log_in: LogIn, stopped: Page) -> None:
    banner = stopped.locator(".cs-banner-stop")
    expect(banner).to_contain_text("The shop is down.")
    expect(banner).to_contain_text("An approver can release it.")
    expect(banner).to_have_css("background-color", "rgb(185, 28, 28)")
    amir = log_in("amir")
    amir.goto("/approvals/")
    expect(amir.locator(".cs-banner-stop")).to_be_visible()

    amir.locator("#release-reason").fill("The shop is back.")
    amir.get_by_role("button", name="Release").click()

    expect(amir.get_by_text("Executions go on.")).to_be_visible()
    expect(amir.locator(".cs-banner-stop")).to_have_count(0)


def test_a_looser_policy_is_simulated_and_waits_for_a_second_person(log_in: LogIn) -> None:
    ada, amir = log_in("ada"), log_in("amir")
    ada.goto("/policy/")
    held = ada.locator("main p strong").first.inner_text()
    ada.locator("#id_max_change_pct").fill("60")
    ada.locator("#policy-why").fill("The season starts.")
    ada.get_by_role("button", name="Show what it would have done").click()
    tried = ada.get_by_role("region", name="Simulation")
    expect(tried).to_contain_text("The last 30 days under this policy")
    expect(tried).to_contain_text("another admin or approver has to confirm it")

    ada.get_by_role("button", name="Save as a new version").click()

    expect(ada.get_by_text("waits for confirmation").first).to_be_visible()
    expect(ada.locator("main p strong").first).to_have_text(held)
    expect(ada.get_by_role("button", name=re.compile("^Confirm version"))).to_have_count(0)
    amir.goto("/policy/")
    expect(amir.get_by_role("button", name=re.compile("^Confirm version")).first).to_be_visible()
    amir.get_by_role("button", name="Withdraw it").first.click()
    expect(amir.get_by_text(re.compile(r"Version \d+ is withdrawn\."))).to_be_visible()


def test_a_report_is_mapped_and_imported(log_in: LogIn) -> None:
    page = log_in("olga")
    page.goto("/campaigns/import/")
    csv = "Date,Campaign,Campaign ID,Impressions,Clicks,Cost\n" + "".join(
        f"2026-11-{day:02},Spring offer,c-1,{1000 + day},{10 + day},{day}.50\n" for day in (1, 2, 3)
    )
    page.locator("#id_file").set_input_files(
        {"name": "spring.csv", "mimeType": "text/csv", "buffer": csv.encode()}
    )
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_label("Cost", exact=True)).to_have_value("spend")
    expect(page.get_by_label("Clicks", exact=True)).to_have_value("clicks")
    for label, text in (("Account id", "spring"), ("Account name", "Spring"), ("Currency", "USD")):
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Import", exact=True).click()

    expect(page.get_by_text("3 rows read, 0 left out; 3 days written")).to_be_visible()


def test_much_is_undone_at_once(log_in: LogIn) -> None:
    page = log_in("olga")
    page.goto("/approvals/undo/")
    page.locator("#undo-proposer").select_option(label="Olga Operator")
    page.locator("#undo-since").fill("2026-01-01T00:00")
    page.get_by_role("button", name="Show").click()
    picks = page.locator("main [name=pick]")
    expect(picks.first).to_be_checked()

    page.locator("#undo-why").fill("Back to where it was.")
    page.get_by_role("button", name="Propose the undo").click()

    expect(page.get_by_text(re.compile(r"\d+ changes? proposed to be undone\."))).to_be_visible()
    expect(page.locator("tr.cs-row").filter(has_text="Olga Operator").first).to_be_visible()


@pytest.mark.parametrize(
    ("path", "part"), [("/approvals/?risk=medium", "queue"), ("/inbox/?channel=email", "list")]
)
def test_news_take_nothing_from_what_is_selected(log_in: LogIn, path: str, part: str) -> None:
    """Keys pressed right after news were drawn, before htmx has settled them."""
    page = log_in("amir")
    page.goto(path)
    expect(page.locator("[data-row]").nth(1)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-selected]")).to_have_text("1 selected")

    page.evaluate(NEWS, part)
    page.keyboard.press("j")
    page.keyboard.press("x")

    expect(page.locator("[data-selected]")).to_have_text("2 selected")
    expect(page.locator("[data-row]").nth(1)).to_have_class(re.compile("cs-current"))
    assert page.locator("[name=pick]:checked").count() == 2
