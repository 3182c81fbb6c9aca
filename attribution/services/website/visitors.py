"""Who a visitor is without consent: a hash of network and browser that nobody can undo tomorrow."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from attribution.models import Site, VisitorSalt
from workspaces import crypto
from workspaces.models import Workspace

# Yesterday's is kept so that a call on its way at midnight still belongs to its visit.
_KEPT: Final = timedelta(days=1)


def anonymous_key(
    *, site: Site, workspace: Workspace, ip_address: str, user_agent: str, at: datetime,
    now: datetime,
) -> UUID:  # fmt: skip
    """Hash who sent an event with the salt of its day.

    Events of a day whose salt is forgotten already, sent late, are hashed with today's.
    """
    today = now.astimezone(workspace.zone).date()
    day = max(at.astimezone(workspace.zone).date(), today - _KEPT)
    salt = _salt(workspace.pk, min(day, today), today)
    text = f"{site.pk}\n{ip_address}\n{user_agent}"
    return UUID(bytes=hashlib.blake2b(text.encode(), key=salt, digest_size=16).digest())


def forget_salts(*, workspace: Workspace, now: datetime) -> int:
    """Delete the salts of days gone by; who was who on them can be told by nobody any more."""
    today = now.astimezone(workspace.zone).date()
    old = VisitorSalt.objects.filter(workspace=workspace, day__lt=today - _KEPT)
    return old.delete()[0]


# Salts of days that count; a process forgets the others as the database does.
_known: dict[tuple[int, date], bytes] = {}


def _salt(workspace_id: int, day: date, today: date) -> bytes:
    if (workspace_id, day) not in _known:
        for key in [key for key in _known if key[1] < today - _KEPT]:
            del _known[key]
        _known[workspace_id, day] = _stored(workspace_id, day)
    return _known[workspace_id, day]


def _stored(workspace_id: int, day: date) -> bytes:
    rows = VisitorSalt.objects.filter(workspace_id=workspace_id, day=day)
    if not rows.exists():
        # Of two that make the same day one wins, so it is read again.
        fresh = crypto.encrypt({"salt": secrets.token_hex(32)})
        VisitorSalt.objects.bulk_create(
            [VisitorSalt(workspace_id=workspace_id, day=day, secret=fresh)], ignore_conflicts=True
        )
    return bytes.fromhex(str(crypto.decrypt(rows.get().secret)["salt"]))
