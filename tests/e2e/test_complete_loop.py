"""The whole loop on real processes: from what happens outside to what came of a signed change.

One workspace, made for it: what its people saw, signed and undid in the end stands in its ledger.
Ten days had to be lived through before (``loop_past``); all else happens here and now, over HTTP,
with real workers, and everything is signed by people in a browser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from embedded.stack import Stack
from tests.e2e import loop_steps as steps
from tests.e2e.beside import fill, processes
from tests.e2e.conftest import LogIn, picture
from tests.e2e.rest import get, rows, run_job
from tests.e2e.test_experiments import rolled_out
from tests.e2e.test_main_job import sign_here, wait_for
from tests.e2e.test_outreach import build


@pytest.fixture(scope="module")
def past(stack: Stack) -> dict[str, str]:
    """What happened ten days ago: the proposal of then, and the key of the website."""
    return dict(json.loads(fill(stack, "tests.e2e.loop_past").splitlines()[-1]))


def test_money_goes_round(stack: Stack, past: dict[str, str], log_in: LogIn) -> None:
    olga, amir, ada = (log_in(name, past["workspace"]) for name in ("olga", "amir", "ada"))
    for page in (olga, amir, ada):
        page.goto("/approvals/")

    learned(stack, olga, past)
    undone_from_the_ledger(stack, amir, ada, past)
    deal_becomes_a_budget(stack, olga, amir, ada, past)
    sampler_and_signal_ask(stack, olga, amir)


def learned(stack: Stack, olga: Page, past: dict[str, str]) -> None:
    """The days since are read from the platforms, and the effect is measured and counted."""
    found = steps.measured(olga, stack, past["proposal"])
    assert found["realised"]["separable"] is True
    assert found["realised"]["method"] == "siblings"
    is_inside = found["realised"]["inside_interval"]
    right = float(found["realised"]["delta"]) * float(found["plan"]["predicted"]["delta"]) >= 0

    olga.goto("/agents/scorecards/")
    card = olga.locator("main tbody tr").filter(has_text="sampler")
    expect(card.locator("td[data-label='As predicted']")).to_have_text(f"{is_inside:d} of 1")
    expect(card.locator("td[data-label='Right direction']")).to_have_text(f"{right:d} of 1")
    picture(olga, "loop-1-scorecard")
    olga.goto("/calibration/")
    expect(olga.locator("main tbody tr").filter(has_text="sampler")).to_contain_text(
        f"{is_inside:d} of 1"
    )
    picture(olga, "loop-2-calibration")
    olga.goto("/ledger/")
    row = olga.locator(f"#row-{past['proposal']}")
    words = "as predicted or better" if is_inside else "measured:"
    expect(row.locator("[data-label='Measured against predicted']")).to_contain_text(words)
    picture(olga, "loop-3-ledger")


def undone_from_the_ledger(stack: Stack, amir: Page, ada: Page, past: dict[str, str]) -> None:
    """What was measured is put back, by another person's signature."""
    before = len(steps.effects(stack, past["ad_set"]))
    amir.goto("/ledger/")
    row = amir.locator(f"#row-{past['proposal']}")
    row.locator("summary", has_text="Undo").click()
    row.locator("input[name=why]").fill("It brought no more than it cost.")
    row.locator("form button[type=submit]").click()
    amir.wait_for_url(re.compile("/approvals/"))
    undo = next(one for one in steps.pending(amir) if past["ad_set"] in one["subject_key"])
    made = steps.signed(ada, stack, undo, "loop-8-undone")
    assert len(steps.effects(stack, past["ad_set"])) == before + 1
    # Back to where it stood, or as far towards it as one step may go.
    old, new = (abs(float(str(made[name])) - 300) for name in ("old", "new"))
    assert new <= 0.2 * old
    amir.goto("/ledger/")
    expect(row.locator("[data-label=Outcome]")).to_contain_text("Undone")
    picture(amir, "loop-9-ledger")


def deal_becomes_a_budget(
    stack: Stack, olga: Page, amir: Page, ada: Page, past: dict[str, str]
) -> None:
    """A visitor by an ad becomes a deal, the deal's stages revenue, the revenue a budget."""
    owner = next(row for row in rows(olga, "ad-sets/") if row["name"] == "Loop ad set 4")
    ad = next(row for row in rows(olga, "ads/") if row["ad_set"] == owner["id"])
    steps.visit(stack, olga, past, ad)
    steps.move_the_deal(stack, steps.connect_crm(ada, stack))
    proposal = steps.raise_of(olga, owner)

    # 9,000 for a show-up, less the 2,250 that the appointment was worth, at 0.85 and 1.00.
    asked = float(proposal["plan"]["body"]["after"])
    assert abs(asked / float(owner["daily_budget"]) - 1.1175) < 0.005
    assert float(proposal["plan"]["confidence"]) == 0.85
    (lead,) = [
        row
        for row in rows(olga, "conversions/events/")
        if row["conversion_id"].startswith(f"hubspot:{steps.PORTAL}:")
    ]
    assert (lead["method"], lead["ad_id"]) == ("url_parameter", ad["id"])
    journeys(olga)
    ada.goto(f"/admin/mlops/samplerfeedback/?q={owner['external_id']}")
    expect(ada.locator("#result_list")).to_contain_text(re.compile("6,?750"))
    amir.goto(f"/approvals/{proposal['id']}/")
    expect(amir.locator("#drawer")).to_contain_text("moved on to show_up")
    steps.signed(amir, stack, proposal, "loop-4-deal")


def journeys(olga: Page) -> None:
    """Who bought came by the ad; his deal stands for what it is worth at its stage."""
    run_job(olga, "attribution-models")
    (journey,) = get(olga, f"conversions/journey/{steps.USER}/")["journeys"]
    assert (journey["conversion_id"], journey["value"]["amount"]) == ("loop-1", "120.00")
    assert [(one["kind"], one["channel"]) for one in journey["touches"]] == [("click", "meta")]
    (stage,) = get(olga, "reports/v_synthetic_revenue_summary/")["results"]
    assert (stage["stage_name"], stage["credited_deals"]) == ("show_up", 1)
    assert float(stage["pipeline_value"]) == 9_000


def sampler_and_signal_ask(stack: Stack, olga: Page, amir: Page) -> None:
    """Both ask for budgets: one by drawing, one because a new ad does far better."""
    run_job(olga, "budget-optimization")
    drawn = [row for row in steps.pending(olga) if row["proposer"]["name"].startswith("sampler")]
    steps.signed(amir, stack, drawn[0], "loop-5-sampler")
    olga.goto("/dashboards/signals/")
    row = olga.locator("main tbody tr").filter(has_text="creative breakthrough").first
    picture(olga, "loop-6-signal")
    row.get_by_role("button", name="Propose it").click()
    olga.wait_for_url(re.compile("/approvals/"))
    asked = [one for one in steps.pending(olga) if one["proposer"]["type"] == "person"]
    raised = next(one for one in asked if one["subject_key"].startswith("google:"))
    steps.signed(amir, stack, raised, "loop-7-signal-signed")


@pytest.fixture(scope="module")
def reach(stack: Stack, past: dict[str, str]) -> dict[str, str]:
    """People to write to, an agent's key and a test of the website."""
    return dict(json.loads(fill(stack, "tests.e2e.loop_reach").splitlines()[-1]))


@pytest.fixture
def sending(stack: Stack, reach: dict[str, str], tmp_path: Path) -> Iterator[None]:
    """The worker that sends, which the shared stack spares."""
    with processes(stack, ["worker-outreach"], tmp_path):
        yield


# What it is made of is walked one by one in the run of every day: outreach, inbox, experiments.
@pytest.mark.slow
@pytest.mark.usefixtures("sending")
def test_people_are_reached_and_answered(
    stack: Stack, past: dict[str, str], reach: dict[str, str], log_in: LogIn
) -> None:
    olga, amir, agnes = (log_in(name, past["workspace"]) for name in ("olga", "amir", "agnes"))
    for page in (olga, amir, agnes):
        page.goto("/home/")

    mail = a_campaign_goes_out(stack, olga, amir)
    steps.write_back(stack, reach, mail, "When is the sauna open?")
    an_answer_is_signed(stack, reach, agnes)
    rolled_out(olga, amir, reach["test"])

    olga.goto("/ledger/")
    changes = olga.locator("main tbody")
    for kind in ("Send", "Answer in the inbox", "A/B test", "Ad change"):
        expect(changes).to_contain_text(f"{kind}:")
    picture(olga, "loop-13-ledger")


def a_campaign_goes_out(stack: Stack, olga: Page, amir: Page) -> dict[str, Any]:
    """Written by one, signed by another, and who did not agree gets nothing; Ann's mail."""
    build(olga)
    olga.get_by_role("button", name="Plan the send").click()
    expect(olga.get_by_role("heading", name=re.compile("1 get it, 1 do not"))).to_be_visible()
    olga.get_by_role("button", name="Send for signature").click()
    olga.wait_for_url(re.compile("/approvals/"))
    public_id = re.findall(r"/approvals/([0-9a-f-]{36})", olga.url)[0]
    amir.goto(f"/approvals/{public_id}/")
    sign_here(amir)
    wait_for(amir, public_id, "Executed")
    picture(amir, "loop-10-send")
    return steps.mails(stack, "ann@loop.example", "summer is here", amir)


def an_answer_is_signed(stack: Stack, reach: dict[str, str], agnes: Page) -> None:
    """What Ann wrote back is a conversation; a machine drafts, a person signs, Ann gets it."""
    asked = steps.arrived(agnes, "sauna")
    words = "Until ten at night, every day."
    proposal = steps.draft(stack, reach["key"], asked["id"], words)
    agnes.goto(f"/inbox/{asked['conversation']}/")
    expect(agnes.locator("#open-timeline")).to_contain_text("When is the sauna open?")
    picture(agnes, "loop-11-draft")
    agnes.get_by_role("button", name="Sign and send").click()
    got = steps.mails(stack, "ann@loop.example", words, agnes)
    assert got["subject"] == "Re: Summer plans"
    wait_for(agnes, proposal, "Executed")
    picture(agnes, "loop-12-answered")
