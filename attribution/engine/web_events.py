"""Events of websites as they come over the wire: checked one by one, turned into columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from attribution.engine.web_sources import classify, host_of

DEFAULT_CONVERSIONS: Final = ("purchase", "signup", "lead", "appointment", "install")
MAX_EVENTS: Final = 500
# A difference of clocks below this is the way that the call took.
_LATENCY_MS: Final = 60_000
# A clock that is wrong by more says nothing about the day.
_TRUSTED_MS: Final = 12 * 3_600_000
_ID_LENGTH: Final = 36
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 24 * 3_600_000
_MOST: Final = Decimal(10) ** 13
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TAGS: Final = ("utm_", "clid=", "wbraid=", "gbraid=", "li_fat_id=")
_CATEGORIES: Final = {"page_view": "navigation"}
# Columns that only some events fill, where the wire has them, and how much of each is kept.
_ELEMENT: Final = (("id", 200), ("class", 200), ("text", 200), ("type", 40), ("href", 2000))

Row = dict[str, Any]
#: Values by column, as text that a database reads: it costs least to write where texts are joined.
Columns = dict[str, str]
Scalar = str | float | int | bool | None


class EventError(ValueError):
    """An event or a call that cannot be read; ``field`` says where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Terms:
    """What a site says of its events.

    Parameters
    ----------
    hosts : its own hosts, as `host_of` writes them; events of pages elsewhere are dropped
    conversions : names of events that count as a conversion
    currency : of values that name none
    oldest_ms : no event before is taken, milliseconds since 1970
    """

    hosts: frozenset[str]
    conversions: Collection[str]
    currency: str
    oldest_ms: int


@dataclass(frozen=True)
class Call:
    """What holds for all events of one call.

    Parameters
    ----------
    received_ms : when it came, milliseconds since 1970
    skew_ms : what the sender's clock lacks
    variants : test and variant keys of events that name none themselves
    has_escapes : whether a text of the call may hold what no database takes: only by an escape
    """

    received_ms: int
    skew_ms: int = 0
    variants: Mapping[str, str] = field(default_factory=dict)
    has_escapes: bool = False


@dataclass(frozen=True)
class Rejected:
    """An event that could not be read; ``index`` is its place in the call."""

    index: int
    event_id: str
    field: str
    message: str


@dataclass
class Reading:
    """What became of the events of one call."""

    rows: list[Columns] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)


def skew_ms_of(sent_ms: float | None, received_ms: int) -> int:
    """How far the sender's clock is behind ours; nothing where the way explains it.

    Parameters
    ----------
    sent_ms, received_ms : milliseconds since 1970, on the sender's clock and on ours
    """
    if sent_ms is None:
        return 0
    skew = received_ms - int(sent_ms)
    return skew if abs(skew) > _LATENCY_MS else 0


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def moment(at_ms: int) -> datetime:
    """Moment of so many milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=at_ms)


def read_events(events: list[Any], terms: Terms, call: Call) -> Reading:
    """Check each event of a call by itself: the good ones become rows, the others are named.

    Parameters
    ----------
    events : objects of the wire
    terms, call : what holds for the site and for this call

    Returns
    -------
    rows by column (without those of the sender), refusals in the order of the events, and counts
    of what was dropped by reason
    """
    reading = Reading()
    check = _checker(call)
    for index, raw in enumerate(events):
        try:
            row = _row(raw, check(raw), terms, call)
        except EventError as error:
            given = raw.get("id", "") if isinstance(raw, dict) else ""
            event_id = given[:40] if isinstance(given, str) else ""
            reading.rejected.append(Rejected(index, event_id, error.field, str(error)))
            continue
        if row is None:
            reading.dropped["foreign_page"] = reading.dropped.get("foreign_page", 0) + 1
        else:
            reading.rows.append(row)
    return reading


def _row(raw: Row, event: Row, terms: Terms, call: Call) -> Columns | None:
    kind = event["type"]
    at_ms, day = _times(event, terms, call)
    row = {
        "event_id": _id_of(raw, event, "id"),
        "type": kind,
        "at": _written(at_ms),
        "day": day,
    }
    if url := event.get("url"):
        if not _add_page(row, url, event, terms):
            return None
    elif kind == "page_view":
        raise EventError("url", "A page view needs the address of its page.")
    row["name"] = event.get("name", "") if kind == "custom" else kind
    row["category"] = _CATEGORIES.get(kind, "engagement")
    if event.get("page_id"):
        row["page_id"] = _id_of(raw, event, "page_id")
    if variants := event.get("variants") or call.variants:
        row["variants"] = _json(variants)
    if element := event.get("element"):
        _add_element(row, element)
    if (properties := event.get("properties")) is not None:
        _add_properties(row, properties, terms)
    _add_measures(row, kind, event, terms)
    return row


def _id_of(raw: Row, event: Row, name: str) -> str:
    """Return the text that it came as where it is usual: writing all anew costs a tenth."""
    text: str = raw[name]
    return text if len(text) == _ID_LENGTH else str(event[name])


def _add_measures(row: Columns, kind: str, event: Row, terms: Terms) -> None:
    if kind == "custom":
        if not row["name"]:
            raise EventError("name", "An event of its own needs a name.")
        if row["name"] in terms.conversions:
            row["category"] = "conversion"
    elif kind == "scroll":
        row["scroll"] = str(_needed(event, "scroll", kind))
    elif kind == "engagement":
        row["seconds"] = str(_needed(event, "seconds", kind))
    elif kind == "identify":
        row["user_id"] = _needed(event, "user_id", kind)


def _needed(event: Row, name: str, kind: str) -> Any:
    value = event.get(name)
    if value is None or value == "":
        raise EventError(name, f"An event of type {kind} needs it.")
    return value


def _times(event: Row, terms: Terms, call: Call) -> tuple[int, str]:
    """When it happened by our clock, and the day that it is stored under.

    The day is that of the sender's own time, so that a repetition falls on it again.
    """
    told = event.get("at")
    own_ms = event["id"].int >> 80 if told is None else int(told)
    at_ms = min(own_ms + call.skew_ms, call.received_ms)
    if not terms.oldest_ms <= at_ms:
        raise EventError(
            "id" if told is None else "at",
            "This happened too long ago: nothing before"
            f" {moment(terms.oldest_ms):%Y-%m-%d %H:%M} UTC is taken.",
        )
    is_trusted = abs(call.skew_ms) <= _TRUSTED_MS and own_ms - call.received_ms <= _TRUSTED_MS
    return at_ms, _day_of((own_ms if is_trusted else at_ms) // _DAY_MS)


@lru_cache(maxsize=64)
def _day_of(number: int) -> str:
    """Day so many days after 1970-01-01."""
    return moment(number * _DAY_MS).date().isoformat()


def _written(at_ms: int) -> str:
    """Moment in ISO 8601; most of its cost is the date."""
    return f"{_minute_of(at_ms // _MINUTE_MS)}:{at_ms % _MINUTE_MS / 1000:06.3f}+00:00"


@lru_cache(maxsize=8192)
def _minute_of(number: int) -> str:
    """Minute so many minutes after 1970 began, up to the seconds."""
    return moment(number * _MINUTE_MS).isoformat(timespec="minutes")[: -len("+00:00")]


def _add_page(row: Columns, url: str, event: Row, terms: Terms) -> bool:
    """Columns of the page; False where it is none of the site's."""
    if not url.startswith(("https://", "http://")):
        raise EventError("url", "This is no address of a page: it starts with https:// or http://.")
    host, row["path"] = _place_of(url)
    if terms.hosts and host not in terms.hosts:
        return False
    row["url"] = url[:2000]
    if event["type"] != "page_view":
        return True
    if title := event.get("title"):
        row["title"] = title[:300]
    referrer = event.get("referrer") or ""
    row["referrer"] = referrer[:2000]
    found = classify(url=url, referrer=referrer, own_hosts=terms.hosts)
    if found.source or found.campaign:
        row |= {
            name: value
            for name in ("source", "medium", "campaign", "content", "term", "click_id_kind",
                         "click_id")
            if (value := getattr(found, name))
        }  # fmt: skip
        query = url.partition("?")[2]
        row["is_tagged"] = str(any(tag in query for tag in _TAGS))
    return True


# A visitor's events name the same page over and over.
@lru_cache(maxsize=8192)
def _place_of(url: str) -> tuple[str, str]:
    return host_of(url), path_of(url)


def path_of(url: str) -> str:
    """Path of an address, decoded, without a slash at its end; `/` for the root.

    Parameters
    ----------
    url : absolute, http or https
    """
    rest = url.partition("://")[2].partition("#")[0].partition("?")[0]
    path = "/" + rest.partition("/")[2]
    if "%" in path:
        path = unquote(path).replace("\x00", "")
    return path[:500].rstrip("/") or "/"


def _add_element(row: Columns, element: Mapping[str, str]) -> None:
    for name, most in _ELEMENT:
        if value := element.get(name):
            row["href" if name == "href" else f"element_{name}"] = value[:most]
    row["label"] = (element.get("text") or element.get("id") or "")[:200]
    if element.get("href"):
        row["category"] = "navigation"


def _add_properties(row: Columns, properties: Mapping[str, Scalar], terms: Terms) -> None:
    row["properties"] = _json(properties)
    if isinstance(label := properties.get("label"), str):
        row["label"] = label[:200]
    given = properties.get("value")
    if given is None:
        return
    row["value"] = str(_amount(given))
    currency = properties.get("currency") or terms.currency
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii()
            and currency.isalpha()):  # fmt: skip
        raise EventError("properties.currency", "Write the currency as three letters: EUR.")
    row["currency"] = currency.upper()


def _amount(given: Scalar) -> Decimal:
    try:
        amount = Decimal(str(given)) if not isinstance(given, bool) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < _MOST:
        raise EventError("properties.value", "A value is a number of 0 or more, such as 59.90.")
    return round(amount, 6)


def _json(value: Mapping[str, Scalar]) -> str:
    from pydantic_core import to_json  # as the shapes of events: few processes need it

    return to_json(value).decode()


def _checker(call: Call) -> Callable[[Any], Row]:
    """Check an event against the wire's shape."""
    if not call.has_escapes:
        return validator("EVENT")
    check = validator("EVENT")

    def sound(raw: Any) -> Row:
        require_sound(json.dumps(raw, ensure_ascii=False))
        return check(raw)

    return sound


def require_sound(text: str) -> None:
    """Refuse what no database takes: a NUL, and half of a pair that stands for one character."""
    if "\\u0000" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise EventError("events", "A text holds a NUL or half of a character.")


def validator(name: str) -> Callable[[Any], Row]:
    """Check what came against a shape of ``web_wire``; it raises EventError where it differs."""
    # A tenth of a second of a process's start that few processes need.
    from pydantic import ValidationError

    from attribution.engine import web_wire

    validate = getattr(web_wire, name).validator.validate_python

    def check(raw: Any) -> Row:
        """Return the checked fields."""
        try:
            found: Row = validate(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise EventError(_place(first["loc"]), f"{first['msg']}.") from None
        return found

    return check


def _place(parts: tuple[int | str, ...]) -> str:
    """Name of the field, without the names that pydantic gives to the branches of a union."""
    return ".".join(str(part) for part in parts[:2])
