"""The net that values actions: stored as plain bytes, answered by numpy alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlops.engine.budget.market import FloatArray
from mlops.engine.budget.state import ACTIONS, FEATURES
from mlops.engine.learning.shapes import Artefact, Reasons, Rows

FORMAT_VERSION = 1
_HEADER = "countersign"
_NEUTRAL = "neutral"


@dataclass(frozen=True)
class ValueNet:
    """Values of the ten actions in a state: what the rest of the month is worth after each.

    Attributes
    ----------
    layers : weights (n_out, n_in) and biases (n_out,); ReLU between them
    neutral : (20,) mean state of the training, which reasons compare with
    """

    layers: tuple[tuple[FloatArray, FloatArray], ...]
    neutral: FloatArray

    @property
    def features(self) -> tuple[str, ...]:
        """The figures of a state."""
        return FEATURES

    def values(self, states: FloatArray) -> FloatArray:
        """(…, 20) states -> (…, 10) values."""
        found = states
        for weight, bias in self.layers[:-1]:
            found = np.maximum(found @ weight.T + bias, 0.0)
        weight, bias = self.layers[-1]
        return np.asarray(found @ weight.T + bias)

    def predict(self, rows: Rows) -> FloatArray:
        """(rows, 10) values, in the order of `ACTIONS`."""
        return self.values(_states(rows))

    def reasons(self, rows: Rows) -> list[Reasons]:
        """Tell what each figure adds to the value of the best action, against the mean state."""
        return [self._reasons(state) for state in _states(rows)]

    def _reasons(self, state: FloatArray) -> Reasons:
        values = self.values(state)
        best = int(values.argmax())
        without = np.tile(state, (len(FEATURES), 1))
        np.fill_diagonal(without, self.neutral)
        effects = values[best] - self.values(without)[:, best]
        told = zip(FEATURES, (float(effect) for effect in effects), strict=True)
        return sorted(told, key=lambda one: -abs(one[1]))


def _states(rows: Rows) -> FloatArray:
    return np.stack([np.asarray(rows[name], dtype=np.float64) for name in FEATURES], axis=1)


def write(net: ValueNet) -> Artefact:
    """Keep a net as safetensors."""
    from safetensors.numpy import save

    tensors = {_NEUTRAL: net.neutral.astype(np.float32)}
    for place, (weight, bias) in enumerate(net.layers):
        tensors[f"{place}.weight"] = np.ascontiguousarray(weight, dtype=np.float32)
        tensors[f"{place}.bias"] = np.ascontiguousarray(bias, dtype=np.float32)
    header = {
        "version": FORMAT_VERSION, "features": FEATURES, "actions": ACTIONS,
        "layers": len(net.layers),
    }  # fmt: skip
    data = save(tensors, metadata={_HEADER: json.dumps(header, sort_keys=True)})
    return Artefact("safetensors", data)


def load(artefact: Artefact) -> ValueNet:
    """Read a net that ``write`` kept.

    Raises
    ------
    ValueError : the bytes are no such net, or one of other states or actions
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as read

    if artefact.format != "safetensors":
        raise ValueError(f"a budget policy is safetensors, not {artefact.format}")
    try:
        size = int.from_bytes(artefact.data[:8], "little")
        told = json.loads(artefact.data[8 : 8 + size])["__metadata__"][_HEADER]
        header = json.loads(told)
        tensors = {name: value.astype(np.float64) for name, value in read(artefact.data).items()}
        _require_same(header)
        layers = tuple(
            (tensors[f"{n}.weight"], tensors[f"{n}.bias"]) for n in range(header["layers"])
        )
        net = ValueNet(layers, tensors[_NEUTRAL])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this is no budget policy: {error}") from error
    _require_shapes(net)
    return net


def _require_same(header: dict[str, Any]) -> None:
    if header["version"] != FORMAT_VERSION:
        raise ValueError(f"a budget policy of version {FORMAT_VERSION} was expected")
    if tuple(header["features"]) != FEATURES or tuple(header["actions"]) != ACTIONS:
        raise ValueError("it was trained on other states or actions")


def _require_shapes(net: ValueNet) -> None:
    width = len(FEATURES)
    for weight, bias in net.layers:
        if weight.shape != (len(bias), width):
            raise ValueError("this is no budget policy: its layers do not fit each other")
        width = len(bias)
    if width != len(ACTIONS) or net.neutral.shape != (len(FEATURES),):
        raise ValueError("this is no budget policy: it values other actions")
