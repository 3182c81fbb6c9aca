"""One fit for all that look at it: fitting is what costs."""

from __future__ import annotations

import pytest

from benchmarks.curve_worlds import World, made
from campaigns.engine.response.fit import fit_response
from campaigns.engine.response.model import ResponseModel


@pytest.fixture(scope="session")
def known() -> World:
    """Three channels over eight months, little noise."""
    return made(4, channels=3, steps=240, noise=0.02)


@pytest.fixture(scope="session")
def fitted(known: World) -> ResponseModel:
    return fit_response(known.series, seed=7)
