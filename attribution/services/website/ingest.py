"""Events of websites as they come in: who sent them, what is taken, stored once and for good."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from attribution.engine.web_agents import agent_of
from attribution.engine.web_events import (
    MAX_EVENTS,
    Call,
    Columns,
    EventError,
    Reading,
    Rejected,
    Row,
    Terms,
    milliseconds,
    read_events,
    require_sound,
    skew_ms_of,
    validator,
)
from attribution.engine.web_places import country_of_zone
from attribution.engine.web_sources import host_of
from attribution.models import QuarantinedEvent, Site, WebTally
from attribution.services.website import ingest_sql
from attribution.services.website.ingest_copy import LEAST, copy_rows
from attribution.services.website.partitions import ensure_days
from attribution.services.website.visitors import anonymous_key

_SAMPLES: Final = 20  # of one call; what is like them is counted
_PAYLOAD: Final = 4000
_MINUTE: Final = len("2026-01-31T23:59")


@dataclass(frozen=True)
class Origin:
    """Where a call came from, as its connection and its headers tell."""

    user_agent: str = ""
    ip_address: str = ""
    country: str = ""
    region: str = ""
    city: str = ""


@dataclass(frozen=True)
class Taken:
    """What became of a call's events."""

    accepted: int = 0
    duplicates: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    rejected: Sequence[Rejected] = ()


def take_events(
    *, site: Site, body: Any, origin: Origin, now: datetime, has_escapes: bool = False
) -> Taken:
    """Check the events of a call, store the good ones, and keep samples of the others.

    When it returns, what it counts as accepted is committed.

    Raises
    ------
    EventError : the call itself cannot be read; no event of it was looked at
    """
    sent = validator("BODY")(body)
    if has_escapes:
        rest = {name: value for name, value in body.items() if name != "events"}
        require_sound(json.dumps(rest, ensure_ascii=False))
    events: list[Any] = sent["events"]
    if len(events) > MAX_EVENTS:
        raise EventError("events", f"{len(events)} events; send at most {MAX_EVENTS} at once.")
    agent = agent_of(sent.get("user_agent") or origin.user_agent)
    if agent.is_bot:
        dropped = {f"bot_{agent.why}": len(events)}
        _count(site, dropped, now)
        return Taken(dropped=dropped)
    reading = read_events(events, terms_of(site, now), _call_of(sent, now, has_escapes=has_escapes))
    keys = _keys(site, sent, origin, now)
    for row in reading.rows:
        row["visitor_key"] = keys.of(row["at"])
    common = _common(sent, origin) | {
        "has_consent": keys.has_consent,
        "device": agent.device,
        "os": agent.os,
        "browser": agent.browser,
    }
    accepted = store_rows(site=site, rows=reading.rows, common=common, now=now)
    _keep_refused(site, events, reading, now)
    return Taken(accepted, len(reading.rows) - accepted, reading.dropped, reading.rejected)


def terms_of(site: Site, now: datetime) -> Terms:
    """What a site says of its events."""
    return Terms(
        hosts=frozenset(host_of(origin) for origin in site.origins),
        conversions=frozenset(site.conversion_events),
        currency=site.workspace.currency,
        oldest_ms=milliseconds(now - timedelta(days=settings.WEB_EVENT_LATEST_DAYS)),
    )


def store_rows(
    *, site: Site, rows: Sequence[Columns], common: Mapping[str, Any], now: datetime
) -> int:
    """Store events in one commit and queue their visitors; returns how many were new.

    ``common`` holds for all rows that do not say otherwise.
    """
    from pydantic_core import to_json  # as the shapes of events: few processes need it

    if not rows:
        return 0
    ensure_days({date.fromisoformat(day) for day in {row["day"] for row in rows}})
    if len(rows) >= LEAST and copy_rows(site=site, rows=rows, common=common, now=now):
        return len(rows)
    parameters = {
        "workspace": site.workspace_id,
        "site": site.pk,
        "received_at": now,
        "rows": to_json(rows).decode(),
        **dict.fromkeys(ingest_sql.COMMON, ""),
        "client_session": None,
        **common,
    }
    with connection.cursor() as cursor:
        cursor.execute(ingest_sql.STORE, parameters)
        return int(cursor.fetchone()[0])


@dataclass
class _Keys:
    """Visitor keys of one call's events."""

    site: Site
    origin: Origin
    now: datetime
    visitor_id: UUID | None
    by_minute: dict[str, str] = field(default_factory=dict)

    @property
    def has_consent(self) -> bool:
        return self.visitor_id is not None

    def of(self, at: str) -> str:
        """With consent the browser's own, else a hash of the day; zones cut it at a minute."""
        minute = at[:_MINUTE] if self.visitor_id is None else ""
        if minute not in self.by_minute:
            self.by_minute[minute] = str(self.visitor_id or self._anonymous(at))
        return self.by_minute[minute]

    def _anonymous(self, at: str) -> UUID:
        return anonymous_key(
            site=self.site,
            workspace=self.site.workspace,
            ip_address=self.origin.ip_address,
            user_agent=self.origin.user_agent,
            at=datetime.fromisoformat(at),
            now=self.now,
        )


def _keys(site: Site, sent: Row, origin: Origin, now: datetime) -> _Keys:
    told = Origin(
        user_agent=sent.get("user_agent") or origin.user_agent,
        ip_address=sent.get("ip_address") or origin.ip_address,
    )
    return _Keys(site, told, now, sent.get("visitor_id") if sent.get("consent") else None)


def _call_of(sent: Row, now: datetime, *, has_escapes: bool) -> Call:
    received_ms = milliseconds(now)
    return Call(
        received_ms=received_ms,
        skew_ms=skew_ms_of(sent.get("sent_at"), received_ms),
        variants=sent.get("variants") or {},
        has_escapes=has_escapes,
    )


def _common(sent: Row, origin: Origin) -> Row:
    zone = sent.get("time_zone") or ""
    session = sent.get("session_id")
    return {
        "client_session": str(session) if session else None,
        "screen": sent.get("screen") or "",
        "time_zone": zone,
        "language": sent.get("language") or "",
        "country": origin.country or country_of_zone(zone),
        "region": origin.region,
        "city": origin.city,
    }


def _keep_refused(site: Site, events: list[Any], reading: Reading, now: datetime) -> None:
    """Count what was not taken, and keep samples of what could not be read."""
    counts = Counter(reading.dropped)
    counts.update(f"refused_{one.field or 'event'}"[:40] for one in reading.rejected)
    if not counts:
        return
    with transaction.atomic():
        _count(site, counts, now)
        QuarantinedEvent.objects.bulk_create(
            QuarantinedEvent(
                workspace_id=site.workspace_id,
                site=site,
                received_at=now,
                field=one.field[:120],
                message=str(one.message)[:300],
                payload=json.dumps(events[one.index])[:_PAYLOAD],
            )
            for one in reading.rejected[:_SAMPLES]
        )


def _count(site: Site, counts: Mapping[str, int], now: datetime) -> None:
    day = now.astimezone(site.workspace.zone).date()
    WebTally.objects.bulk_create(
        [
            WebTally(workspace_id=site.workspace_id, site=site, day=day, reason=reason)
            for reason in sorted(counts)
        ],
        ignore_conflicts=True,
    )
    for reason in sorted(counts):
        WebTally.objects.filter(site=site, day=day, reason=reason).update(
            events=F("events") + counts[reason]
        )


def queue_visitors(*, site: Site, keys: Iterable[UUID] | None = None, now: datetime) -> int:
    """Queue visitors from their first event on, all of a site unless told; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            ingest_sql.QUEUE_AGAIN,
            {"site": site.pk, "now": now, "keys": None if keys is None else list(map(str, keys))},
        )
        return int(cursor.rowcount)
