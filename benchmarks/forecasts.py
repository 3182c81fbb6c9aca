"""``python -m benchmarks.forecasts``: how often the 80 % intervals of a plan hold what came.

Channels with true rates around the default and campaigns around those, as the model believes;
the last campaign of each is foretold from those before it.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from outreach.engine.forecast import DEFAULTS, Part, Past, forecast

SIZE = 5_000
WORLDS = 300
MEASURES = ("delivered", "opened", "complained")


def main() -> None:
    """Print the share of last campaigns inside their interval, by the length of the past."""
    rng = np.random.default_rng(5)
    print("past campaigns  " + "".join(f"{measure:>12}" for measure in MEASURES))
    for campaigns in (0, 3, 12, 40):
        inside = np.mean([_inside(campaigns, seed, rng) for seed in range(WORLDS)], axis=0)
        print(f"{campaigns:14}  " + "".join(f"{share:12.1%}" for share in inside))


def _inside(campaigns: int, seed: int, rng: np.random.Generator) -> list[bool]:
    tries = np.full(campaigns + 1, SIZE)
    delivered = rng.binomial(tries, _rates("delivered", campaigns + 1, rng))
    counts = {"delivered": delivered}
    for measure in MEASURES[1:]:
        counts[measure] = rng.binomial(delivered, _rates(measure, campaigns + 1, rng))
    clicked = np.zeros(campaigns, dtype=np.int64)
    past = Past(
        tries[:-1], delivered[:-1], counts["opened"][:-1], clicked, counts["complained"][:-1]
    )
    found = forecast([Part("email", SIZE, past)], seed=seed, draws=2_000).parts[0]
    return [found[name].low <= values[-1] <= found[name].high for name, values in counts.items()]


def _rates(measure: str, size: int, rng: np.random.Generator) -> np.ndarray:
    default = DEFAULTS["email"][measure]
    mean = special.expit(special.logit(default.rate) + 0.8 * rng.normal())
    likeness = default.likeness * np.exp(rng.normal())
    return rng.beta(mean * likeness, (1 - mean) * likeness, size)


if __name__ == "__main__":
    main()
