"""Checking a workspace's rules, as often as one likes: one alert for one crossing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Max, Q

from campaigns.engine.alerting import Condition, Line, State, judge
from campaigns.models import Alert, AlertResolution, AlertRule, AlertScope
from campaigns.selectors.alert_books import Shelf, Subject, read_shelves
from campaigns.services.alerts.rules import TOPIC
from campaigns.services.alerts.telling import tell_raised, tell_resolved
from campaigns.services.alerts.wording import message_of
from workspaces.models import Workspace
from workspaces.services.jobs import Progress
from workspaces.services.live import bump
from workspaces.services.locks import lock_names

ALERTS_JOB: Final = "alerts"
# A figure may be missing for a while; what was not measured for longer is over.
UNSEEN: Final = timedelta(days=3)
_LONGEST_COOLDOWN: Final = timedelta(hours=168)
_UPDATED: Final = (
    "severity", "message", "metric_value", "threshold_value", "raised_at", "last_seen_at",
    "resolved_at", "resolution", "told_at", "read_at", "read_by",
)  # fmt: skip

# Rule, channel, campaign: what an alert is about.
Key = tuple[int, str, int | None]


@dataclass(frozen=True)
class Seen:
    """A reading of one subject by one rule."""

    rule: AlertRule
    subject: Subject
    state: State
    value: float
    limit: float


@dataclass(frozen=True)
class Checked:
    """What a check did: alerts raised and resolved by it, told by it, and open after it."""

    raised: int = 0
    resolved: int = 0
    told: int = 0
    open: int = 0


def check_job(progress: Progress) -> None:
    """The job's body."""
    checked = check_alerts(workspace=progress.workspace, now=progress.now)
    progress.count(raised=checked.raised, resolved=checked.resolved, told=checked.told)


@transaction.atomic
def check_alerts(*, workspace: Workspace, now: datetime) -> Checked:
    """Hold the figures against every rule that is on, and bring the alerts in line.

    Checks of one workspace wait for each other, so the figures are read under the lock. A crossing
    that goes on keeps its alert up; one that is over resolves it; one that comes again on the same
    day opens it again. People are told once for each crossing, and not again within the cool-down.
    """
    lock_names([f"alerts:{workspace.pk}"])
    today = now.astimezone(workspace.zone).date()
    rules = list(AlertRule.objects.filter(workspace=workspace, is_enabled=True).order_by("pk"))
    seen = _read(workspace, rules, today)
    rows = {
        _key(row): row
        for row in Alert.objects.select_for_update(of=("self",))
        .select_related("rule")
        .filter(Q(resolved_at=None) | Q(day=today), workspace=workspace)
        # The open one last: it stays where one of today is over.
        .order_by("resolved_at", "pk")
    }
    resolved = _resolve(rows, seen, {rule.pk for rule in rules}, now)
    crossed = {key: one for key, one in seen.items() if one.state == State.CROSSED}
    new = [_new(workspace, one, today, now) for key, one in crossed.items() if key not in rows]
    raised = len(new) + _keep_up(workspace, rows, crossed, now)
    is_open = [*(row for row in rows.values() if row.is_open), *new]
    told = _due(workspace, is_open, now)
    for row in told:
        row.told_at, row.read_at, row.read_by = now, None, None
    Alert.objects.bulk_create(new)
    kept = [row for row in rows.values() if row.last_seen_at == now or row.resolved_at == now]
    Alert.objects.bulk_update(kept, _UPDATED, batch_size=500)
    tell_raised(workspace, told, now)
    tell_resolved(workspace, resolved, now)
    if raised or resolved or told:
        bump(workspace.pk, TOPIC)
    return Checked(raised, len(resolved), len(told), len(is_open))


def _read(workspace: Workspace, rules: list[AlertRule], today: date) -> dict[Key, Seen]:
    lines = {rule: _line(rule) for rule in rules}
    if not lines:
        return {}
    days = max(line.days_needed for line in lines.values())
    shelves = read_shelves(workspace, today=today, days=days)
    return {
        (rule.pk, one.subject.channel, one.subject.campaign_id): one
        for rule, line in lines.items()
        for one in _seen_by(rule, line, shelves[AlertScope(rule.scope)])
    }


def _line(rule: AlertRule) -> Line:
    also = None
    if rule.also_threshold is not None:
        also = Condition(rule.also_metric, rule.also_operator, float(rule.also_threshold))
    return Line(
        metric=rule.metric,
        operator=rule.operator,
        threshold=float(rule.threshold),
        basis=rule.basis,  # type: ignore[arg-type]  # the column's choices
        lookback_days=rule.lookback_days,
        also=also,
    )


def _seen_by(rule: AlertRule, line: Line, shelf: Shelf) -> Iterable[Seen]:
    readings = judge(line, shelf.book)
    for place, subject in enumerate(shelf.subjects):
        if rule.channel in {"", subject.channel}:
            state = State(readings.states[place])
            value, limit = float(readings.values[place]), float(readings.limits[place])
            yield Seen(rule, subject, state, value, limit)


def _key(row: Alert) -> Key:
    return row.rule_id, row.channel, row.campaign_id


def _resolve(
    rows: Mapping[Key, Alert], seen: Mapping[Key, Seen], rules: set[int], now: datetime
) -> list[Alert]:
    """Resolve those whose line is no longer crossed, for what is known of them."""
    resolved = []
    for key, row in rows.items():
        if row.is_open and (reason := _over(row, seen.get(key), rules, now)):
            row.resolved_at, row.resolution = now, reason
            resolved.append(row)
    return resolved


def _over(row: Alert, one: Seen | None, rules: set[int], now: datetime) -> str:
    if row.rule_id not in rules:
        return AlertResolution.SWITCHED_OFF
    if one is None:
        return AlertResolution.STOPPED
    if one.state == State.IN_RANGE:
        return AlertResolution.RETURNED
    if one.state == State.UNKNOWN and now - row.last_seen_at > UNSEEN:
        return AlertResolution.NO_FIGURES
    return ""


def _keep_up(
    workspace: Workspace, rows: Mapping[Key, Alert], crossed: Mapping[Key, Seen], now: datetime
) -> int:
    """Write what is measured now; returns how many of today were crossed anew."""
    again = 0
    for key in rows.keys() & crossed.keys():
        row, one = rows[key], crossed[key]
        if not row.is_open:
            row.raised_at, row.resolved_at, row.resolution = now, None, ""
            again += 1
        _measure(row, one, workspace, now)
    return again


def _new(workspace: Workspace, one: Seen, today: date, now: datetime) -> Alert:
    row = Alert(
        workspace=workspace,
        rule=one.rule,
        type=one.rule.type,
        channel=one.subject.channel,
        campaign_id=one.subject.campaign_id,
        day=today,
        first_seen_at=now,
        raised_at=now,
    )
    _measure(row, one, workspace, now)
    return row


def _measure(row: Alert, one: Seen, workspace: Workspace, now: datetime) -> None:
    row.severity = one.rule.severity
    row.message = message_of(one.rule, one.subject, one.value, one.limit, workspace)[:500]
    row.metric_value = Decimal(str(round(one.value, 6)))
    row.threshold_value = Decimal(str(round(one.limit, 6)))
    row.last_seen_at = now


def _due(workspace: Workspace, rows: Iterable[Alert], now: datetime) -> list[Alert]:
    """Those open ones that nobody was told of since they were raised, and whose subject is cool."""
    waiting = [row for row in rows if row.told_at is None or row.told_at < row.raised_at]
    if not waiting:
        return []
    told = Alert.objects.filter(
        workspace=workspace,
        told_at__gt=now - _LONGEST_COOLDOWN,
        rule__in={r.rule_id for r in waiting},
    )
    last = {
        (rule, channel, campaign): at
        for rule, channel, campaign, at in told.order_by()
        .values_list("rule", "channel", "campaign")
        .annotate(at=Max("told_at"))
    }
    return [
        row
        for row in waiting
        if (at := last.get(_key(row))) is None
        or now - at >= timedelta(hours=row.rule.cooldown_hours)
    ]
