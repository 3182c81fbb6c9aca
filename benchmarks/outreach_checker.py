"""Looks at every message that a simulation sent, one by one, knowing nothing of the engine.

Only the standard library: histories of what people said, clocks of the time zone database, and the
rules as the specification words them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

HOUR, DAY, WEEK = 3_600, 86_400, 604_800
QUIET = {"sms": (20, 9), **dict.fromkeys(("whatsapp", "instagram", "facebook", "twitter"), (21, 8))}
WINDOWS = {"whatsapp": (DAY, 3 * DAY), "instagram": (DAY, WEEK), "facebook": (DAY, WEEK)}


@dataclass(frozen=True, order=True)
class Sent:
    """One message; `form` is free, template or task."""

    at: int
    person: int
    channel: str
    purpose: str
    form: str
    campaign: int
    content: int


@dataclass
class Truth:
    """What happened to people: (person, channel) → moments in order, and what it was then."""

    zones: list[tuple[str, ...]]
    is_nanp: list[bool]
    said: dict[tuple[int, str], list[tuple[int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    stopped: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    wrote: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    clicked: dict[tuple[int, str], list[int]] = field(default_factory=lambda: defaultdict(list))

    def consent(self, person: int, channel: str, at: int) -> str:
        """What the person said last."""
        history = self.said.get((person, channel), [])
        place = bisect_right(history, at, key=lambda one: one[0])
        return history[place - 1][1] if place else "unknown"

    def age(self, moments: list[int], at: int) -> float:
        """Seconds since the last of some moments."""
        place = bisect_right(moments, at)
        return at - moments[place - 1] if place else float("inf")


def violations(sent: Iterable[Sent], truth: Truth) -> Counter[str]:
    """How many messages broke which rule."""
    found: Counter[str] = Counter(
        dict.fromkeys(("consent", "suppression", "quiet hours", "window", "cap", "repeat"), 0)
    )
    by_person: dict[int, list[Sent]] = defaultdict(list)
    for one in sent:
        found.update(_of_one(one, truth))
        by_person[one.person].append(one)
    for messages in by_person.values():
        found.update(_of_person(sorted(messages)))
    return found


def _of_one(one: Sent, truth: Truth) -> list[str]:
    broken = []
    key = (one.person, one.channel)
    consent = truth.consent(one.person, one.channel, one.at)
    needs = one.purpose == "marketing" or one.channel in ("sms", "whatsapp")
    if consent != "given" if needs else consent == "withdrawn":
        broken.append("consent")
    if any(at <= one.at for at in truth.stopped.get(key, ())):
        broken.append("suppression")
    if one.channel in QUIET and not _is_awake(truth.zones[one.person], QUIET[one.channel], one.at):
        broken.append("quiet hours")
    if not _is_let_in(one, truth):
        broken.append("window")
    return broken


def _is_awake(zones: tuple[str, ...], quiet: tuple[int, int], at: int) -> bool:
    when = datetime.fromtimestamp(at, UTC)
    hours = [when.astimezone(ZoneInfo(zone)).hour for zone in zones]
    return all(quiet[1] <= hour < quiet[0] for hour in hours)


def _is_let_in(one: Sent, truth: Truth) -> bool:
    """LinkedIn is people's; conversations are open for their time; what comes after is not free."""
    if one.channel == "linkedin":
        return one.form == "task"
    if one.channel not in WINDOWS:
        return one.form == "free"
    key = (one.person, one.channel)
    spoken, clicked = (
        truth.age(some.get(key, []), one.at) for some in (truth.wrote, truth.clicked)
    )
    window, ad_window = WINDOWS[one.channel]
    if one.form == "free":
        return spoken < window or clicked < ad_window
    if one.channel == "whatsapp":
        return one.form == "template" and not (
            one.purpose == "marketing" and truth.is_nanp[one.person]
        )
    return one.form == "task" and spoken < WEEK


def _of_person(messages: list[Sent]) -> list[str]:
    broken = []
    marketing = [one.at for one in messages if one.purpose == "marketing"]
    every = [one.at for one in messages]
    for moments, limit, span in (
        (marketing, 1, DAY), (marketing, 4, WEEK), (every, 3, DAY), (every, 10, WEEK),
    ):  # fmt: skip
        broken += ["cap" for a, b in zip(moments, moments[limit:], strict=False) if b - a < span]
    for name, span in (("campaign", DAY), ("content", WEEK)):
        last: dict[int, int] = {}
        for one in messages:
            what = getattr(one, name)
            if what in last and one.at - last[what] < span:
                broken.append("repeat")
            last[what] = one.at
    return broken
