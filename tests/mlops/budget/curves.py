"""Curves that are nearly sure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from campaigns.engine.response.fit import prior_model
from campaigns.engine.response.model import ChannelFacts, ResponseModel
from campaigns.engine.response.series import Series

DAYS = 90
PRESENT = {"google_ads": 100.0, "meta": 60.0}


def learnt(
    units: tuple[float, ...] = (150.0, 150.0),
    halves: tuple[float, ...] = (0.6, 1.8),
    channels: tuple[str, ...] = tuple(PRESENT),
    spends: tuple[float, ...] = tuple(PRESENT.values()),
) -> ResponseModel:
    """Curves that are nearly sure: units at the present spend, and where half is reached."""
    spend = np.tile(np.array(spends), (DAYS, 1))
    series = Series(channels=channels, spend=spend, outcome=np.full(DAYS, 2.0 * sum(units)))
    model = prior_model(series, ("Not learnt.",), draws=40)
    sure = np.stack(
        [
            np.log(np.array(units) / model.scale),
            np.full(len(units), -0.4),
            np.log(halves),
            np.zeros(len(units)),
        ],
        axis=-1,
    )
    blurred = sure + 0.01 * np.random.default_rng(1).standard_normal((40, len(units), 4))
    facts = tuple(ChannelFacts(name, "fitted", 0.9) for name in channels)
    return replace(model, source="fitted", reasons=(), facts=facts, curves=blurred)
