"""Reports that took long to read are kept for a while: for as much longer as they took longer."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any, Final, get_args, get_origin, get_type_hints

from django.core.cache import cache

from inbox.selectors.analytics.asked import ReportQuery
from inbox.selectors.analytics.report import Report, report_of

#: What takes less is read anew each time.
SLOW_S: Final = 0.25
#: Reading takes a twentieth of the time at most, however often the page is opened.
_TIMES: Final = 20
_LONGEST_S: Final = 300.0


def recent_report(query: ReportQuery, now: datetime) -> tuple[Report, datetime]:
    """A report, and when it was read: now, or lately where reading it takes long."""
    name = _name(query)
    kept = cache.get(name)
    if kept is not None:
        told, read_at = kept
        report: Report = _built(Report, {**told, "query": None})
        return replace(report, query=query), datetime.fromisoformat(read_at)
    started = time.monotonic()
    found = report_of(query, now)
    took_s = time.monotonic() - started
    if took_s >= SLOW_S:
        kept_s = min(_LONGEST_S, max(1.0, _TIMES * took_s))
        cache.set(name, (_plain(found), now.isoformat()), timeout=kept_s)
    return found, now


def _name(query: ReportQuery) -> str:
    asked = f"{query.workspace.pk}:{query.workspace.zone}:{sorted(query.asked.items())}"
    return f"inbox:report:{hashlib.sha256(asked.encode()).hexdigest()}"


def _plain(value: Any) -> Any:
    """A report as lists and what JSON knows; a mapping as pairs, whose keys stay numbers."""
    if isinstance(value, ReportQuery):
        return None
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return [[key, _plain(part)] for key, part in value.items()]
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _built(kind: Any, value: Any) -> Any:
    """The same back, as its type says."""
    if value is None:
        return None
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        parts = {one.name: _built(hints[one.name], value[one.name]) for one in fields(kind)}
        return kind(**parts)  # type: ignore[operator]  # a class, never a row of one
    origin, args = get_origin(kind), [one for one in get_args(kind) if one is not type(None)]
    if origin is tuple:
        each = [args[0]] * len(value) if Ellipsis in args else args
        return tuple(_built(one, part) for one, part in zip(each, value, strict=True))
    if origin is Counter:
        return Counter(dict(value))
    if origin is Mapping:
        return {key: _built(args[1], part) for key, part in value}
    return _built(args[0], value) if args else value
