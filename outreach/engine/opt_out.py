"""What a message asks for: no more messages, messages again, help, or none of these.

A message that is one of the known words, in whatever case, punctuation, spacing or accents, is
certain. Phrases are graded. What says the opposite ('please don't stop') asks for nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from outreach.engine.opt_out_words import (
    HELP_WORDS,
    PHRASES,
    POLITE,
    START_WORDS,
    STOP_ALL_WORDS,
    STOP_WORDS,
    TURNED,
    Scope,
)

Action = Literal["opt_out", "opt_in", "help", "none"]

MAX_TEXT: Final = 2_000
# From here on an opt-out is carried out by itself; below it a person looks at the message.
EXECUTE_FROM: Final = 0.7

_LONGEST_WORD: Final = 40
_LAST_LATIN_OR_GREEK: Final = "\u03ff"
_APOSTROPHES: Final = str.maketrans("", "", "'`\u2018\u2019\u02bc\u00b4\u02b9\uff07")
_RUN: Final = re.compile(r"(\w)\1{2,}")
_QUOTED: Final = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_CLAUSES: Final = re.compile(r"[.!?,;:\n…—–|]+|\s-\s")
_LOUD_FIRST: Final = re.compile(
    r"\W*(?:STOP|STOPALL|UNSUBSCRIBE|OPT[ -]?OUT|STOPP)\b(?P<rest>.*)", re.DOTALL
)
_EVERYWHERE: Final = re.compile(
    r"\b(?:all|every) (?:your )?(?:channels?|lists|communications?)\b|\b(?:any|every)where\b"
)
# Strong enough to count as one clause among others.
_STRONG: Final = frozenset(
    ("stop", "stopp", "stopall", "unsubscribe", "unsub", "optout", "optmeout", "стоп", "退订")
)


@dataclass(frozen=True)
class Wish:
    """What a message asks for.

    Attributes
    ----------
    action : 'opt_out', 'opt_in', 'help' or 'none'
    confidence : in [0, 1]; 1 for a whole-message word
    matched : the word or phrase it was seen by, as `plain` writes it; '' for none
    by : 'word' (the whole message), 'phrase' or ''
    scope : 'all' where every channel is meant, else 'channel'
    """

    action: Action
    confidence: float = 0.0
    matched: str = ""
    by: Literal["word", "phrase", ""] = ""
    scope: Scope = "channel"

    @property
    def is_executed(self) -> bool:
        """Whether it is carried out without a person: words always, phrases when sure enough."""
        return self.action != "none" and self.confidence >= EXECUTE_FROM


NOTHING: Final = Wish("none")


def plain(text: str) -> str:
    """Letters and digits of a text as they are compared.

    Parameters
    ----------
    text : anything a person wrote

    Returns
    -------
    lower case (NFKC, casefolded), Latin and Greek without accents, apostrophes left out, all
    else one space
    """
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    kept: list[str] = []
    base = ""
    for char in unicodedata.normalize("NFD", folded):
        kind = unicodedata.category(char)
        if kind[0] == "M":
            if base > _LAST_LATIN_OR_GREEK:
                kept.append(char)
        elif kind != "Cf":  # marks without width, such as a byte-order mark or a joiner
            base = char
            kept.append(char if kind[0] in "LN" else " ")
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def _compact(words: Sequence[str]) -> str:
    return _RUN.sub(r"\1", "".join(words))


def _ready(words: frozenset[str]) -> frozenset[str]:
    return frozenset(_compact(plain(word).split()) for word in words)


_STOP, _STOP_ALL = _ready(STOP_WORDS), _ready(STOP_ALL_WORDS)
_START, _HELP = _ready(START_WORDS), _ready(HELP_WORDS)


def wish_of(text: str) -> Wish:
    """Tell what a message asks for.

    Parameters
    ----------
    text : as it was received; lines quoted by '>' and all after 2,000 characters are left out

    Returns
    -------
    Wish : the surest reading; an opt-out before help before an opt-in

    References
    ----------
    47 CFR 64.1200(a)(10), in force since 2025-04-11: words that count by themselves, and any
    reasonable wording.
    """
    said = _QUOTED.sub("", text[:MAX_TEXT])
    words = plain(said).split()
    return _by_word(words) or _by_clause(said) or _by_phrase(" ".join(words)) or NOTHING


def _by_word(words: Sequence[str]) -> Wish | None:
    start, end = 0, len(words)
    while start < end and words[start] in POLITE:
        start += 1
    while end > start and words[end - 1] in POLITE:
        end -= 1
    for some, confidence in ((words, 1.0), (words[start:end], 0.98)):
        word = _compact(some) if sum(map(len, some)) <= _LONGEST_WORD else ""
        if word in _STOP:
            return Wish(
                "opt_out", confidence, word, "word", "all" if word in _STOP_ALL else "channel"
            )
        if word in _HELP:
            return Wish("help", confidence, word, "word")
        if word in _START:
            return Wish("opt_in", confidence, word, "word")
    return None


def _by_clause(said: str) -> Wish | None:
    """'Not interested. Stop.', 'STOP - wrong number', and less surely 'Stop! …'."""
    if len(said) > 300:
        return None
    clauses = [words for clause in _CLAUSES.split(said) if (words := _unpolite(plain(clause)))]
    if len(clauses) < 2:
        return None
    loud = _LOUD_FIRST.match(said)
    if clauses[-1] in _STRONG:
        confidence = 0.75
    elif clauses[0] in _STRONG:
        confidence = 0.85 if loud and not loud["rest"].isupper() else 0.65
    else:
        return None
    better = _by_phrase(plain(said))
    if better and better.confidence >= confidence:
        return better
    return Wish(
        "opt_out", confidence, clauses[-1] if clauses[-1] in _STRONG else clauses[0], "phrase"
    )


def _unpolite(text: str) -> str:
    return _compact([word for word in text.split() if word not in POLITE])


def _by_phrase(text: str) -> Wish | None:
    best: Wish | None = None
    for phrase in PHRASES:
        if best and best.confidence >= phrase.confidence:
            continue
        for found in phrase.pattern.finditer(text):
            if not TURNED.search(text[: found.start()]):
                best = Wish("opt_out", phrase.confidence, found[0], "phrase", phrase.scope)
                break
    if best and best.scope == "channel" and _EVERYWHERE.search(text):
        return Wish("opt_out", best.confidence, best.matched, "phrase", "all")
    return best
