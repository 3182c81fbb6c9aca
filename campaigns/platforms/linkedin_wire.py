"""LinkedIn's own ways: the status that counts, versions that retire, Rest.li in the query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from campaigns.platforms.adapter import invalid
from workspaces.platforms.client import Answer, FixedHeaders, checked_secret
from workspaces.platforms.errors import ErrorKind, PlatformError, Usage
from workspaces.platforms.payload import mapping, rows, text

LABEL: Final = "LinkedIn"
BASE_URL: Final = "https://api.linkedin.com"
# Each version lives for about a year; a connection may name another one.
API_VERSION: Final = "202609"
PROTOCOL: Final = "2.0.0"
UPGRADE_REQUIRED: Final = HTTPStatus.UPGRADE_REQUIRED
_VERSION = re.compile(r"20\d\d(0[1-9]|1[0-2])")
_KINDS: Mapping[int, ErrorKind] = {
    HTTPStatus.BAD_REQUEST: ErrorKind.INVALID,
    HTTPStatus.UNAUTHORIZED: ErrorKind.AUTH,
    HTTPStatus.FORBIDDEN: ErrorKind.PERMISSION,
    HTTPStatus.NOT_FOUND: ErrorKind.GONE,
    HTTPStatus.UNPROCESSABLE_ENTITY: ErrorKind.INVALID,
    # Nothing works until a person names a version that lives.
    UPGRADE_REQUIRED: ErrorKind.POLICY,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorKind.THROTTLED,
}
_ADVICE: Mapping[ErrorKind, str] = {
    ErrorKind.THROTTLED: "Its quota starts again at midnight UTC; reading goes on by itself.",
    ErrorKind.TRANSIENT: "It is tried again.",
    ErrorKind.AUTH: "Authorise the LinkedIn connection again.",
    ErrorKind.PERMISSION: "Give the connection's member a role in this ad account.",
    ErrorKind.INVALID: "Check the id and the API version of the connection.",
    ErrorKind.GONE: "It was deleted or the connection cannot see it; sync the account.",
    ErrorKind.POLICY: (
        "This API version has been retired: enter a newer one (year and month, such as "
        f"{API_VERSION}) as API version of the connection, and resume it where it is stopped."
    ),
    ErrorKind.UNKNOWN: "Try again later.",
}


def headers_of(access_token: str, api_version: str) -> FixedHeaders:
    """Return the headers of every call, or refuse a token or version that cannot be one.

    Raises
    ------
    PlatformError : no token, or a version that is not written like 202609
    """
    token = checked_secret(access_token, "access token")
    if not _VERSION.fullmatch(api_version):
        raise invalid(
            f"{api_version[:20]!r} is no API version of LinkedIn; write year and month, such as "
            f"{API_VERSION}.",
            "api_version",
        )
    values = {
        "Authorization": f"Bearer {token}",
        "LinkedIn-Version": api_version,
        "X-Restli-Protocol-Version": PROTOCOL,
    }
    return FixedHeaders(values, (token,))


def usage_of(headers: Mapping[str, str]) -> Usage:  # the shape of a dialect
    """LinkedIn tells nothing of its quotas."""
    return Usage()


def error_of(answer: Answer) -> PlatformError | None:
    """Return the error of an answer in LinkedIn's shape."""
    if answer.is_success or not {"message", "status"} & set(answer.fields):
        return None
    kind = kind_of(answer.status)
    message = (text(answer.fields.get("message")) or "no explanation").rstrip(".")
    found = _input_error(answer.fields)
    return PlatformError(
        kind,
        f"{LABEL}: {message}. {_ADVICE[kind]}",
        provider_code=text(answer.fields.get("code")) or str(answer.status),
        provider_subcode=text(answer.fields.get("serviceErrorCode")),
        trace_id=answer.headers.get("x-li-uuid", ""),
        field=found,
    )


def kind_of(status: int) -> ErrorKind:
    """Classify an HTTP status."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ErrorKind.TRANSIENT
    return _KINDS.get(status, ErrorKind.UNKNOWN)


def _input_error(fields: Mapping[str, object]) -> str:
    """Path of the first field that LinkedIn blames."""
    errors = rows(mapping(fields.get("errorDetails")).get("inputErrors"))
    first = mapping(next(iter(errors), {}).get("input"))
    return text(mapping(first.get("inputPath")).get("fieldPath")).removeprefix("/")


def restli_path(path: str, **params: str) -> str:
    """Return path and query; the query travels as written, for its brackets must not be encoded."""
    return path + "?" + "&".join(f"{name}={value}" for name, value in params.items())


def restli_list(values: Iterable[str]) -> str:
    """Write a list; what is in it is encoded."""
    return f"List({','.join(quote(value, safe='') for value in values)})"


def restli_days(first: date, last: date) -> str:
    """Write a range of days, both included."""
    return f"(start:{_day(first)},end:{_day(last)})"


def _day(day: date) -> str:
    return f"(year:{day.year},month:{day.month},day:{day.day})"


def urn(kind: str, external_id: str) -> str:
    """Write the name of a thing, such as ``urn:li:sponsoredCampaign:31``."""
    return f"urn:li:{kind}:{external_id}"


def id_of(value: object) -> str:
    """Return the id at the end of a name, or the id itself."""
    return text(value).rpartition(":")[2]
