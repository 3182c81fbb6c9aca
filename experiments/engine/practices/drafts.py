"""A draft held against what did best: its subject, its call to action, its hour."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from experiments.engine.practices.traits import MEASURES, FloatArray, Piece, Rule, keeps, measured
from experiments.engine.words import percent

BEST: Final = 100
GOOD_SUBJECT: Final = 0.7
#: Fewer pieces than this have no profile.
LEAST_PIECES: Final = 20
_OF_SUBJECT: Final = ("headline_length", "headline_words", "emoji", "number", "question", "you",
                      "urgency", "quote", "capitals")  # fmt: skip
_NEAR_HOURS: Final = 2


@dataclass(frozen=True)
class Done:
    """A piece that went out, and how it did (conversions per person who met it)."""

    piece: Piece
    rate: float


@dataclass(frozen=True)
class Profile:
    """What the best have in common: per measure the middle 80 % of them, and its weight.

    Weights say how far the best differ from the rest and sum to one; ``hours`` is the mean rate by
    hour of the day, smoothed over its neighbours, NaN where nothing went out.
    """

    bands: Mapping[str, tuple[float, float]]
    weights: Mapping[str, float]
    hours: FloatArray
    examples: tuple[str, ...]
    pieces: int

    @property
    def best_hour(self) -> int | None:
        """The hour that did best."""
        return None if np.isnan(self.hours).all() else int(np.nanargmax(self.hours))


@dataclass(frozen=True)
class Practice:
    """A practice that a draft is held against."""

    key: str
    title: str
    recommendation: str
    rule: Rule
    effect: float


@dataclass(frozen=True)
class Finding:
    """One remark on a draft, and what may be written instead."""

    kind: Literal["subject", "call_to_action", "hour", "practice"]
    severity: Literal["warning", "suggestion"]
    text: str
    alternatives: tuple[str, ...] = ()
    practice: str = ""


def learn(done: Sequence[Done]) -> Profile | None:
    """Learn from the hundred that did best; ``None`` where too few went out."""
    if len(done) < LEAST_PIECES:
        return None
    ordered = sorted(done, key=lambda one: (-one.rate, one.piece.headline))
    best, rest = _cut(ordered)
    bands, far = {}, {}
    for name in _OF_SUBJECT:
        top = np.array([measured(one.piece)[name] for one in best])
        low = np.array([measured(one.piece)[name] for one in rest])
        bands[name] = (float(np.quantile(top, 0.1)), float(np.quantile(top, 0.9)))
        far[name] = abs(float(top.mean() - low.mean())) / MEASURES[name].scale
    total = sum(far.values())
    weights = {name: value / total if total else 1 / len(far) for name, value in far.items()}
    examples = tuple(dict.fromkeys(one.piece.headline for one in best if one.piece.headline))
    return Profile(bands, weights, _by_hour(done), examples, len(done))


def _cut(ordered: Sequence[Done]) -> tuple[Sequence[Done], Sequence[Done]]:
    """Part the best, a hundred at most and half at most, from the others."""
    size = min(BEST, len(ordered) // 2)
    return ordered[:size], ordered[size:]


def _by_hour(done: Sequence[Done]) -> FloatArray:
    sums, counts = np.zeros(24), np.zeros(24)
    for one in done:
        if one.piece.hour is not None:
            sums[one.piece.hour] += one.rate
            counts[one.piece.hour] += 1
    # An hour's neighbours count half: a single lucky hour is no best hour.
    sums = sums + 0.5 * (np.roll(sums, 1) + np.roll(sums, -1))
    smooth = counts + 0.5 * (np.roll(counts, 1) + np.roll(counts, -1))
    return np.where(counts > 0, sums / np.where(smooth > 0, smooth, 1), np.nan)


def subject_score(profile: Profile, headline: str) -> float:
    """How like the best a subject is, 0 to 1: closeness to each band, by its weight."""
    values = measured(Piece(headline=headline))
    score = 0.0
    for name, (low, high) in profile.bands.items():
        far = max(low - values[name], values[name] - high, 0.0) / MEASURES[name].scale
        score += profile.weights[name] / (1 + 2 * far)
    return score


def check(draft: Piece, *, profile: Profile | None, practices: Sequence[Practice]) -> list[Finding]:
    """Remarks on a draft, warnings first."""
    found = [*_on_subject(draft, profile), *_on_call(draft), *_on_hour(draft, profile)]
    values = measured(draft)
    for one in sorted(practices, key=lambda practice: -practice.effect):
        if keeps(one.rule, values) is False:
            text = f"{one.recommendation} In your tests that made {percent(one.effect)}."
            found.append(Finding("practice", "suggestion", text, practice=one.key))
    return sorted(found, key=lambda finding: finding.severity != "warning")


def _on_subject(draft: Piece, profile: Profile | None) -> Iterator[Finding]:
    if profile is None or not draft.headline:
        return
    score = subject_score(profile, draft.headline)
    if score < GOOD_SUBJECT:
        text = f"The subject is little like those that did best (score {score:.2f} of 1)."
        others = alternatives(profile, draft.headline)
        yield Finding("subject", "warning", text, others)


def _on_call(draft: Piece) -> Iterator[Finding]:
    if not measured(draft)["call_to_action"]:
        yield Finding("call_to_action", "warning", "Nothing says what to do next.")


def _on_hour(draft: Piece, profile: Profile | None) -> Iterator[Finding]:
    best = profile.best_hour if profile else None
    if draft.hour is None or best is None:
        return
    apart = abs(draft.hour - best)
    if min(apart, 24 - apart) > _NEAR_HOURS:
        text = f"What goes out at {best} h does best here; this goes out at {draft.hour} h."
        yield Finding("hour", "suggestion", text)


def alternatives(profile: Profile, headline: str, most: int = 3) -> tuple[str, ...]:
    """Other wordings of a subject that score higher, best first.

    They only leave out or lower what stands there; nothing is made up. After them come the
    workspace's own best subjects that share a word with it.
    """
    own = {_lowered(headline), _short(headline), _short(_lowered(headline)), _stated(headline)}
    before = subject_score(profile, headline)
    scored = {text: subject_score(profile, text) for text in own if text and text != headline}
    better = sorted((text for text in scored if scored[text] > before),
                    key=lambda text: (-scored[text], text))  # fmt: skip
    return tuple(dict.fromkeys([*better, *_akin(profile.examples, headline)]))[:most]


def _lowered(headline: str) -> str:
    return re.sub(r"\b[A-ZÄÖÜ]{3,}\b", lambda match: match[0].capitalize(), headline)


def _short(headline: str) -> str:
    """Its first clause, where one ends early enough to leave something out."""
    first = re.split(r"(?<=[.!?])\s|\s[–—|-]\s|[;:,]\s", headline, maxsplit=1)[0].strip()
    return first if len(first.split()) >= 3 else ""


def _stated(headline: str) -> str:
    return headline.rstrip("?!").strip() if headline.endswith(("?", "!")) else ""


def _akin(examples: Sequence[str], headline: str) -> list[str]:
    words = set(re.findall(r"\w{4,}", headline.lower()))
    shared = [(len(words & set(re.findall(r"\w{4,}", one.lower()))), one) for one in examples]
    return [one for count, one in sorted(shared, key=lambda pair: -pair[0]) if count]
