"""A send grows in stages and stops by itself."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.engine.canary import (
    BOUNCES,
    COMPLAINTS,
    CanaryFigures,
    CanaryPlan,
    Counts,
    Light,
    Line,
    Verdict,
    evidence,
    is_cleared,
    judge,
    light,
    simulate,
    stage_sizes,
)

PLAN = CanaryPlan()


@pytest.mark.parametrize(
    ("recipients", "sizes"),
    [(20_000, (200, 2_000, 20_000)), (1_001, (11, 101, 1_001)), (1, (1, 1, 1)), (0, (0, 0, 0))],
)
def test_stages(recipients: int, sizes: tuple[int, ...]) -> None:
    assert stage_sizes(recipients, PLAN) == sizes


@pytest.mark.parametrize(
    ("counts", "stage", "verdict", "room"),
    [
        (Counts(0, 0), 0, Verdict.SEND, 200),
        (Counts(150, 150), 0, Verdict.SEND, 50),
        (Counts(200, 100), 0, Verdict.WAIT, 0),
        (Counts(200, 200), 0, Verdict.ADVANCE, 0),
        (Counts(200, 200), 1, Verdict.SEND, 1_800),
        (Counts(200, 200, bounced=9), 0, Verdict.ADVANCE, 0),
        (Counts(200, 200, bounced=10), 0, Verdict.HOLD, 0),
        (Counts(200, 200, bounced=14), 0, Verdict.HALT, 0),
        (Counts(200, 200, complained=3), 0, Verdict.ADVANCE, 0),
        (Counts(200, 200, complained=4), 0, Verdict.HOLD, 0),
        (Counts(200, 200, complained=6), 0, Verdict.HALT, 0),
        (Counts(200, 20, complained=5), 0, Verdict.HALT, 0),  # before the others are known
        (Counts(2_000, 2_000, complained=3), 1, Verdict.ADVANCE, 0),
        (Counts(20_000, 20_000, bounced=400, complained=20), 2, Verdict.DONE, 0),
        (Counts(20_000, 19_000), 2, Verdict.WAIT, 0),
    ],
)
def test_verdicts(counts: Counts, stage: int, verdict: Verdict, room: int) -> None:
    state = judge(counts, stage, 20_000, PLAN)

    assert (state.verdict, state.room) == (verdict, room)


def test_a_halt_says_why() -> None:
    assert judge(Counts(200, 200, complained=6), 0, 20_000, PLAN).reason == (
        "6 of 200 complained; 0.1 % is fine, 0.3 % is not."
    )
    assert judge(Counts(200, 200, bounced=14), 0, 20_000, PLAN).reason == (
        "14 of 200 bounced; 2.0 % is fine, 5.0 % is not."
    )


def test_evidence_is_the_likelihood_ratio() -> None:
    line = Line(0.1, 0.2)

    assert float(evidence(3, 10, line)) == pytest.approx(
        math.log(0.2**3 * 0.8**7) - math.log(0.1**3 * 0.9**7)
    )


def test_cleared_takes_enough_sends() -> None:
    assert not is_cleared(judge(Counts(1_400, 1_400), 2, 20_000, PLAN), PLAN)
    assert is_cleared(judge(Counts(1_500, 1_500), 2, 20_000, PLAN), PLAN)


@pytest.mark.parametrize(
    ("events", "sends", "said"),
    [
        (1, 499, Light.FEW), (0, 500, Light.FINE), (1, 1_001, Light.FINE), (1, 1_000, Light.WARN),
        (2, 1_000, Light.WARN), (3, 1_000, Light.STOP), (30, 1_000, Light.STOP),
    ],
)  # fmt: skip
def test_lines_of_a_domain(events: int, sends: int, said: Light) -> None:
    assert light(events, sends, COMPLAINTS) == said


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="stage: 3"):
        judge(Counts(0, 0), 3, 10, PLAN)
    with pytest.raises(ValueError, match="5 judged of 4 sent"):
        judge(Counts(4, 5), 0, 10, PLAN)
    with pytest.raises(ValueError, match="bounced: 5 of 4"):
        judge(Counts(4, 4, bounced=5), 0, 10, PLAN)
    with pytest.raises(ValueError, match="shares"):
        CanaryPlan(shares=(0.1, 0.5))
    with pytest.raises(ValueError, match="shares"):
        CanaryPlan(shares=(0.5, 0.1, 1.0))
    with pytest.raises(ValueError, match="alpha"):
        CanaryPlan(alpha=0)
    with pytest.raises(ValueError, match="line"):
        Line(0.3, 0.1)


COUNTS = st.integers(0, 2_000).flatmap(
    lambda sent: st.builds(
        Counts, st.just(sent), st.integers(0, sent), st.integers(0, sent), st.integers(0, sent)
    )
)


@given(COUNTS, st.integers(0, 2))
def test_one_more_complaint_never_makes_it_better(counts: Counts, stage: int) -> None:
    order = [Verdict.DONE, Verdict.ADVANCE, Verdict.WAIT, Verdict.SEND, Verdict.HOLD, Verdict.HALT]
    now = judge(counts, stage, 2_000, PLAN)
    if counts.complained == counts.sent:
        return

    worse = judge(replace(counts, complained=counts.complained + 1), stage, 2_000, PLAN)

    assert order.index(worse.verdict) >= order.index(now.verdict)


def _figures(bounces: float, complaints: float, runs: int = 2_000) -> CanaryFigures:
    return simulate(
        bounces, complaints, recipients=50_000, plan=PLAN, batch=1_000, runs=runs, seed=4
    )


def test_error_rates() -> None:
    fine = _figures(BOUNCES.warn, COMPLAINTS.warn)

    assert fine.halted <= PLAN.alpha
    assert fine.halted + fine.held <= PLAN.hold_alpha
    assert _figures(0.005, 0.0002).sent > 0.99


def test_bad_sends_are_stopped_early() -> None:
    for bounces, complaints in ((BOUNCES.stop, 0), (0, COMPLAINTS.stop)):
        bad = _figures(bounces, complaints)

        assert bad.halted + bad.held > 0.99
        assert bad.sent < 0.15
    assert _figures(0.01, 0.01).sent < 0.02


def test_simulation_is_by_its_seed() -> None:
    def played(seed: int) -> object:
        return simulate(0.02, 0.002, recipients=5_000, plan=PLAN, batch=500, runs=50, seed=seed)

    assert played(1) == played(1)
    assert played(1) != played(2)
