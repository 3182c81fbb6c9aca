"""Which engagements a funnel answers, and why it leaves the others."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from outreach.engine.opt_out import plain
from outreach.engine.social.worth import KINDS

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Moments = npt.NDArray[np.datetime64]
Flags = npt.NDArray[np.bool_]

DEFAULT_KEYWORDS: Final = ("interested", "how much", "tell me more", "link")
WINDOW_S: Final = 7 * 86_400
NEGATIVE_TO: Final = -0.2


class Match(IntEnum):
    """What a funnel makes of an engagement; reasons in the order in which they are asked."""

    ANSWERED = 0
    OTHER_KIND = 1
    NO_TRIGGER = 2
    EXCLUDED = 3
    ALREADY_IN = 4
    NEGATIVE = 5
    LOW_SCORE = 6
    FEW_FOLLOWERS = 7
    DAILY_LIMIT = 8


@dataclass(frozen=True)
class Funnel:
    """When a funnel answers.

    Attributes
    ----------
    kinds : of engagement, names from `worth.KINDS`
    keywords : one of which a text has to hold, as whole words; none where empty
    least_interactions : of the person in 7 days up to this one; none asked for where 0. Where
        there are keywords too, either is enough; where there is neither, the kind is
    least_score : of the person as an advocate, 0 to 100
    least_followers : of the person
    excluded : people who are never answered, such as staff
    daily_limit : people answered a day; None is no limit
    """

    kinds: frozenset[str] = frozenset(["comment"])
    keywords: tuple[str, ...] = DEFAULT_KEYWORDS
    least_interactions: int = 3
    least_score: float = 0.0
    least_followers: int = 0
    excluded: frozenset[int] = frozenset()
    daily_limit: int | None = None


@dataclass(frozen=True)
class Engagements:
    """Engagements in the order of their time; arrays of one length.

    Attributes
    ----------
    people : who
    kinds : places in `worth.KINDS`
    moments : datetime64, UTC
    days : the day in the workspace's zone, in any numbering
    feelings : −1 to 1 of what was written, nan where nothing was
    scores, followers : of the person
    texts : what was written, '' for nothing
    """

    people: IntArray
    kinds: npt.NDArray[np.int8]
    moments: Moments
    days: IntArray
    feelings: FloatArray
    scores: FloatArray
    followers: IntArray
    texts: Sequence[str]


def _nothing() -> tuple[IntArray, Moments]:
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype="datetime64[s]")


@dataclass(frozen=True)
class Before:
    """What was before these engagements.

    Attributes
    ----------
    people : in the funnel already
    answered : day → people answered on it
    history : people and moments of earlier engagements of 7 days, in any order
    """

    people: Collection[int] = ()
    answered: Mapping[int, int] = field(default_factory=dict)
    history: tuple[IntArray, Moments] = field(default_factory=_nothing)


@dataclass(frozen=True)
class Matches:
    """What a funnel makes of engagements.

    Attributes
    ----------
    outcomes : (n,) codes of `Match`
    interactions : (n,) of the person in the 7 days up to it, itself among them
    keywords : the keyword that was found, '' for none
    """

    outcomes: npt.NDArray[np.int8]
    interactions: IntArray
    keywords: tuple[str, ...]


def match(
    engagements: Engagements,
    funnel: Funnel,
    before: Before | None = None,
    extra: Sequence[Sequence[str]] | None = None,
) -> Matches:
    """Tell which engagements a funnel answers; a person is answered once.

    Parameters
    ----------
    engagements : in the order of their time
    funnel : when to answer
    before : who is in it, what was answered and what was done before
    extra : (n,) keywords that count for one engagement beside the funnel's, as posts have them

    Returns
    -------
    Matches

    Raises
    ------
    ValueError : lengths differ, moments fall, or a kind is unknown
    """
    before = before or Before()
    _check(engagements, funnel)
    found = _keywords(engagements.texts, funnel.keywords)
    if extra is not None:
        found = _with_extra(engagements.texts, found, extra)
    counts = interactions(engagements.people, engagements.moments, *before.history)
    outcomes = np.full(len(engagements.people), Match.ANSWERED, dtype=np.int8)
    wanted = [KINDS.index(kind) for kind in funnel.kinds]
    refusals = (
        (~np.isin(engagements.kinds, wanted), Match.OTHER_KIND),
        (~_triggered(found, counts, funnel), Match.NO_TRIGGER),
        (np.isin(engagements.people, list(funnel.excluded)), Match.EXCLUDED),
        (np.isin(engagements.people, list(before.people)), Match.ALREADY_IN),
        (engagements.feelings <= NEGATIVE_TO, Match.NEGATIVE),  # nan is no feeling
        (engagements.scores < funnel.least_score, Match.LOW_SCORE),
        (engagements.followers < funnel.least_followers, Match.FEW_FOLLOWERS),
    )
    for where, why in refusals:
        outcomes[(outcomes == Match.ANSWERED) & where] = why
    _once_and_limited(outcomes, engagements, funnel, before)
    return Matches(outcomes, counts, found)


def _check(engagements: Engagements, funnel: Funnel) -> None:
    if len({len(getattr(engagements, part.name)) for part in fields(engagements)}) > 1:
        raise ValueError("lengths of the engagements' arrays differ")
    if (np.diff(_seconds(engagements.moments)) < 0).any():
        raise ValueError("moments: they fall")
    unknown = funnel.kinds - set(KINDS)
    if unknown:
        raise ValueError(f"kinds: {', '.join(sorted(unknown))} are none of {', '.join(KINDS)}")


def _seconds(moments: Moments) -> IntArray:
    return moments.astype("datetime64[s]").astype(np.int64)


def _keywords(texts: Sequence[str], keywords: Sequence[str]) -> tuple[str, ...]:
    words = [word for word in map(plain, keywords) if word]
    if not words:
        return ("",) * len(texts)
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    # 'Not interested' asks for nothing.
    pattern = re.compile(rf"(?<!\w)(?<!not )(?:{either})(?!\w)")
    found = (pattern.search(plain(text)) if text else None for text in texts)
    return tuple(word[0] if word else "" for word in found)


def _with_extra(
    texts: Sequence[str], found: Sequence[str], extra: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    return tuple(
        word or (_keywords([text], more)[0] if more else "")
        for text, word, more in zip(texts, found, extra, strict=True)
    )


def _triggered(found: Sequence[str], counts: IntArray, funnel: Funnel) -> Flags:
    if not funnel.keywords and not funnel.least_interactions:
        return np.ones(len(counts), dtype=bool)
    by_word = np.array([bool(word) for word in found], dtype=bool)
    if not funnel.least_interactions:
        return by_word
    return by_word | (counts >= funnel.least_interactions)


def _once_and_limited(
    outcomes: npt.NDArray[np.int8], engagements: Engagements, funnel: Funnel, before: Before
) -> None:
    """Answer the first engagement of a person that may be answered, up to the day's limit."""
    answered = dict(before.answered)
    seen: set[int] = set()
    for place in np.flatnonzero(outcomes == Match.ANSWERED):
        person, day = int(engagements.people[place]), int(engagements.days[place])
        if person in seen:
            outcomes[place] = Match.ALREADY_IN
        elif funnel.daily_limit is not None and answered.get(day, 0) >= funnel.daily_limit:
            outcomes[place] = Match.DAILY_LIMIT
        else:
            seen.add(person)
            answered[day] = answered.get(day, 0) + 1


def interactions(
    people: IntArray, moments: Moments, earlier_people: IntArray, earlier_moments: Moments
) -> IntArray:
    """Count a person's interactions in the 7 days up to each of these, itself among them.

    Parameters
    ----------
    people, moments : (n,) in the order of their time
    earlier_people, earlier_moments : (m,) before them, in any order

    Returns
    -------
    (n,) counts, 1 or more
    """
    everybody = np.concatenate([earlier_people, people])
    if not len(everybody):
        return np.zeros(0, dtype=np.int64)
    when = np.concatenate([_seconds(earlier_moments), _seconds(moments)])
    when = when - when.min()
    order = np.lexsort((np.arange(len(when)), when, everybody))
    _, rank = np.unique(everybody[order], return_inverse=True)
    # One rising key for person and moment, so that one search finds the start of each window.
    base = rank * (int(when.max()) + WINDOW_S)
    key = base + when[order]
    start = np.searchsorted(key, np.maximum(key - WINDOW_S + 1, base), side="left")
    counts = np.empty(len(when), dtype=np.int64)
    counts[order] = np.arange(len(when)) - start + 1
    return counts[len(earlier_people) :]
