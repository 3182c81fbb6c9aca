"""The rules of outreach once more: written from the specification, slowly, for one person.

Nothing of the engine's is used here but the names of channels and answers. Moments are aware
datetimes; quiet hours are found by trying one quarter of an hour after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

DAY, WEEK = timedelta(days=1), timedelta(days=7)
HOURS = timedelta(hours=1)
ORDER = ("email", "instagram", "facebook", "linkedin", "twitter", "whatsapp", "chat")
# As it stands in the specification.
TABLE = """
new .9 .7 .7 .6 .5 .4 .8 · returning .8 .9 .8 .7 .7 .6 .7 · existing .7 .8 .7 .8 .6 .9 .9
· mobile .7 1 .9 .6 .9 1 .8 · desktop 1 .7 .8 1 .7 .5 .9 · urgent .5 .7 .7 .4 .8 1 1
· normal 1 .8 .8 .9 .7 .7 .8 · low 1 .9 .9 1 .8 .5 .6
"""
BEST = "10/14/9, 19/20/18, 19/20/18, 11/13/10, 12/17/15, 18/19/10, 14/15/13"
TYPES = ("new", "returning", "existing")
TIES = ("email", "instagram", "linkedin", "facebook", "twitter", "whatsapp", "sms", "chat")
LISTS = {
    "new": ("email", "chat", "instagram"),
    "returning": ("instagram", "email", "facebook"),
    "existing": ("whatsapp", "chat", "email"),
}
COSTS = {"email": 1_000, "whatsapp": 5_000, "sms": 5_000}
SMS = {"other": [(20, 9)], "us": [(20, 9), (21, 8)], "us_strict": [(20, 9), (20, 8)]}
DM = ("whatsapp", "instagram", "facebook", "twitter")


def like(channel: str) -> str:
    """Text messages take WhatsApp's figures."""
    return "whatsapp" if channel == "sms" else channel


def worth(row: str, channel: str) -> float:
    """One figure of the table."""
    for line in TABLE.split("·"):
        name, *figures = line.split()
        if name == row:
            return float(figures[ORDER.index(like(channel))])
    raise LookupError(row)


def best_hour(kind: str, channel: str) -> int:
    """One hour of the table."""
    return int(BEST.split(", ")[ORDER.index(like(channel))].split("/")[TYPES.index(kind)])


def hour_worth(channel: str, hour: int) -> float:
    """Factor of the hour."""
    channel = like(channel)
    if 9 <= hour <= 17:
        if channel in ("email", "linkedin"):
            return 1.0
        return 0.6 if channel in ("instagram", "facebook", "twitter") else 0.7
    if 18 <= hour <= 22:
        if channel in ("instagram", "facebook", "whatsapp"):
            return 1.0
        return 0.7 if channel == "email" else 0.8
    return 0.9 if channel == "email" else 0.3


def is_open(zone: str, quiet: tuple[int, int] | None, at: datetime) -> bool:
    """Whether the clock of a zone stands outside some minutes of the day."""
    if quiet is None or quiet[0] == quiet[1]:
        return True
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    first, last = quiet
    is_quiet = first <= minute < last if first < last else minute >= first or minute < last
    return not is_quiet


def next_open(zones, quiet: tuple[int, int] | None, at: datetime) -> datetime | None:
    """First moment from then on at which it is."""
    return next_fit(lambda when: all(is_open(zone, quiet, when) for zone in zones), at)


def next_fit(fits, at: datetime, hours: int = 96) -> datetime | None:
    """First moment that fits: this one, or a whole quarter of an hour, at which clocks change."""
    if fits(at):
        return at
    step = timedelta(minutes=15)
    when = at - timedelta(minutes=at.minute % 15, seconds=at.second) + step
    for _ in range(hours * 4):
        if fits(when):
            return when
        when += step
    return None


@dataclass
class Line:
    """One person on one channel."""

    channel: str
    point: str = "usable"  # missing, usable, unreachable, accepting
    consent: str = "given"  # unknown, given, withdrawn
    has_proof: bool = True
    suppression: str = "free"
    inbound: datetime | None = None
    ad: datetime | None = None
    nanp: bool = False
    zones: tuple[str, ...] = ("UTC",)
    region: str = "other"
    marketing: list[datetime] = field(default_factory=list)
    service: list[datetime] = field(default_factory=list)


def is_quiet(line: Line, at: datetime) -> bool:
    """Whether somebody must not be disturbed."""
    hours = [(21, 8)] if line.channel in DM else []
    if line.channel == "sms":
        hours = SMS[line.region]
    return not all(is_open(zone, (a * 60, b * 60), at) for a, b in hours for zone in line.zones)


def is_capped(line: Line, purpose: str, at: datetime) -> bool:
    """Whether one more message at this moment would be too much; later ones are planned."""
    both = [*line.marketing, *line.service]
    if purpose == "reply":
        return False
    if sum(one > at - DAY for one in both) >= 3 or sum(one > at - WEEK for one in both) >= 10:
        return True
    mine = line.marketing if purpose == "marketing" else []
    return sum(one > at - DAY for one in mine) >= 1 or sum(one > at - WEEK for one in mine) >= 4


def refused(line: Line, purpose: str) -> str:
    """Why it is never allowed, whatever the time; nothing if it is."""
    stops = line.channel in ("sms", "whatsapp")
    answers = purpose == "reply" and line.inbound is not None
    if line.suppression != "free" and not (
        answers and line.suppression == "unsubscribe" and not stops
    ):
        return "suppressed"
    given = line.consent == "given" and line.has_proof
    if purpose == "service" and not stops:
        given = line.consent != "withdrawn"
    if answers and (line.consent != "withdrawn" or not stops):
        given = True
    if not given:
        return "no_consent"
    if line.point in ("missing", "unreachable"):
        return {"missing": "no_address"}.get(line.point, line.point)
    if line.channel == "twitter" and line.point != "accepting":
        return "not_accepted"
    return ""


def window(line: Line, purpose: str, at: datetime, *, by_person: bool) -> tuple[str, str]:
    """What it is at a moment, and if nothing, why."""
    ages = {"whatsapp": 3 * DAY, "instagram": WEEK, "facebook": WEEK}
    if line.channel == "linkedin":
        return "task_for_human", ""
    if line.channel not in ages:
        return "allow", ""
    if line.inbound is not None and at < line.inbound + DAY:
        return "allow", ""
    if line.ad is not None and at < line.ad + ages[line.channel]:
        return "allow", ""
    if line.channel == "whatsapp":
        if purpose == "marketing" and line.nanp:
            return "never", "template_refused"
        return "template_only", ""
    if line.inbound is None or at >= line.inbound + WEEK:
        return "never", "window"
    if not by_person:
        return "task_for_human", ""
    return ("never", "promotion") if purpose == "marketing" else ("allow", "")


def permission(
    line: Line, purpose: str, at: datetime, *, by_person: bool = False, caps: bool = True
) -> tuple[str, str, datetime | None, str]:
    """Verdict, form, the moment, and why not."""
    if why := refused(line, purpose):
        return "never", "never", None, why
    when = at
    if caps:
        planned = [one + span for one in (*line.marketing, *line.service) for span in (DAY, WEEK)]
        when = next(
            one for one in sorted([at, *(p for p in planned if p > at)])
            if not is_capped(line, purpose, one)
        )  # fmt: skip
    was_capped = when > at
    if purpose != "reply":
        found = next_fit(lambda one: not is_quiet(line, one), when)
        if found is None:
            return "never", "never", None, "quiet_hours"
        when = found
    form, why = window(line, purpose, when, by_person=by_person)
    if form == "never":
        return "never", "never", None, why
    if when == at:
        return form, form, when, "fine"
    return "wait", form, when, "frequency_cap" if was_capped else "quiet_hours"
