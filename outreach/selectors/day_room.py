"""How much of a campaign may still go today, by the limits that were signed and how it fares.

A plan gives its rows their days in advance; what became of them since moves them. Where spending
is ahead of the days gone, less of the rows go than were planned, and the others on the next days;
where it is behind, rows of later days come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet

from outreach.engine.pacing import FASTER, Pace, daily_budget, daily_limit
from outreach.models import SENT_TO, OutreachMessage, PlannedSend, SendPlan
from outreach.selectors.campaign_use import Use, days_of, pace_of, read_moment, use_of

_MICROS: Final = 1_000_000
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class DayRoom:
    """Messages and money that are left for today; ``None`` where there is no limit of the kind."""

    begins: datetime
    messages: int | None
    money: Decimal | None
    is_behind: bool

    @property
    def ends(self) -> datetime:
        """When the next day begins."""
        zone = self.begins.tzinfo
        assert isinstance(zone, ZoneInfo)  # noqa: S101  # so it was made
        return _begin(self.begins.date() + _DAY, zone)

    def fitting(self, rows: Sequence[PlannedSend]) -> list[PlannedSend]:
        """The first rows that fit, in their order; the first that does not closes the day."""
        found: list[PlannedSend] = []
        money = self.money
        for row in rows[: self.messages] if self.messages is not None else rows:
            if money is not None:
                money -= row.cost
                if money < 0:
                    break
            found.append(row)
        return found

    def today(self, at: datetime) -> datetime:
        """A moment of another day at the same hour of this one."""
        zone = self.begins.tzinfo
        local = at.astimezone(zone)
        return datetime.combine(self.begins.date(), local.time(), zone)


def is_paced(plan: SendPlan) -> bool:
    """Whether days have limits: of messages, or of money that has to last to an end."""
    said = plan.settings["campaign"]
    return said["daily_limit"] is not None or _has_money(plan)


def _has_money(plan: SendPlan) -> bool:
    said = plan.settings["campaign"]
    return said["budget"] is not None and said["ends_at"] is not None


def is_past_its_end(plan: SendPlan, now: datetime) -> bool:
    """Whether the end that was signed has come."""
    ends_at = read_moment(plan.settings["campaign"]["ends_at"])
    return ends_at is not None and ends_at <= now


def room_of(plan: SendPlan, now: datetime) -> DayRoom | None:
    """What is left of today for a plan's campaign, all its plans together; none of no limit."""
    if not is_paced(plan):
        return None
    said = plan.settings["campaign"]
    limit = said["daily_limit"]
    campaign, zone = plan.campaign, plan.workspace.zone
    today = now.astimezone(zone).date()
    use = use_of(campaign, now, planned=False)
    pace = pace_of(campaign, said, use, now)
    used = use.on(today)
    factor = pace.factor if pace else 1.0
    messages = None if limit is None else max(0, daily_limit(limit, factor) - used.messages)
    money = (
        _money(pace, use, days_of(campaign, said, now), today)
        if pace and _has_money(plan)
        else None
    )
    return DayRoom(_begin(today, zone), messages, money, factor == FASTER)


def _money(pace: Pace, use: Use, days: tuple[int, int], today: date) -> Decimal:
    """The day's share of what was left when it began, less what it used."""
    left = max(0, pace.budget_micros - int(use.before * _MICROS))
    share = Decimal(daily_budget(left, days[0] - days[1])) / _MICROS
    return max(Decimal(0), share - use.on(today).cost)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def brought_forward(
    plan: SendPlan, room: DayRoom, wave: int, *, most: int
) -> Sequence[PlannedSend]:
    """Rows of later days that today has room for, once its own have theirs."""
    rows = PlannedSend.objects.filter(plan=plan, wave=wave, outcome__in=SENT_TO)
    own = list(
        unmade(rows.filter(send_at__gte=room.begins, send_at__lt=room.ends), plan)[:most]
    )  # fmt: skip
    later = unmade(rows.filter(send_at__gte=room.ends), plan).select_related("text")
    fits = room.fitting([*own, *later.order_by("send_at", "place")[:most]])
    return fits[len(own) :]


def unmade(rows: QuerySet[PlannedSend], plan: SendPlan) -> QuerySet[PlannedSend]:
    """Rows of a plan of which no message was made yet."""
    made = OutreachMessage.objects.filter(
        workspace=plan.workspace_id, contact=OuterRef("contact"), plan=plan, step=OuterRef("step")
    )
    return rows.filter(~Exists(made))
