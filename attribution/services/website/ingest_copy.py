"""Storing many events by COPY, which cannot leave out repetitions: it stores all or none."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, connection, transaction

from attribution.engine.web_events import Columns
from attribution.models import Site
from attribution.services.website import ingest_sql as sql

# Below it the extra ways to the database and back cost more than COPY saves.
LEAST: Final = 50
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_rows(
    *, site: Site, rows: Sequence[Columns], common: Mapping[str, Any], now: datetime
) -> bool:
    """Store events and queue their visitors; False, and nothing stored, where one is there already.

    As ``ingest.store_rows``, which takes it from there.
    """
    first: dict[str, str] = {}
    for row in rows:
        key, at = row["visitor_key"], row["at"]
        first[key] = min(at, first.get(key, at))
    queued: dict[str, Any] = {
        "workspace": site.workspace_id,
        "site": site.pk,
        "received_at": now,
        "keys": list(first),
        "moments": list(first.values()),
    }
    same = {"workspace_id": site.workspace_id, "site_id": site.pk, "received_at": now, **common}
    lines = io.StringIO(_lines(rows, same))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            with connection.wrap_database_errors:
                cursor.copy_expert(sql.COPY, lines)
            cursor.execute(sql.QUEUE, queued)
    except IntegrityError:
        return False
    return True


def _lines(rows: Sequence[Columns], same: Mapping[str, Any]) -> str:
    """Rows in COPY's text format."""
    base = sql.UNSAID | {
        name: str(value).translate(_ESCAPES) for name, value in same.items() if value is not None
    }
    return "\n".join("\t".join((base | _escaped(row)).values()) for row in rows)


def _escaped(row: Columns) -> Columns:
    """As COPY writes texts; few hold anything that it writes in another way."""
    text = "".join(row.values())
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        return {name: text.translate(_ESCAPES) for name, text in row.items()}
    return row
