"""Tables of events, and tables of sessions, as page views and events of a website."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from attribution.engine.web_agents import DEVICES
from attribution.engine.web_drafts import Draft, Skipped, made_id

_OPENING: Final = 8 * 60  # sessions of a day are spread over fourteen hours from eight on
_OPEN_MINUTES: Final = 14 * 60
_MOST_PAGES: Final = 10_000
_LONGEST: Final = 7 * 86_400.0
_PING: Final = 600.0  # seconds: below any time-out, so that a long look at a page is one session
KINDS: Final = ("Administrative", "Informational", "ProductRelated")


@dataclass(frozen=True)
class Columns:
    """Names of a table's columns; blank where it has none."""

    user: str = "user_id"
    event: str = "event"
    timestamp: str = "timestamp"
    session: str = ""
    device: str = ""
    source: str = ""
    value: str = ""
    currency: str = ""


def event_drafts(
    rows: Iterable[Mapping[str, str | None]],
    *,
    columns: Columns,
    pages: Collection[str],
    base_url: str,
    zone: ZoneInfo,
) -> Iterator[Draft | Skipped]:
    """Turn rows of events into events of a website.

    Parameters
    ----------
    rows : by column; those of one user in the order in which things happened where times are equal
    columns : which is which
    pages : globs of event names that are a page seen, with a path like the name
    base_url : where the pages live
    zone : of timestamps without an offset

    Yields
    ------
    one draft or one reason for each row; the first event of a session carries its source
    """
    seen: defaultdict[datetime, int] = defaultdict(int)
    open_pages: dict[str, str] = {}
    told: set[str] = set()
    base = base_url.rstrip("/")
    for row in rows:
        user, name = _text(row, columns.user), _text(row, columns.event)
        at = _moment(_text(row, columns.timestamp), zone)
        if at is None or not user or not name:
            yield Skipped("no_time" if at is None else "no_user" if not user else "no_event")
            continue
        session, source = _text(row, columns.session), _text(row, columns.source)
        counter, seen[at] = seen[at], seen[at] + 1
        event: dict[str, Any] = {
            "id": made_id(at, counter=counter, text=f"{user}\n{session}\n{name}"),
            "name": name[:120],
        }
        visit = session or f"{user}\n{at:%Y-%m-%d}"
        if any(fnmatchcase(name, pattern) for pattern in pages):
            url = f"{base}/{'' if name == 'home' else quote(name)}"
            event |= {"type": "page_view", "url": url, "title": name}
            open_pages[user] = event["id"]
        else:
            page = open_pages.get(user)
            event |= {"type": "custom", "properties": _worth(row, columns)}
            event |= {"url": f"{base}/", "page_id": page} if page else {"url": f"{base}/"}
        facts = _device(_text(row, columns.device))
        if source and source != "direct" and visit not in told:
            facts |= {"source": source.lower()[:120], "medium": source.lower()[:120]}
        told.add(visit)
        yield Draft(event, user, session, facts)


def session_drafts(
    rows: Iterable[Mapping[str, str | None]], *, year: int, base_url: str, zone: ZoneInfo
) -> Iterator[Draft | Skipped]:
    """Turn one row a session, as in the Online Shoppers data, into what happened in it.

    Each row has pages and seconds of three kinds, a month, whether it was a weekend, and whether
    it ended in a purchase. Its pages are seen one after the other, each for an equal part of its
    kind's seconds; sessions of a month lie on its days in turn. The traffic type is the source
    (`traffic-2`), the visitor type the content of the tag: no row says who came.

    Parameters
    ----------
    rows : by the columns of UCI data set 468
    year : that the months are taken to be of
    base_url : where the pages live
    zone : of the days

    Yields
    ------
    drafts of a row: page views, engaged time, and a purchase; or the reason why it has none

    References
    ----------
    Sakar et al. (2018), Neural Computing and Applications 31, 6893-6908.
    """
    placed: defaultdict[tuple[int, bool], int] = defaultdict(int)
    for number, row in enumerate(rows):
        month, kinds = _month(_text(row, "Month")), _kinds(row)
        if not month or kinds is None:
            yield Skipped("unreadable")
            continue
        is_weekend = _text(row, "Weekend").upper() == "TRUE"
        place, placed[month, is_weekend] = placed[month, is_weekend], placed[month, is_weekend] + 1
        start = _start(year, month, place, zone, is_weekend=is_weekend)
        # Two files may have the same row at the same place, but hardly the same one.
        name = f"{number} {','.join(map(str, row.values()))}"
        yield from _Session(name, base_url.rstrip("/"), start).drafts(row, kinds)


def _kinds(row: Mapping[str, str | None]) -> list[tuple[str, int, float]] | None:
    """Pages and seconds of each kind; None where they are no such numbers."""
    try:
        kinds = [
            (kind, int(_text(row, kind)), float(_text(row, f"{kind}_Duration"))) for kind in KINDS
        ]
    except ValueError:
        return None
    are_sound = all(0 <= n <= _MOST_PAGES and 0 <= s <= _LONGEST for _, n, s in kinds)
    return kinds if are_sound else None


@dataclass
class _Session:
    """One row's session, as it goes."""

    name: str
    base: str
    at: datetime
    made: int = 0

    def drafts(
        self, row: Mapping[str, str | None], kinds: list[tuple[str, int, float]]
    ) -> Iterator[Draft]:
        """Pages of the session, one after the other, and its purchase."""
        tag = {
            "utm_source": f"traffic-{_text(row, 'TrafficType')}",
            "utm_medium": "referral",
            "utm_content": _text(row, "VisitorType"),
        }
        query, page = f"?{urlencode(tag)}", ""
        # A session without a page of these kinds is one look at the first page.
        seen = [(kind.lower(), n, s) for kind, n, s in kinds if n] or [("", 1, 0.0)]
        for kind, pages, seconds in seen:
            for n in range(pages):
                url = f"{self.base}/{kind}/{n + 1}" if kind else f"{self.base}/"
                view = self._draft(type="page_view", url=f"{url}{query}")
                query, page = "", view.event["id"]
                yield view
                left = seconds / pages
                while left > 0:
                    part = min(left, _PING)
                    self.at, left = self.at + timedelta(seconds=part), left - part
                    yield self._draft(type="engagement", seconds=part, url=url, page_id=page)
        if _text(row, "Revenue").upper() == "TRUE":
            yield self._draft(type="custom", name="purchase", url=f"{self.base}/", page_id=page)

    def _draft(self, **event: Any) -> Draft:
        event_id = made_id(self.at, counter=self.made, text=f"{self.name} {self.made}")
        self.made += 1
        return Draft({"id": event_id, **event}, self.name, self.name)


def _start(year: int, month: int, place: int, zone: ZoneInfo, *, is_weekend: bool) -> datetime:
    """Moment of the nth session of a month's working days, or of its weekends."""
    length = calendar.monthrange(year, month)[1]
    days = [date(year, month, day) for day in range(1, length + 1)]
    days = [day for day in days if (day.weekday() >= 5) == is_weekend]
    minute = _OPENING + place // len(days) * 7 % _OPEN_MINUTES
    begin = datetime.combine(days[place % len(days)], time(), zone)
    return (begin + timedelta(minutes=minute)).astimezone(UTC)


def _text(row: Mapping[str, str | None], column: str) -> str:
    return (row.get(column) or "").strip() if column else ""


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _month(text: str) -> int:
    short = text[:3].title()
    return list(calendar.month_abbr).index(short) if short in calendar.month_abbr[1:] else 0


def _worth(row: Mapping[str, str | None], columns: Columns) -> dict[str, str]:
    value, currency = _text(row, columns.value), _text(row, columns.currency)
    return {k: v for k, v in (("value", value), ("currency", currency)) if value and v}


def _device(text: str) -> dict[str, str]:
    low = text.lower()
    return {"device": low if low in DEVICES else "other"} if text else {}
