"""Everything about a person's message that does not depend on the others."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from outreach.engine.caps import LONG_AGO, next_allowed
from outreach.engine.channels import (
    NONE,
    BoolArray,
    Channel,
    CodeArray,
    CustomerType,
    FloatArray,
    IntArray,
    MomentArray,
    Purpose,
)
from outreach.engine.choice import Choices, choose, list_places, scores
from outreach.engine.decisions import Ledger, Reason, Recipients, Rules
from outreach.engine.facts import Point
from outreach.engine.laws import DAY, HOUR, Outside
from outreach.engine.permission import Permissions, Verdict, Why, permissions
from outreach.engine.zones import Clock


@dataclass(frozen=True)
class Judged:
    """Why not, or else which channel, from when on and until when."""

    reason: CodeArray
    channel: CodeArray
    fallbacks: CodeArray
    by: CodeArray
    until: MomentArray
    closes: MomentArray

    @classmethod
    def joined(cls, parts: list[Judged]) -> Judged:
        """Put parts one after the other."""
        return cls(
            *(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(cls))
        )


@dataclass(frozen=True)
class Judge:
    """Everything about a person that does not depend on the others."""

    recipients: Recipients
    rules: Rules
    ledger: Ledger
    start: np.datetime64
    end: np.datetime64

    def judged(self, is_second: BoolArray, draws: list[np.random.Generator] | None) -> Judged:
        """Judge everybody; `is_second` says who stands in the list before."""
        facts, rules = self.recipients.facts, self.rules
        caps = self._caps()
        is_capped = caps > self.start
        at = np.full(facts.n, self.start)
        if rules.waits_for_caps:
            at, is_capped = np.maximum(at, caps), caps >= self.end
        told = permissions(facts, purpose=rules.purpose, at=at, laws=rules.laws, skips_caps=True)
        viable, is_shut, places = self._viable(told), self._is_shut(told), self._places()
        if rules.lists is None:
            viable &= np.isfinite(places)
            is_shut &= np.isfinite(places)
        choices = self._chosen(viable, places, draws)
        # From the last check to the first, so that the first one stays.
        reason = np.where(self.recipients.is_ready, Reason.FINE, Reason.NOT_READY).astype(np.int8)
        reason[choices.channel == NONE] = Reason.NO_VIABLE_CHANNEL
        reason[(choices.channel == NONE) & is_shut.any(axis=1)] = Reason.OUTSIDE_WINDOW
        reason[is_capped] = Reason.FREQUENCY_CAP
        reason[is_second | self._is_duplicate()] = Reason.DUPLICATE
        self._write_refused(told, reason)
        until, closes = self._of_chosen(told, choices.channel)
        return Judged(reason, choices.channel, choices.fallbacks, choices.by, until, closes)

    def _caps(self) -> MomentArray:
        if self.rules.is_forced:
            return np.full(self.recipients.facts.n, LONG_AGO)
        return next_allowed(self.recipients.facts.caps, self.rules.purpose)

    def _is_duplicate(self) -> BoolArray:
        again = np.timedelta64(self.rules.repeat_hours * HOUR, "s")
        same = np.timedelta64(self.rules.content_days * DAY, "s")
        found: BoolArray = self.ledger.same_campaign + again > self.start
        return found | (self.ledger.same_content + same > self.start)

    def _write_refused(self, told: Permissions, reason: CodeArray) -> None:
        is_suppressed = told.why == Why.SUPPRESSED
        is_missing = self.recipients.facts.point == Point.MISSING
        left = ~is_suppressed & ~is_missing
        has_left = left.any(axis=1)
        reason[has_left & (~left | (told.why == Why.NO_CONSENT)).all(axis=1)] = Reason.NO_CONSENT
        reason[is_suppressed.any(axis=1) & ~has_left] = Reason.SUPPRESSED

    def _viable(self, told: Permissions) -> BoolArray:
        has_template = np.array([one in self.rules.templates for one in self.rules.channels])
        viable: BoolArray = told.form == Verdict.ALLOW
        viable = viable | ((told.form == Verdict.TEMPLATE_ONLY) & has_template)
        if self.rules.allows_tasks:
            viable |= told.form == Verdict.TASK_FOR_HUMAN
        return viable & (told.until < self.end)

    def _is_shut(self, told: Permissions) -> BoolArray:
        """Which channels would do at another time, or had the person written."""
        found = np.isin(told.why, (Why.QUIET_HOURS, Why.WINDOW, Why.TEMPLATE_REFUSED))
        found |= told.form == Verdict.TEMPLATE_ONLY
        asks = [self.rules.laws[one].outside == Outside.PERSON for one in self.rules.channels]
        found |= (told.form == Verdict.TASK_FOR_HUMAN) & np.array(asks)
        found |= told.until >= self.end
        return found

    def _places(self) -> FloatArray:
        rules, segment = self.rules, self.recipients.segment
        if rules.lists is None:
            types = [rules.table.lists[one] for one in CustomerType]
            return list_places(types, rules.channels)[self.recipients.customer_type]
        known = list_places((*rules.lists, ()), rules.channels)
        none = len(rules.lists)
        return known[np.where((segment >= 0) & (segment < none), segment, none)]

    def _chosen(
        self, viable: BoolArray, places: FloatArray, draws: list[np.random.Generator] | None
    ) -> Choices:
        rules, people = self.rules, self.recipients
        zone = people.facts.zone.astype(np.int64)
        clock = Clock.between(people.facts.zones, self.start, self.start)
        worth = scores(
            rules.table, rules.channels, customer_type=people.customer_type, device=people.device,
            engaged=people.engaged, hour=clock.local_hour(zone, self.start), urgency=rules.urgency,
        )  # fmt: skip
        is_learned = np.zeros(people.facts.n, np.bool_)
        if rules.learned is not None and draws is not None:
            known = (people.segment >= 0) & (people.segment < len(rules.learned.messages))
            drawn, decides = rules.learned.draws(np.where(known, people.segment, 0), *draws)
            is_learned = known & decides
            worth[is_learned] = drawn[is_learned]
        return choose(
            viable, worth, channels=rules.channels, ties=rules.table.ties,
            preferred=people.preferred, places=places, is_learned=is_learned,
        )  # fmt: skip

    def _of_chosen(self, told: Permissions, channel: CodeArray) -> tuple[MomentArray, MomentArray]:
        """From when on the channel may be used, and until when it stays what it is."""
        column = columns_of(self.rules.channels, channel)[:, None]
        until = np.take_along_axis(told.until, column, axis=1)[:, 0]
        closes = np.take_along_axis(told.closes, column, axis=1)[:, 0]
        for one in self.rules.templates:
            if self.rules.laws[one].outside == Outside.TEMPLATE:
                # What a conversation no longer carries, the template does.
                carries = channel == one
                if self._is_promotion and not self.rules.laws[one].templates_to_nanp:
                    carries &= ~self.recipients.facts.is_nanp
                closes[carries] = self.end
        return until, np.minimum(closes, self.end)

    @property
    def _is_promotion(self) -> bool:
        return self.rules.purpose == Purpose.MARKETING


def columns_of(channels: tuple[Channel, ...], channel: CodeArray) -> IntArray:
    """Column of each channel; that of none is the first one's."""
    found = np.zeros(len(Channel) + 1, np.int64)
    found[list(channels)] = np.arange(len(channels))
    return found[channel]
