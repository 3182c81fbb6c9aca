"""TikTok's own ways: the code in the body, decimals, and the nightly lock on budgets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import Decimal

from workspaces.platforms.client import Answer
from workspaces.platforms.errors import ErrorKind, PlatformError, Usage
from workspaces.platforms.payload import mapping, text

LABEL = "TikTok"
LOCK_STARTS = time(23, 55)
_THROTTLED = frozenset({40100, 40016, 40132, 40133})
_AUTH = frozenset({40102, 40104, 40105})
_KINDS: Mapping[int, ErrorKind] = {
    # Part of the call worked and part did not; only reading back tells which.
    20001: ErrorKind.UNKNOWN,
    40001: ErrorKind.PERMISSION,
    40002: ErrorKind.INVALID,
    40007: ErrorKind.GONE,
    40300: ErrorKind.POLICY,
    50000: ErrorKind.TRANSIENT,
    **dict.fromkeys(_THROTTLED, ErrorKind.THROTTLED),
    **dict.fromkeys(_AUTH, ErrorKind.AUTH),
}
_ADVICE = {
    ErrorKind.THROTTLED: "The account pauses by itself and goes on later.",
    ErrorKind.TRANSIENT: "It is tried again.",
    ErrorKind.AUTH: "Authorise the TikTok connection again.",
    ErrorKind.PERMISSION: "Give the connection write access to this advertiser.",
    ErrorKind.INVALID: "Correct the value and propose the change again.",
    ErrorKind.GONE: "It was deleted or the connection cannot see it; sync the account.",
    ErrorKind.POLICY: "Open the advertiser's notices before going on.",
    ErrorKind.UNKNOWN: "Read the live value before trying again.",
}


def number(value: Decimal) -> int | float:
    """Return a JSON number in major units; the shortest form of a float is the amount itself."""
    return int(value) if value == value.to_integral_value() else float(value)


def usage_of(headers: Mapping[str, str]) -> Usage:  # the shape of a dialect
    """TikTok documents no usage headers."""
    return Usage()


def kind_of(code: int) -> ErrorKind:
    """Classify the codes that all sources agree on; any other is unknown."""
    if 51000 <= code <= 51999:  # the family of server faults
        return ErrorKind.TRANSIENT
    return _KINDS.get(code, ErrorKind.UNKNOWN)


def error_of(answer: Answer) -> PlatformError | None:
    """Return the error of the body, for HTTP says 200 whatever happened."""
    code = answer.fields.get("code")
    if not isinstance(code, int) or isinstance(code, bool):
        if not answer.is_success:
            return None
        return PlatformError(
            ErrorKind.UNKNOWN,
            f"{LABEL} answered without its code; {_ADVICE[ErrorKind.UNKNOWN].lower()}",
        )
    if code == 0 and answer.is_success:
        return None
    kind = kind_of(code)
    message = text(answer.fields.get("message")).rstrip(".") or "no explanation"
    return PlatformError(
        kind,
        f"{LABEL}: {message}. {_ADVICE[kind]}",
        provider_code=str(code),
        trace_id=text(answer.fields.get("request_id")),
    )


def data_of(answer: Answer) -> dict[str, object]:
    """Return the ``data`` of a good answer."""
    return mapping(answer.fields.get("data"))


def next_midnight(now: datetime, account_tz: tzinfo) -> datetime:
    """Return the account's next midnight in UTC."""
    tomorrow = now.astimezone(account_tz).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), account_tz).astimezone(UTC)


def lock_ends_at(now: datetime, account_tz: tzinfo) -> datetime | None:
    """Return when budgets may be changed again; ``None`` outside the five minutes to midnight."""
    if now.astimezone(account_tz).time() < LOCK_STARTS:
        return None
    return next_midnight(now, account_tz)
