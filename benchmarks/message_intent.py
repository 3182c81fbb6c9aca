"""``python -m benchmarks.message_intent``: what a workspace's own model gains, and when nothing.

A freight forwarder's inbox, made up: half of its messages are in words of the trade that what ships
misreads, half are plain. Agents correct nine of ten messages that are read wrong, and answer the
rest as they were read. Judged on new messages as before, and on such of forms nobody corrected.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from benchmarks.embedders import Remembering
from benchmarks.figures import machine, write_between
from benchmarks.intent import DOCS, calibration_error
from benchmarks.model_outcomes import Outcome
from benchmarks.models import table
from inbox.engine.calibrated import Head, fit_head
from inbox.engine.intent import IntentClassifier
from inbox.engine.reading.reader import read
from inbox.engine.reading.shipped import base_texts, shipped
from inbox.engine.reading.signs import SignedEmbedder
from mlops.engine.learning import message_intent, message_training
from mlops.engine.learning.message_training import SHIPPED, Labelled, Serving, Traffic
from mlops.engine.learning.shapes import Trained
from workspaces.engine.embedding.choosing import embedder
from workspaces.engine.embedding.shapes import Embedder

MARKS = ("<!-- own model: written by the command -->", "<!-- end of own model -->")
PORTS = ("Rotterdam", "Antwerp", "Gdansk", "Trieste", "Koper", "Lisbon", "Hamburg", "Genoa")
#: The last form of each is only judged on.
TRADE = {
    "purchase": (
        "Nominate {n} reefers ex {port}, prompt", "Fix us {n} boxes ex {port} at last done",
        "Firm for {n} TEU {port}, release the bookings", "Subs lifted, {n} flats ex {port} are on",
        "We are clean on {n} forty-footers {port}, go",
    ),
    "complaint": (
        "{n} boxes rolled ex {port} again", "{port}: shut out at the gate, {n} units",
        "Demurrage runs on {n} boxes at {port} through your late pre-alert",
        "Reefer {n} off setpoint since {port}", "Short-shipped {n} pallets out of {port}",
    ),
    "question": (
        "Pls advise laycan and draft {port} for {n}", "ETB {port} for voy {n}, pls",
        "Cut-off and VGM window {port}, booking {n}", "Free time on {n} at {port}, kindly revert",
        "THC and BAF per box {port}, {n} units, revert",
    ),
    "objection": (
        "BAF on {n} ex {port} kills the fixture", "Your all-in {port} is USD {n} over the index",
        "Subs fail: {port} rate {n} above the neighbour line",
        "Shipper balks at the GRI ex {port}, {n}", "USD {n} peak surcharge {port} is not workable",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Vectors of all that can be written, and a head of half of the texts that ship."""

    used: Embedder
    base: Labelled
    head: Head
    plain: tuple[list[str], list[str]]


def place_of(used: Embedder) -> Place:
    """Leave half of the texts that we wrote to the inbox; what ships does not know them there."""
    texts = base_texts()
    ours = [place for place, one in enumerate(texts) if one.source == "own"]
    left = set(np.random.default_rng(0).permutation(ours)[::2].tolist())
    known = [one for place, one in enumerate(texts) if place not in left]
    base = _labelled(used, [one.text for one in known], [one.label for one in known])
    rest = [texts[place] for place in sorted(left)]
    plain = ([one.text for one in rest], [one.label for one in rest])
    return Place(used, base, fit_head(base.vectors, base.label.tolist()), plain)


def written(place: Place, count: int, seed: int, *, is_new: bool) -> tuple[list[str], list[str]]:
    """Messages in random order; new ones are of forms that no other one has."""
    rng = np.random.default_rng(seed)
    half = slice(1, None, 2) if is_new else slice(0, None, 2)
    texts, labels = [], []
    for _ in range(count // 2):
        label = str(rng.choice(sorted(TRADE)))
        forms = TRADE[label][-1:] if is_new else TRADE[label][:-1]
        port, number = str(rng.choice(PORTS)), 5 * int(rng.integers(1, 13))
        texts.append(str(rng.choice(forms)).format(port=port, n=number))
        labels.append(label)
    plain = [part[half] for part in place.plain]
    chosen = rng.integers(0, len(plain[0]), count - len(texts))
    texts += [plain[0][one] for one in chosen]
    labels += [plain[1][one] for one in chosen]
    order = rng.permutation(count)
    return [texts[one] for one in order], [labels[one] for one in order]


def handled(place: Place, corrections: int, seed: int, *, by_chance: bool = False) -> Labelled:
    """Messages until so many were corrected; each text once."""
    texts, labels = written(place, 7 * corrections, seed, is_new=False)
    first = sorted(np.unique(texts, return_index=True)[1].tolist())
    theirs = _labelled(place.used, [texts[one] for one in first], [labels[one] for one in first])
    rng = np.random.default_rng(seed + 1)
    said = _said(place.head, theirs)
    fixed = (said != theirs.label) & (rng.random(len(theirs)) < 0.9)
    until = int(np.flatnonzero(fixed.cumsum() == corrections)[0]) + 1
    meant = np.where(fixed, theirs.label, said)
    if by_chance:
        meant = np.where(fixed, rng.choice(place.head.labels, len(theirs)), said)
    return Labelled(theirs.vectors, meant, fixed, theirs.writer, theirs.at).take(np.arange(until))


def train(place: Place, theirs: Labelled) -> Trained:
    """As the job does."""
    words = np.full(len(theirs), "en")
    return message_training.train(
        place.base, theirs, Serving(SHIPPED, place.head, {}),
        traffic=Traffic(theirs.vectors, words, words), embedder_name=place.used.name,
    )  # fmt: skip


def outcomes(place: Place, draws: int) -> Iterator[Outcome]:
    """Judge by the number of corrections, and with corrections drawn by chance."""
    kinds = {
        "of forms never corrected": _labelled(place.used, *written(place, 600, 99, is_new=True)),
        "as before": _labelled(place.used, *written(place, 600, 77, is_new=False)),
    }
    for corrections in (60, 120, 240):
        trained = [train(place, handled(place, corrections, seed)) for seed in range(draws)]
        heads = [message_intent.load(one.artefact).head for one in trained]
        for kind, asked in kinds.items():
            what = f"{corrections} corrections, {draws} draws, 600 new messages {kind}"
            yield from _beside(what, [_figures(head, asked) for head in heads],
                               _figures(place.head, asked))  # fmt: skip
        share = np.mean([one.is_better for one in trained])
        yield Outcome(f"{corrections} corrections, {draws} draws", "may serve", f"{share:.0%}",
                      "–", "–", is_met=True)  # fmt: skip
    for corrections in (60, 240):
        odd = [handled(place, corrections, seed, by_chance=True) for seed in range(3 * draws)]
        may = sum(train(place, one).is_better for one in odd)
        yield Outcome(f"{corrections} corrections drawn by chance, {len(odd)} draws", "may serve",
                      str(may), "–", "0", may == 0)  # fmt: skip


def _figures(head: Head, asked: Labelled) -> tuple[float, float, float]:
    """Share read right, calibration error, and share right of what it is 0.90 sure of."""
    right, sure = _said(head, asked) == asked.label, head.confidences(head.logits(asked.vectors))
    firm = right[sure >= 0.9]
    error = calibration_error(sure, right)
    return float(right.mean()), error, float(firm.mean()) if firm.size else 1.0


def _beside(
    what: str, own: list[tuple[float, float, float]], ships: tuple[float, float, float]
) -> Iterator[Outcome]:
    accuracy, error, firm = np.mean(own, axis=0).tolist()
    yield Outcome(what, "accuracy, mean", f"{accuracy:.3f}", f"what ships {ships[0]:.3f}",
                  "more", accuracy > ships[0])  # fmt: skip
    yield Outcome(what, "expected calibration error, mean", f"{error:.3f}",
                  f"what ships {ships[1]:.3f}", "less", error < ships[1])  # fmt: skip
    yield Outcome(what, "right where it is 0.90 sure", f"{firm:.3f}",
                  f"what ships {ships[2]:.3f}", "–", is_met=True)  # fmt: skip


def speed(place: Place) -> Outcome:
    """Time of the processor for a message read by a model of its workspace, alone."""
    trained = train(place, handled(place, 60, 0))
    real = SignedEmbedder(embedder())
    own = IntentClassifier.of(message_intent.load(trained.artefact).head, real)
    feeling = shipped(embedder()).feeling
    texts, _ = written(place, 100, 5, is_new=True)
    read(texts[:5], classifier=own, feeling=feeling)
    spent = []
    for text in texts:
        started = time.process_time()
        read([text], classifier=own, feeling=feeling)
        spent.append(1_000 * (time.process_time() - started))
    ms = float(np.median(spent))
    return Outcome("one message alone, by an own model", "all of a reading, processor, median",
                   f"{ms:.1f} ms", "–", "≤ 15 ms", ms <= 15)  # fmt: skip


def _said(head: Head, texts: Labelled) -> np.ndarray:
    return np.array(head.labels)[head.logits(texts.vectors).argmax(axis=1)]


def _labelled(used: Embedder, texts: list[str], labels: list[str]) -> Labelled:
    order = np.arange(len(texts))
    return Labelled(
        IntentClassifier(used).embed(texts), np.array(labels, dtype="U11"),
        np.zeros(len(texts), dtype=bool), order, 60 * order,
    )  # fmt: skip


def main() -> None:
    """Judge, print, and write into the docs if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.message_intent")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--write-docs", action="store_true", help=f"renew {DOCS.name}")
    options = parser.parse_args()
    where, day = machine(), datetime.now(UTC).date().isoformat()
    place = place_of(SignedEmbedder(Remembering(embedder())))
    told = table([*outcomes(place, options.draws), speed(place)])
    print(f"{where}\n\n{told}")
    if options.write_docs:
        head = f"`python -m benchmarks.message_intent --write-docs` on {day}: {where}."
        write_between(DOCS, MARKS, f"{head}\n\n{told}")


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    main()
