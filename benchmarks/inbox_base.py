"""``python -m benchmarks.inbox_base``: judge the texts that ship with the inbox, and train on them.

Each fifth of the texts is read by a head that learned the others. Feelings are judged on the second
half of each file of sentences, by a head that learned the first. What is written learned all.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.embedders import Remembering
from benchmarks.figures import machine, write_between
from benchmarks.intent import (
    DATA,
    DOCS,
    SENTENCES,
    _class_table,
    _ms,
    _rows,
    calibration_error,
)
from benchmarks.model_outcomes import Outcome
from benchmarks.models import table
from inbox.engine.calibrated import fit_head
from inbox.engine.intent import IntentClassifier
from inbox.engine.reading.reader import FEELINGS, read
from inbox.engine.reading.shapes import INTENTS
from inbox.engine.reading.shipped import CHECKSUMS, FOLDER, base_texts, file_name, shipped
from inbox.engine.reading.signs import SignedEmbedder
from outreach.engine.sentiment import feeling_of
from workspaces.engine.embedding.choosing import embedder
from workspaces.engine.embedding.hashed import HashedTfidf
from workspaces.engine.embedding.shapes import Embedder

MARKS = ("<!-- base: written by the command -->", "<!-- end of base -->")
_FOLDS = 5
# Base texts of these are told without feeling.
_NEUTRAL = frozenset(("question", "purchase", "other"))


def intent_outcomes(used: Embedder) -> tuple[list[Outcome], str]:
    """Judge intents by folds: of all texts, and of those we wrote."""
    texts = base_texts()
    vectors = IntentClassifier(used).embed([one.text for one in texts])
    labels = np.array([one.label for one in texts])
    fold = np.random.default_rng(1).permutation(len(texts)) % _FOLDS
    found, sure = np.empty(len(texts), dtype=object), np.empty(len(texts))
    for one in range(_FOLDS):
        held = fold == one
        head = fit_head(vectors[~held], labels[~held].tolist())
        logits = head.logits(vectors[held])
        found[held] = [head.labels[best] for best in logits.argmax(axis=1)]
        sure[held] = head.confidences(logits)
    right = found == labels
    ours = np.array([one.source == "own" for one in texts])
    firm = sure >= 0.8
    name = f"{used.name}, {len(texts):,} texts that ship, by folds"
    outcomes = [
        Outcome(name, measure, f"{value:.3f}", "", "–", is_met=True)
        for measure, value in (
            ("accuracy", right.mean()),
            (f"accuracy on {ours.sum()} texts we wrote", right[ours].mean()),
            ("expected calibration error", calibration_error(sure, right)),
            ("share with confidence from 0.80", firm.mean()),
            ("accuracy of these", right[firm].mean()),
        )
    ]
    return outcomes, _class_table(labels.tolist(), found.tolist())


def feelings(folder: Path, half: int | None) -> tuple[list[str], list[str], list[str]]:
    """Sentences and their feelings of one half or of both, and where they are from."""
    texts, labels, sources = [], [], []
    for source in SENTENCES:
        rows = _rows(folder / "sentiment_sentences" / f"{source}.csv")
        middle = len(rows) // 2
        part = {None: rows, 0: rows[:middle], 1: rows[middle:]}[half]
        texts += [row["sentence"] for row in part]
        labels += [FEELINGS[2 * int(row["label"])] for row in part]
        sources += [source] * len(part)
    calm = [one.text for one in base_texts() if one.label in _NEUTRAL] + _questions(folder)
    calm = calm if half is None else calm[half::2]
    return texts + calm, labels + ["neutral"] * len(calm), sources + ["neutral"] * len(calm)


def _questions(folder: Path) -> list[str]:
    path = folder / "intent_clinc150" / "data_full.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [text for text, _ in json.load(file)["val"][::3]]


def feeling_outcomes(folder: Path, used: Embedder) -> Iterator[Outcome]:
    """Judge the score of a reading: words and model together, beside the words alone."""
    texts, labels, _ = feelings(folder, 0)
    model = IntentClassifier(used).fit(texts, labels)
    intents = IntentClassifier(used).fit([*INTENTS], [*INTENTS])
    texts, labels, sources = feelings(folder, 1)
    readings = read(texts, classifier=intents, feeling=model)
    scores = np.array([one.sentiment_score for one in readings])
    words = np.array([feeling_of(text).score for text in texts])
    right, where = np.array(labels), np.array(sources)
    for source in SENTENCES:
        held = where == source
        sign = right[held] == "positive"
        told, plain = (((part[held] > 0) == sign).mean() for part in (scores, words))
        yield Outcome(f"{used.name}, {source}, second half", "right sign", f"{told:.3f}",
                      f"word lists {plain:.3f}", "–", is_met=True)  # fmt: skip
    held = where == "neutral"
    told, plain = ((np.abs(part[held]) < 0.2).mean() for part in (scores, words))
    yield Outcome(f"{used.name}, {held.sum()} questions and notes", "read as neutral",
                  f"{told:.3f}", f"word lists {plain:.3f}", "–", is_met=True)  # fmt: skip


def speed_outcome(used: Embedder) -> Outcome:
    """Time of the processor for all of a reading, beside the bare embedding of sentences."""
    base, texts = shipped(used), [one.text for one in base_texts()[::6]]
    used.embed(texts)
    whole = _ms(lambda: read(texts, classifier=base.intent, feeling=base.feeling)) / len(texts)
    bare = _ms(lambda: used.embed(texts)) / len(texts)
    return Outcome(f"{used.name}, {len(texts)} texts that ship", "all of a reading, processor",
                   f"{whole:.1f} ms", f"bare embedding {bare:.1f} ms, ratio {whole / bare:.2f}",
                   "≤ 15 ms", whole <= 15)  # fmt: skip


def write(folder: Path, used: Embedder) -> dict[str, str]:
    """Train on all and write the files; gives their checksums."""
    texts, labels, _ = feelings(folder, None)
    base = base_texts()
    heads = {
        "intent": ([one.text for one in base], [one.label for one in base]),
        "feeling": (texts, labels),
    }
    sums = {}
    for kind, (known, named) in heads.items():
        data = IntentClassifier(used).fit(known, named).to_bytes()
        (FOLDER / file_name(kind, used)).write_bytes(data)
        sums[file_name(kind, used)] = hashlib.sha256(data).hexdigest()
    return sums


def main() -> None:
    """Judge, print, and keep if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inbox_base", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the public sets")
    parser.add_argument("--write", action="store_true", help="train the heads that ship")
    parser.add_argument("--write-docs", action="store_true", help=f"renew {DOCS.name}")
    options = parser.parse_args()
    where, day = machine(), datetime.now(UTC).date().isoformat()
    used = tuple(SignedEmbedder(one) for one in (Remembering(embedder()), HashedTfidf()))
    outcomes, classes = intent_outcomes(used[0])
    outcomes += [*feeling_outcomes(options.data, used[0]), *intent_outcomes(used[1])[0]]
    if options.write:
        sums = {name: one for part in used for name, one in write(options.data, part).items()}
        CHECKSUMS.write_text(json.dumps(sums, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    outcomes.append(speed_outcome(embedder()))
    told = f"{table(outcomes)}\n\n{classes}"
    print(f"{where}\n\n{told}")
    if options.write_docs:
        head = f"`python -m benchmarks.inbox_base --write-docs` on {day}: {where}."
        write_between(DOCS, MARKS, f"{head}\n\n{told}")


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    main()
