"""May this be sent to this person on this channel now? Asked for a million, and before each send.

The order of the checks is fixed, and the first that refuses gives the reason: the kill switch,
suppression, consent, the address, caps, quiet hours, the conversation. Caps and quiet hours only
delay, so the conversation is judged at the moment to which they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from outreach.engine.caps import FAR_AWAY, LONG_AGO, next_allowed
from outreach.engine.channels import BoolArray, CodeArray, MomentArray, Purpose
from outreach.engine.facts import Consent, Facts, Point, Suppression
from outreach.engine.laws import (
    DEFAULT_LAWS,
    LEGAL_QUIET,
    ChannelLaw,
    Laws,
    Outside,
    Region,
)
from outreach.engine.zones import NEVER, Clock, Span, spans_outside

# Nobody is asked to wait longer for a cap; a cap of 0 lets nothing through at all.
_MOST_WAIT: Final = np.timedelta64(60, "D")
# Quiet hours end within a day; the rest is for codes of several zones that seldom agree.
_AHEAD: Final = np.timedelta64(3, "D")


class Verdict(IntEnum):
    """The answer."""

    NEVER = 0
    ALLOW = 1
    TEMPLATE_ONLY = 2
    TASK_FOR_HUMAN = 3
    WAIT = 4


class Why(IntEnum):
    """Why it is not allowed, or not yet; in the order of the checks."""

    FINE = 0
    STOPPED = 1
    SUPPRESSED = 2
    NO_CONSENT = 3
    NO_ADDRESS = 4
    UNREACHABLE = 5
    NOT_ACCEPTED = 6
    FREQUENCY_CAP = 7
    QUIET_HOURS = 8
    TEMPLATE_REFUSED = 9
    PROMOTION = 10
    WINDOW = 11


class Window(IntEnum):
    """What opens a channel for a message; kept as proof."""

    CLOSED = 0
    NOT_NEEDED = 1
    CONVERSATION = 2
    ADVERTISEMENT = 3
    TEMPLATE = 4
    HUMAN_AGENT = 5
    PERSON = 6
    COMMENT = 7


class Hours(IntEnum):
    """What quiet hours had to say; kept as proof."""

    NONE = 0
    OPEN = 1
    EXEMPT = 2


@dataclass(frozen=True)
class Permissions:
    """Answers for n people on k channels.

    Attributes
    ----------
    verdict : (n, k) codes of `Verdict`
    form : (n, k) what it is from `until` on: `NEVER`, `ALLOW`, `TEMPLATE_ONLY` or
        `TASK_FOR_HUMAN`; other than the verdict only where that is `WAIT`
    why : (n, k) codes of `Why`
    until : (n, k) first moment at which it may be done, UTC; not a time where never
    closes : (n, k) moment from which the form holds no longer; far away where it stays
    window, hours : (n, k) codes of `Window` and `Hours` at `until`
    """

    verdict: CodeArray
    form: CodeArray
    why: CodeArray
    until: MomentArray
    closes: MomentArray
    window: CodeArray
    hours: CodeArray


def permissions(
    facts: Facts,
    *,
    purpose: Purpose,
    at: np.datetime64 | MomentArray,
    laws: Laws = DEFAULT_LAWS,
    by_person: bool = False,
    is_stopped: bool = False,
    skips_caps: bool = False,
    commented: MomentArray | None = None,
) -> Permissions:
    """Answer for every person and channel.

    Parameters
    ----------
    facts : of n people on k channels; its consent is that for `purpose`
    purpose : what the message is for
    at : the moment, or (n,) moments, UTC seconds
    laws : of the channels
    by_person : a person of ours wrote it and sends it now
    is_stopped : the workspace's kill switch is on
    skips_caps : a send that somebody forced, or caps that were judged before
    commented : (n,) when the comment was written to which this is the private reply; not a time
        for other messages

    Returns
    -------
    Permissions of (n, k)
    """
    n, k = facts.point.shape
    moments = np.broadcast_to(np.asarray(at, "datetime64[s]"), (n,))
    caps = np.full(n, LONG_AGO) if skips_caps else next_allowed(facts.caps, purpose)
    told = Permissions(
        verdict=np.zeros((n, k), np.int8),
        form=np.zeros((n, k), np.int8),
        why=np.zeros((n, k), np.int8),
        until=np.full((n, k), NEVER),
        closes=np.full((n, k), NEVER),
        window=np.zeros((n, k), np.int8),
        hours=np.zeros((n, k), np.int8),
    )
    if not n:
        return told
    comments = np.full(n, NEVER) if commented is None else commented
    asked = _Asked(
        facts, purpose, moments, caps, comments, by_person=by_person, is_stopped=is_stopped
    )
    for column, channel in enumerate(facts.channels):
        _Column(asked, column, laws[channel]).write(told)
    return told


def refusals(facts: Facts, *, purpose: Purpose, laws: Laws = DEFAULT_LAWS) -> CodeArray:
    """Why people may not be written to at all, whatever the hour and however seldom.

    Parameters
    ----------
    facts : of n people on k channels; hours, windows and caps are not looked at
    purpose : what the message is for
    laws : of the channels

    Returns
    -------
    (n, k) codes of `Why`; `FINE` where suppression, consent and address do not stand against it
    """
    at = np.full(facts.n, LONG_AGO)
    asked = _Asked(
        facts, purpose, at, at, np.full(facts.n, NEVER), by_person=False, is_stopped=False
    )
    columns = [_Column(asked, place, laws[one]) for place, one in enumerate(facts.channels)]
    return np.stack([one.refusals() for one in columns], axis=1)


@dataclass(frozen=True)
class _Asked:
    facts: Facts
    purpose: Purpose
    at: MomentArray
    caps: MomentArray
    commented: MomentArray
    by_person: bool
    is_stopped: bool

    @property
    def is_barred(self) -> BoolArray:
        found: BoolArray = self.caps > self.at + _MOST_WAIT
        return found

    @property
    def clock(self) -> Clock:
        last = max(self.at.max(), np.where(self.is_barred, LONG_AGO, self.caps).max())
        return Clock.between(self.facts.zones, self.at.min(), last + _AHEAD)


@dataclass(frozen=True)
class _Column:
    """One channel of the question."""

    asked: _Asked
    column: int
    law: ChannelLaw

    def write(self, told: Permissions) -> None:
        """Write the answers for the channel into its column."""
        asked, column = self.asked, self.column
        why = self.refusals()
        why[(why == Why.FINE) & asked.is_barred] = Why.FREQUENCY_CAP
        is_free = why == Why.FINE
        until = np.maximum(asked.at, np.where(asked.is_barred, LONG_AGO, asked.caps))
        is_capped = until > asked.at
        opened, hours = self._after_quiet_hours(until)
        is_late = np.isnat(opened)
        why[is_free & is_late] = Why.QUIET_HOURS
        is_free &= ~is_late
        form, window, closes, closed = self._conversation(opened)
        is_shut = is_free & (form == Verdict.NEVER)
        why[is_shut] = closed[is_shut]
        is_free &= ~is_shut
        waits = is_free & (opened > asked.at)
        why[waits] = np.where(is_capped[waits], Why.FREQUENCY_CAP, Why.QUIET_HOURS)
        told.form[:, column] = np.where(is_free, form, Verdict.NEVER)
        told.verdict[:, column] = np.where(waits, Verdict.WAIT, told.form[:, column])
        told.why[:, column] = why
        told.until[:, column] = np.where(is_free, opened, NEVER)
        told.closes[:, column] = np.where(is_free, closes, NEVER)
        told.window[:, column] = np.where(is_free, window, Window.CLOSED)
        told.hours[:, column] = np.where(is_free, hours, Hours.NONE)

    def refusals(self) -> CodeArray:
        """Tell what refuses for good; the last check is written first, so the first one stays."""
        facts, column, law = self.asked.facts, self.column, self.law
        point = facts.point[:, column]
        why = np.zeros(facts.n, np.int8)
        if law.needs_acceptance:
            why[point != Point.ACCEPTING] = Why.NOT_ACCEPTED
        why[point == Point.UNREACHABLE] = Why.UNREACHABLE
        why[point == Point.MISSING] = Why.NO_ADDRESS
        answers = self._answers()
        why[~self._has_consent(answers)] = Why.NO_CONSENT
        suppression = facts.suppression[:, column]
        is_suppressed = suppression != Suppression.FREE
        if law.reply_despite_stop:
            is_suppressed &= ~(answers & (suppression == Suppression.UNSUBSCRIBE))
        why[is_suppressed] = Why.SUPPRESSED
        if self.asked.is_stopped:
            why[:] = Why.STOPPED
        return why

    def _answers(self) -> BoolArray:
        if self.asked.purpose != Purpose.REPLY:
            return np.zeros(self.asked.facts.n, np.bool_)
        found: BoolArray = ~np.isnat(self.asked.facts.last_inbound[:, self.column])
        return found

    def _has_consent(self, answers: BoolArray) -> BoolArray:
        facts, column = self.asked.facts, self.column
        consent = facts.consent[:, column]
        # Consent that nobody can prove is none.
        is_given: BoolArray = (consent == Consent.GIVEN) & (facts.consent_id[:, column] > 0)
        if self.asked.purpose == Purpose.SERVICE and not self.law.consent_for_service:
            is_given = consent != Consent.WITHDRAWN
        elif self.law.reply_despite_stop:
            is_given = is_given | answers
        else:
            is_given = is_given | (answers & (consent != Consent.WITHDRAWN))
        return is_given

    def _after_quiet_hours(self, until: MomentArray) -> tuple[MomentArray, Hours]:
        if self.asked.purpose == Purpose.REPLY:
            return until, Hours.EXEMPT
        spans = open_hours(self.law)
        if spans is None:
            return until, Hours.NONE
        facts = self.asked.facts
        start, _ = self.asked.clock.next_stretch(
            spans, facts.region.astype(np.int64), facts.zone.astype(np.int64), until
        )
        return start, Hours.OPEN

    def _conversation(self, at: MomentArray) -> tuple[CodeArray, CodeArray, MomentArray, CodeArray]:
        """Form, window, when it closes, and why it is closed, at moments that may be no time."""
        n = at.size
        far = np.full(n, FAR_AWAY)
        if self.law.outside in (Outside.SENT, Outside.TASK):
            is_task = self.law.outside == Outside.TASK
            what = Verdict.TASK_FOR_HUMAN if is_task else Verdict.ALLOW
            opened_by = Window.PERSON if is_task else Window.NOT_NEEDED
            return _codes(n, what), _codes(n, opened_by), far, _codes(n, Why.FINE)
        facts, column = self.asked.facts, self.column
        spoken = facts.last_inbound[:, column] + np.timedelta64(self.law.window_s, "s")
        clicked = facts.ad_entry[:, column] + np.timedelta64(self.law.ad_window_s, "s")
        wrote = self.asked.commented + np.timedelta64(self.law.comment_window_s, "s")
        is_open = (at < spoken) | (at < clicked) | (at < wrote)
        form, window, closes, why = (
            self._template(n) if self.law.outside == Outside.TEMPLATE else self._person(at)
        )
        form[is_open], why[is_open] = Verdict.ALLOW, Why.FINE
        window[at < wrote] = Window.COMMENT
        window[at < clicked] = Window.ADVERTISEMENT
        window[at < spoken] = Window.CONVERSATION
        closes[is_open] = np.fmax(np.fmax(spoken, clicked), wrote)[is_open]
        return form, window, closes, why

    def _template(self, n: int) -> tuple[CodeArray, CodeArray, MomentArray, CodeArray]:
        form, window = _codes(n, Verdict.TEMPLATE_ONLY), _codes(n, Window.TEMPLATE)
        why = _codes(n, Why.FINE)
        if self.asked.purpose == Purpose.MARKETING and not self.law.templates_to_nanp:
            is_nanp = self.asked.facts.is_nanp
            form[is_nanp], why[is_nanp] = Verdict.NEVER, Why.TEMPLATE_REFUSED
        return form, window, np.full(n, FAR_AWAY), why

    def _person(self, at: MomentArray) -> tuple[CodeArray, CodeArray, MomentArray, CodeArray]:
        inbound = self.asked.facts.last_inbound[:, self.column]
        ends = inbound + np.timedelta64(self.law.person_window_s, "s")
        form, window = _codes(at.size, Verdict.NEVER), _codes(at.size, Window.CLOSED)
        why = _codes(at.size, Why.WINDOW)
        is_in = at < ends
        if not self.asked.by_person:
            form[is_in], window[is_in], why[is_in] = Verdict.TASK_FOR_HUMAN, Window.PERSON, Why.FINE
        elif self.asked.purpose == Purpose.MARKETING:
            why[is_in] = Why.PROMOTION
        else:
            form[is_in], window[is_in], why[is_in] = Verdict.ALLOW, Window.HUMAN_AGENT, Why.FINE
        return form, window, ends.copy(), why


def _codes(n: int, code: IntEnum) -> CodeArray:
    return np.full(n, code, np.int8)


def open_hours(law: ChannelLaw) -> tuple[tuple[Span, ...], ...] | None:
    """Minutes of the day in which a channel may be used, by region; None where always."""
    if law.quiet is None and law.quiet_too is None and not law.legal_hours:
        return None
    own = _overlap(spans_outside(law.quiet), spans_outside(law.quiet_too))
    legal = LEGAL_QUIET if law.legal_hours else {}
    return tuple(_overlap(own, spans_outside(legal.get(region))) for region in Region)


def _overlap(some: tuple[Span, ...], others: tuple[Span, ...]) -> tuple[Span, ...]:
    both = ((max(a, c), min(b, d)) for a, b in some for c, d in others)
    return tuple((first, last) for first, last in both if first < last)
