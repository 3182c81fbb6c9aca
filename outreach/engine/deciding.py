"""Who gets a message, on which channel and when; and who does not, and why.

The order of the checks: suppression, consent, duplicate, frequency cap, viable channels, choice of
the channel, budget, daily spend, daily limit, time. The first that refuses gives the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from outreach.engine.channels import (
    NONE,
    BoolArray,
    Channel,
    CodeArray,
    IntArray,
    MomentArray,
)
from outreach.engine.choice import FALLBACKS
from outreach.engine.day_plan import UNLIMITED, DayPlanner, Room
from outreach.engine.decisions import (
    DAYS_AHEAD,
    MOST_DAYS,
    Decisions,
    Ledger,
    Reason,
    Recipients,
    Rules,
    Status,
)
from outreach.engine.judging import Judge, Judged, columns_of
from outreach.engine.laws import Region
from outreach.engine.pacing import daily_limit, within_budget
from outreach.engine.permission import Verdict, open_hours, permissions
from outreach.engine.send_time import Times, next_times
from outreach.engine.zones import DAY_S, NEVER, Clock, days_between, spans_outside, to_datetime

#: People judged at a time, so that memory does not grow with all of them.
CHUNK: Final = 131_072
_AHEAD: Final = np.timedelta64(3, "D")


def decide(
    recipients: Recipients,
    rules: Rules,
    ledger: Ledger,
    now: np.datetime64,
    *,
    rng: np.random.Generator | None = None,
) -> Decisions:
    """Decide for everybody at once.

    Money, days and messages go to people in the order given.

    Parameters
    ----------
    recipients : n people and what is known of them
    rules : the campaign's and the workspace's
    ledger : what was sent or is planned already
    now : UTC second
    rng : needed where something was learnt: the same gives the same decisions

    Returns
    -------
    Decisions of (n,)

    Raises
    ------
    ValueError : the columns are not those of the campaign, the campaign is over, `rng` is missing
    """
    start, end = _time_of(rules, now)
    _check(recipients, rules, ledger, rng)
    n = recipients.facts.n
    draws = rng.spawn(2) if rng is not None else None
    is_second = _seconds(recipients)
    parts = []
    for first in range(0, max(n, 1), CHUNK):
        some = slice(first, first + CHUNK)
        judge = Judge(recipients.rows(some), rules, ledger.rows(some), start, end)
        parts.append(judge.judged(is_second[some], draws))
    return _Plan(recipients, rules, ledger, start, end, Judged.joined(parts)).decisions()


def _time_of(rules: Rules, now: np.datetime64) -> tuple[np.datetime64, np.datetime64]:
    start = now.astype("datetime64[s]")
    if rules.starts_at is not None:
        start = max(start, rules.starts_at.astype("datetime64[s]"))
    if rules.ends_at is None:
        ahead = MOST_DAYS if rules.channel_days else DAYS_AHEAD
        return start, start + np.timedelta64(ahead * DAY_S, "s")
    if rules.ends_at <= start:
        raise ValueError(f"ends_at: the campaign is over since {rules.ends_at}")
    most = start + np.timedelta64(MOST_DAYS * DAY_S, "s")
    return start, min(rules.ends_at.astype("datetime64[s]"), most)


def _check(
    recipients: Recipients, rules: Rules, ledger: Ledger, rng: np.random.Generator | None
) -> None:
    facts = recipients.facts
    if facts.channels != rules.channels:
        raise ValueError(f"channels: the facts are of {facts.channels}, not {rules.channels}")
    for name in ("same_campaign", "same_content"):
        if (size := getattr(ledger, name).size) != facts.n:
            raise ValueError(f"{name}: it is of {size} people, not {facts.n}")
    if rules.learned is None:
        return
    if rng is None:
        raise ValueError("rng: what was learnt needs one")
    if rules.learned.messages.shape[1] != len(rules.channels):
        raise ValueError(f"learned: it is not of {len(rules.channels)} channels")


def _seconds(recipients: Recipients) -> BoolArray:
    """Who stands in the list before."""
    found = np.ones(recipients.person.size, np.bool_)
    found[np.unique(recipients.person, return_index=True)[1]] = False
    return found


@dataclass(frozen=True)
class _Plan:
    """What people share: money, days, messages a day."""

    recipients: Recipients
    rules: Rules
    ledger: Ledger
    start: np.datetime64
    end: np.datetime64
    judged: Judged

    def decisions(self) -> Decisions:
        """Share money, days and messages a day out among those who may be written to.

        Returns
        -------
        decisions, a row for each of the n recipients; costs in micros of the currency, moments in
        seconds of UTC
        """
        reason = self.judged.reason.copy()
        column = columns_of(self.rules.channels, self.judged.channel)
        cost = np.where(reason == Reason.FINE, self.rules.costs[column], 0)
        self._write_budget(reason, column, cost)
        rows = np.flatnonzero(reason == Reason.FINE)
        plan = self._planner(rows, column[rows], cost[rows]).plan(
            self.judged.until[rows], is_spread=not self.rules.is_forced
        )
        is_lost = plan.day == NONE
        reason[rows[is_lost]] = np.where(
            plan.is_short_of_money[is_lost],
            Reason.DAILY_BUDGET_EXCEEDED,
            Reason.DAILY_LIMIT_REACHED,
        )
        status = np.where(plan.is_moved, Status.QUEUED, Status.SCHEDULED)
        kept = ~is_lost
        return self._with_proof(
            reason, rows[kept], status[kept], plan.slot[kept], plan.day[kept], cost
        )

    def _write_budget(self, reason: CodeArray, column: IntArray, cost: IntArray) -> None:
        """Budgets of channels first, then that of the campaign, over those who are left."""
        for channel, left in self.rules.channel_left_micros.items():
            if channel in self.rules.channels:
                mine = (reason == Reason.FINE) & (column == self.rules.channels.index(channel))
                rows = np.flatnonzero(mine)
                reason[rows[~within_budget(cost[rows], left)]] = Reason.BUDGET_EXCEEDED
        if self.rules.pace is not None:
            rows = np.flatnonzero(reason == Reason.FINE)
            fits = within_budget(cost[rows], self.rules.pace.left_micros)
            reason[rows[~fits]] = Reason.BUDGET_EXCEEDED

    def _planner(self, rows: IntArray, column: IntArray, cost: IntArray) -> DayPlanner:
        rules, facts = self.rules, self.recipients.facts
        regions = len(Region)
        spans = [
            one
            for channel in rules.channels
            for one in open_hours(rules.laws[channel]) or (spans_outside(None),) * regions
        ]
        kind = column * regions + facts.region[rows]
        zone = facts.zone[rows].astype(np.int64)
        hour, closes = self._hours(rows, column), self.judged.closes[rows]
        clock = Clock.between(facts.zones, self.start, self.end + _AHEAD)

        def times(some: IntArray, at: MomentArray) -> Times:
            return next_times(
                clock, tuple(spans), kind=kind[some], zone=zone[some], hour=hour[some], at=at,
                until=closes[some],
            )  # fmt: skip

        return DayPlanner(self._room(), cost, times, column)

    def _hours(self, rows: IntArray, column: IntArray) -> CodeArray:
        if self.rules.is_forced or not self.rules.optimises_time:
            return np.full(rows.size, NONE, np.int8)
        own = self.recipients.best_hour[rows]
        types = self.recipients.customer_type[rows]
        return np.where(
            own == NONE, self.rules.table.hours(self.rules.channels)[types, column], own
        )

    def _room(self) -> Room:
        rules = self.rules
        bounds = days_between(rules.zone, self.start, self.end)
        days = len(bounds) - 1
        if rules.is_forced:
            return Room(bounds, (UNLIMITED,) * days, UNLIMITED, (), 0)
        limits = [UNLIMITED] * days
        if rules.daily_limit is not None:
            limits = [rules.daily_limit] * days
            if rules.pace is not None:
                limits[0] = daily_limit(rules.daily_limit, rules.pace.factor)
            for day, planned in enumerate(self.ledger.day_messages[:days]):
                limits[day] = max(0, limits[day] - planned)
        has_end = rules.pace is not None and rules.ends_at is not None
        left = rules.pace.left_micros if rules.pace is not None and has_end else UNLIMITED
        return Room(
            bounds, tuple(limits), left, self.ledger.day_micros, self._days_beyond(),
            self._of_channels(days),
        )  # fmt: skip

    def _of_channels(self, days: int) -> IntArray | None:
        """Return what is left of the channels' own limits: (days, channels)."""
        rules = self.rules
        if not rules.channel_days:
            return None
        first = to_datetime(self.start).astimezone(ZoneInfo(rules.zone)).date()
        found = np.full((days, len(rules.channels)), UNLIMITED, np.int64)
        for place, channel in enumerate(rules.channels):
            if channel in rules.channel_days:
                left = rules.channel_days[channel].left(channel, first, days)
                found[:, place] = [UNLIMITED if one is None else one for one in left]
        return found

    def _days_beyond(self) -> int:
        """Days of the campaign that are too far to be planned yet; they need money too."""
        if self.rules.ends_at is None:
            return 0
        beyond_s = int((self.rules.ends_at - self.end).astype("timedelta64[s]").astype(np.int64))
        return -(-beyond_s // DAY_S)

    def _with_proof(
        self,
        reason: CodeArray,
        rows: IntArray,
        status: IntArray,
        slot: MomentArray,
        day: IntArray,
        cost: IntArray,
    ) -> Decisions:
        """Ask permission once more, for the very moment; what it says is the proof."""
        n, facts = reason.size, self.recipients.facts
        found = Decisions(
            status=np.full(n, Status.BLOCKED, np.int8),
            reason=reason,
            channel=np.full(n, NONE, np.int8),
            fallbacks=np.full((n, FALLBACKS), NONE, np.int8),
            slot=np.full(n, NEVER),
            day=np.full(n, NONE, np.int16),
            cost_micros=np.zeros(n, np.int64),
            form=np.zeros(n, np.int8),
            by=np.zeros(n, np.int8),
            consent_id=np.zeros(n, np.int64),
            window=np.zeros(n, np.int8),
            hours=np.zeros(n, np.int8),
            cap_counts=facts.caps.counts,
        )
        found.status[reason == Reason.NOT_READY] = Status.FAILED
        for place, channel in enumerate(self.rules.channels):
            mine = np.flatnonzero(self.judged.channel[rows] == channel)
            who, at = rows[mine], slot[mine]
            told = permissions(
                facts.only(channel, who), purpose=self.rules.purpose, at=at, laws=self.rules.laws,
                skips_caps=self.rules.is_forced,
            )  # fmt: skip
            verdict = told.verdict[:, 0]
            is_fine = np.isin(verdict, _forms(self.rules, channel))
            found.reason[who[~is_fine]] = Reason.OUTSIDE_WINDOW
            mine, who = mine[is_fine], who[is_fine]
            found.status[who], found.day[who] = status[mine], day[mine]
            found.channel[who], found.slot[who] = channel, slot[mine]
            found.fallbacks[who], found.by[who] = self.judged.fallbacks[who], self.judged.by[who]
            found.cost_micros[who], found.form[who] = cost[who], verdict[is_fine]
            found.consent_id[who] = facts.consent_id[who, place]
            found.window[who] = told.window[is_fine, 0]
            found.hours[who] = told.hours[is_fine, 0]
        return found


def _forms(rules: Rules, channel: Channel) -> list[Verdict]:
    found = [Verdict.ALLOW]
    if channel in rules.templates:
        found.append(Verdict.TEMPLATE_ONLY)
    return [*found, Verdict.TASK_FOR_HUMAN] if rules.allows_tasks else found
