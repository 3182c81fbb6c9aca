"""Finding the signals of a workspace, as often as one likes: one row for one event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.urls import reverse

from campaigns.engine.signals.scan import Finding, scan
from campaigns.engine.signals.worth import (
    HORIZON_DAYS,
    Worth,
    confidence_of,
    priorities,
    severity_of,
    worth_of,
)
from campaigns.models import Resolution, Signal, SignalSeverity, SignalType
from campaigns.selectors.signal_actions import most_worn_creative
from campaigns.selectors.signal_history import Scanned, read_history
from campaigns.services.signals.drift import drifts
from campaigns.services.signals.seen import Seen
from campaigns.services.signals.wording import (
    ACTIONS,
    CONVERSION,
    INSTALL,
    channel_labels,
    description_of,
    metrics_of,
    title_of,
)
from workspaces.models import Workspace
from workspaces.services.jobs import Progress
from workspaces.services.live import bump
from workspaces.services.locks import lock_names
from workspaces.services.notices import notify
from workspaces.services.webhooks_out import publish_all

SIGNALS_JOB: Final = "signals"
TOPIC: Final = "signals"
# Corrections of old figures move the ends of an event by a few days; it stays the same one.
SAME_WITHIN: Final = timedelta(days=3)
# What ended longer ago than that and was never told is history, not news.
TOLD_WITHIN: Final = timedelta(days=2)


def detect_job(progress: Progress) -> None:
    """The job's body."""
    progress.count(**detect_signals(workspace=progress.workspace, now=progress.now))


@dataclass
class Counts:
    """What a detection did."""

    found: int = 0
    updated: int = 0
    resolved: int = 0


def detect_signals(*, workspace: Workspace, now: datetime) -> dict[str, int]:
    """Scan the figures and bring the signals in line with them.

    Running it again changes nothing. A continuing event updates its signal, one whose figures have
    returned resolves it, and past events of the last four months are kept as resolved ones.

    Returns
    -------
    how many signals were found, updated and resolved
    """
    scanned = read_history(workspace, now=now)
    seen = _seen(workspace, scanned) if scanned else []
    today = now.astimezone(workspace.zone).date()
    seen += drifts(workspace, today=today)
    with transaction.atomic():
        lock_names([f"signals:{workspace.pk}"])
        counts = _store(workspace, seen, now=now, today=today)
        _rank(workspace, today)
    if counts.found or counts.updated or counts.resolved:
        bump(workspace.pk, TOPIC)
    return {"found": counts.found, "updated": counts.updated, "resolved": counts.resolved}


def _seen(workspace: Workspace, scanned: Scanned) -> list[Seen]:
    labels = channel_labels(workspace)
    return [_as_seen(finding, scanned, workspace, labels) for finding in scan(scanned.history)]


def _as_seen(
    finding: Finding, scanned: Scanned, workspace: Workspace, labels: dict[str, str]
) -> Seen:
    days = scanned.days
    began = days[finding.began]
    last = finding.ended if finding.ended is not None else len(days) - 1
    worth = _worth(finding, scanned, last)
    one = CONVERSION if finding.scope in scanned.by_conversion else INSTALL
    return Seen(
        type=SignalType(finding.type),
        severity=SignalSeverity(severity_of(finding)),
        channel=finding.scope,
        campaign_id=None,
        began_on=began,
        detected_on=days[finding.detected],
        seen_on=days[max(last - (finding.ended is not None), finding.detected)],
        ended_on=None if finding.ended is None else days[finding.ended],
        resolution=Resolution.SETTLED if finding.is_settled else Resolution.RETURNED,
        title=title_of(finding, labels, one),
        description=description_of(finding, began, workspace.currency, one),
        metrics=metrics_of(finding, one),
        action=ACTIONS[SignalType(finding.type)],
        impact=_impact(worth, workspace.currency),
        money=None if worth is None else Decimal(str(round(worth.mean, 2))),
        confidence=round(confidence_of(finding), 4),
        creative_id=_worn_creative(finding, days[-1], workspace),
    )


def _worn_creative(finding: Finding, until: date, workspace: Workspace) -> int | None:
    if finding.type != SignalType.FATIGUE or finding.ended is not None:
        return None
    return most_worn_creative(workspace, finding.scope, until=until)


def _worth(finding: Finding, scanned: Scanned, last: int) -> Worth | None:
    newest = slice(max(finding.detected - 2, 0), last + 1)
    channels = scanned.history.channels
    own = [one for one in channels if finding.scope in {"", one.key}]
    spend = float(np.sum([one.spend[newest] for one in own]) / (newest.stop - newest.start))
    installs = float(np.sum([one.installs[newest] for one in channels]))
    paid = float(np.sum([one.spend[newest] for one in channels]))
    return worth_of(finding, spend=spend, paid_cpi=paid / installs if installs else 0.0)


def _impact(worth: Worth | None, currency: str) -> dict[str, Any]:
    if worth is None:
        return {}
    return {
        "amount": f"{worth.mean:.2f}",
        "low": f"{worth.low:.2f}",
        "high": f"{worth.high:.2f}",
        "interval_pct": 80,
        "currency": currency,
        "horizon_days": HORIZON_DAYS,
        "basis": "if it goes on as on its newest days",
    }


def _store(workspace: Workspace, seen: list[Seen], *, now: datetime, today: date) -> Counts:
    standing = list(
        Signal.objects.select_for_update().filter(workspace=workspace).order_by("-began_on", "-pk")
    )
    counts, rows = Counts(), _matched(standing, seen)
    kept = {row.pk for row in rows.values()}
    # What is over is closed first: one event of a kind is open at a time.
    for row in standing:
        if row.resolved_at is None and row.pk not in kept:
            _resolve(row, Resolution.EXPLAINED, today, now)
            counts.resolved += 1
    for place, row in sorted(rows.items(), key=lambda pair: seen[pair[0]].ended_on is None):
        was_open, was_grave = row.resolved_at is None, row.severity == SignalSeverity.CRITICAL
        if _bring_in_line(row, seen[place], now):
            if not was_grave:
                _warn(row, now)
            counts.updated += 1
            counts.resolved += was_open and row.resolved_at is not None
    new = [one for place, one in enumerate(seen) if place not in rows]
    made = [_make(workspace, one, now) for one in new]
    counts.found = len(made)
    _tell(workspace, made, now=now, today=today)
    return counts


def _matched(standing: list[Signal], seen: list[Seen]) -> dict[int, Signal]:
    """Rows by the place of their event in ``seen``: those that began nearest to each other."""
    near = sorted(
        (
            (abs(row.began_on - one.began_on), row.resolved_at is not None, place, number)
            for place, one in enumerate(seen)
            for number, row in enumerate(standing)
            if _is_same(row, one)
        )
    )
    found: dict[int, Signal] = {}
    taken: set[int] = set()
    for _, _, place, number in near:
        if place not in found and number not in taken:
            found[place] = standing[number]
            taken.add(number)
    return found


def _is_same(row: Signal, one: Seen) -> bool:
    if (row.type, row.channel, row.campaign_id) != (one.type, one.channel, one.campaign_id):
        return False
    if row.resolved_at is None and one.ended_on is None:
        return True
    first, last = one.began_on - SAME_WITHIN, (one.ended_on or one.seen_on) + SAME_WITHIN
    return first <= (row.resolved_on or row.seen_on) and row.began_on <= last


def _columns(one: Seen) -> dict[str, Any]:
    return {
        "severity": one.severity,
        "title": one.title,
        "description": one.description,
        "metrics": one.metrics,
        "recommended_action": one.action,
        "predicted_impact": one.impact,
        "money_at_stake": one.money,
        "confidence": one.confidence,
        "seen_on": one.seen_on,
    }


def _bring_in_line(row: Signal, one: Seen, now: datetime) -> bool:
    """Write what has changed; what was first told, and since when, stays."""
    wanted = _columns(one)
    wanted["seen_on"] = max(one.seen_on, row.detected_on)
    wanted["creative_id"] = one.creative_id or row.creative_id
    is_over = one.ended_on is not None
    if is_over and row.resolved_at is None:
        wanted |= {
            "resolved_at": now, "resolved_on": one.ended_on, "resolution": one.resolution,
        }  # fmt: skip
    elif not is_over and row.resolved_at is not None:
        wanted |= {"resolved_at": None, "resolved_on": None, "resolution": ""}
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, wanted[name])
    if changed:
        row.save(update_fields=[*changed, "updated_at"])
    return bool(changed)


def _resolve(row: Signal, resolution: Resolution, today: date, now: datetime) -> None:
    row.resolved_at, row.resolved_on, row.resolution = now, today, resolution
    row.save(update_fields=["resolved_at", "resolved_on", "resolution", "updated_at"])


def _make(workspace: Workspace, one: Seen, now: datetime) -> Signal:
    is_over = one.ended_on is not None
    return Signal.objects.create(
        workspace=workspace,
        type=one.type,
        channel=one.channel,
        campaign_id=one.campaign_id,
        began_on=one.began_on,
        detected_on=one.detected_on,
        resolved_at=now if is_over else None,
        resolved_on=one.ended_on,
        resolution=one.resolution if is_over else "",
        creative_id=one.creative_id,
        **_columns(one),
    )


def _tell(workspace: Workspace, made: Sequence[Signal], *, now: datetime, today: date) -> None:
    """Tell of what is news: what lasts, or ended only just now."""
    news = [
        row for row in made if row.resolved_on is None or row.resolved_on >= today - TOLD_WITHIN
    ]
    if not news:
        return
    publish_all(
        workspace=workspace,
        event_type="signal.detected",
        data_by_id={f"{row.public_id}:detected": public_data(row) for row in news},
        now=now,
    )
    for row in news:
        _warn(row, now)


def _warn(row: Signal, now: datetime) -> None:
    """Notice of what is critical and lasts; once for each event."""
    if row.severity != SignalSeverity.CRITICAL or not row.is_open:
        return
    notify(
        workspace=row.workspace,
        topic="signal.critical",
        title=row.title,
        body=f"{row.description} {row.recommended_action}".strip(),
        url=reverse("signals"),
        dedup_key=f"signal:{row.public_id}",
        now=now,
    )


def public_data(row: Signal) -> dict[str, Any]:
    """What a webhook tells of a signal."""
    return {
        "id": str(row.public_id),
        "type": row.type,
        "severity": row.severity,
        "title": row.title,
        "description": row.description,
        "channel": row.channel,
        "began_on": row.began_on.isoformat(),
        "detected_on": row.detected_on.isoformat(),
        "metrics": row.metrics,
        "recommended_action": row.recommended_action,
        "predicted_impact": row.predicted_impact,
        "confidence": row.confidence,
    }


def _rank(workspace: Workspace, today: date) -> None:
    """Place the open signals among each other; one that is over keeps its last place."""
    rows = list(Signal.objects.filter(workspace=workspace, resolved_at=None).order_by("pk"))
    if not rows:
        return
    places = priorities(
        severities=[row.severity for row in rows],
        money=np.array(
            [np.nan if row.money_at_stake is None else float(row.money_at_stake) for row in rows]
        ),
        confidences=np.array([row.confidence for row in rows]),
        ages=np.array([float((today - row.seen_on).days) for row in rows]),
    )
    for row, place in zip(rows, places, strict=True):
        row.priority = round(float(place), 2)
    Signal.objects.bulk_update(rows, ["priority"])
