"""What fingerprints are hashed with: a secret per week, forgotten with that week's clicks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from django.conf import settings

from attribution.engine.matching import fingerprint
from attribution.models import FingerprintSalt
from workspaces import crypto
from workspaces.models import Workspace

_WEEK = timedelta(days=7)


def fingerprint_at(
    *, workspace: Workspace, components: Mapping[str, str], at: datetime, now: datetime
) -> str:
    """Hash the fingerprint of a click; empty where a component is missing or the week is gone."""
    found = fingerprints_between(
        workspace=workspace, components=components, since=at, until=at, now=now
    )
    return found[0] if found else ""


def fingerprints_between(
    *,
    workspace: Workspace,
    components: Mapping[str, str],
    since: datetime,
    until: datetime,
    now: datetime,
) -> list[str]:
    """Hash one fingerprint with the salt of each week that a window touches."""
    if not fingerprint(components, "any"):
        return []
    salts = _salts(workspace, since, until, now)
    return [fingerprint(components, salts[week]) for week in sorted(salts)]


def _monday(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def _salts(
    workspace: Workspace, since: datetime, until: datetime, now: datetime
) -> dict[date, str]:
    first = max(_monday(since), oldest_week(now))
    weeks = [first + number * _WEEK for number in range((_monday(until) - first) // _WEEK + 1)]
    rows = FingerprintSalt.objects.filter(workspace=workspace, week_starts_on__in=weeks)
    known = {row.week_starts_on: row.secret for row in rows}
    if missing := [week for week in weeks if week not in known]:
        # Of two that make the same week one wins, so it is read again.
        FingerprintSalt.objects.bulk_create(
            [
                FingerprintSalt(workspace=workspace, week_starts_on=w, secret=_new())
                for w in missing
            ],
            ignore_conflicts=True,
        )
        known = {row.week_starts_on: row.secret for row in rows.all()}
    return {week: str(crypto.decrypt(secret)["salt"]) for week, secret in known.items()}


def oldest_week(now: datetime) -> date:
    """First week whose clicks may still be here."""
    return _monday(now - timedelta(days=settings.CLICK_KEEP_DAYS))


def _new() -> str:
    return crypto.encrypt({"salt": secrets.token_hex(32)})
