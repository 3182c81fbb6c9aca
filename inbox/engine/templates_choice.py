"""Which approved text answers a message best, and what is missing to fill it in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

#: Similarity to the message below which a text is about something else.
LEAST_SIMILARITY: Final = 0.35
#: A text written for the intent is as good as one for any that is so much more alike.
INTENT_BONUS: Final = 0.10
#: Most that customers' ratings move a text, up or down.
RATING_WEIGHT: Final = 0.05
#: Ratings at half good that each text is thought to have had before.
_PRIOR: Final = 10


@dataclass(frozen=True)
class Template:
    """A text written beforehand.

    Attributes
    ----------
    id : of the template
    intents, channels : that it is for; empty for all
    language : that it is written in
    is_approved : a person approved the text as it is now
    variables : places to fill in
    similarity : of the message to the text, cosine
    satisfied, rated : customers who were glad of an answer made of it, of those who said
    """

    id: int
    is_approved: bool
    similarity: float
    intents: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    language: str = "en"
    variables: tuple[str, ...] = ()
    satisfied: int = 0
    rated: int = 0

    def score(self, intent: str) -> float:
        """Similarity, with a bonus for the intent and a little for ratings."""
        liking = (self.satisfied + _PRIOR / 2) / (self.rated + _PRIOR) - 0.5
        bonus = INTENT_BONUS if intent in self.intents else 0.0
        return self.similarity + bonus + 2 * RATING_WEIGHT * liking


@dataclass(frozen=True)
class Wanted:
    """What a template is looked for.

    Attributes
    ----------
    intent, channel : of the message
    language : that it is written in; '' where not known
    known : variables that have a value
    """

    intent: str
    channel: str
    language: str = ""
    known: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Choice:
    """The template of an answer.

    Attributes
    ----------
    template : its id; None for none
    missing : its variables that have no value, in order; a person fills them in
    reason : for people
    others : ids of the next best ones
    similarity : of the message to the template; None for none
    """

    template: int | None
    missing: tuple[str, ...] = ()
    reason: str = ""
    others: tuple[int, ...] = ()
    similarity: float | None = field(default=None, compare=False)

    @property
    def is_complete(self) -> bool:
        """Whether there is one and nothing is missing."""
        return self.template is not None and not self.missing


def choose(wanted: Wanted, templates: Sequence[Template]) -> Choice:
    """Find the approved template that answers a message best.

    Parameters
    ----------
    wanted : by the message
    templates : of the workspace, in any order

    Returns
    -------
    Choice: among approved ones for the intent, the channel and, where it is known, the language,
    the most alike by `Template.score`; equal ones by fewer missing variables, then the smaller id.
    Without one the reason says what none of them is
    """
    left = list(templates)
    for words, fits in _conditions(wanted):
        left = [one for one in left if fits(one)]
        if not left:
            return Choice(None, reason=f"No template {words}.")
    left.sort(key=lambda one: (-round(one.score(wanted.intent), 9), _missing(one, wanted), one.id))
    best = left[0]
    return Choice(
        best.id,
        tuple(name for name in best.variables if name not in wanted.known),
        f"{best.similarity:.2f} alike" + (f", for {wanted.intent}" if best.intents else ""),
        tuple(one.id for one in left[1:4]),
        best.similarity,
    )


def _conditions(wanted: Wanted) -> tuple[tuple[str, Callable[[Template], bool]], ...]:
    """Say what a template must be, in words that hold where none is, the first reason first."""
    kind = f"for {wanted.intent}"
    way = f"{kind} on {wanted.channel}"
    return (
        ("is approved", lambda one: one.is_approved),
        (f"{kind} is approved", lambda one: _has(one.intents, wanted.intent)),
        (f"{way} is approved", lambda one: _has(one.channels, wanted.channel)),
        (
            f"{way} is in the language “{wanted.language}”",
            lambda one: _speaks(one, wanted.language),
        ),
        (f"{way} is like the message", lambda one: one.similarity >= LEAST_SIMILARITY),
    )


def _has(among: Collection[str], one: str) -> bool:
    return not among or one in among


def _speaks(template: Template, language: str) -> bool:
    return not language or template.language.split("-")[0] == language.split("-")[0]


def _missing(template: Template, wanted: Wanted) -> int:
    return len(set(template.variables) - wanted.known)
