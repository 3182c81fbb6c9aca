"""An A/B test on the demo shop, as its visitors and its people see it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from playwright.sync_api import Browser, Page, expect

from embedded.stack import Stack
from tests.attribution.website.wire import AGENT
from tests.browsers import CHROMIUM, FLAGS
from tests.e2e.beside import fill
from tests.e2e.conftest import PTD, LogIn, picture
from tests.e2e.rest import run_job
from tests.e2e.test_main_job import sign_here, wait_for

# Unlike the visitors of other tests, who count theirs on the same website.
EDGE = f"{AGENT} Edg/142.0.0.0"
PROMISE = "Everything your training needs"
USUAL = "A whole gym on two square metres"
# Every text that the headline had at the time of a frame.
WATCH = """
window.seen = [];
const look = () => {
  const found = document.querySelector("h1");
  if (found && !window.seen.includes(found.textContent)) window.seen.push(found.textContent);
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@pytest.fixture(scope="module")
def tests(stack: Stack) -> dict[str, str]:
    """Both tests with a week of visits; their public ids by name."""
    return dict(json.loads(fill(stack, "tests.e2e.shop_tests").splitlines()[-1]))


@pytest.fixture
def visitors(browser: Browser) -> Iterator[Browser]:
    """A browser that is no machine's; each of its contexts is somebody new."""
    people = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*FLAGS, f"--user-agent={EDGE}"]
    )
    yield people
    people.close()


def headlines(visitors: Browser, address: str, until: str, most: int = 20) -> list[list[str]]:
    """What new visitors saw of the headline, until one saw a text; all that each of them saw."""
    seen = []
    for _ in range(most):
        context = visitors.new_context()
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(address, wait_until="load")
        page.locator("#consent button").filter(has_text="Accept").click()
        seen.append(page.evaluate("window.seen"))
        page.goto("about:blank")  # what it still has to say goes by a beacon
        context.close()
        if until in seen[-1]:
            return seen
    raise AssertionError(f"nobody of {most} saw {until!r}: {seen}")


def exposed(stack: Stack, public_id: str) -> int:
    """Units of a test whose first exposure was today."""
    with closing(psycopg2.connect(stack.database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT count(*) FROM experiments_exposure e JOIN experiments_abtest t"
            " ON t.id = e.test_id WHERE t.public_id = %s AND e.at > now() - interval '1 hour'",
            [public_id],
        )
        return int(cursor.fetchone()[0])


def rolled_out(olga: Page, amir: Page, public_id: str) -> str:
    """A test is decided by its job, its winner signed and shown to everybody; the proposal."""
    run_job(olga, "experiment-decisions")
    olga.goto(f"/experiments/{public_id}/")
    expect(olga.get_by_role("region", name="Decision")).to_contain_text("Ready to roll out")
    picture(olga, "experiment-1-decided")
    link = olga.get_by_role("link", name="Look at it").get_attribute("href")
    proposal = re.findall(r"[0-9a-f-]{36}", str(link))[0]
    amir.goto(f"/approvals/{proposal}/")
    expect(amir.locator("#drawer")).to_contain_text("Promise")
    sign_here(amir)
    wait_for(amir, proposal, "Executed")

    olga.goto(f"/experiments/{public_id}/")
    expect(olga.get_by_role("region", name="Roll-out")).to_contain_text("Shown to")
    picture(olga, "experiment-2-rolled-out")
    return str(proposal)


def test_a_winner_is_shown_proposed_signed_and_rolled_out(
    stack: Stack, tests: dict[str, str], visitors: Browser, log_in: LogIn
) -> None:
    public_id = tests["Promise on the home page"]
    shop = f"{stack.sandbox_url}/shop/"
    olga, amir = log_in("olga", PTD), log_in("amir", PTD)

    seen = headlines(visitors, shop, PROMISE)
    # Nobody saw one text and then the other.
    assert all(len(texts) == 1 for texts in seen), seen
    assert {text for (text,) in seen} <= {PROMISE, USUAL}
    for _ in range(40):
        run_job(olga, "website-sessions")
        run_job(olga, "experiment-counting")
        if exposed(stack, public_id) >= len(seen):
            break
    assert exposed(stack, public_id) == len(seen)

    rolled_out(olga, amir, public_id)
    seen = headlines(visitors, shop, PROMISE)
    assert all(len(texts) == 1 for texts in seen), seen


def test_a_harmed_guardrail_pauses_by_itself(
    stack: Stack, tests: dict[str, str], visitors: Browser, log_in: LogIn
) -> None:
    public_id = tests["Fewer words on products"]
    olga = log_in("olga", PTD)

    run_job(olga, "experiment-decisions")

    olga.goto(f"/experiments/{public_id}/")
    expect(olga.locator("main")).to_contain_text("Paused")
    expect(olga.get_by_role("region", name="Decision")).to_contain_text("It does harm")
    picture(olga, "experiment-3-paused")
    for _ in range(3):
        context = visitors.new_context()
        page = context.new_page()
        page.goto(f"{stack.sandbox_url}/shop/products/mat")
        assert page.locator("h1").inner_text() != "Hm"
        context.close()
