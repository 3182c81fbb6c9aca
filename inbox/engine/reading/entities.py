"""What a message speaks of: topics, keywords, products, troubles, wishes, language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from inbox.engine.reading.shapes import Entities
from inbox.engine.reading.words import ASKING, TOPICS, TROUBLE, seen
from outreach.engine.opt_out import plain

MOST_TOPICS: Final = 4
MOST_KEYWORDS: Final = 8
_MOST_SENTENCES: Final = 5
_LONGEST: Final = 160
_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|\n+")
_LEAST_WORDS: Final = 2

# Words that every text of a language has.
_COMMON: Final[dict[str, frozenset[str]]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the a an and or but is are was were be been i you we they he she it my your our"
        " this that to of in on for"
        " with not do does did have has had can will would could please what how when where from"
        " at by about me so if",
        "de": "der die das und oder aber ist sind war ich du wir sie er es mein ihr unser dies"
        " zu von in auf fur mit nicht"
        " haben hat hatte kann wird bitte was wie wann wo aus bei uber mir wenn ein eine einen"
        " den dem noch auch mich",
        "fr": "le la les un une et ou mais est sont je tu nous vous ils elle mon votre notre ce"
        " cette de du des en sur pour"
        " avec pas ne ai avez peut bonjour merci que comment quand au par moi si dans suis plus",
        "es": "el la los las un una y o pero es son yo tu nosotros usted ellos mi su este esta"
        " de del en por para con no"
        " tengo tiene puede hola gracias que como cuando donde me si mas lo muy",
        "it": "il lo la gli le un una e o ma sono io tu noi voi mio vostro questo questa di del"
        " della in su per con non ho"
        " ha puo ciao grazie che come quando dove mi se piu molto",
        "pt": "o a os as um uma e ou mas sao eu voce nos eles meu seu este esta de do da em por"
        " para com nao tenho tem"
        " pode ola obrigado que como quando onde me se mais muito",
        "nl": "de het een en of maar is zijn was ik jij wij zij hij mijn uw onze dit dat van in"
        " op voor met niet heb heeft"
        " kan zal graag wat hoe wanneer waar uit bij me als nog ook",
    }.items()
}  # fmt: skip
_SCRIPTS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
# Less than this of the letters are no text of a script.
_OF_SCRIPT: Final = 0.3
_LEAST_COMMON: Final = 2


def topics_of(said: str) -> tuple[str, ...]:
    """Topics of a text, most spoken of first, at most four.

    Parameters
    ----------
    said : as `plain` writes it
    """
    times = {name: len(pattern.findall(said)) for name, pattern in TOPICS.items()}
    found = sorted((name for name in times if times[name]), key=lambda name: -times[name])
    return tuple(found[:MOST_TOPICS])


def keywords_of(said: str) -> tuple[str, ...]:
    """Words that are not in every text, most used first, at most eight.

    Parameters
    ----------
    said : as `plain` writes it
    """
    words = (word for word in said.split() if 3 < len(word) <= 30 and not _is_common(word))
    return tuple(word for word, _ in Counter(words).most_common(MOST_KEYWORDS))


def entities_of(text: str, products: Sequence[str] = ()) -> Entities:
    """Products by name, sentences that tell of trouble, and sentences that ask for something.

    Parameters
    ----------
    text : of the message
    products : names to look for, in whatever case
    """
    said = f" {plain(text)} "
    named = tuple(dict.fromkeys(name for name in products if _is_named(name, said)))
    issues, requests = [], []
    for sentence in _SENTENCES.split(text):
        told = plain(sentence)
        if len(told.split()) < _LEAST_WORDS:
            continue
        if ASKING.search(told):
            requests.append(_short(sentence))
        elif seen(TROUBLE, told):
            issues.append(_short(sentence))
    return Entities(named, tuple(issues[:_MOST_SENTENCES]), tuple(requests[:_MOST_SENTENCES]))


def language_of(text: str) -> str:
    """Language by its script or its commonest words.

    Parameters
    ----------
    text : of the message

    Returns
    -------
    ISO 639-1, '' where too little tells
    """
    letters = sum(char.isalpha() for char in text)
    for language, script in _SCRIPTS:
        if letters and len(script.findall(text)) >= _OF_SCRIPT * letters:
            return language
    words = Counter(plain(text).split())
    counts = {language: sum(words[word] for word in common) for language, common in _COMMON.items()}
    best = max(counts, key=lambda language: counts[language])
    others = max(counts[language] for language in counts if language != best)
    is_told = counts[best] >= _LEAST_COMMON and counts[best] > others
    return best if is_told else ""


def _is_common(word: str) -> bool:
    return any(word in words for words in _COMMON.values())


def _is_named(name: str, said: str) -> bool:
    wanted = _plain_name(name)
    return bool(wanted) and f" {wanted} " in said


@lru_cache(maxsize=2048)
def _plain_name(name: str) -> str:
    return plain(name)


def _short(sentence: str) -> str:
    told = " ".join(sentence.split())
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"
