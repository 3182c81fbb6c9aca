"""When a machine may answer alone, and what takes that from it.

A reply goes out unsigned only where people have looked at enough of such replies and found nearly
all of them good: the lower bound of their precision must be 99 %. The bound is that of Clopper
and Pearson, one-sided, 95 %: at a precision this near to one, Wilson's interval promises more
than it keeps (with 268 good of 268 it says 99 %, and a machine of 98.9 % gets there in more than
one of twenty tries), the exact one never does. 299 replies without a bad one are needed, 473 with
one; see `needed`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from inbox.engine.drafting_rules import Handling

INTENTS: Final = frozenset({"question", "compliment", "purchase"})
LEAST_CONFIDENCE: Final = 0.90
LEAST_SENTIMENT: Final = -0.2
LEAST_PRECISION: Final = 0.99
#: Share of cases in which a bound may lie above the true precision.
ERROR: Final = 0.05
#: Replies of an intent that are looked at in a night at least, where so many went out.
LEAST_SAMPLE: Final = 20
#: Last judged replies of an intent that count: what a machine did long ago says little.
WINDOW: Final = 1_000


class Verdict(StrEnum):
    """What a person says of a reply without knowing whether it went out unsigned."""

    GOOD = "good"
    BAD = "bad"


def lower_bound(good: int, judged: int, error: float = ERROR) -> float:
    """Precision that is reached with certainty 1 − error (Clopper and Pearson, one-sided).

    Parameters
    ----------
    good, judged : replies found good, of those looked at
    error : chance that the bound lies above the true precision

    Returns
    -------
    in [0, 1]; 0 where none was good or nothing was looked at

    Raises
    ------
    ValueError : counts that do not fit, or an error outside (0, 1)

    References
    ----------
    Clopper, Pearson (1934), Biometrika 26(4), 404-413.
    """
    from scipy import special

    if not 0 <= good <= judged:
        raise ValueError(f"good: {good}, must lie between 0 and {judged}")
    if not 0 < error < 1:
        raise ValueError(f"error: {error}, must lie between 0 and 1")
    return float(special.betaincinv(good, judged - good + 1, error)) if good else 0.0


def needed(bad: int, precision: float = LEAST_PRECISION, error: float = ERROR) -> int:
    """Count the replies that must be judged to show a precision when so many of them are bad.

    Parameters
    ----------
    bad : replies found bad
    precision : in (0, 1)
    error : as `lower_bound`

    Returns
    -------
    the smallest number; for 99 %: 299, 473, 628, 773, 913 with 0 to 4 bad ones
    """
    if not 0 < precision < 1:
        raise ValueError(f"precision: {precision}, must lie between 0 and 1")
    # The bound grows with each good one, so the number is found by halving.
    low, high = bad, bad + 1
    while lower_bound(high - bad, high, error) < precision:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if lower_bound(middle - bad, middle, error) < precision:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True)
class Record:
    """What people said of the replies of one intent, of the last `WINDOW` that were judged."""

    good: int = 0
    bad: int = 0

    @property
    def judged(self) -> int:
        """Replies looked at."""
        return self.good + self.bad

    @property
    def bound(self) -> float:
        """Precision that is certain by 95 %."""
        return lower_bound(self.good, self.judged)

    @property
    def missing(self) -> int:
        """Good replies in a row until the bound is reached; 0 where it is."""
        return max(0, needed(self.bad) - self.judged)


def record_of(verdicts: Sequence[Verdict], window: int = WINDOW) -> Record:
    """Count the latest verdicts.

    Parameters
    ----------
    verdicts : of one intent, the latest last
    window : how many count
    """
    latest = verdicts[-window:] if window else ()
    good = sum(one is Verdict.GOOD for one in latest)
    return Record(good, len(latest) - good)


@dataclass(frozen=True)
class Reply:
    """A drafted reply and the message that it answers.

    Attributes
    ----------
    intent, confidence, sentiment : of the message; the confidence is calibrated
    is_from_approved_template : the text is an approved template with all its variables filled,
        and the template does not ask for a person
    """

    intent: str
    confidence: float
    sentiment: float | None
    is_from_approved_template: bool


@dataclass(frozen=True)
class Clearance:
    """Whether a reply may go out unsigned, and all that stands in the way."""

    is_allowed: bool
    reasons: tuple[str, ...]


def may_send(reply: Reply, handling: Handling, record: Record, *, is_on: bool) -> Clearance:
    """Say whether a reply may go out without a person.

    Parameters
    ----------
    reply : drafted
    handling : of its message, see `drafting_rules.handle`
    record : of its intent
    is_on : a person switched automatic sending on for the intent, and nothing demoted it since

    Returns
    -------
    Clearance; a sentiment that is not known stands in the way like a bad one
    """
    reasons = tuple(_obstacles(reply, handling, record, is_on=is_on))
    return Clearance(not reasons, reasons)


def _obstacles(reply: Reply, handling: Handling, record: Record, *, is_on: bool) -> Iterable[str]:
    if not is_on:
        yield "Automatic sending is off for this intent."
    if not handling.wants_draft or handling.needs_person:
        yield from handling.reasons or ("No answer is wanted.",)
    if reply.intent not in INTENTS:
        yield "Only questions, compliments and purchases may be answered automatically."
    if not reply.confidence >= LEAST_CONFIDENCE:
        yield f"The intent is only {_pct(reply.confidence)} sure, under 90 %."
    if reply.sentiment is None or not reply.sentiment >= LEAST_SENTIMENT:
        yield "The customer seems unhappy, or nobody can tell."
    if not reply.is_from_approved_template:
        yield "The text is not an approved template with all its places filled."
    if record.bound < LEAST_PRECISION:
        yield f"{_shown(record)}; {record.missing} more good ones are needed for 99 %."


def _pct(share: float) -> str:
    """Round down: 89.96 % is not told as the 90 % that would do."""
    return "0 %" if math.isnan(share) else f"{math.floor(share * 1_000) / 10:g} %"


def _shown(record: Record) -> str:
    return (
        f"{record.good} of {record.judged} judged replies were good, which shows"
        f" {_pct(record.bound)}"
    )


@dataclass(frozen=True)
class Demotion:
    """Whether automatic sending of an intent ends, and why."""

    is_due: bool
    reason: str = ""


def demotion(record: Record) -> Demotion:
    """Decide each night whether the replies of an intent may go on unsigned.

    Parameters
    ----------
    record : with the verdicts of the night

    Returns
    -------
    Demotion: due as soon as 99 % is no longer shown. It lasts until a person switches it on again

    Notes
    -----
    A machine whose precision is 99 % or worse stays with the full window of 1,000 with a chance of
    at most 5 % (`chance_to_stay`); looking each night anew only makes it end sooner.
    """
    if record.bound >= LEAST_PRECISION:
        return Demotion(is_due=False)
    return Demotion(is_due=True, reason=f"{_shown(record)}, under 99 %.")


def allowed_bad(judged: int) -> int:
    """Bad replies among so many with which 99 % is still shown; −1 where even none is too many."""
    bad = -1
    while needed(bad + 1) <= judged:
        bad += 1
    return bad


def chance_to_stay(precision: float, judged: int = WINDOW) -> float:
    """Chance that a machine of a known precision passes one look at so many replies.

    Parameters
    ----------
    precision : the true one, in [0, 1]
    judged : replies looked at
    """
    from scipy import special

    most = allowed_bad(judged)
    return float(special.bdtr(most, judged, 1 - precision)) if most >= 0 else 0.0


@dataclass(frozen=True)
class Sent:
    """A reply of the day.

    Attributes
    ----------
    id : of the draft
    intent : of the message that it answers
    was_auto : went out unsigned; else a person signed it
    """

    id: str
    intent: str
    was_auto: bool


def sample(
    replies: Iterable[Sent], *, share: float, seed: str, least: int = LEAST_SAMPLE
) -> tuple[Sent, ...]:
    """Draw the replies of a day that a person looks at blind.

    Of each intent a share of what went out unsigned, `least` at least, and half as many that a
    person signed: who judges cannot tell them apart, and cannot let all pass.

    Parameters
    ----------
    replies : of the day
    share : of those that went out unsigned, in (0, 1]
    seed : such as the workspace and the date; the same seed draws the same replies, in whatever
        order they come
    least : of an intent, where there are so many

    Returns
    -------
    in an order that says nothing about them

    Raises
    ------
    ValueError : a share outside (0, 1]
    """
    if not 0 < share <= 1:
        raise ValueError(f"share: {share}, must lie between 0 and 1")
    groups: dict[str, tuple[list[Sent], list[Sent]]] = {}
    for reply in replies:
        groups.setdefault(reply.intent, ([], []))[not reply.was_auto].append(reply)
    drawn: list[Sent] = []
    for auto, signed in groups.values():
        count = min(len(auto), max(least, math.ceil(share * len(auto))))
        drawn += _drawn(auto, count, seed)
        drawn += _drawn(signed, -(-count // 2), seed)
    return tuple(_drawn(drawn, len(drawn), seed + "/order"))


def _drawn(replies: Iterable[Sent], count: int, seed: str) -> list[Sent]:
    return sorted(replies, key=lambda reply: (_ticket(seed, reply.id), reply.id))[:count]


def _ticket(seed: str, of: str) -> bytes:
    return hashlib.sha256(f"{seed}\x00{of}".encode()).digest()
