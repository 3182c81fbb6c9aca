"""What became of a campaign's messages: the funnel, its parts, its days, and what is to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Min, Sum

from outreach.models import (
    WAITING,
    EnrolmentState,
    MessageChannel,
    MessageDay,
    OutreachCampaign,
    OutreachMessage,
    SendPlan,
    SequenceStep,
)
from workspaces.charts import LineChart, line_chart
from workspaces.reports.shapes import Table

WIDTH: Final = 200
#: Steps of the funnel; each is held against what was sent.
STAGES: Final = ("sent", "delivered", "opened", "clicked", "replied", "converted")
_BAD: Final = ("bounced", "complained", "unsubscribed", "failed")
#: What messages are counted by, each with a moment of that name.
COUNTED: Final = (*STAGES, *_BAD)


@dataclass(frozen=True)
class Counts:
    """Messages by what became of them, each counted once, and their cost."""

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    replied: int = 0
    converted: int = 0
    bounced: int = 0
    complained: int = 0
    unsubscribed: int = 0
    failed: int = 0
    cost: Decimal = Decimal(0)

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Stage:
    """One bar of the funnel; ``key`` is what the log of messages calls it."""

    key: str
    label: str
    count: int
    share: float | None
    width: float


@dataclass(frozen=True)
class Part:
    """A channel, step or variant; ``query`` finds its messages in the log."""

    label: str
    counts: Counts
    query: str = ""


@dataclass(frozen=True)
class Cell:
    """What was counted of one day, channel, step and variant."""

    day: date
    channel: str
    step: int | None
    variant: str
    counts: Counts


@dataclass(frozen=True)
class Report:
    """Everything that the counters of a campaign say."""

    total: Counts
    funnel: tuple[Stage, ...]
    channels: tuple[Part, ...]
    steps: tuple[Part, ...]
    variants: tuple[Part, ...]
    days: tuple[tuple[date, Counts], ...]

    @property
    def tables(self) -> tuple[tuple[str, tuple[Part, ...]], ...]:
        """Its parts as the page shows them; what has one part only says nothing more."""
        found = [("Channel", self.channels)]
        if len(self.steps) > 1:
            found.append(("Step", self.steps))
        if len(self.variants) > 1:
            found.append(("Variant", self.variants))
        return tuple(found)


def report_of(campaign: OutreachCampaign, steps: Sequence[SequenceStep]) -> Report:
    """Read the counters of a campaign."""
    cells = _cells(campaign)
    total = _sum(cells)
    names = {one.pk: f"{one.position}. {one.name or 'Step'}" for one in steps}
    places = {one.pk: one.position for one in steps}
    days = {cell.day for cell in cells}
    return Report(
        total=total,
        funnel=funnel_of(total),
        channels=_parts(
            cells,
            lambda cell: MessageChannel(cell.channel).label,
            lambda cell: ("channel", cell.channel),
        ),
        steps=_parts(
            cells,
            lambda cell: names.get(cell.step or 0, "–"),
            lambda cell: ("step", places.get(cell.step or 0, "")),
        ),
        variants=_parts(
            cells,
            lambda cell: cell.variant or "Everybody else",
            lambda cell: ("variant", cell.variant),
        ),
        days=tuple(
            (day, _sum([cell for cell in cells if cell.day == day])) for day in sorted(days)
        ),
    )


def _cells(campaign: OutreachCampaign) -> list[Cell]:
    rows: Any = MessageDay.objects.filter(campaign=campaign)
    rows = rows.order_by("day").values("day", "channel", "step_id", "variant")
    summed = rows.annotate(**{f"n_{name}": Sum(name) for name in (*COUNTED, "cost")})
    return [
        Cell(
            row["day"], row["channel"], row["step_id"], row["variant"],
            Counts(**{name: row[f"n_{name}"] for name in (*COUNTED, "cost")}),
        )
        for row in summed
    ]  # fmt: skip


def _sum(cells: Sequence[Cell]) -> Counts:
    return sum((cell.counts for cell in cells), Counts())


def _parts(
    cells: Sequence[Cell], label: Callable[[Cell], str], asked: Callable[[Cell], tuple[str, object]]
) -> tuple[Part, ...]:
    found: dict[str, Part] = {}
    for cell in cells:
        name, (field, value) = label(cell), asked(cell)
        known = found.get(name) or Part(
            name, Counts(), urlencode({field: value}) if value != "" else ""
        )
        found[name] = replace(known, counts=known.counts + cell.counts)
    return tuple(found[name] for name in sorted(found))


def funnel_of(total: Counts) -> tuple[Stage, ...]:
    """From sent to converted; a channel without receipts shows more opened than delivered."""
    return tuple(
        Stage(
            name,
            name.capitalize(),
            count := getattr(total, name),
            count / total.sent if total.sent else None,
            min(WIDTH, WIDTH * count / total.sent) if total.sent else 0.0,
        )
        for name in STAGES
    )


def charts_of(report: Report) -> list[LineChart]:
    """Each day of sending: how many went out, and the share that opened and clicked."""
    if len(report.days) < 2:
        return []
    first, last = report.days[0][0], report.days[-1][0]
    known = dict(report.days)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def values(read: Callable[[Counts], float | None]) -> list[float | None]:
        return [read(known.get(day, Counts())) for day in days]

    def rate(name: str) -> Callable[[Counts], float | None]:
        return lambda one: 100 * getattr(one, name) / one.sent if one.sent else None

    return [
        line_chart(title="Sent", days=days, values=values(lambda one: float(one.sent)),
                   name="messages_sent"),
        *(
            line_chart(title=f"{name.capitalize()} of sent", days=days, values=values(rate(name)),
                       suffix=" %", name=name)
            for name in ("opened", "clicked", "complained")
        ),
    ]  # fmt: skip


def tables_of(report: Report) -> list[Table]:
    """The same as files hold it: all parts in one table, days in another."""
    head = tuple(name.capitalize() for name in (*COUNTED, "cost"))

    def cells(one: Counts) -> tuple[int | Decimal, ...]:
        return tuple(getattr(one, name) for name in (*COUNTED, "cost"))

    parts = [("All", "", report.total)] + [
        (title, part.label, part.counts)
        for title, group in (
            ("Channel", report.channels), ("Step", report.steps), ("Variant", report.variants)
        )
        for part in group
    ]  # fmt: skip
    return [
        Table("Parts", ("By", "Part", *head), tuple((a, b, *cells(c)) for a, b, c in parts),
              texts=frozenset({0, 1})),
        Table("Days", ("Day sent", *head),
              tuple((day.isoformat(), *cells(counts)) for day, counts in report.days)),
    ]  # fmt: skip


@dataclass(frozen=True)
class ToCome:
    """What is still to be sent."""

    waiting: int
    next_at: Any
    days: tuple[tuple[date, int], ...]
    enrolled: tuple[tuple[int, int, Any], ...]  # step, people, the first of them


def to_come(campaign: OutreachCampaign, plan: SendPlan | None, today: date) -> ToCome:
    """Messages that wait, planned ones by day, people on their way to later steps."""
    waiting = OutreachMessage.objects.filter(campaign=campaign, status__in=WAITING).aggregate(
        count=Count("pk"), first=Min("send_at")
    )
    planned: Mapping[str, int] = plan.counts.get("day", {}) if plan else {}
    enrolled = (
        campaign.enrolments.filter(state=EnrolmentState.ACTIVE)
        .order_by("next_position")
        .values_list("next_position")
        .annotate(people=Count("pk"), first=Min("due_at"))
    )
    return ToCome(
        waiting["count"],
        waiting["first"],
        tuple(
            (date.fromisoformat(day), count)
            for day, count in planned.items()
            if day > today.isoformat()
        )[:14],
        tuple(enrolled),
    )


@dataclass(frozen=True)
class Wave:
    """One of the rounds in which a plan goes out, each looked at before the next."""

    number: int
    people: int
    share: float
    state: str


def waves_of(plan: SendPlan | None) -> tuple[Wave, ...]:
    """Rounds of a plan that has several."""
    if plan is None or len(plan.waves) < 2 or not plan.waves[-1]:
        return ()
    now = plan.get_status_display().lower()
    return tuple(
        Wave(
            place + 1, upto, upto / plan.waves[-1],
            "let go" if place < plan.wave else now if place == plan.wave else "waits",
        )
        for place, upto in enumerate(plan.waves)
    )  # fmt: skip
