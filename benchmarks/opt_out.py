"""``python -m benchmarks.opt_out --data FOLDER``: opt-outs seen in texts that ask for none.

Counts what `wish_of` takes for an opt-out among private text messages (SMS Spam Collection, ham
and spam), orders to a bank's assistant (CLINC150) and questions to a shop's support (Bitext, whose
newsletter intent is about ending a subscription).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import time
from collections import Counter
from pathlib import Path

from outreach.engine.opt_out import wish_of


def _sms(folder: Path) -> list[tuple[str, str]]:
    with (folder / "sms_spam/sms_dev.csv").open() as file:
        return [(f"SMS {row['label']}", row["text"]) for row in csv.DictReader(file)]


def _clinc(folder: Path) -> list[tuple[str, str]]:
    with gzip.open(folder / "intent_clinc150/data_full.json.gz") as file:
        parts = json.load(file)
    return [("CLINC150 test", text) for key in ("test", "oos_test") for text, _ in parts[key]]


def _bitext(folder: Path) -> list[tuple[str, str]]:
    with gzip.open(folder / "support_bitext/bitext_support.csv.gz") as file:
        rows = csv.DictReader(io.TextIOWrapper(file))
        return [(f"Bitext {_group(row)}", row["instruction"]) for row in rows]


def _group(row: dict[str, str]) -> str:
    return "newsletter" if row["intent"] == "newsletter_subscription" else "other"


def main() -> None:
    """Print how many of each set are taken for a wish, and the time a text takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--show", action="store_true", help="print each text that is seen")
    options = parser.parse_args()
    texts = _sms(options.data) + _clinc(options.data) + _bitext(options.data)
    all_of, seen = Counter(group for group, _ in texts), Counter()
    started = time.perf_counter()
    for group, text in texts:
        wish = wish_of(text)
        if wish.action == "opt_out" and wish.is_executed:
            seen[group] += 1
            if options.show:
                print(f"{group}: {wish.confidence} [{wish.matched}] {text[:160]}")
    spent_us = (time.perf_counter() - started) / len(texts) * 1e6
    for group, count in all_of.items():
        print(f"{group:20} {count:7,} texts {seen[group]:6,} taken for an opt-out")
    print(f"{spent_us:.0f} µs a text")


if __name__ == "__main__":
    main()
