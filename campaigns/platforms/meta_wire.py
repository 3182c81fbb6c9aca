"""Meta's own ways: money offsets, error codes, usage headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from campaigns.platforms.adapter import (
    THREE_DECIMAL_CURRENCIES,
    WHOLE_UNIT_CURRENCIES,
    checked_currency,
    invalid,
)
from workspaces.platforms.client import Answer
from workspaces.platforms.errors import ErrorKind, PlatformError, Usage
from workspaces.platforms.payload import decimal, mapping, parse_json, rows, text

LABEL = "Meta"
# An ad set takes four budget changes an hour; the fifth blocks its budget for one hour.
BUDGET_LIMIT = ("613", "1487632")
BUDGET_BLOCK_S = 3_600.0
_THROTTLED = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
_PERMISSION = frozenset({3, 10, *range(200, 300)})
_GONE = frozenset({("100", "33")})
_EXPIRED_VERSION = "2635"
_ADVICE = {
    ErrorKind.THROTTLED: "The account pauses by itself and goes on later.",
    ErrorKind.TRANSIENT: "It is tried again.",
    ErrorKind.AUTH: "Authorise the Meta connection again.",
    ErrorKind.PERMISSION: "Give the connection ads_management on this ad account.",
    ErrorKind.INVALID: "Correct the value and propose the change again.",
    ErrorKind.ENTITY_LIMIT: "Meta takes 4 budget changes an hour; it is tried again in an hour.",
    ErrorKind.GONE: "It was deleted or the connection cannot see it; sync the account.",
    ErrorKind.POLICY: "Open the account in Meta's Account Quality before going on.",
    ErrorKind.UNKNOWN: "Read the live value before trying again.",
}


def offset_of(currency: str, reported: int | None) -> int:
    """Return how many of Meta's units one major unit has; Meta's table, never ISO 4217."""
    checked_currency(currency)
    if reported is not None:
        return reported
    if currency in THREE_DECIMAL_CURRENCIES:
        raise invalid(
            f"Meta's unit for {currency} is not known, and a wrong guess would be ten or a "
            f"hundred times the budget. Amounts in {currency} are refused until the ad account "
            "reports its currency offset; change this budget in Ads Manager.",
            "currency",
        )
    return 1 if currency in WHOLE_UNIT_CURRENCIES else 100


def usage_of(headers: Mapping[str, str]) -> Usage:
    """Return the highest percentage of Meta's four usage headers and the longest wait."""
    pct, waits = 0.0, [0.0]
    for entry in _usage_entries(headers):
        for key, value in entry.items():
            number = decimal(value)
            if number is None:
                continue
            if key in {"estimated_time_to_regain_access", "reset_time_duration"}:
                # The first is in minutes, the second in seconds.
                waits.append(float(number) * (60 if key.startswith("est") else 1))
            elif key.endswith("_pct") or key in {"call_count", "total_cputime", "total_time"}:
                pct = max(pct, float(number))
    return Usage(pct=pct, reset_after_s=max(waits) or None)


def _usage_entries(headers: Mapping[str, str]) -> Iterator[dict[str, object]]:
    for name in ("x-ad-account-usage", "x-app-usage", "x-fb-ads-insights-throttle"):
        yield mapping(parse_json(headers.get(name, "").encode()))
    # Keyed by business or by ad account, so every key is looked at.
    business = mapping(parse_json(headers.get("x-business-use-case-usage", "").encode()))
    for entries in business.values():
        yield from rows(entries)


def error_of(answer: Answer) -> PlatformError | None:
    """Return the error of Meta's envelope, whatever the HTTP status said."""
    error = mapping(answer.fields.get("error"))
    if not error:
        return None
    code, subcode = text(error.get("code")), text(error.get("error_subcode"))
    kind = kind_of(code, subcode, is_transient=error.get("is_transient") is True)
    if kind is ErrorKind.UNKNOWN and answer.status >= 500:
        kind = ErrorKind.TRANSIENT
    said = text(error.get("error_user_msg")) or text(error.get("message")) or "no explanation"
    advice = _ADVICE[kind]
    if code == _EXPIRED_VERSION:
        advice = "This version of Meta's interface has expired; set a newer one."
    return PlatformError(
        kind,
        f"Meta: {said.rstrip('.')}. {advice}",
        retry_after_s=_wait_of(kind, answer),
        provider_code=code,
        provider_subcode=subcode,
        trace_id=text(error.get("fbtrace_id")),
        field=_blamed_field(error),
    )


def kind_of(code: str, subcode: str, *, is_transient: bool = False) -> ErrorKind:
    """Classify by code and subcode, never by text; the narrow cases come first."""
    number = int(code) if code.isdigit() else -1
    if (code, subcode) == BUDGET_LIMIT:
        return ErrorKind.ENTITY_LIMIT
    if (code, subcode) in _GONE or code == "803":
        return ErrorKind.GONE
    if number in _THROTTLED:
        return ErrorKind.THROTTLED
    if number in {102, 190}:
        return ErrorKind.AUTH
    if number in _PERMISSION:
        return ErrorKind.PERMISSION
    if number == 368:
        return ErrorKind.POLICY
    if number in {1, 2} or is_transient:
        return ErrorKind.TRANSIENT
    if number in {100, int(_EXPIRED_VERSION)} or code.startswith("1487"):
        return ErrorKind.INVALID
    return ErrorKind.UNKNOWN


def _wait_of(kind: ErrorKind, answer: Answer) -> float | None:
    if kind is ErrorKind.ENTITY_LIMIT:
        return BUDGET_BLOCK_S
    return answer.usage.reset_after_s if kind is ErrorKind.THROTTLED else None


def _blamed_field(error: Mapping[str, object]) -> str:
    # Comes as an object from some endpoints, as JSON text from others.
    data = error.get("error_data")
    if isinstance(data, str):
        data = parse_json(data.encode())
    specs = mapping(data).get("blame_field_specs")
    first = specs[0] if isinstance(specs, list) and specs else None
    return ".".join(text(part) for part in first) if isinstance(first, list) else text(first)


def step_of(currency: str, reported: int | None) -> Decimal:
    """Return the smallest amount in major units."""
    return Decimal(1) / offset_of(currency, reported)
