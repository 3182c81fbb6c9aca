"""The whole decision once more: one person after the other, one day after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.outreach.engine.oracle import (
    COSTS,
    DAY,
    HOURS,
    LISTS,
    TIES,
    WEEK,
    Line,
    best_hour,
    hour_worth,
    is_capped,
    is_quiet,
    next_fit,
    permission,
    refused,
    window,
    worth,
)


@dataclass
class Someone:
    """A person on all channels of the campaign, and what a choice rests on."""

    lines: list[Line]
    number: int = 0
    kind: str = "new"
    device: str = ""
    preferred: str = ""
    segment: int = -1
    engaged: list[float] = field(default_factory=list)
    hour: int = -1
    is_ready: bool = True
    same_campaign: datetime | None = None
    same_content: datetime | None = None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.lines[0].zones[0])


@dataclass
class Campaign:
    """What a campaign says."""

    start: datetime
    end: datetime
    zone: str = "UTC"
    purpose: str = "marketing"
    urgency: str = "normal"
    lists: list[list[str]] | None = field(default_factory=list)
    templates: set[str] = field(default_factory=set)
    allows_tasks: bool = True
    optimises: bool = True
    is_forced: bool = False
    waits_for_caps: bool = False
    budget: int | None = None
    spent: int = 0
    days: int = 1
    days_gone: int = 0
    channel_left: dict[str, int] = field(default_factory=dict)
    daily_limit: int | None = None
    day_messages: tuple[int, ...] = ()
    day_micros: tuple[int, ...] = ()


@dataclass
class Answer:
    """One decision."""

    status: str = "blocked"
    reason: str = "fine"
    channel: str = ""
    fallbacks: list[str] = field(default_factory=list)
    slot: datetime | None = None
    day: int = -1
    by: str = "nothing"


def score(person: Someone, column: int, campaign: Campaign) -> float:
    """Worth of a channel for a person."""
    channel = person.lines[column].channel
    devices = [person.device] if person.device else ["mobile", "desktop"]
    device = sum(worth(one, channel) for one in devices) / len(devices)
    local = campaign.start.astimezone(person.zone)
    return round(
        0.3 * worth(person.kind, channel)
        + 0.3 * person.engaged[column]
        + 0.2 * device
        + 0.1 * worth(campaign.urgency, channel)
        + 0.1 * hour_worth(channel, local.hour),
        6,
    )


class Planner:
    """Decides for people in their order."""

    def __init__(self, people: list[Someone], campaign: Campaign) -> None:
        self.people, self.campaign = people, campaign
        self.answers = [Answer() for _ in people]
        self.until: dict[int, datetime] = {}

    def decide(self) -> list[Answer]:
        seen: set[int] = set()
        for place, person in enumerate(self.people):
            answer = self.answers[place]
            answer.reason = self.judge(place, person, is_second=person.number in seen)
            seen.add(person.number)
            if answer.reason == "not_ready":
                answer.status = "failed"
        self.pay()
        self.plan_days()
        return self.answers

    def judge(self, place: int, person: Someone, *, is_second: bool) -> str:
        campaign, at = self.campaign, self.campaign.start
        whys = [refused(line, campaign.purpose) for line in person.lines]
        stopped = [why == "suppressed" for why in whys]
        left = [
            why for why, line in zip(whys, person.lines, strict=True)
            if why != "suppressed" and line.point != "missing"
        ]  # fmt: skip
        if any(stopped) and not left:
            return "suppressed"
        if left and all(why == "no_consent" for why in left):
            return "no_consent"
        for last, span in ((person.same_campaign, DAY), (person.same_content, WEEK)):
            if is_second or (last is not None and at < last + span):
                return "duplicate"
        if not campaign.is_forced:
            found = self.after_caps(person.lines[0], at)
            if found > at and (not campaign.waits_for_caps or found >= campaign.end):
                return "frequency_cap"
            at = found
        return self.choose(place, person, at)

    def after_caps(self, line: Line, at: datetime) -> datetime:
        sent = [one + span for one in (*line.marketing, *line.service) for span in (DAY, WEEK)]
        moments = sorted([at, *(one for one in sent if one > at)])
        return next(one for one in moments if not is_capped(line, self.campaign.purpose, one))

    def choose(self, place: int, person: Someone, at: datetime) -> str:
        campaign = self.campaign
        is_shut, found, wished = False, {}, self.wished(person)
        for column, line in enumerate(person.lines):
            if campaign.lists is None and line.channel not in wished:
                continue
            _, form, until, why = permission(line, campaign.purpose, at, caps=False)
            if why in ("quiet_hours", "window", "template_refused") and form == "never":
                is_shut = True
            if form == "template_only":
                is_shut = True
            if form == "task_for_human" and line.channel in ("instagram", "facebook"):
                is_shut = True
            if until is not None and until >= campaign.end:
                is_shut = True
            can = form == "allow"
            can = can or (form == "template_only" and line.channel in campaign.templates)
            can = can or (form == "task_for_human" and campaign.allows_tasks)
            if can and until < campaign.end:
                found[line.channel] = (column, until)
        if not found:
            return "outside_window" if is_shut else "no_viable_channel"
        order = sorted(
            found,
            key=lambda one: (
                one != person.preferred,
                wished.index(one) if one in wished else 99,
                -score(person, found[one][0], campaign),
                TIES.index(one),
            ),
        )
        answer = self.answers[place]
        answer.channel, answer.fallbacks = order[0], order[1:3]
        answer.by = "list" if order[0] in wished else "score"
        answer.by = "preference" if order[0] == person.preferred else answer.by
        self.until[place] = found[order[0]][1]
        return "fine" if person.is_ready else "not_ready"

    def wished(self, person: Someone) -> list[str]:
        lists = self.campaign.lists
        if lists is None:
            return list(LISTS[person.kind])
        return lists[person.segment] if 0 <= person.segment < len(lists) else []

    def cost(self, place: int) -> int:
        return COSTS.get(self.answers[place].channel, 0)

    def pay(self) -> None:
        campaign = self.campaign
        left = dict(campaign.channel_left)
        total = None if campaign.budget is None else max(0, campaign.budget - campaign.spent)
        closed: set[str] = set()
        for place, answer in enumerate(self.answers):
            cost = self.cost(place)
            if answer.reason != "fine" or not cost:
                continue
            if answer.channel in left:
                if answer.channel in closed or cost > left[answer.channel]:
                    closed.add(answer.channel)
                    answer.reason = "budget_exceeded"
                    continue
                left[answer.channel] -= cost
            if total is not None:
                if "all" in closed or cost > total:
                    closed.add("all")
                    answer.reason = "budget_exceeded"
                    continue
                total -= cost

    def bounds(self) -> list[datetime]:
        zone = ZoneInfo(self.campaign.zone)
        found, when = [self.campaign.start], self.campaign.start
        step = timedelta(minutes=15)
        when = when - timedelta(minutes=when.minute % 15, seconds=when.second) + step
        while when < self.campaign.end:
            if when.astimezone(zone).date() > (when - step).astimezone(zone).date():
                found.append(when)
            when += step
        return [*found, self.campaign.end]

    def closes(self, place: int) -> datetime:
        """Until when a message can be what it is at its first moment."""
        answer, campaign = self.answers[place], self.campaign
        line = next(one for one in self.people[place].lines if one.channel == answer.channel)

        def form(at: datetime) -> str:
            found = window(line, campaign.purpose, at, by_person=False)[0]
            return (
                "allow"
                if found == "template_only" and line.channel in campaign.templates
                else found
            )

        first = form(self.until[place])
        ends = [one + age for one in (line.inbound, line.ad) if one for age in (DAY, 3 * DAY, WEEK)]
        later = [one for one in ends if one > self.until[place] and form(one) != first]
        return min([*later, campaign.end])

    def time(self, place: int, at: datetime) -> tuple[datetime, datetime] | None:
        """From when on and until when a message may go."""
        person, answer, campaign = self.people[place], self.answers[place], self.campaign
        line = next(one for one in person.lines if one.channel == answer.channel)
        closes = self.closes(place)

        def is_fine(when: datetime) -> bool:
            return campaign.purpose == "reply" or not is_quiet(line, when)

        def end(when: datetime, fits) -> datetime:
            return next_fit(lambda one: not fits(one), when) or campaign.end + WEEK

        low = next_fit(is_fine, at)
        if low is None:
            return None
        high = end(low, is_fine)
        hour = best_hour(person.kind, line.channel) if person.hour < 0 else person.hour
        if campaign.optimises and not campaign.is_forced:

            def is_best(when: datetime) -> bool:
                return when.astimezone(person.zone).hour == hour

            best = next_fit(is_best, low)
            best_end = end(best, is_best)
            opened = next_fit(is_fine, best)
            best_end = best_end if opened < best_end else opened + HOURS
            if opened < closes:
                low, high = opened, min(best_end, end(opened, is_fine))
        return (low, min(high, closes)) if low < closes else None

    def plan_days(self) -> None:
        campaign, bounds = self.campaign, self.bounds()
        waiting = [place for place, one in enumerate(self.answers) if one.reason == "fine"]
        times = {place: self.time(place, self.until[place]) for place in waiting}
        first = {
            place: next(
                (
                    d
                    for d in range(len(bounds) - 1)
                    if time and bounds[d] <= time[0] < bounds[d + 1]
                ),
                -1,
            )
            for place, time in times.items()
        }
        days = len(bounds) - 1
        is_split = campaign.budget is not None and not campaign.is_forced
        left = (campaign.budget or 0) - campaign.spent + sum(campaign.day_micros[:days])
        left = max(left, sum(campaign.day_micros[:days]))
        for day in range(days):
            used = campaign.day_micros[day] if day < len(campaign.day_micros) else 0
            money = max(0, left) // (days - day) - used
            room = self.room(day)
            taken, is_closed = [], False
            for place in waiting:
                if not times[place] or times[place][0] >= bounds[day + 1]:
                    continue
                if times[place][0] < bounds[day]:
                    found = self.time(place, bounds[day])
                    if room > len(taken):
                        times[place] = found
                    if not found or found[0] >= bounds[day + 1]:
                        continue
                if len(taken) >= room:
                    continue
                cost = self.cost(place) if is_split else 0
                if cost and (is_closed or cost > money):
                    is_closed = True
                    continue
                money -= cost
                taken.append(place)
            left -= used + sum(self.cost(place) for place in taken)
            self.give(taken, times, day, bounds[day + 1], first)
            waiting = [place for place in waiting if place not in taken]
        for place in waiting:
            self.answers[place].reason = "no_day_left"

    def room(self, day: int) -> int:
        campaign = self.campaign
        if campaign.daily_limit is None or campaign.is_forced:
            return 10**9
        limit = campaign.daily_limit
        if campaign.budget and day == 0:
            over = campaign.spent / campaign.budget - campaign.days_gone / campaign.days
            factor = 0.7 if round(over, 9) > 0.1 else 1.3 if round(over, 9) < -0.1 else 1
            limit = max(min(limit, 1), int(limit * factor + 1e-9))
        planned = campaign.day_messages[day] if day < len(campaign.day_messages) else 0
        return max(0, limit - planned)

    def give(self, taken, times, day: int, end: datetime, first) -> None:
        for rank, place in enumerate(taken):
            low, high = times[place]
            high = min(high, end)
            seconds = int((high - low).total_seconds())
            after = (
                0 if self.campaign.is_forced else min(rank * seconds // len(taken), rank * 1_800)
            )
            answer = self.answers[place]
            answer.slot, answer.day = low + timedelta(seconds=after), day
            answer.status = "queued" if day > first[place] else "scheduled"
