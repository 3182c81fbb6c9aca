"""Reads messages: one pass of the sentence model, then words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from inbox.engine.intent import MAX_TEXT, IntentClassifier
from inbox.engine.reading.buying import barriers_of, objection_of, purchase_of
from inbox.engine.reading.deciding import (
    Facts,
    action_of,
    churn_of,
    human_of,
    urgency_of,
)
from inbox.engine.reading.entities import entities_of, keywords_of, language_of, topics_of
from inbox.engine.reading.shapes import INTENTS, Intent, Reading, sentiment_label
from inbox.engine.reading.words import Found
from outreach.engine.opt_out import Wish, plain, wish_of
from outreach.engine.sentiment import Feeling, feeling_of
from workspaces.formats import share

FloatArray = npt.NDArray[np.float64]

FEELINGS: Final = ("negative", "neutral", "positive")
# How much the word lists count beside the model.
_OF_WORDS: Final = 0.5
_TOLD_INTENTS: Final = frozenset(("complaint", "compliment", "feedback"))
_OBJECTING: Final = frozenset(("objection", "question", "purchase"))


def read(
    texts: Sequence[str],
    *,
    classifier: IntentClassifier,
    feeling: IntentClassifier | None = None,
    products: Sequence[str] = (),
    vectors: npt.NDArray[np.float32] | None = None,
) -> list[Reading]:
    """Read messages.

    Parameters
    ----------
    texts : without quotes and signatures; all after 4,000 characters is left out
    classifier : of intents; its labels are among `INTENTS`
    feeling : of feelings, labelled as `FEELINGS`, on the same embedder; None: word lists alone
    products : names to look for
    vectors : of the texts as ``classifier.embed`` makes them; None: they are made here

    Returns
    -------
    one Reading each, the same whatever company a text has

    Raises
    ------
    ValueError : a label of a classifier is not known
    """
    _require(classifier, INTENTS)
    if feeling is not None:
        _require(feeling, FEELINGS)
    if not texts:
        return []
    if vectors is None:
        vectors = classifier.embed(texts)
    logits = classifier.head.logits(vectors)
    chances = classifier.head.probabilities(logits)
    sure = classifier.head.confidences(logits)
    strange = classifier.head.strangeness(logits)
    felt = _leanings(feeling, vectors)
    return [
        _reading(
            text[:MAX_TEXT],
            dict(zip(classifier.labels, chances[place].tolist(), strict=True)),
            (float(sure[place]), float(strange[place])),
            None if felt is None else float(felt[place]),
            products,
        )
        for place, text in enumerate(texts)
    ]


def _require(classifier: IntentClassifier, known: Sequence[str]) -> None:
    unknown = [label for label in classifier.labels if label not in known]
    if unknown:
        raise ValueError(f"labels must be among {', '.join(known)}, got {unknown[0]!r}")


def _leanings(
    feeling: IntentClassifier | None, vectors: npt.NDArray[np.float32]
) -> FloatArray | None:
    """Chance of a positive feeling less that of a negative one."""
    if feeling is None:
        return None
    shares = feeling.head.probabilities(feeling.head.logits(vectors))
    sides = np.array([FEELINGS.index(str(label)) - 1 for label in feeling.labels])
    found: FloatArray = shares @ sides
    return found


def _reading(
    text: str,
    chances: dict[str | int, float],
    doubts: tuple[float, float],
    leaning: float | None,
    products: Sequence[str],
) -> Reading:
    said, wish = plain(text), wish_of(text)
    words = feeling_of(text)
    intent, confidence = _intent(chances, doubts[0], wish)
    score = _felt(words, leaning if said else 0.0)
    language = language_of(text)
    opts_out = wish.action == "opt_out" and wish.is_executed
    facts = Facts(said, intent, confidence, doubts[1], score, language, opts_out)
    urgency, hurry = urgency_of(facts)
    churn, leaving = churn_of(facts)
    chance = 0.0 if opts_out or intent == "spam" else chances.get("purchase", 0.0)
    purchase = purchase_of(text, said, chance)
    has_objection = intent == "objection" or (intent in _OBJECTING and bool(barriers_of(said)))
    return Reading(
        intent=intent,
        intent_confidence=confidence,
        strangeness=doubts[1],
        sentiment_score=score,
        sentiment_label=sentiment_label(score),
        urgency=urgency,
        topics=topics_of(said),
        keywords=keywords_of(said),
        entities=entities_of(text, products),
        language=language,
        purchase=purchase,
        objection=objection_of(said, purchase) if has_objection else None,
        churn_risk=churn,
        satisfaction=(score + 1) / 2 if intent in _TOLD_INTENTS else None,
        next_best_action=action_of(facts, urgency, churn, purchase.level),
        requires_human=human_of(facts, urgency),
        reasons=_reasons(facts, wish, words, (*hurry, *leaving), purchase.signals),
    )


def _intent(chances: dict[str | int, float], sure: float, wish: Wish) -> tuple[Intent, float]:
    """Take the model's intent; but who asks for no more messages is believed."""
    if wish.action == "opt_out" and wish.is_executed:
        return "unsubscribe", 1.0
    best = max(chances, key=lambda label: chances[label])
    return next(intent for intent in INTENTS if intent == best), sure


def _felt(words: Feeling, leaning: float | None) -> float:
    if leaning is None:
        return words.score
    return _OF_WORDS * words.score + (1 - _OF_WORDS) * leaning


def _reasons(
    facts: Facts,
    wish: Wish,
    words: Feeling,
    signs: tuple[Found, ...],
    signals: tuple[str, ...],
) -> tuple[str, ...]:
    if facts.is_opt_out:
        told = [f"Asks for no more messages: “{wish.matched}”"]
    elif not facts.said:
        told = ["There are no words in it"]
    else:
        told = [
            f"Reads like known messages of the kind “{facts.intent}” ({share(facts.confidence)})"
        ]
    if wish.action == "opt_out" and not facts.is_opt_out:
        told.append(f"May ask for no more messages: “{wish.matched}”")
    told += [f"{str(sign)[:1].upper()}{str(sign)[1:]}" for sign in signs]
    if facts.intent == "purchase":
        told += [f"{signal[:1].upper()}{signal[1:]}" for signal in signals]
    strongest = sorted(words.matched, key=lambda match: -abs(match[1]))[:3]
    if strongest:
        listed = ", ".join(f"“{word}” {weight:+.1f}" for word, weight in strongest)
        told.append(f"Words of feeling: {listed}".replace("-", "−"))
    return tuple(dict.fromkeys(told))
