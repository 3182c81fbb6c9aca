"""Values of stages learnt from deals."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from attribution.engine.learned_values import MIN_DEALS, MIN_WON, Walk, learned_values
from attribution.selectors.learned import learned_stage_values
from attribution.selectors.revenue import current_values
from attribution.services.ledger import DealRef, SeenMove, record_moves
from tests.attribution.stage_steps import CRM, installed

LOST = frozenset({"lost"})


def learned(walks, **options):
    return learned_values(walks, won="won", lost=LOST, usual_amount=100.0, **options)


def test_value_is_the_chance_to_win_times_what_won_deals_bring():
    walks = [
        *[Walk(("lead", "met", "won"), 200.0)] * 30,
        *[Walk(("lead", "met", "lost"))] * 30,
        *[Walk(("lead", "lost"))] * 60,
    ]

    found = learned(walks)

    assert found["met"].value == pytest.approx(100)
    assert found["lead"].value == pytest.approx(50)
    assert found["won"].value == pytest.approx(200)
    assert (found["lead"].deals, found["met"].deals) == (120, 60)
    assert found["lead"].low < 50 < found["lead"].high


def test_open_deals_count_by_the_moves_they_made():
    closed = [Walk(("met", "won"))] * 20 + [Walk(("met", "lost"))] * 20
    waiting = [Walk(("lead", "met"))] * 40

    found = learned(closed + waiting)

    assert found["lead"].value == pytest.approx(found["met"].value) == pytest.approx(50)


def test_won_deals_without_an_amount_bring_the_usual_one():
    assert learned([Walk(("met", "won"))] * 40)["met"].value == pytest.approx(100)


def test_repeats_and_circles_add_nothing():
    there_and_back = [Walk(("a", "a", "b", "b", "a", "b", "won"))] * 40
    round_and_round = [Walk(("c", "d", "c", "d"))] * 40

    found = learned(there_and_back + round_and_round)

    assert found["a"].value == pytest.approx(100)
    assert found["c"].value == pytest.approx(0, abs=1e-6)


def test_too_few_deals_say_nothing():
    few = [Walk(("lead", "won"))] * (MIN_WON - 1) + [Walk(("lead", "lost"))] * 100
    assert learned(few) == {}

    enough = [Walk(("lead", "won"))] * (MIN_DEALS - 1)
    assert set(learned(enough)) == {"won"}
    assert learned([]) == {}


def test_same_deals_give_the_same_bits():
    walks = [Walk(("lead", "won"), float(n)) for n in range(40)] + [Walk(("lead", "lost"))] * 40

    assert learned(walks) == learned(walks)


def test_intervals_hold_the_truth():
    """Chances 0.5 and 0.4, amounts of mean 1,000: a lead is worth 200, a meeting 400."""
    hits = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        walks = []
        for _ in range(400):
            if rng.random() < 0.5:
                walks.append(Walk(("lead", "lost")))
            elif rng.random() < 0.4:
                walks.append(Walk(("lead", "met", "won"), float(rng.gamma(4, 250))))
            else:
                walks.append(Walk(("lead", "met", "lost")))
        found = learned(walks, replicates=200)
        hits += [
            found["lead"].low <= 200 <= found["lead"].high,
            found["met"].low <= 400 <= found["met"].high,
        ]

    assert 0.88 <= np.mean(hits) <= 1


# --- from the ledger ----------------------------------------------------------------------------


def _deals(workspace, now, count, *stages, age=timedelta(days=20)):
    for number in range(count):
        name = f"{'-'.join(stages)}:{age.days}:{number}"
        moves = [
            SeenMove(f"{name}:{step}", stage, now - age + timedelta(hours=step))
            for step, stage in enumerate(stages)
        ]
        record_moves(workspace=workspace, deal=DealRef(CRM, name), moves=moves, now=now)


@pytest.mark.django_db
def test_page_shows_what_the_data_says(workspace, other_workspace, viewer, client_as, now):
    installed(workspace, now)
    installed(other_workspace, now)
    _deals(workspace, now, 16, "lead", "show_up", "closed_won")
    _deals(workspace, now, 16, "lead", "show_up", "closed_lost")
    _deals(other_workspace, now, 40, "lead", "show_up", "closed_lost")

    text = client_as(viewer).get("/stage-values/").text

    assert "$7,500.00 ±" in text
    assert "32 deals" in text
    assert "lies outside" not in text.partition("Show-up")[2].partition("</tr>")[0]
    assert "lies outside" in text.partition(">Lead")[2].partition("</tr>")[0]


@pytest.mark.django_db
def test_deal_that_stands_still_counts_as_lost(workspace, now):
    installed(workspace, now)
    _deals(workspace, now, 16, "lead", "show_up", "closed_won")
    _deals(workspace, now, 16, "lead", "show_up", age=timedelta(days=31))
    _deals(workspace, now, 16, "lead", "show_up", age=timedelta(days=29))

    values = current_values(workspace=workspace, now=now)
    found = learned_stage_values(workspace=workspace, values=values, now=now)

    assert found["show_up"].value == pytest.approx(7500)
