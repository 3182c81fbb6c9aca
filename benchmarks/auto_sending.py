"""``python -m benchmarks.auto_sending``: what it takes to answer alone, and how often chance helps.

Exact, without a simulation: the number of bad replies is followed from reply to reply.
"""

from __future__ import annotations

import argparse

import numpy as np

from inbox.engine.auto_send import WINDOW, allowed_bad, chance_to_stay, needed

PRECISIONS = (0.97, 0.98, 0.985, 0.99, 0.995, 0.998, 0.999)
NIGHT = 20


def chance_ever(precision: float, most: int, night: int = NIGHT) -> float:
    """Chance that a machine shows 99 % on some night, asked every night until `most` replies.

    Parameters
    ----------
    precision : the true one
    most : replies judged in all
    night : judged in a night
    """
    chances, passed = np.array([1.0]), 0.0
    for judged in range(1, most + 1):
        good = np.append(chances * precision, 0.0)
        good[1:] += chances * (1 - precision)
        chances = good
        if judged % night == 0 and (bad := allowed_bad(judged)) >= 0:
            passed += float(chances[: bad + 1].sum())
            chances[: bad + 1] = 0.0
    return passed


def main() -> None:
    """Print the tables of docs/inbox-decisions.md."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for bad in range(6):
        print(f"{bad} bad: {needed(bad):,} judged for 99 %")
    print(f"of {WINDOW:,} judged {allowed_bad(WINDOW)} may be bad")
    for precision in PRECISIONS:
        print(
            f"precision {precision:.1%}: passes a look at 299 {chance_to_stay(precision, 299):.1%},"
            f" at {WINDOW:,} {chance_to_stay(precision):.1%};"
            f" passes on some night until {WINDOW:,} {chance_ever(precision, WINDOW):.1%}"
        )


if __name__ == "__main__":
    main()
