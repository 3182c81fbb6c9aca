"""The page of deliverability: rates by domain against their lines, halts, suspended addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from outreach.models import Halt, OutreachPolicy, Suppression, SuppressionReason
from outreach.selectors.rates import Fare, Standing, fares_by_domain, standings
from workspaces.charts import LineChart, line_chart
from workspaces.models import Workspace

#: Periods that can be chosen, in days.
PERIODS: Final = (7, 28, 90)
SUSPENDED_SHOWN: Final = 50


@dataclass(frozen=True)
class DomainLine:
    """A domain that takes our mail."""

    domain: str
    fare: Fare
    standings: tuple[Standing, ...]

    @property
    def verdict(self) -> str:
        """The worst of its rates: ``stop``, ``warn`` or ``fine``."""
        found = {one.verdict for one in self.standings}
        return next(one for one in ("stop", "warn", "fine") if one in found)


def domains_of(workspace: Workspace, policy: OutreachPolicy, since: date) -> list[DomainLine]:
    """Domains of recipients, the most written to first."""
    return [
        DomainLine(domain or "–", fare, tuple(standings(fare, policy)))
        for domain, fare in fares_by_domain(workspace, since=since)
    ]


def trend_of(known: Mapping[date, Fare], since: date, until: date) -> list[LineChart]:
    """Mail by day: what goes out, what comes back, who complains."""
    if not known:
        return []
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]

    def chart(
        title: str, read: Callable[[Fare], float | None], suffix: str = "", name: str = ""
    ) -> LineChart:
        values = [read(known.get(day, Fare())) for day in days]
        return line_chart(title=title, days=days, values=values, suffix=suffix, name=name)

    return [
        chart("Mails sent", lambda one: float(one.sent), name="mails_sent"),
        chart("Delivered", lambda one: _percent(one.delivery_rate), " %"),
        chart("Bounced", lambda one: _percent(one.bounce_rate), " %"),
        chart("Complained", lambda one: _percent(one.complaint_rate), " %"),
    ]


def _percent(rate: float | None) -> float | None:
    return None if rate is None else round(100 * rate, 4)


def total_of(lines: list[DomainLine]) -> Fare:
    """All of them together."""
    names = Fare.__dataclass_fields__
    return Fare(**{name: sum(getattr(one.fare, name) for one in lines) for name in names})


def halts_of(workspace: Workspace) -> tuple[list[Halt], list[Halt]]:
    """What is stopped now, and what was let go again lately."""
    rows = Halt.objects.filter(workspace=workspace).order_by("-since")[:30]
    found = list(rows)
    return (
        [one for one in found if one.lifted_at is None],
        [one for one in found if one.lifted_at is not None][:10],
    )


def suspended_of(workspace: Workspace, now: datetime) -> list[Suppression]:
    """Addresses that bounced for now too often, and rest for a while."""
    rows = Suppression.objects.filter(
        workspace=workspace, reason=SuppressionReason.BOUNCE, lifted_at=None, until__gt=now
    )
    return list(rows.order_by("-at")[:SUSPENDED_SHOWN])
