r"""Other people's programs on the same journeys, run by an interpreter that has them.

They are no requirement of the project (one is GPL, one brings Polars)::

    python -m venv /tmp/peers
    /tmp/peers/bin/pip install marketing-attribution-models==2.1.1 \
        ChannelAttribution==2.2.5 matplotlib
    BENCH_PEERS_PYTHON=/tmp/peers/bin/python python -m benchmarks --only multi_touch
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from typing import Any

import numpy as np


def mam_seconds(stored: Any) -> dict[str, float]:
    """Seconds of each model of mam on its own stored form, on journeys of one row each."""
    import polars as pl
    from mam.models import heuristics, markov, shapley

    n = len(stored["offsets"]) - 1
    ids = np.repeat(np.arange(n), np.diff(stored["offsets"]))
    frame = (
        pl.DataFrame(
            {
                "journey_id": ids,
                "channels": stored["names"][stored["channels"]].tolist(),
                "time_till_conv": stored["ages"] * 24.0,
            }
        )
        .with_columns(pl.col("channels").cast(pl.Categorical))
        .group_by("journey_id", maintain_order=True)
        .agg("channels", "time_till_conv")
        .with_columns(
            pl.col("journey_id").cast(pl.String),
            has_conversion=pl.Series(stored["conversions"] > 0),
            weight=pl.lit(1, dtype=pl.Int64),
            conversion_value=pl.Series(stored["conversions"]),
        )
    )
    models = {
        "first": heuristics.FirstClickModel(),
        "last": heuristics.LastClickModel(),
        "linear": heuristics.LinearModel(),
        "position_based": heuristics.PositionBasedModel(),
        "time_decay": heuristics.TimeDecayModel(),
        "markov": markov.MarkovModel(),
        "shapley": shapley.ShapleyModel(max_size=len(stored["names"])),
    }
    seconds = {}
    for name, model in models.items():
        started = time.perf_counter()
        model.get_aggregated_results(frame)
        seconds[name] = time.perf_counter() - started
    return seconds


def channelattribution(stored: Any) -> dict[str, Any]:
    """Seconds and effects of a simulated first-order chain, on the text it asks for."""
    with contextlib.redirect_stdout(io.StringIO()):
        import ChannelAttribution
    import pandas as pd

    offsets = stored["offsets"]
    words = stored["names"][stored["channels"]].tolist()
    paths = [
        " > ".join(words[a:b])
        for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    ]
    converted = stored["conversions"].astype(int)
    frame = pd.DataFrame({"path": paths, "c": converted, "n": 1 - converted})
    started = time.perf_counter()
    answer = ChannelAttribution.markov_model(
        frame,
        "path",
        "c",
        var_null="n",
        conv_par=0.005,
        verbose=False,
        out_more=True,
        flg_pro=False,
    )
    seconds = time.perf_counter() - started
    effects = answer["removal_effects"].set_index("channel_name").iloc[:, 0]
    return {"seconds": seconds, "effects": effects.to_dict()}


def main() -> None:
    """Run one program on a stored file; the answer is JSON on the last line."""
    program, file = sys.argv[1:3]
    stored = dict(np.load(file))
    if program == "mam":
        answer: dict[str, Any] = mam_seconds(stored)
    else:
        answer = channelattribution(stored)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
