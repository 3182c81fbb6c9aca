"""API keys at the door: opened by what the caller sends, their use noted once a minute."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from workspaces.models import ApiKey

NOTE_EVERY: Final = timedelta(minutes=1)


def open_key(*, plain: str, now: datetime) -> ApiKey | None:
    """Return the key that ``plain`` is; ``None`` when it is unknown, revoked or expired."""
    prefix, _, secret = plain.partition(".")
    if not (prefix.isalnum() and prefix.isascii() and secret):
        return None
    key: ApiKey | None = (
        ApiKey.objects.select_related("workspace", "acts_as")
        .filter(prefix=prefix, revoked=False, workspace__closed_at=None)
        .first()
    )
    if key is None or not key.is_valid(plain):
        return None
    if key.expiry_date is not None and key.expiry_date <= now:
        return None
    if key.last_used_at is None or key.last_used_at <= now - NOTE_EVERY:
        _note_use(key, now)
    return key


def _note_use(key: ApiKey, now: datetime) -> None:
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTE_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
