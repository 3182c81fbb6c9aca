"""Weekly media data that others simulated and published, as figures to fit on."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from benchmarks.curve_worlds import World, with_spend
from campaigns.engine.response.series import Series

DATA = Path(__file__).resolve().parents[1] / "tests" / "campaigns" / "response" / "data"
_BEFORE_WEEKS = 8


def robyn() -> Series:
    """Revenue and the spend of five channels over 208 weeks."""
    channels = ("tv_S", "ooh_S", "print_S", "facebook_S", "search_S")
    return _weekly("robyn_weekly.csv", channels, "revenue", ("competitor_sales_B", "newsletter"))


def meridian() -> Series:
    """Conversions and the spend of four channels over 156 weeks."""
    channels = tuple(f"Channel{number}_spend" for number in range(4))
    controls = ("competitor_activity_score_control", "sentiment_score_control")
    return _weekly("meridian_national.csv", channels, "conversions", controls)


def known_on(series: Series, seed: int) -> World:
    """A made-up truth on a published spend: what the publisher does not tell, we know here."""
    rng = np.random.default_rng(seed)
    return with_spend(
        series.spend, rng, noise=0.04, likeness=0.2, step_days=7, before=_BEFORE_WEEKS
    )


def _weekly(
    file: str, channels: tuple[str, ...], outcome: str, controls: tuple[str, ...]
) -> Series:
    with (DATA / file).open(newline="") as lines:
        rows = list(csv.DictReader(lines))

    def columns(names: tuple[str, ...]) -> np.ndarray:
        return np.array([[float(row[name]) for name in names] for row in rows])

    return Series(
        channels=channels,
        spend=columns(channels),
        outcome=columns((outcome,))[:, 0],
        step_days=7,
        controls=columns(controls),
        control_names=controls,
    )
