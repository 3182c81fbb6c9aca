"""``python -m benchmarks.sentiment --data FOLDER``: feelings of 3,000 labelled sentences.

Sentiment Labelled Sentences (Kotzias et al. 2015): reviews of Amazon, IMDb and Yelp, half positive.
The word lists were written and then corrected on the first half of each file (`--half first`);
the second half was never looked at, and its figures are the ones to quote.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np

from outreach.engine.sentiment import feeling_of

SOURCES = ("amazon_cells", "imdb", "yelp")


def main() -> None:
    """Print accuracy, share that gets a label and accuracy of these, and the time a text takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=["first", "second"], default="second")
    parser.add_argument("--show", action="store_true", help="print each sentence that went wrong")
    options = parser.parse_args()
    heads = f"{'sentences':>10}{'right sign':>12}{'labelled':>10}{'of these right':>16}{'AUC':>8}"
    print(f"{'':14}{heads}")
    spent, count = 0.0, 0
    for source in SOURCES:
        with (options.data / "sentiment_sentences" / f"{source}.csv").open() as file:
            rows = list(csv.DictReader(file))
        half = len(rows) // 2
        rows = rows[:half] if options.half == "first" else rows[half:]
        labels = np.array([row["label"] == "1" for row in rows])
        started = time.perf_counter()
        feelings = [feeling_of(row["sentence"]) for row in rows]
        spent, count = spent + time.perf_counter() - started, count + len(rows)
        scores = np.array([feeling.score for feeling in feelings])
        if options.show:
            _show(rows, labels, feelings)
        print(_line(source, labels, scores))
    print(f"{spent / count * 1e6:.0f} µs a sentence")


def _line(source: str, labels: np.ndarray, scores: np.ndarray) -> str:
    # A score of 0 says nothing: half of these would be right by a coin.
    right = ((scores > 0) == labels) & (scores != 0)
    accuracy = right.mean() + 0.5 * (scores == 0).mean()
    said = np.abs(scores) >= 0.2
    of_said = ((scores > 0) == labels)[said].mean()
    ahead = (scores[labels][:, None] - scores[~labels][None, :]).ravel()
    auc = (ahead > 0).mean() + 0.5 * (ahead == 0).mean()
    return (
        f"{source:14}{len(labels):10}{accuracy:12.1%}{said.mean():10.1%}{of_said:16.1%}{auc:8.3f}"
    )


def _show(rows: list[dict[str, str]], labels: np.ndarray, feelings: list) -> None:
    for row, label, feeling in zip(rows, labels, feelings, strict=True):
        if (feeling.score > 0) != label or feeling.score == 0:
            print(
                f"{'+' if label else '-'} {feeling.score:+.2f} {row['sentence']}  {feeling.matched}"
            )


if __name__ == "__main__":
    main()
