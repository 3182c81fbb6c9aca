"""Stages of visitors, and the engagement of sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.engine.lifecycle import Behaviour, Stage, engagement_score, standing_of

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def standing(**known):
    return standing_of(Behaviour(**known), now=NOW)


@pytest.mark.parametrize(
    ("known", "stage"),
    [
        ({}, Stage.NONE),
        ({"sessions": 1, "best_score": 39}, Stage.NONE),
        ({"sessions": 1, "best_score": 40}, Stage.ENGAGED),
        ({"sessions": 2}, Stage.ENGAGED),
        ({"sessions": 1, "leads": 1}, Stage.LEAD),
        ({"sessions": 9, "is_crm_lead": True}, Stage.LEAD),
        ({"sessions": 1, "leads": 3, "purchases": 1}, Stage.CUSTOMER),
        ({"is_crm_customer": True, "is_crm_lead": True}, Stage.CUSTOMER),
    ],
)
def test_the_first_rule_that_holds_decides(known, stage):
    assert standing(**known).stage is stage


def test_a_customer_is_at_risk_from_sixty_days_on():
    edge = NOW - timedelta(days=60)

    assert standing(purchases=1, last_seen=edge).stage is Stage.AT_RISK
    assert standing(purchases=1, last_seen=edge + timedelta(seconds=1)).stage is Stage.CUSTOMER
    # Who never bought cannot be lost.
    assert standing(leads=1, last_seen=edge).stage is Stage.LEAD


def test_the_reason_tells_the_figures():
    gone = Behaviour(purchases=2, last_seen=NOW - timedelta(days=90))

    assert standing_of(gone, now=NOW, at_risk_days=30).reason == (
        "A customer by 2 purchases who was last seen 90 days ago; from 30 days on that is a risk."
    )
    assert standing(sessions=1, leads=1).reason == (
        "A lead by 1 conversion without money, and nothing bought yet."
    )
    assert standing(sessions=1, best_score=12).reason == (
        "No stage yet: 1 session, the best of 12 points."
    )


def test_absence_is_counted_in_whole_days():
    with pytest.raises(ValueError, match="at_risk_days is 0"):
        standing_of(Behaviour(), now=NOW, at_risk_days=0)


@pytest.mark.parametrize(
    ("pages", "seconds", "scroll", "interactions", "stage", "score"),
    [
        (1, 0, 0, 0, "browsing", 0),
        (3, 60, 0, 0, "home", 15),
        (1, 90, 50, 0, "", 15),  # 7.5 + 7.5
        (1, 6, 0, 0, "", 1),  # 0.5, up
        (2, 0, 100, 2, "product", 31),
        (6, 300, 100, 5, "conversion", 100),
        (99, 9e9, 100, 99, "conversion", 100),
        (0, -5, 0, -1, "checkout", 15),
    ],
)
def test_points_of_a_session(pages, seconds, scroll, interactions, stage, score):
    found = engagement_score(
        pages=pages, seconds=seconds, scroll_pct=scroll, interactions=interactions, stage=stage
    )

    assert found == score


@given(
    pages=st.integers(0, 500),
    seconds=st.floats(0, 1e7),
    scroll=st.integers(0, 100),
    interactions=st.integers(0, 500),
    stage=st.sampled_from(["browsing", "home", "product", "cart", "checkout", "conversion"]),
)
def test_more_of_anything_never_lowers_the_score(pages, seconds, scroll, interactions, stage):
    given_ = {"pages": pages, "seconds": seconds, "scroll_pct": scroll,
              "interactions": interactions, "stage": stage}  # fmt: skip
    score = engagement_score(**given_)

    assert 0 <= score <= 100
    for more in ({"pages": pages + 1}, {"seconds": seconds + 60}, {"scroll_pct": 100},
                 {"interactions": interactions + 1}, {"stage": "conversion"}):  # fmt: skip
        assert score <= engagement_score(**(given_ | more)) <= 100


@given(
    st.builds(
        Behaviour,
        sessions=st.integers(0, 10_000),
        best_score=st.integers(0, 100),
        leads=st.integers(0, 10_000),
        purchases=st.integers(0, 10_000),
        last_seen=st.none() | st.just(NOW - timedelta(days=3000)),
        is_crm_customer=st.booleans(),
        is_crm_lead=st.booleans(),
    )
)
def test_a_reason_is_one_sentence_that_fits_its_column(behaviour):
    reason = standing_of(behaviour, now=NOW).reason

    assert reason.endswith(".")
    assert len(reason) <= 200
