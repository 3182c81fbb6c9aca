"""Plain models: what a learned one must beat, and what serves where none does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.shapes import Artefact, FloatArray, Reasons, Rows, Trained

_VERSION = 1


@dataclass(frozen=True)
class ChannelMean:
    """Mean of each channel; the mean of all for a channel that was not there."""

    means: Mapping[str, float]
    overall: float

    @property
    def features(self) -> tuple[str, ...]:
        """The one column it reads."""
        return ("channel",)

    def predict(self, rows: Rows) -> FloatArray:
        """Mean of each row's channel."""
        return np.array(
            [self.means.get(str(channel), self.overall) for channel in rows["channel"]],
            dtype=np.float64,
        )

    def reasons(self, rows: Rows) -> list[Reasons]:
        """How far the channel lies from the mean of all."""
        return [[("channel", float(value - self.overall))] for value in self.predict(rows)]


def train_channel_mean(
    channel: npt.NDArray[Any], roi: FloatArray, *, held_out: int, seed: int
) -> Trained:
    """Mean ROI per channel, compared with one mean for all on the newest rows.

    Parameters
    ----------
    channel, roi : (n,) channel and ROI of campaigns, oldest first
    held_out : number of newest rows kept for the comparison
    seed : kept with the model; nothing here is drawn

    Returns
    -------
    The means as JSON; better only where the mean absolute error is lower

    Raises
    ------
    ValueError : lengths differ, or ``held_out`` leaves no rows on one side
    """
    if len(channel) != len(roi):
        raise ValueError(f"channel has {len(channel)} rows and roi {len(roi)}")
    seen = len(roi) - held_out
    if held_out < 1 or seen < 1:
        raise ValueError(f"held_out={held_out} of {len(roi)} rows leaves none on one side")
    model = _fit(channel[:seen], roi[:seen])
    mae = float(np.abs(model.predict({"channel": channel[seen:]}) - roi[seen:]).mean())
    plain = float(np.abs(model.overall - roi[seen:]).mean())
    is_better = mae < plain
    return Trained(
        kind="roi_mean",
        artefact=_write(model),
        features=model.features,
        levels={"channel": sorted(model.means)},
        metrics={"mae": mae},
        baselines={"one mean for all": {"mae": plain}},
        is_better=is_better,
        verdict=(
            f"Mean absolute error {mae:.4f} against {plain:.4f} of one mean for all: "
            f"{'better' if is_better else 'not better'}."
        ),
        card={
            "what": "Mean ROI of each channel's campaigns.",
            "use": "What is expected of a campaign of which only the channel is known.",
            "limits": "Knows no campaign; a channel not seen gets the mean of all.",
        },
        seed=seed,
        rows=seen,
        held_out=held_out,
    )


def load_channel_mean(artefact: Artefact) -> ChannelMean:
    """Read means that ``train_channel_mean`` wrote.

    Raises
    ------
    ValueError : the bytes are not such means
    """
    if artefact.format != "json":
        raise ValueError(f"channel means are JSON, not {artefact.format}")
    document = json.loads(artefact.data)
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise ValueError(f"channel means of version {_VERSION} were expected")
    try:
        means = {str(name): float(mean) for name, mean in document["means"].items()}
        return ChannelMean(means=means, overall=float(document["overall"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"these are no channel means: {error!r}") from error


def _fit(channel: npt.NDArray[Any], roi: FloatArray) -> ChannelMean:
    means = {str(name): float(roi[channel == name].mean()) for name in np.unique(channel)}
    return ChannelMean(means=means, overall=float(roi.mean()))


def _write(model: ChannelMean) -> Artefact:
    document = {"version": _VERSION, "means": dict(model.means), "overall": model.overall}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return Artefact(format="json", data=text.encode())
