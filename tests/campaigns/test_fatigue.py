"""Whose click-through rate has fallen: the edges of the judgement."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from campaigns.engine.fatigue import DailyRate, ctr_has_fallen


def _window(days: int, clicks: float, impressions: float) -> DailyRate:
    """Days that are all alike."""
    squares = clicks**2 / impressions if impressions else 0.0
    return DailyRate(*(np.array([float(v)]) for v in (days, clicks, impressions, squares)))


def _of_days(clicks, impressions) -> DailyRate:
    clicks, impressions = np.asarray(clicks, float), np.asarray(impressions, float)
    squares = clicks**2 / impressions
    values = (len(clicks), clicks.sum(), impressions.sum(), squares.sum())
    return DailyRate(*(np.array([float(v)]) for v in values))


BASE = _window(21, 2100, 105_000)  # 2 %


def _fell(recent: DailyRate, base: DailyRate = BASE) -> bool:
    return bool(ctr_has_fallen(recent, base)[0])


def test_a_third_less_is_a_fall():
    assert _fell(_window(7, 467, 35_000))


def test_the_same_and_a_better_rate_are_none():
    assert not _fell(_window(7, 700, 35_000))
    assert not _fell(_window(7, 1400, 35_000))


def test_fall_has_to_be_large_however_certain():
    base = _window(21, 2_100_000, 105_000_000)

    assert not _fell(_window(7, 595_100, 35_000_000), base)  # −14.99 %
    assert _fell(_window(7, 595_000, 35_000_000), base)  # −15 %


@pytest.mark.parametrize(
    ("recent", "base"),
    [
        (_window(7, 0, 999), BASE),
        (_window(3, 1, 35_000), BASE),
        (_window(7, 1, 35_000), _window(13, 2100, 105_000)),
        (_window(7, 0, 35_000), _window(21, 20, 999)),
        (_window(7, 0, 35_000), _window(21, 0, 105_000)),
        (_window(0, 0, 0), _window(0, 0, 0)),
    ],
    ids=["few impressions", "few days", "young", "few before", "never clicked", "nothing"],
)
def test_too_little_to_judge(recent, base):
    assert not _fell(recent, base)


def test_thresholds_are_enough():
    assert _fell(_window(4, 0, 1_000), _window(14, 2100, 105_000))


def test_certainty_is_that_of_two_proportions():
    """By hand: 2 % before; the rate at which the one-sided test reaches 1 % on 26 degrees."""
    n, m, p0 = 5_000, 15_000, 0.02
    edge = next(
        clicks
        for clicks in range(100, 0, -1)
        if _t(clicks / n, p0, (clicks + p0 * m) / (n + m), n, m) < stats.t.ppf(0.01, 26)
    )

    assert _fell(_window(7, edge, n), _window(21, 300, m))
    assert not _fell(_window(7, edge + 1, n), _window(21, 300, m))


def _t(now: float, before: float, pooled: float, n: int, m: int) -> float:
    return (now - before) / (pooled * (1 - pooled) * (1 / n + 1 / m)) ** 0.5


def test_days_that_scatter_need_a_deeper_fall():
    shown = np.full(21, 5_000.0)
    wild = np.where(np.arange(21) % 2, 190.0, 10.0)
    recent = _window(7, 525, 35_000)  # −25 % of 2 %

    assert _fell(recent, _of_days(np.full(21, 100.0), shown))
    assert not _fell(recent, _of_days(wild, shown))


def test_chance_alone_is_called_a_fall_in_one_of_a_hundred_at_most():
    rng = np.random.default_rng(7)
    shown, campaigns = 2_000, 4_000
    clicks = rng.binomial(shown, 0.02, size=(campaigns, 28)).astype(float)
    base, recent = (
        DailyRate(
            np.full(campaigns, float(part.shape[1])),
            part.sum(axis=1),
            np.full(campaigns, float(shown * part.shape[1])),
            (part**2 / shown).sum(axis=1),
        )
        for part in (clicks[:, :21], clicks[:, 21:])
    )

    assert ctr_has_fallen(recent, base).mean() <= 0.01


def test_campaigns_are_judged_each_for_itself():
    columns = [_window(7, 467, 35_000), _window(7, 700, 35_000), _window(7, 0, 10)]
    recent = DailyRate(
        *(
            np.concatenate([getattr(w, name) for w in columns])
            for name in ("days", "clicks", "impressions", "squares")
        )
    )
    base = DailyRate(
        *(np.repeat(getattr(BASE, n), 3) for n in ("days", "clicks", "impressions", "squares"))
    )

    assert ctr_has_fallen(recent, base).tolist() == [True, False, False]


def test_nobody_and_unequal_windows():
    none = DailyRate(*(np.zeros(0) for _ in range(4)))

    assert ctr_has_fallen(none, none).tolist() == []
    with pytest.raises(ValueError, match="recent has 0 campaigns, base 1"):
        ctr_has_fallen(none, BASE)
