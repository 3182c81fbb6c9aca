"""Where likeness to past winners counts: the sampler, a recommendation, a change to be signed."""

from __future__ import annotations

import pytest

from campaigns.models import Ad
from campaigns.selectors.advice import advice_evidence
from mlops.models import SamplerDecision
from mlops.services.sampling import propose_budgets
from tests.campaigns.conftest import box, meta_account  # noqa: F401  # fixtures
from tests.mlops.winners.steps import COATS, SHOES, ad_saying, directions, winner_with
from workspaces.engine.embedding.hashed import HashedTfidf

pytestmark = pytest.mark.usefixtures("fresh_process")


@pytest.fixture
def past(workspace, now):
    """A winner about shoes, and one whose vector came from elsewhere."""
    winner_with(workspace, directions(1)[0], now)
    text = f"{SHOES}\nformat: image"
    vector = HashedTfidf().embed([text])[0]
    return winner_with(
        workspace, vector, now, ad_saying(workspace, SHOES), embedder="hashed-tfidf-1", text=text
    )


def drawn(account, now):
    propose_budgets(account=account, now=now, seed=7)
    rows = SamplerDecision.objects.filter(workspace=account.workspace)
    return {row.arm: row for row in rows}


def test_sampler_and_recommendation_know_what_is_like_winners(
    meta_account, workspace, past, now,  # noqa: F811
):  # fmt: skip
    assert meta_account.workspace == workspace
    sets = list(meta_account.ad_sets.filter(status="active", daily_budget__gt=0).order_by("pk")[:2])
    for text in (SHOES, COATS):
        ad_saying(workspace, text, sets[0])
    ad_saying(workspace, COATS, sets[1])

    rows = drawn(meta_account, now)

    lifted = [row for row in rows.values() if row.context["metrics"]["similarity"]]
    (row,) = lifted
    assert row.context["metrics"]["similarity"] == pytest.approx(0.2, abs=1e-3)
    assert sets[0].external_id in row.arm
    proposal = row.proposal
    assert proposal.current_plan.evidence["sampler"]["similar_past_winner"] == SHOES
    assert "Likeness 0.20 to past winners lifted the score by 4 %" in proposal.reason
    assert "1 of 5 running ads with a text are like past winners" in proposal.reason

    # The same account's recommendation; a second one would cost a sandbox.
    notes = advice_evidence(workspace=workspace, now=now).notes

    (note,) = [note for note in notes if "past winner" in note]
    assert note == f"The running ad '{SHOES}' says what a past winner said: '{SHOES}'."
    Ad.objects.update(status="paused")
    assert not [n for n in advice_evidence(workspace=workspace, now=now).notes if "winner" in n]
