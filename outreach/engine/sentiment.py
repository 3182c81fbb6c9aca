"""How a short text feels, by our own word lists: English, transparent, and good enough to start.

A learned model takes its place where one is registered (`workspaces.text_classes`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

from outreach.engine.sentiment_words import (
    EMOJI,
    EMOTICONS,
    LONGEST_PHRASE,
    NEGATORS,
    PHRASES,
    STRONGER,
    TURNS,
    WEAKER,
    WEIGHTS,
)

Label = Literal["negative", "neutral", "positive"]

NEUTRAL_BELOW: Final = 0.2
MAX_TEXT: Final = 5_000

_TOKENS: Final = re.compile(r"</?3|>?[:;]'?-?[()/dp](?![a-z])|[a-z0-9]+|[.!?;:,]|[^\x00-\x7f]")
_WILL: Final = re.compile("['\u2018\u2019]ll\\b", re.IGNORECASE)  # "we'll" is no "well"
_APOSTROPHES: Final = re.compile("['\u2018\u2019`\u00b4]")
_LINKS: Final = re.compile(r"(?:https?://|www\.)\S+|[@]\w+")
_STOPS: Final = frozenset(".!?;:")
_NEGATED_FOR: Final = 4  # words after a 'not' that it reaches
_TURNED: Final = -0.8
_EASED: Final = -0.2  # "not bad" is less than good, and "do not be fooled" no praise at all
_FINAL: Final = 2.0
_SOFTNESS: Final = 6.0  # the larger, the more words it takes to reach ±1
_EXCLAMATION: Final = 1.15


@dataclass(frozen=True)
class Feeling:
    """How a text feels.

    Attributes
    ----------
    score : in [-1, 1]
    label : 'negative' to −0.2, 'positive' from 0.2
    matched : words that counted, with their weights as they stood in the text
    """

    score: float
    label: Label
    matched: tuple[tuple[str, float], ...] = ()


def feeling_of(text: str) -> Feeling:
    """Weigh the words of a text.

    A negation turns the words it reaches ('not good'), amplifiers and dampeners change the next
    word, and what follows 'but' counts more than what went before it.

    Parameters
    ----------
    text : a comment, review or message; all after 5,000 characters is left out

    Returns
    -------
    Feeling : of 0, neutral, where no word is known
    """
    tokens = _tokens(text[:MAX_TEXT])
    found = _weighed(tokens)
    total = sum(weight for _, _, weight in _after_turns(found, tokens))
    if "!" in tokens:
        total *= _EXCLAMATION
    score = total / math.sqrt(total * total + _SOFTNESS)
    return Feeling(score, label_of(score), tuple((word, weight) for _, word, weight in found))


def label_of(score: float) -> Label:
    """Name a score in [-1, 1]."""
    if abs(score) < NEUTRAL_BELOW:
        return "neutral"
    return "positive" if score > 0 else "negative"


def _tokens(text: str) -> list[str]:
    return _TOKENS.findall(_APOSTROPHES.sub("", _WILL.sub(" will", _LINKS.sub(" ", text))).lower())


def _weighed(tokens: list[str]) -> list[tuple[int, str, float]]:
    """Place, word and weight of all that counts."""
    found: list[tuple[int, str, float]] = []
    negated_until = -1
    place = 0
    while place < len(tokens):
        token = tokens[place]
        length, weight = _phrase_at(tokens, place)
        if length:
            if place <= negated_until and weight > 0 and token not in NEGATORS:
                weight *= _TURNED
            if token in NEGATORS and -_FINAL < weight < 0:  # 'not even good' goes on being negated
                negated_until = place + length - 1 + _NEGATED_FOR
            found.append((place, " ".join(tokens[place : place + length]), weight))
            place += length
            continue
        if token in _STOPS or token in TURNS:
            negated_until = -1
        weight = _weight(token)
        if weight:
            weight *= _degree(tokens, place)
            if place <= negated_until:
                weight *= _TURNED if weight > 0 else _EASED
            found.append((place, token, weight))
        if token in NEGATORS:
            negated_until = place + _NEGATED_FOR
        place += 1
    return found


def _phrase_at(tokens: list[str], place: int) -> tuple[int, float]:
    for length in range(min(LONGEST_PHRASE, len(tokens) - place), 0, -1):
        weight = PHRASES.get(tuple(tokens[place : place + length]))
        if weight is not None:
            return length, weight
    return 0, 0.0


def _weight(token: str) -> float:
    return WEIGHTS.get(token) or EMOJI.get(token) or EMOTICONS.get(token) or 0.0


def _degree(tokens: list[str], place: int) -> float:
    before = tokens[max(0, place - 2) : place]
    if any(word in STRONGER for word in before):
        return 1.3
    return 0.7 if any(word in WEAKER for word in before) else 1.0


def _after_turns(
    found: list[tuple[int, str, float]], tokens: list[str]
) -> list[tuple[int, str, float]]:
    turns = [place for place, token in enumerate(tokens) if token in TURNS and place]
    if not turns:
        return found
    last = turns[-1]
    return [(place, word, weight * (0.6 if place < last else 1.4)) for place, word, weight in found]
