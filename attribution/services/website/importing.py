"""Events of files: access logs and tables, stored as if they had come in, then counted."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from attribution.engine.web_drafts import Draft, Skipped
from attribution.engine.web_events import Call, Columns, Terms, milliseconds, read_events
from attribution.engine.web_sources import host_of
from attribution.models import Site
from attribution.services.website.ingest import store_rows, terms_of
from attribution.services.website.sessions import sessionise_all
from attribution.services.website.sites import SiteError

CHUNK: Final = 2_000
_SAMPLES: Final = 5


@dataclass
class Imported:
    """What became of a file: events that are new, were there, or were left out, and why."""

    accepted: int = 0
    duplicates: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)
    sessions: int = 0


def base_of(site: Site, given: str = "") -> str:
    """Return where a site's pages live: the given address, else its first origin.

    Raises
    ------
    SiteError : the address is none of the site's
    """
    hosts = {host_of(origin): origin for origin in site.origins}
    if not given:
        if not site.origins:
            raise SiteError("origins", f"{site} says nowhere that its pages live; add an origin.")
        return str(site.origins[0])
    if host_of(given) not in hosts:
        raise SiteError("url", f"{given} is none of {site}'s origins: {', '.join(site.origins)}.")
    return given


def import_events(
    *,
    site: Site,
    drafts: Iterable[Draft | Skipped],
    now: datetime,
    has_consent: bool = False,
    moved: timedelta = timedelta(0),
) -> Imported:
    """Store events of a file and make their sessions.

    Reading a file again adds nothing. Without consent a visitor is known for one session of the
    file only, or one day where it names none, and by a secret that is forgotten when this returns:
    a file that is read in two parts makes two visitors of one.

    Parameters
    ----------
    has_consent : people may be known again by what names them in the file
    moved : added to all times, whole days
    """
    # Files are as old as they are.
    terms = replace(terms_of(site, now), oldest_ms=0)
    keys = _Keys(site, has_consent=has_consent)
    result = Imported()
    for chunk in _chunks(drafts, result.skipped):
        rows = _rows(chunk, terms, keys, now, moved, result)
        stored = store_rows(site=site, rows=rows, common={"has_consent": has_consent}, now=now)
        result.accepted += stored
        result.duplicates += len(rows) - stored
    result.sessions = sessionise_all(workspace=site.workspace, now=now).sessions
    return result


class _Keys:
    """Keys of a file's visitors and sessions."""

    def __init__(self, site: Site, *, has_consent: bool) -> None:
        self._site, self._has_consent = site.pk, has_consent
        self._secret = b"" if has_consent else secrets.token_bytes(32)

    def visitor(self, draft: Draft, day: str) -> str:
        """Key of a visitor: with consent always the same, else one for each session or day."""
        text = draft.visitor if self._has_consent else f"{draft.session or day}\n{draft.visitor}"
        return self._of(f"visitor\n{text}")

    def session(self, draft: Draft) -> str | None:
        """Key of the session as the file has it."""
        return self._of(f"session\n{draft.session}") if draft.session else None

    def _of(self, text: str) -> str:
        whole = f"{self._site}\n{text}".encode("utf-8", "replace")
        return str(UUID(bytes=hashlib.blake2b(whole, key=self._secret, digest_size=16).digest()))


def _chunks(drafts: Iterable[Draft | Skipped], skipped: Counter[str]) -> Iterator[list[Draft]]:
    def kept() -> Iterator[Draft]:
        for one in drafts:
            if isinstance(one, Skipped):
                skipped[one.reason] += 1
            else:
                yield one

    stream = kept()
    while chunk := list(islice(stream, CHUNK)):
        yield chunk


def _rows(
    chunk: list[Draft], terms: Terms, keys: _Keys, now: datetime, moved: timedelta, result: Imported
) -> list[Columns]:
    by_id = {_moved(draft.event, moved)["id"]: draft for draft in chunk}
    events = [_moved(draft.event, moved) for draft in chunk]
    reading = read_events(events, terms, Call(milliseconds(now), has_escapes=True))
    result.skipped.update(reading.dropped)
    result.skipped.update(f"refused_{one.field or 'event'}" for one in reading.rejected)
    room = _SAMPLES - len(result.samples)
    result.samples += [f"{one.field}: {one.message}" for one in reading.rejected[: max(0, room)]]
    for row in reading.rows:
        draft = by_id[row["event_id"]]
        row["visitor_key"] = keys.visitor(draft, row["day"])
        if session := keys.session(draft):
            row["client_session"] = session
        row.update(draft.facts)
    return reading.rows


def _moved(event: Mapping[str, Any], moved: timedelta) -> dict[str, Any]:
    if not moved:
        return dict(event)
    return {
        name: _later(value, moved) if name in ("id", "page_id") else value
        for name, value in event.items()
    }


def _later(event_id: str, moved: timedelta) -> str:
    """Move the id of an event by its time."""
    milliseconds = moved // timedelta(milliseconds=1)
    return str(UUID(int=UUID(event_id).int + (milliseconds << 80)))
