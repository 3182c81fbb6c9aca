"""Plain models: means that serve as the line to beat."""

from __future__ import annotations

import numpy as np
import pytest

from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.plain import train_channel_mean
from mlops.engine.learning.shapes import Artefact

CHANNEL = np.array(["meta", "google"] * 5)
ROI = np.array([1.0, 3.0] * 5)


def test_trains_serves_and_says_why():
    trained = train_channel_mean(CHANNEL, ROI, held_out=4, seed=7)
    model = KINDS[trained.kind].load(trained.artefact)

    rows = {"channel": np.array(["google", "meta", "tiktok"])}
    assert model.predict(rows).tolist() == [3.0, 1.0, 2.0]
    assert model.reasons(rows) == [[("channel", 1.0)], [("channel", -1.0)], [("channel", 0.0)]]
    assert (trained.metrics, trained.baselines["one mean for all"]) == ({"mae": 0.0}, {"mae": 1.0})
    assert trained.is_better
    assert (trained.rows, trained.held_out, trained.features) == (6, 4, model.features)


def test_is_not_better_where_channels_do_not_differ():
    trained = train_channel_mean(CHANNEL, np.ones(10), held_out=4, seed=7)

    assert not trained.is_better
    assert "not better" in trained.verdict


def test_same_rows_same_bytes():
    first, second = (train_channel_mean(CHANNEL, ROI, held_out=4, seed=7) for _ in range(2))

    assert first.artefact.sha256 == second.artefact.sha256


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"version":2}', b'{"version":1,"means":[]}', b"\xff"]
)
def test_refuses_bytes_that_are_no_means(data):
    with pytest.raises(ValueError, match=r".+"):
        KINDS["roi_mean"].load(Artefact("json", data))


@pytest.mark.parametrize("held_out", [0, 10])
def test_refuses_to_compare_on_nothing(held_out):
    with pytest.raises(ValueError, match="held_out"):
        train_channel_mean(CHANNEL, ROI, held_out=held_out, seed=7)
