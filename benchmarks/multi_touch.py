"""Seconds to share credit out, beside other programs or, without them, one pass over the touches.

``benchmarks/multi_touch_peers.py`` says how to bring the other programs.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from attribution.engine.markov import Chain, Steps
from attribution.engine.multi_touch import MODELS, Journeys, journeys_credit
from benchmarks.figures import Figure, reset_peak_mb

_SHARES = np.array([30, 20, 15, 10, 10, 8, 5, 2]) / 100
_REPEATS = 3
_PEERS = "BENCH_PEERS_PYTHON"
_PEER_LIMIT_S = 300


def run(journeys: int) -> list[Figure]:
    """All models, then the first-order chain alone; growth up to ten times the journeys."""
    stored = made(journeys)
    watch = reset_peak_mb()
    growth = tuple((n, _whole_list(made(n))) for n in _sizes(journeys))
    peak = watch()
    return [
        _list_figure(stored, _whole_list(stored), growth, peak),
        _markov_figure(stored, _best(lambda: journeys_credit(stored, model="markov"))),
    ]


def made(journeys: int, seed: int = 0) -> Journeys:
    """Journeys over eight channels, four touches on average, three in ten with a conversion."""
    rng = np.random.default_rng(seed)
    ids = np.repeat(np.arange(journeys), np.minimum(rng.geometric(0.25, journeys), 40))
    ages = rng.random(len(ids)) * 30
    converted = (rng.random(journeys) < 0.3).astype(float)
    return Journeys.from_touches(
        [f"channel {n}" for n in range(len(_SHARES))],
        ids,
        rng.choice(len(_SHARES), len(ids), p=_SHARES),
        conversions=converted,
        nulls=1 - converted,
        values=converted * rng.gamma(2, 50, journeys),
        ages=ages[np.lexsort((-ages, ids))],
    )


def _sizes(journeys: int) -> tuple[int, int, int]:
    return journeys * 10 // 16, journeys * 10 // 4, journeys * 10


def _best(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _whole_list(journeys: Journeys) -> float:
    return _best(lambda: [journeys_credit(journeys, model=model) for model in MODELS])


def _one_pass(journeys: Journeys) -> float:
    counts = np.bincount
    weights = np.ones(len(journeys.channels))
    return _best(lambda: counts(journeys.channels, weights))


def _list_figure(
    stored: Journeys, seconds: float, growth: tuple[tuple[int, float], ...], peak: float
) -> Figure:
    peer = ask_peer("mam", stored)
    shared = {} if peer is None else {str(name): float(taken) for name, taken in peer.items()}
    limit = sum(shared.values()) if shared else len(MODELS) * _one_pass(stored)
    name = f"all {len(MODELS)} attribution models, {len(stored.lengths):,} journeys"
    return Figure(
        name=name,
        value=seconds,
        unit="s",
        limit_name=(
            f"s by mam 2.1.1 for {len(shared)} models"
            if shared
            else "s to count all touches as often"
        ),
        limit=limit,
        target="≤ 1.0 of mam" if shared else "",
        is_met=seconds <= limit if shared else None,
        growth=growth,
        peak_mb=peak,
        facts={f"mam_{model}_s": taken for model, taken in shared.items()},
    )


def _markov_figure(stored: Journeys, seconds: float) -> Figure:
    journeys = len(stored.lengths)
    name = f"Markov chain of order 1, {journeys:,} journeys"
    rate, unit = journeys / seconds, "journeys/s"
    peer = ask_peer("channelattribution", stored)
    if peer is None:
        limit = journeys / _one_pass(stored)
        return Figure(name, rate, unit, "journeys/s to count their touches once", limit)
    limit = journeys / float(peer["seconds"])
    return Figure(
        name=name,
        value=rate,
        unit=unit,
        limit_name="journeys/s by ChannelAttribution 2.2.5",
        limit=limit,
        target="≥ 100",
        is_met=rate >= 100 * limit,
        facts={"greatest_difference_of_effects": _difference(stored, peer["effects"])},
    )


def _difference(stored: Journeys, simulated: dict[str, float]) -> float:
    """How far the simulated removal effects lie from the exact ones."""
    steps = Steps.of(stored, 1)
    chain = Chain.counted(steps, stored.conversions, stored.nulls, stored.values)
    exact = dict(zip(stored.names, chain.removal_effects()[0], strict=True))
    return max(abs(exact[name] - effect) for name, effect in simulated.items())


def ask_peer(program: str, stored: Journeys) -> dict[str, Any] | None:
    """What another program says about the journeys; None where it is not at hand."""
    python = os.environ.get(_PEERS)
    if not python:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "journeys.npz"
        np.savez(
            file,
            names=np.array(stored.names),
            offsets=stored.offsets,
            channels=stored.channels,
            ages=stored.ages,
            conversions=stored.conversions,
        )
        script = Path(__file__).with_name("multi_touch_peers.py")
        done = subprocess.run(
            [python, str(script), program, str(file)],
            capture_output=True,
            text=True,
            timeout=_PEER_LIMIT_S,
            check=True,
        )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
