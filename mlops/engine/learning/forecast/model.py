"""The forecaster that serves: smoothing, the net upon it, or the mean of both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from mlops.engine.learning.forecast import KIND
from mlops.engine.learning.forecast.intervals import with_widths
from mlops.engine.learning.forecast.net import Scales, Weights, corrected
from mlops.engine.learning.forecast.smoothing import Parameters, smoothed
from mlops.engine.learning.forecast.windows import (
    AHEAD_DAYS,
    FEATURES,
    QUANTILES,
    TARGETS,
    Windows,
    stretched,
    windows_of,
)
from mlops.engine.learning.shapes import Artefact, FloatArray, Reasons, Rows

FORMAT_VERSION: Final = 1
Method = Literal["smoothing", "LSTM", "mean of both"]
METHODS: Final[tuple[Method, ...]] = ("smoothing", "LSTM", "mean of both")
#: Names of what `ForecastModel.predict` gives, in its order.
OUTPUTS: Final = tuple(
    f"{target}_day_{day + 1}_p{round(100 * share)}"
    for target in TARGETS
    for day in range(AHEAD_DAYS)
    for share in QUANTILES
)
_HEADER: Final = "countersign"
_REASONS: Final = ("four weeks", "last days", "weekday")


@dataclass(frozen=True)
class Net:
    """Weights of the LSTM and the scales of its inputs."""

    weights: Weights
    scales: Scales


@dataclass(frozen=True)
class ForecastModel:
    """Serves forecasts; needs numpy only.

    Attributes
    ----------
    method : which one serves
    parameters : of the smoothing, per target
    widths : (targets, 7, 2) of intervals
    net : where the method has one
    """

    method: Method
    parameters: tuple[Parameters, ...]
    widths: FloatArray
    net: Net | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that it reads."""
        return FEATURES

    @property
    def levels(self) -> dict[str, list[str] | None]:
        """All of them are numbers."""
        return dict.fromkeys(FEATURES)

    def predict(self, rows: Rows) -> FloatArray:
        """Forecast the days ahead.

        Returns
        -------
        (rows, 63) by target, then by day, then by quantile, as `OUTPUTS` names them; `shaped`
        gives them four axes
        """
        return self.forecast(windows_of(rows)).reshape(-1, len(OUTPUTS))

    def forecast(self, windows: Windows) -> FloatArray:
        """(rows, targets, 7, 3) low, middle and high."""
        told = with_widths(self.squeezed(windows), self.widths)
        return np.stack([stretched(told[..., n], windows.scale) for n in range(3)], axis=-1)

    def squeezed(self, windows: Windows) -> FloatArray:
        """(rows, targets, 7, 3) by the method, squeezed; intervals are not put right yet."""
        plain = smoothed_all(windows, self.parameters)
        if self.net is None:
            return plain
        net = corrected(self.net.weights, self.net.scales, windows, plain)
        return net if self.method == "LSTM" else (plain + net) / 2

    def reasons(self, rows: Rows) -> list[Reasons]:
        """Tell what the results of the week ahead are made of, the largest part first.

        The level of four weeks, what the last days add to it, what the weekdays and what the net.
        """
        windows = windows_of(rows)
        scale = windows.scale[:, 0]
        own = self.parameters[0]
        flat = Parameters(own.slow, own.slow, own.stays, firm=1e12)
        level = smoothed(windows.scaled[:, 0], flat)[:, :, 1]
        recent = smoothed(windows.scaled[:, 0], Parameters(own.fast, own.slow, own.stays, 1e12))
        steps = [level, recent[:, :, 1], smoothed(windows.scaled[:, 0], own)[:, :, 1]]
        names = list(_REASONS)
        if self.net is not None:
            steps.append(self.squeezed(windows)[:, 0, :, 1])
            names.append("net")
        sums = [stretched(step, scale).sum(axis=1) for step in steps]
        parts = np.diff(np.stack([np.zeros_like(sums[0]), *sums], axis=1), axis=1)
        order = np.argsort(-np.abs(parts), axis=1, kind="stable")
        return [
            [(names[place], float(row[place])) for place in ranked]
            for row, ranked in zip(parts, order, strict=True)
        ]

    def artefact(self) -> Artefact:
        """Write it as JSON, or as safetensors with the JSON in the header where there is a net."""
        told: dict[str, Any] = {
            "format": FORMAT_VERSION,
            "kind": KIND,
            "method": self.method,
            "parameters": [one.as_json() for one in self.parameters],
            "widths": self.widths.tolist(),
        }
        if self.net is None:
            return Artefact("json", json.dumps(told, sort_keys=True).encode())
        from safetensors.numpy import save

        scales = self.net.scales
        told["scales"] = [scales.middle.tolist(), scales.spread.tolist()]
        header = {_HEADER: json.dumps(told, sort_keys=True)}
        return Artefact("safetensors", save(dict(self.net.weights), metadata=header))


def load(artefact: Artefact) -> ForecastModel:
    """Read a model that was trained.

    Raises
    ------
    ValueError : the artefact is of another kind or format
    """
    wrong = f"artefact: not a {KIND} of format {FORMAT_VERSION}; train a new version."
    try:
        told, weights = _read(artefact)
        if (told["format"], told["kind"]) != (FORMAT_VERSION, KIND):
            raise ValueError(wrong)
        method = next(one for one in METHODS if one == told["method"])
        net = None
        if method != "smoothing":
            middle, spread = (np.array(part, dtype=np.float64) for part in told["scales"])
            net = Net(weights, Scales(middle, spread))
        parameters = tuple(Parameters(**one) for one in told["parameters"])
        widths = np.array(told["widths"], dtype=np.float64)
    except (KeyError, TypeError, IndexError, StopIteration) as error:
        raise ValueError(wrong) from error
    if widths.shape != (len(TARGETS), AHEAD_DAYS, 2) or len(parameters) != len(TARGETS):
        raise ValueError(wrong)
    return ForecastModel(method, parameters, widths, net)


def shaped(predicted: FloatArray) -> FloatArray:
    """(rows, targets, 7, 3) of what `ForecastModel.predict` gives."""
    return predicted.reshape(-1, len(TARGETS), AHEAD_DAYS, len(QUANTILES))


def smoothed_all(windows: Windows, parameters: tuple[Parameters, ...]) -> FloatArray:
    """(rows, targets, 7, 3) of smoothing alone, squeezed."""
    drawn = windows.scaled
    return np.stack([smoothed(drawn[:, n], own) for n, own in enumerate(parameters)], axis=1)


def _read(artefact: Artefact) -> tuple[dict[str, Any], Weights]:
    if artefact.format == "json":
        told: dict[str, Any] = json.loads(artefact.data)
        return told, {}
    from safetensors import SafetensorError
    from safetensors.numpy import load as read

    try:
        weights = read(artefact.data)
    except SafetensorError as error:
        raise ValueError(f"the weights cannot be read: {error}") from error
    size = int.from_bytes(artefact.data[:8], "little")
    header = json.loads(artefact.data[8 : 8 + size])["__metadata__"]
    told = json.loads(header[_HEADER])
    return told, weights
