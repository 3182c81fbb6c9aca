"""What a plan will bring, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest

from outreach.engine.forecast import DEFAULTS, Expected, Part, Past, forecast


def _past(rng: np.random.Generator, campaigns: int, size: int, opened: float) -> Past:
    sent = np.full(campaigns, size)
    delivered = rng.binomial(sent, rng.beta(0.96 * 80, 0.04 * 80, campaigns))
    return Past(
        sent,
        delivered,
        rng.binomial(delivered, rng.beta(opened * 40, (1 - opened) * 40, campaigns)),
        rng.binomial(delivered, 0.02, campaigns),
        rng.binomial(delivered, 0.0005, campaigns),
    )


def test_without_a_past_the_channel_says() -> None:
    found = forecast([Part("email", 10_000)], seed=1).parts[0]

    assert found["delivered"].mean == pytest.approx(9_600, rel=0.03)
    assert found["opened"].low < 2_400 < found["opened"].high
    assert found["complained"].low <= found["complained"].mean <= found["complained"].high


def test_a_long_past_outweighs_the_channel() -> None:
    past = _past(np.random.default_rng(3), 60, 5_000, opened=0.45)
    found = forecast([Part("email", 10_000, past)], seed=1).parts[0]

    assert found["opened"].mean == pytest.approx(0.45 * 9_600, rel=0.05)
    short = forecast([Part("email", 10_000)], seed=1).parts[0]
    assert found["opened"].high - found["opened"].low < short["opened"].high - short["opened"].low


def test_intervals_hold_what_they_promise() -> None:
    rng = np.random.default_rng(11)
    inside = []
    for seed in range(60):
        all_of = _past(rng, 13, 3_000, opened=rng.uniform(0.15, 0.4))
        known = Past(*(counts[:12] for counts in vars(all_of).values()))
        found = forecast([Part("email", 3_000, known)], seed=seed, draws=1_000).parts[0]
        inside.append(
            [
                found[m].low <= getattr(all_of, m)[12] <= found[m].high
                for m in ("delivered", "opened")
            ]
        )

    assert (np.mean(inside, axis=0) > 0.68).all()
    assert (np.mean(inside, axis=0) < 0.95).all()


def test_totals_add_up_and_a_channel_lacks_what_it_cannot_measure() -> None:
    found = forecast([Part("email", 1_000), Part("sms", 500)], seed=2)

    assert set(found.parts[1]) == {"delivered", "clicked", "complained"}
    assert found.total["delivered"].mean == pytest.approx(
        found.parts[0]["delivered"].mean + found.parts[1]["delivered"].mean
    )
    assert found.total["opened"] == found.parts[0]["opened"]


def test_nobody_and_the_seed() -> None:
    nobody = forecast([Part("email", 0)], seed=2).total

    assert nobody["delivered"] == Expected(0, 0, 0)
    assert forecast([], seed=2).total == {}
    assert forecast([Part("chat", 9)], seed=2) == forecast([Part("chat", 9)], seed=2)


def test_a_million_recipients_take_no_longer() -> None:
    assert (
        forecast([Part(channel, 10**6) for channel in DEFAULTS], seed=1).total["clicked"].mean > 0
    )


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Part("fax", 1), "channel: fax"),
        (Part("email", -1), "recipients: -1"),
        (Part("email", 1, Past(*map(np.array, ([5], [6], [0], [0], [0])))), "delivered: counts"),
        (Part("email", 1, Past(*map(np.array, ([5], [5, 5], [0], [0], [0])))), "delivered: "),
    ],
)
def test_what_contradicts_itself_is_refused(part: Part, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        forecast([part], seed=1)
