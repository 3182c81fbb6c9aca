"""How often a person may hear from us, over all channels and campaigns.

Days and weeks are the last 24 hours and the last 7 × 24 hours before a message, not those of a
calendar: so nobody gets one at 23 h and the next at 1 h, and a person who travels from zone to
zone gains none. Messages that are planned for later count as if they were sent.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from outreach.engine.channels import BoolArray, IntArray, MomentArray, Purpose
from outreach.engine.zones import DAY_S, NEVER

CountArray = npt.NDArray[np.int16]

_DAY: Final = np.timedelta64(DAY_S, "s")
_WEEK: Final = np.timedelta64(7 * DAY_S, "s")
LONG_AGO: Final = np.datetime64(-(2**40), "s")
FAR_AWAY: Final = np.datetime64(2**40, "s")


@dataclass(frozen=True)
class CapRules:
    """How many messages: marketing, and all that nobody asked for; 0 lets none through."""

    marketing_day: int = 1
    marketing_week: int = 4
    any_day: int = 3
    any_week: int = 10

    def __post_init__(self) -> None:
        for one in fields(self):
            if (limit := getattr(self, one.name)) < 0:
                raise ValueError(f"{one.name}: {limit} is no number of messages")

    def stricter(self, other: CapRules) -> CapRules:
        """Caps that keep to both: of each the lower one."""
        return CapRules(
            *(min(getattr(self, one.name), getattr(other, one.name)) for one in fields(self))
        )


DEFAULT_CAPS: Final = CapRules()


@dataclass(frozen=True)
class CapUse:
    """What n people were sent, as far as caps need it.

    Of a cap of c messages, the c-th last message says all: another one is allowed a day (a week)
    after it. Not a time where there were fewer.

    Attributes
    ----------
    marketing_day, marketing_week, any_day, any_week : (n,) moments of the c-th last message
        that counts, c by the `CapRules`; those planned for later included
    counts : (n, 4) messages of the last day and week in the same order, for the proof
    """

    marketing_day: MomentArray
    marketing_week: MomentArray
    any_day: MomentArray
    any_week: MomentArray
    counts: CountArray

    @classmethod
    def none(cls, n: int) -> CapUse:
        """Nobody of n was sent anything."""
        never = np.full(n, NEVER)
        return cls(never, never, never, never, np.zeros((n, 4), np.int16))

    def rows(self, which: slice | IntArray | BoolArray) -> CapUse:
        """Take some of the people."""
        return CapUse(*(getattr(self, one.name)[which] for one in fields(self)))


def cap_use(
    person: IntArray,
    at: MomentArray,
    is_marketing: BoolArray,
    *,
    people: int,
    now: np.datetime64,
    rules: CapRules = DEFAULT_CAPS,
) -> CapUse:
    """Sum up messages of people, as far as caps need it.

    Parameters
    ----------
    person : (m,) place of the person in [0, people)
    at : (m,) when each message was sent or is planned, UTC; those that failed are left out
    is_marketing : (m,) what it was for; replies are left out
    people : how many there are
    now : for the counts, which reach back from here and count all that is planned
    rules : the caps

    Returns
    -------
    CapUse of (people,)
    """
    order = np.lexsort((-at.astype(np.int64), person))
    person, at, is_marketing = person[order], at[order], is_marketing[order]
    parts, counts = [], []
    for mask, day, week in (
        (is_marketing, rules.marketing_day, rules.marketing_week),
        (np.ones(person.size, np.bool_), rules.any_day, rules.any_week),
    ):
        who, when = person[mask], at[mask]
        rank = np.arange(who.size) - np.searchsorted(who, who)
        for limit, span in ((day, _DAY), (week, _WEEK)):
            moments = np.full(people, NEVER if limit else FAR_AWAY)
            is_it = rank == limit - 1
            moments[who[is_it]] = when[is_it]
            parts.append(moments)
            counts.append(np.bincount(who[when > now - span], minlength=people))
    marketing_day, marketing_week, any_day, any_week = parts
    told = np.stack(counts, axis=1).astype(np.int16)
    return CapUse(marketing_day, marketing_week, any_day, any_week, told)


def next_allowed(use: CapUse, purpose: Purpose) -> MomentArray:
    """First moment at which caps let another message through.

    Parameters
    ----------
    use : of n people
    purpose : marketing meets all caps, service only the ceiling, a reply none

    Returns
    -------
    (n,) UTC seconds; long ago for those whom no cap holds, far away for those who get nothing
    """
    if purpose == Purpose.REPLY:
        return np.full(use.any_day.size, LONG_AGO)
    held = [(use.any_day, _DAY), (use.any_week, _WEEK)]
    if purpose == Purpose.MARKETING:
        held += [(use.marketing_day, _DAY), (use.marketing_week, _WEEK)]
    found = np.full(use.any_day.size, LONG_AGO)
    for moments, span in held:
        np.fmax(found, moments + span, out=found)
    return found
