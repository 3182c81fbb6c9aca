"""The world that benchmarks draw in memory is the one that the database would give."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.model_worlds import campaign_days_of, installs_of
from mlops.selectors.app_users import app_users, known_until
from mlops.selectors.campaign_days import campaign_days
from mlops.simulation.world.world import build_world
from tests.mlops.world.conftest import NOW, OPTIONS, Place

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world():
    return build_world(OPTIONS)


def test_days_of_campaigns_are_the_same(place: Place, world) -> None:
    here = campaign_days_of(world)

    there = campaign_days(place.workspace, since=OPTIONS.starts_on, until=OPTIONS.ends_on)

    for name in ("campaign", "day", "started_on"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))
    for kept in ("figures", "traits"):
        ours, theirs = getattr(here, kept), getattr(there, kept)
        for name, values in theirs.items():
            if values.dtype.kind == "f":
                np.testing.assert_allclose(ours[name], values, rtol=1e-9, err_msg=name)
            else:
                np.testing.assert_array_equal(ours[name], values, err_msg=name)


def test_features_of_users_are_the_same(place: Place, world) -> None:
    here = installs_of(world)

    until = known_until(place.workspace, NOW.date())
    there = app_users(place.workspace, since=OPTIONS.starts_on, until=until)

    np.testing.assert_array_equal(here.has_left, there.has_left)
    np.testing.assert_allclose(here.later_value, there.later_value)
    for name, values in here.rows.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(values, there.rows[name], rtol=1e-9, err_msg=name)
        else:
            np.testing.assert_array_equal(values, there.rows[name], err_msg=name)
