"""``python -m benchmarks.intent``: judge the inbox's classifier on public texts.

Head, temperature and curve were chosen on the validation part of CLINC150. Its test part, the
second half of each file of sentences and each fifth short message are only judged here.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.metrics import precision_recall_curve, precision_recall_fscore_support, roc_auc_score

from benchmarks.embedders import Remembering
from benchmarks.figures import machine, write_between
from benchmarks.model_outcomes import Outcome
from benchmarks.models import table
from inbox.engine.intent import IntentClassifier
from outreach.engine.sentiment import feeling_of
from outreach.engine.text_classes import comment_intent
from workspaces.engine.embedding.choosing import embedder
from workspaces.engine.embedding.hashed import HashedTfidf

DATA = Path(__file__).resolve().parent / "data"
DOCS = Path(__file__).resolve().parents[1] / "docs" / "inbox-classification.md"
MARKS = ("<!-- intent: written by the command -->", "<!-- end of intent -->")
CLASSES = ("<!-- classes: written by the command -->", "<!-- end of classes -->")
SENTENCES = ("amazon_cells", "imdb", "yelp")
_BINS = 15
_TIMED = 200


class Split(NamedTuple):
    """Texts with labels, and those to be judged on."""

    texts: list[str]
    labels: list[str]
    asked: list[str]
    right: list[str]


def calibration_error(confidences: np.ndarray, is_right: np.ndarray) -> float:
    """Mean distance of confidence and accuracy over 15 bins of equal width, by their size."""
    bins = np.minimum((confidences * _BINS).astype(int), _BINS - 1)
    return float(
        sum(
            abs(confidences[bins == one].mean() - is_right[bins == one].mean())
            * (bins == one).mean()
            for one in np.unique(bins)
        )
    )


def clinc(folder: Path) -> tuple[Split, list[str]]:
    """150 intents of a voice assistant, and questions of none of them."""
    with gzip.open(folder / "intent_clinc150" / "data_full.json.gz", "rt", encoding="utf-8") as f:
        parts = json.load(f)
    texts, labels = map(list, zip(*parts["train"], strict=True))
    asked, right = map(list, zip(*parts["test"], strict=True))
    return Split(texts, labels, asked, right), [text for text, _ in parts["oos_test"]]


def sentences(folder: Path, source: str) -> Split:
    """Reviews: the first half of all three files is learned, the second half of one judged."""
    halves = {
        one: _halved(_rows(folder / "sentiment_sentences" / f"{one}.csv")) for one in SENTENCES
    }
    known = [row for first, _ in halves.values() for row in first]
    return _split(known, halves[source][1], "sentence")


def messages(folder: Path) -> Split:
    """Short messages: each fifth is judged, unless one that is learned says the same."""
    rows = _rows(folder / "sms_spam" / "sms_dev.csv")
    known = [row for place, row in enumerate(rows) if place % 5]
    said = {row["text"] for row in known}
    return _split(known, [row for row in rows[::5] if row["text"] not in said], "text")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _halved(rows: list[dict[str, str]]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]


def _split(known: list[dict[str, str]], asked: list[dict[str, str]], text: str) -> Split:
    return Split(
        [row[text] for row in known],
        [row["label"] for row in known],
        [row[text] for row in asked],
        [row["label"] for row in asked],
    )


def clinc_outcomes(folder: Path) -> tuple[list[Outcome], str]:
    """Judge intents, strangers and confidences; and the table of each intent."""
    split, strangers = clinc(folder)
    model = IntentClassifier(Remembering(embedder())).fit(split.texts, split.labels)
    plain = IntentClassifier(HashedTfidf()).fit(split.texts, split.labels)
    name = f"CLINC150, {len(split.asked):,} questions of 150 intents"
    found, hashed = (_of_intents(one, split, strangers) for one in (model, plain))
    goals: dict[str, tuple[str, Callable[[float], bool]]] = {
        "accuracy": ("≥ 0.930", lambda value: value >= 0.93),
        "expected calibration error": ("≤ 0.020", lambda value: value <= 0.02),
        "1,000 strangers, AUROC of out-of-scope": ("≥ 0.950", lambda value: value >= 0.95),
        "1,000 strangers, AUROC of confidence": ("≥ 0.950", lambda value: value >= 0.95),
    }
    outcomes = [
        Outcome(name, measure, f"{found[measure]:.4f}", f"hashed words {hashed[measure]:.4f}",
                goal, is_met(found[measure]))
        for measure, (goal, is_met) in goals.items()
    ]  # fmt: skip
    return outcomes, _class_table(split.right, model.predict(split.asked)[0])


def _of_intents(
    model: IntentClassifier, split: Split, strangers: Sequence[str]
) -> dict[str, float]:
    labels, sure = model.predict(split.asked)
    is_right = np.array(labels) == np.array(split.right)
    is_strange = np.repeat([0, 1], [len(split.asked), len(strangers)])
    strange = np.concatenate([model.out_of_scope(part) for part in (split.asked, strangers)])
    return {
        "accuracy": float(is_right.mean()),
        "expected calibration error": calibration_error(sure, is_right),
        "1,000 strangers, AUROC of out-of-scope": roc_auc_score(is_strange, strange),
        "1,000 strangers, AUROC of confidence": roc_auc_score(
            is_strange, -np.concatenate([sure, model.predict(strangers)[1]])
        ),
    }


def sentence_outcomes(folder: Path) -> Iterator[Outcome]:
    """Judge feelings beside the word lists, file by file."""
    used = Remembering(embedder())
    for source in SENTENCES:
        split = sentences(folder, source)
        labels, sure = IntentClassifier(used).fit(split.texts, split.labels).predict(split.asked)
        is_right = np.array(labels) == np.array(split.right)
        words = np.array([feeling_of(text).score > 0 for text in split.asked])
        listed = (words == (np.array(split.right) == "1")).mean()
        name = f"{source}, {len(split.asked)} sentences, positive or not"
        yield Outcome(
            name, "accuracy", f"{is_right.mean():.3f}", f"word lists {listed:.3f}", "–", is_met=True
        )
        error = calibration_error(sure, is_right)
        yield Outcome(name, "expected calibration error", f"{error:.3f}", "", "–", is_met=True)


def message_outcomes(folder: Path) -> Iterator[Outcome]:
    """Judge spam by its precision where nine of ten are found."""
    split = messages(folder)
    model = IntentClassifier().fit(split.texts, split.labels)
    is_spam = np.array(split.right) == "spam"
    share = model.predict_proba(split.asked)[:, model.labels.index("spam")]
    precision, recall, _ = precision_recall_curve(is_spam, share)
    labels, sure = model.predict(split.asked)
    is_right = np.array(labels) == np.array(split.right)
    listed = np.array([comment_intent(text).label == "spam" for text in split.asked])
    name = f"SMS spam, {len(is_spam)} messages, {is_spam.sum()} of them spam"
    words = f"word lists {listed[is_spam].mean():.3f} found, {is_spam[listed].mean():.3f} right"
    for least in (0.90, 0.95):
        best = f"{precision[recall >= least].max():.3f}"
        yield Outcome(name, f"precision at recall {least:.2f}", best, words, "–", is_met=True)
    yield Outcome(name, "accuracy", f"{is_right.mean():.4f}", "", "–", is_met=True)
    error = calibration_error(sure, is_right)
    yield Outcome(name, "expected calibration error", f"{error:.4f}", "", "–", is_met=True)


def speed_outcomes(folder: Path) -> Iterator[Outcome]:
    """Time a message alone and in a batch, beside the bare embedding of the same texts.

    Of the processor, in one thread: by the clock a busy machine tells its other work.
    """
    split, _ = clinc(folder)
    bare = embedder()
    model = IntentClassifier(bare).fit(split.texts[:1500], split.labels[:1500])
    asked = split.asked[:: len(split.asked) // _TIMED][:_TIMED]
    model.predict(asked), bare.embed(asked)
    alone, plain = zip(
        *(
            (_ms(lambda one=one: model.predict([one])), _ms(lambda one=one: bare.embed([one])))
            for one in asked
        ),
        strict=True,
    )
    pairs = {
        "one message alone, median": (statistics.median(alone), statistics.median(plain)),
        f"{_TIMED} messages together, each": (
            _ms(lambda: model.predict(asked)) / len(asked),
            _ms(lambda: bare.embed(asked)) / len(asked),
        ),
    }
    for name, (spent, least) in pairs.items():
        text = f"bare embedding {least:.1f} ms, ratio {spent / least:.2f}"
        yield Outcome("a classification, time of the processor", name, f"{spent:.1f} ms", text,
                      "≤ 15 ms", spent <= 15)  # fmt: skip


def _ms(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1e3


def _class_table(right: Sequence[str], found: Sequence[str]) -> str:
    names = sorted(set(right))
    rows = sorted(
        zip(names, *precision_recall_fscore_support(right, found, labels=names), strict=True),
        key=lambda row: (row[3], row[0]),
    )
    head = "| intent | precision | recall | F1 | questions |\n|---|---|---|---|---|"
    lines = (f"| {name} | {p:.2f} | {r:.2f} | {f:.2f} | {n} |" for name, p, r, f, n in rows)
    return "\n".join([head, *lines])


def main() -> None:
    """Judge, print, and keep if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intent", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the public sets")
    parser.add_argument("--write-docs", action="store_true", help=f"renew {DOCS.name}")
    options = parser.parse_args()
    where, day = machine(), datetime.now(UTC).date().isoformat()
    intents, classes = clinc_outcomes(options.data)
    rest = (sentence_outcomes, message_outcomes, speed_outcomes)
    outcomes = [*intents, *(one for part in rest for one in part(options.data))]
    told = table(outcomes)
    print(f"{where}; embedder {embedder().name}\n\n{told}")
    if options.write_docs:
        head = f"`python -m benchmarks.intent --write-docs` on {day}: {where}."
        write_between(DOCS, MARKS, f"{head}\n\n{told}")
        write_between(DOCS, CLASSES, classes)


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    main()
