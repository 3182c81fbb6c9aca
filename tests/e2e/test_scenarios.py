"""A plan is tried with sliders, kept, sent to approval, signed, and executed in the sandbox."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from embedded.stack import Stack
from tests.e2e.conftest import LogIn, picture
from tests.e2e.test_main_job import effects, entity_of, sign_here, wait_for


def test_a_scenario_becomes_changes_that_are_signed_and_executed(
    stack: Stack, log_in: LogIn
) -> None:
    olga, amir = log_in("olga"), log_in("amir")
    olga.goto("/scenarios/")
    row = olga.locator("[data-lever]").filter(has=olga.locator("input[type=range]")).first
    was = float(row.locator("input[type=number]").input_value())
    row.locator("input[type=range]").focus()
    for _ in range(3):
        olga.keyboard.press("ArrowRight")

    expect(row.locator("input[type=number]")).to_have_value(f"{was * 1.15:.2f}")
    expect(olga.locator("#result")).to_contain_text("more than the present one.")
    expect(olga).to_have_url(re.compile(r"budget-\w+="))
    story = olga.locator("#result [role=status]").inner_text()
    picture(olga, "scenario-1-studio")
    olga.locator("#scenario-name").fill("A little more")
    olga.get_by_role("button", name="Save", exact=True).click()
    expect(olga.get_by_role("heading", name="A little more")).to_be_visible()
    expect(olga.locator("main")).to_contain_text(story.split("\n")[0])
    kept = olga.url
    olga.get_by_role("button", name="Send to approval").click()
    olga.wait_for_url(re.compile("/approvals/"))

    olga.goto(kept)
    change = olga.locator("main a[href*='/approvals/']").first
    public_id = str(change.get_attribute("href")).strip("/").split("/")[-1]
    picture(olga, "scenario-2-sent")
    amir.goto(f"/approvals/{public_id}/")
    expect(amir.locator("#drawer")).to_contain_text("Scenario “A little more”")
    expect(amir.locator("#drawer")).to_contain_text("Change in conversions")
    picture(amir, "scenario-3-proposal")
    entity = entity_of(amir)
    before = len(effects(stack, entity))
    sign_here(amir)
    wait_for(amir, public_id, "Executed")

    (made,) = effects(stack, entity)[before:]
    assert made["source"] == "api"
    assert float(str(made["new"])) > float(str(made["old"]))
