"""Signals and alerts as lists: what page, JSON and files show, from the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from django.db.models import Case, Q, QuerySet, SmallIntegerField, TextChoices, Value, When

from campaigns.models import (
    Alert,
    AlertRule,
    AlertSeverity,
    AlertType,
    Signal,
    SignalSeverity,
    SignalType,
)
from campaigns.selectors.channel_days import RENAMED
from campaigns.selectors.channels import Channels, channels_of
from workspaces.models import Membership, Proposal, Workspace
from workspaces.periods import Period, page_number, yesterday_of
from workspaces.reports.shapes import Table

DAYS: Final = (7, 30, 90)
USUAL_DAYS: Final = 30
ROWS: Final = 50
SHOWN_UNREAD: Final = 5


@dataclass(frozen=True)
class Kind:
    """What a list can be narrowed to; the first state is a page's usual one."""

    name: str
    severities: type[TextChoices]
    types: type[TextChoices]
    states: Mapping[str, str]


SIGNALS: Final = Kind(
    "signals",
    SignalSeverity,
    SignalType,
    {"open": "Open", "dismissed": "Put aside", "resolved": "Over", "current": "Open or just over",
     "all": "All"},
)  # fmt: skip
ALERTS: Final = Kind(
    "alerts",
    AlertSeverity,
    AlertType,
    {"open": "Open", "unread": "Unread", "resolved": "Over", "all": "All"},
)


@dataclass(frozen=True)
class SignalLine:
    """A signal, and what was proposed about it."""

    signal: Signal
    proposals: list[Proposal]


@dataclass(frozen=True)
class WatchQuery:
    """A checked question; the days are those on which something that is over was seen."""

    kind: Kind
    workspace: Workspace
    days: int
    period: Period
    severity: str = ""
    type: str = ""
    channel: str = ""
    state: str = "all"
    number: int = 1

    @cached_property
    def channels(self) -> Channels:
        """Channels that can be asked for, and what the workspace calls them."""
        return channels_of(self.workspace)

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The filters by name, for the head of an export."""
        named = [
            ("Severity", dict(self.kind.severities.choices).get(self.severity)),
            ("Type", dict(self.kind.types.choices).get(self.type)),
            ("Channel", self.channels.label(self.channel) if self.channel else ""),
        ]
        return (
            ("Workspace", self.workspace.name),
            ("State", self.kind.states[self.state]),
            ("Seen or open", f"{self.period.since} to {self.period.until}"),
            *((name, value or "all") for name, value in named),
        )


def watch_query(
    kind: Kind, workspace: Workspace, given: Mapping[str, Any], now: datetime, *, state: str = ""
) -> WatchQuery:
    """Read a list's address; what is not understood is as usual. ``state`` is the usual one."""
    days = str(given.get("days", ""))
    known = int(days) if days.isdecimal() and 0 < int(days[:4]) <= 400 else USUAL_DAYS
    return WatchQuery(
        kind=kind,
        workspace=workspace,
        days=known,
        # Today counts: alerts are of the running day too.
        period=Period.ending(yesterday_of(workspace, now) + timedelta(days=1), known),
        severity=_one_of(kind.severities.values, given.get("severity", "")),
        type=_one_of(kind.types.values, given.get("type", "")),
        channel=str(given.get("channel", "")).replace("\x00", "")[:40],
        state=_one_of(kind.states, given.get("state", "")) or state or next(iter(kind.states)),
        number=page_number(str(given.get("page", ""))),
    )


def _one_of(known: Sequence[str] | Mapping[str, str], given: str) -> str:
    return given if given in known else ""


def signals_of(query: WatchQuery) -> QuerySet[Signal]:
    """Signals of a question, the pressing first."""
    rows = Signal.objects.filter(_narrowed(query), workspace=query.workspace)
    seen = Q(detected_on__gte=query.period.since)
    states = {
        "open": Q(resolved_at=None, dismissed_at=None),
        "dismissed": seen & Q(dismissed_at__isnull=False),
        "resolved": seen & Q(resolved_at__isnull=False),
        "current": (seen | Q(resolved_at=None)) & Q(dismissed_at=None),
        "all": seen | Q(resolved_at=None),
    }
    return (
        rows.filter(states[query.state])
        .select_related("campaign", "creative", "workspace")
        .order_by("-priority", "-detected_on", "-pk")
    )


def alerts_of(query: WatchQuery) -> QuerySet[Alert]:
    """Alerts of a question, the gravest first and of those the newest."""
    since = datetime.combine(query.period.since, datetime.min.time(), query.workspace.zone)
    seen = Q(last_seen_at__gte=since) | Q(resolved_at=None)
    states = {
        "open": Q(resolved_at=None),
        "unread": Q(read_at=None),
        "resolved": seen & Q(resolved_at__isnull=False),
        "all": seen,
    }
    rows = Alert.objects.filter(_narrowed(query), states[query.state], workspace=query.workspace)
    return (
        rows.annotate(rank=_RANK)
        .select_related("rule", "campaign", "read_by")
        .order_by("-rank", "-last_seen_at", "-pk")
    )


_RANK: Final = Case(
    *(When(severity=one, then=Value(place)) for place, one in enumerate(AlertSeverity.values)),
    output_field=SmallIntegerField(),
)


def _narrowed(query: WatchQuery) -> Q:
    wanted = Q()
    for name in ("severity", "type"):
        if value := getattr(query, name):
            wanted &= Q(**{name: value})
    if query.channel:
        wanted &= Q(channel=RENAMED.get(query.channel, query.channel))
    return wanted


def unread_of(member: Membership, now: datetime) -> QuerySet[Any]:
    """Alerts that nobody in the workspace has read."""
    return Alert.objects.filter(workspace=member.workspace_id, read_at=None)


def unread_alerts(workspace: Workspace) -> list[Alert]:
    """The gravest unread ones, and one more where there are more than are shown."""
    rows = Alert.objects.filter(workspace=workspace, read_at=None).annotate(rank=_RANK)
    return list(
        rows.select_related("campaign").order_by("-rank", "-last_seen_at", "-pk")[
            : SHOWN_UNREAD + 1
        ]
    )


def rules_of(workspace: Workspace) -> QuerySet[AlertRule]:
    """Rules by type and name."""
    return AlertRule.objects.filter(workspace=workspace).order_by("type", "name", "pk")


def lines_of(workspace: Workspace, signals: Sequence[Signal]) -> list[SignalLine]:
    """Signals with what was proposed about each."""
    if not signals:
        return []
    first = min(row.created_at for row in signals)
    rows = Proposal.objects.filter(
        workspace=workspace, idempotency_key__startswith="signal:", created_at__gte=first
    )
    found: dict[int, list[Proposal]] = {}
    # Few have a key, and those are in an index of their own.
    for row in rows.exclude(idempotency_key="").order_by("pk"):
        found.setdefault(int(row.idempotency_key.split(":")[1]), []).append(row)
    return [SignalLine(row, found.get(row.pk, [])) for row in signals]


def signal_sheets(query: WatchQuery) -> list[Table]:
    """Signals as files show them."""
    heads = ("Priority", "Severity", "Type", "Title", "Description", "Channel", "Campaign",
             "Began on", "Detected on", "Seen on", f"Money of a week ({query.workspace.currency})",
             "Low", "High", "Confidence (share)", "What to do", "Dismissed at", "Resolved at",
             "Resolution")  # fmt: skip
    rows = tuple(_signal_row(row, query.channels) for row in signals_of(query))
    return [Table("Signals", heads, rows)]


def _signal_row(row: Signal, channels: Channels) -> tuple[Any, ...]:
    impact = row.predicted_impact
    channel = channels.label(row.channel) if row.channel else ""
    return (
        row.priority, row.severity, row.type, row.title, row.description, channel,
        row.campaign.name if row.campaign else "", row.began_on.isoformat(),
        row.detected_on.isoformat(), row.seen_on.isoformat(),
        *(float(impact[name]) if name in impact else None for name in ("amount", "low", "high")),
        row.confidence, row.recommended_action, _moment(row.dismissed_at),
        _moment(row.resolved_at), row.resolution,
    )  # fmt: skip


def alert_sheets(query: WatchQuery) -> list[Table]:
    """Alerts as files show them."""
    heads = ("Severity", "Type", "Rule", "Message", "Channel", "Campaign", "Value", "Threshold",
             "Read", "First seen", "Last seen", "Resolved at", "Resolution")  # fmt: skip
    rows = tuple(_alert_row(row, query.channels) for row in alerts_of(query))
    return [Table("Alerts", heads, rows)]


def _alert_row(row: Alert, channels: Channels) -> tuple[Any, ...]:
    return (
        row.severity, row.type, row.rule.name, row.message, channels.label(row.channel),
        row.campaign.name if row.campaign else "", row.metric_value, row.threshold_value,
        "yes" if row.is_read else "no", _moment(row.first_seen_at), _moment(row.last_seen_at),
        _moment(row.resolved_at), row.resolution,
    )  # fmt: skip


def _moment(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


SHEETS: Final[dict[str, tuple[Kind, Callable[[WatchQuery], list[Table]]]]] = {
    "signals": (SIGNALS, signal_sheets),
    "alerts": (ALERTS, alert_sheets),
}
