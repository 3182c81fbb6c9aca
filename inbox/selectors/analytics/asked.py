"""What the report is asked for: days, channel, team, agent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from inbox.models import InboxChannel, Team
from workspaces.gate import RequestError
from workspaces.models import User, Workspace
from workspaces.periods import Period, Presets, asked_period

PRESETS: Final = Presets(days=(1, 7, 28, 90), usual=7)
MOST_DAYS: Final = 92
NOBODY: Final = "none"


@dataclass(frozen=True)
class ReportQuery:
    """A checked question. Empty: not asked."""

    workspace: Workspace
    period: Period
    days: int | None = None
    channel: str = ""
    team: str = ""
    agent: int | None = None  # 0: nobody's

    @property
    def starts_at(self) -> datetime:
        """When the period begins, by the workspace's clock."""
        return self._midnight(self.period.since)

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self._midnight(self.period.until + timedelta(days=1))

    @property
    def before_at(self) -> datetime:
        """When the period before begins."""
        return self._midnight(self.period.before.since)

    @property
    def params(self) -> dict[str, Any]:
        """What every query of the report is asked with."""
        return {
            "workspace": self.workspace.pk, "zone": str(self.workspace.zone),
            "before": self.before_at, "start": self.starts_at, "end": self.ends_at,
            "first_day": self.period.since, "channel": self.channel, "team": self.team,
            "agent": self.agent or None,
        }  # fmt: skip

    @property
    def asked(self) -> dict[str, Any]:
        """The same question as an address asks it, with its days written out."""
        asked = {
            "from": self.period.since, "to": self.period.until, "channel": self.channel,
            "team": self.team, "agent": NOBODY if self.agent == 0 else self.agent or "",
        }  # fmt: skip
        return {name: value for name, value in asked.items() if value != ""}

    @property
    def address(self) -> str:
        """The same as a query string."""
        return urlencode(self.asked)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.workspace.zone)


def query_of(workspace: Workspace, given: Mapping[str, str], now: datetime) -> ReportQuery:
    """Read the page's address; what is not understood is as usual, too many days are cut.

    Today counts: who looks wants to know how it goes.
    """
    today = now.astimezone(workspace.zone).date()
    period, days = asked_period(given, PRESETS, last=today)
    if period.days > MOST_DAYS:
        period = Period.ending(period.until, MOST_DAYS)
    return ReportQuery(
        workspace, period, days,
        channel=_known(given.get("channel", ""), InboxChannel.values),
        team=_known(given.get("team", ""), Team.values),
        agent=_agent(given.get("agent", "")),
    )  # fmt: skip


def strict_query(
    workspace: Workspace,
    *,
    since: date | None,
    until: date | None,
    channel: str,
    team: str,
    agent: str,
    now: datetime,
) -> ReportQuery:
    """The same as other systems ask it: what is wrong is refused.

    Raises
    ------
    RequestError : names the field that is wrong
    """
    last = until or now.astimezone(workspace.zone).date()
    first = since or last - timedelta(days=PRESETS.usual - 1)
    if first > last:
        raise RequestError("from", "The period ends before it begins.")
    if (last - first).days >= MOST_DAYS:
        raise RequestError("from", f"Ask for at most {MOST_DAYS} days.")
    if not 2000 <= first.year <= last.year <= 2100:
        raise RequestError("from", "Ask for days between 2000 and 2100.")
    asked = _member(workspace, agent) if agent and agent != NOBODY else None
    if agent and agent != NOBODY and asked is None:
        raise RequestError("agent", "There is no such member here.")
    chosen = 0 if agent == NOBODY else asked
    return ReportQuery(workspace, Period(first, last), None, channel, team, chosen)


def _member(workspace: Workspace, email: str) -> int | None:
    rows = User.objects.filter(memberships__workspace=workspace, email__iexact=email)
    return rows.values_list("pk", flat=True).first()


def _known(given: str, known: Collection[str]) -> str:
    return given if given in known else ""


def _agent(given: str) -> int | None:
    """A number, also of somebody who left; of nobody's rows there is nothing to see."""
    if given == NOBODY:
        return 0
    is_number = given.isascii() and given.isdecimal() and len(given) < 19
    return int(given) if is_number else None
