"""What a decision about messages is made from, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from outreach.engine.caps import DEFAULT_CAPS, CapRules, CountArray
from outreach.engine.channels import (
    DEFAULT_TABLE,
    HOURS,
    NONE,
    BoolArray,
    Channel,
    ChannelTable,
    CodeArray,
    CustomerType,
    Device,
    IntArray,
    MomentArray,
    Purpose,
    Urgency,
)
from outreach.engine.choice import By
from outreach.engine.day_limits import DayLimit
from outreach.engine.facts import Facts
from outreach.engine.laws import DEFAULT_LAWS, Laws
from outreach.engine.learned import Learned
from outreach.engine.pacing import Pace
from outreach.engine.permission import Hours, Verdict, Window
from outreach.engine.zones import NEVER

#: Days that a campaign is planned ahead at most, and one without an end.
MOST_DAYS: Final = 92
DAYS_AHEAD: Final = 31


class Status(IntEnum):
    """What becomes of a recipient's message; queued is later than wished, for the limits."""

    BLOCKED = 0
    SCHEDULED = 1
    QUEUED = 2
    FAILED = 3


class Reason(IntEnum):
    """Why there is no message, in the order of the checks."""

    FINE = 0
    SUPPRESSED = 1
    NO_CONSENT = 2
    DUPLICATE = 3
    FREQUENCY_CAP = 4
    OUTSIDE_WINDOW = 5
    NO_VIABLE_CHANNEL = 6
    NOT_READY = 7
    BUDGET_EXCEEDED = 8
    DAILY_BUDGET_EXCEEDED = 9
    DAILY_LIMIT_REACHED = 10


@dataclass(frozen=True)
class Recipients:
    """Whom a message is meant for, the first ones first where money or days run out.

    Attributes
    ----------
    facts : of n people on the campaign's k channels
    person : (n,) numbers; who stands twice is written to once
    segment : (n,) places in the campaign's lists and in what was learnt; −1 for none
    customer_type, device : (n,) codes; −1 for a device that is not known
    preferred : (n,) codes of the `Channel` that the person asked for, −1 for none
    engaged : (n, k) of `choice.engagement`
    best_hour : (n,) of `send_time.best_hours`, −1 where the table's holds
    is_ready : (n,) whether the message can be made: no value is missing in it
    """

    facts: Facts
    person: IntArray
    segment: npt.NDArray[np.int32]
    customer_type: CodeArray
    device: CodeArray
    preferred: CodeArray
    engaged: npt.NDArray[np.float32]
    best_hour: CodeArray
    is_ready: BoolArray

    def __post_init__(self) -> None:
        n = self.facts.n
        for name in _OF_PEOPLE:
            if (shape := getattr(self, name).shape) != (n,):
                raise ValueError(f"{name}: its shape is {shape}, not {(n,)}")
        if (shape := self.engaged.shape) != self.facts.point.shape:
            raise ValueError(f"engaged: its shape is {shape}, not {self.facts.point.shape}")
        for name, low, high in _RANGES:
            codes = getattr(self, name)
            if n and not (codes.min() >= low and codes.max() < high):
                raise ValueError(f"{name}: {codes.min()} to {codes.max()} leaves [{low}, {high})")

    def rows(self, which: slice) -> Recipients:
        """Take some of them."""
        some = {name: getattr(self, name)[which] for name in (*_OF_PEOPLE, "engaged")}
        return replace(self, facts=self.facts.rows(which), **some)

    @classmethod
    def of(cls, facts: Facts) -> Recipients:
        """Make new customers of whom nothing but the facts is known; to be filled in."""
        n = facts.n
        return cls(
            facts=facts,
            person=np.arange(n),
            segment=np.full(n, NONE, np.int32),
            customer_type=np.zeros(n, np.int8),
            device=np.full(n, NONE, np.int8),
            preferred=np.full(n, NONE, np.int8),
            engaged=np.full(facts.point.shape, 0.5, np.float32),
            best_hour=np.full(n, NONE, np.int8),
            is_ready=np.ones(n, np.bool_),
        )


_OF_PEOPLE: Final = (
    "person", "segment", "customer_type", "device", "preferred", "best_hour", "is_ready",
)  # fmt: skip
_RANGES: Final = (
    ("customer_type", 0, len(CustomerType)),
    ("device", NONE, len(Device)),
    ("preferred", NONE, len(Channel)),
    ("best_hour", NONE, HOURS),
)


@dataclass(frozen=True)
class Rules:
    """What a campaign and its workspace say.

    Attributes
    ----------
    channels : that may be used, in the order of the columns of the facts
    zone : whose midnights part the campaign's days
    starts_at, ends_at : UTC; it is planned 92 days ahead at most, without an end 31
    purpose, urgency : of the message
    lists : by segment, channels to be tried first; `None` for the table's lists by customer type,
        which then are all that is used: a campaign that names no channels
    templates : channels with a template that the provider approved
    allows_tasks : whether a person may be asked to send it where no machine may
    optimises_time : whether people are written to at their hour
    is_forced : somebody with permission says so: no caps, no pacing, no waiting for a better hour
    repeat_hours, content_days : how long after a message the same campaign, and the same text,
        say nothing new
    waits_for_caps : whether somebody who had enough for now is written to later, not left out
    pace : the budget; none for no limit
    channel_left_micros : what is left of the budgets of channels that have their own
    daily_limit : messages a day; none for no limit
    channel_days : what channels let out a day, whatever campaign it is for
    costs_micros : of one message where the table's cost is not right, a provider's price
    table, laws, caps, learned : of the workspace
    """

    channels: tuple[Channel, ...]
    zone: str = "UTC"
    starts_at: np.datetime64 | None = None
    ends_at: np.datetime64 | None = None
    purpose: Purpose = Purpose.MARKETING
    urgency: Urgency = Urgency.NORMAL
    lists: tuple[tuple[Channel, ...], ...] | None = ()
    templates: frozenset[Channel] = frozenset()
    allows_tasks: bool = True
    optimises_time: bool = True
    is_forced: bool = False
    repeat_hours: int = 24
    content_days: int = 7
    waits_for_caps: bool = False
    pace: Pace | None = None
    channel_left_micros: Mapping[Channel, int] = field(default_factory=dict)
    daily_limit: int | None = None
    channel_days: Mapping[Channel, DayLimit] = field(default_factory=dict)
    costs_micros: Mapping[Channel, int] = field(default_factory=dict)
    table: ChannelTable = DEFAULT_TABLE
    laws: Laws = field(default_factory=lambda: DEFAULT_LAWS)
    caps: CapRules = DEFAULT_CAPS
    learned: Learned | None = None

    def __post_init__(self) -> None:
        if self.daily_limit is not None and self.daily_limit < 0:
            raise ValueError(f"daily_limit: {self.daily_limit} is no number of messages")
        for name in ("costs_micros", "channel_left_micros"):
            for channel, micros in getattr(self, name).items():
                if micros < 0:
                    raise ValueError(f"{name}: {micros} of {channel.key} is below nothing")
        if self.starts_at is not None and self.ends_at is not None:  # noqa: SIM102  # two facts
            if self.ends_at <= self.starts_at:
                raise ValueError(f"ends_at: {self.ends_at} is not after {self.starts_at}")

    @property
    def costs(self) -> IntArray:
        """Micros of one message: (k,)."""
        costs = self.table.costs(self.channels)
        for channel, micros in self.costs_micros.items():
            if channel in self.channels:
                costs[self.channels.index(channel)] = micros
        return costs


@dataclass(frozen=True)
class Ledger:
    """What was sent or is planned already.

    Attributes
    ----------
    same_campaign : (n,) when the person was last sent this campaign, or will be; of a sequence,
        this step of it
    same_content : (n,) the same text, in whatever campaign
    day_messages, day_micros : of this campaign by day from its first day or today on, whichever
        is later; days beyond the tuple have none
    """

    same_campaign: MomentArray
    same_content: MomentArray
    day_messages: tuple[int, ...] = ()
    day_micros: tuple[int, ...] = ()

    @classmethod
    def empty(cls, n: int) -> Ledger:
        """Nobody of n was sent anything."""
        return cls(np.full(n, NEVER), np.full(n, NEVER))

    def rows(self, which: slice) -> Ledger:
        """Take some of them."""
        return replace(
            self, same_campaign=self.same_campaign[which], same_content=self.same_content[which]
        )


@dataclass(frozen=True)
class Decisions:
    """One for each of n recipients; of those without a message only status and reason count.

    Attributes
    ----------
    status, reason : codes of `Status` and `Reason`
    channel, fallbacks : (n,) and (n, 2) codes of `Channel`, −1 for none
    slot : (n,) UTC second at which it goes
    day : (n,) of the campaign, 0 for its first day or today; −1 for none
    cost_micros : (n,)
    form : (n,) codes of `Verdict`: sent freely, as a template, or by a person
    by : (n,) codes of `By`: what chose the channel
    consent_id : (n,) record that allows it; 0 where none is needed
    window, hours : (n,) codes of `Window` and `Hours` at the slot
    cap_counts : (n, 4) of `CapUse`
    """

    status: CodeArray
    reason: CodeArray
    channel: CodeArray
    fallbacks: CodeArray
    slot: MomentArray
    day: npt.NDArray[np.int16]
    cost_micros: IntArray
    form: CodeArray
    by: CodeArray
    consent_id: IntArray
    window: CodeArray
    hours: CodeArray
    cap_counts: CountArray

    @property
    def is_sent(self) -> BoolArray:
        """(n,) who gets a message, now or later."""
        found: BoolArray = (self.status == Status.SCHEDULED) | (self.status == Status.QUEUED)
        return found

    def proof(self, row: int) -> dict[str, object]:
        """Say in words why the message of one recipient is allowed, to be kept with it."""
        return {
            "consent": int(self.consent_id[row]),
            "window": Window(self.window[row]).name.lower(),
            "quiet_hours": Hours(self.hours[row]).name.lower(),
            "form": Verdict(self.form[row]).name.lower(),
            "chosen_by": By(self.by[row]).name.lower(),
            "sent_before": dict(zip(_CAPS, self.cap_counts[row].tolist(), strict=True)),
        }

    def counts(self) -> dict[str, int]:
        """How many, by status, or by reason where there is no message."""
        sent = {one.name.lower(): int((self.status == one).sum()) for one in _SENT}
        held = np.bincount(self.reason, minlength=len(Reason))
        return sent | {one.name.lower(): int(held[one]) for one in Reason if one and held[one]}


_CAPS: Final = tuple(one.name for one in fields(CapRules))
_SENT: Final = (Status.SCHEDULED, Status.QUEUED)
