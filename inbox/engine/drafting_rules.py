"""Who answers a message: nobody, a person, or a machine under the rules of automatic sending."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from inbox.engine.sensitive_words import HARMLESS, SUBJECTS
from inbox.engine.sla_policy import Urgency
from outreach.engine.opt_out import Wish, wish_of

#: Confidence of an intent below which a person decides.
SURE_FROM: Final = 0.80
#: Intents that a person always answers.
BY_PERSON: Final = frozenset({"complaint", "objection", "unsubscribe"})
#: Told of a conversation in which nothing goes out alone.
DRAFTS_WAIT: Final = "Drafts of this conversation wait for a person."
#: Characters of a text that are looked at; sensitive words stand at the beginning or are many.
MAX_TEXT: Final = 20_000


class Posture(StrEnum):
    """What a machine may do in a conversation."""

    AUTO = "auto"
    DRAFT_ONLY = "draft_only"
    OFF = "off"


@dataclass(frozen=True)
class Message:
    """What is known of a message of a customer.

    Attributes
    ----------
    text : what they wrote, without quotes
    intent, confidence : as classified; the confidence is calibrated, 0 to 1
    urgency : as classified
    is_automatic : a machine wrote it: out of office, delivery notice
    """

    text: str
    intent: str
    confidence: float
    urgency: Urgency
    is_automatic: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence: {self.confidence}, must lie between 0 and 1")


@dataclass(frozen=True)
class Handling:
    """What is done with a message.

    Attributes
    ----------
    wants_draft : whether an answer is drafted
    needs_person : whether a person must sign it, whatever automatic sending allows
    closes : the conversation is closed without an answer
    unsubscribes : the wish is carried out at once, before anybody looks
    reasons : for people, why a person decides or why nothing is drafted
    """

    wants_draft: bool = False
    needs_person: bool = False
    closes: bool = False
    unsubscribes: bool = False
    reasons: tuple[str, ...] = ()


def handle(message: Message, posture: Posture) -> Handling:
    """Decide what is done with a message.

    Parameters
    ----------
    message : with its classification
    posture : of the conversation

    Returns
    -------
    Handling; all reasons that hold are told, not only the first. An unsubscribe is carried out
    where the words themselves say it or the intent is sure; a spam closes its conversation only
    when it is sure, else a person looks
    """
    wish = wish_of(message.text)
    reasons = list(_reasons(message, wish))
    unsubscribes = _unsubscribes(message, wish)
    is_spam = message.intent == "spam" and message.confidence >= SURE_FROM and not unsubscribes
    if is_spam:
        return Handling(closes=True, reasons=("Spam is closed without an answer.",))
    if message.is_automatic:
        told = "A machine wrote it: an answer would only be answered again."
        return Handling(unsubscribes=unsubscribes, reasons=(told,))
    if posture is Posture.OFF:
        told = "Drafting is off in this conversation."
        return Handling(needs_person=True, unsubscribes=unsubscribes, reasons=(told, *reasons))
    if posture is Posture.DRAFT_ONLY:
        reasons.insert(0, DRAFTS_WAIT)
    return Handling(
        wants_draft=True,
        needs_person=bool(reasons),
        unsubscribes=unsubscribes,
        reasons=tuple(reasons),
    )


def _unsubscribes(message: Message, wish: Wish) -> bool:
    if wish.action == "opt_out" and wish.is_executed:
        return True
    is_sure = message.intent == "unsubscribe" and message.confidence >= SURE_FROM
    return is_sure and wish.action != "opt_in"


def _reasons(message: Message, wish: Wish) -> Iterable[str]:
    """Why a person must decide."""
    if message.intent in BY_PERSON:
        yield f"{message.intent.capitalize()}s are answered by a person."
    elif wish.action == "opt_out":
        yield "It seems to ask for no more messages."
    if message.urgency is Urgency.HIGH:
        yield "It is urgent."
    if message.confidence < SURE_FROM:
        # Rounded down, so that 79.6 % is not told as the 80 % that would do.
        yield f"The intent is only {int(message.confidence * 100)} % sure, under 80 %."
    if message.intent == "spam":
        yield "It may be spam."
    for subject, words in sensitive(message.text).items():
        yield f"It is about {subject}: " + ", ".join(f"“{word}”" for word in words[:3]) + "."


def sensitive(text: str) -> dict[str, tuple[str, ...]]:
    """Words about money, law and health in a text.

    Parameters
    ----------
    text : any; letters are compared without case, accents as written, whole words only

    Returns
    -------
    by subject the words as they stand, in order, each once; only subjects that occur
    """
    plain = _pattern(HARMLESS).sub(" ", _plain(text[:MAX_TEXT]))
    found = {}
    for subject, words in SUBJECTS.items():
        seen = dict.fromkeys(match[0] for match in _pattern(words).finditer(plain))
        if seen:
            found[subject] = tuple(seen)
    return found


def _plain(text: str) -> str:
    """Lower case, one kind of apostrophe and space; hyphens and underlines part words."""
    text = unicodedata.normalize("NFKC", text).casefold()
    # Characters that do not show must not hide a word.
    text = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return re.sub(r"[\s_\-\u2010-\u2015]+", " ", text.replace("\u2019", "'"))


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted((_plain(word) for word in words), key=len, reverse=True)
    parts = (
        re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "")
        for word in longest_first
    )
    return re.compile(r"(?<!\w)(?:" + "|".join(parts) + r")(?!\w)")
