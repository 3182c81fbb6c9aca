"""What the adapters over our own HTTP client share."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from workspaces.platforms.errors import ErrorKind, Usage

#: By status, where the provider's own code says no more.
KINDS: Final[Mapping[int, ErrorKind]] = {
    HTTPStatus.BAD_REQUEST: ErrorKind.INVALID,
    HTTPStatus.UNAUTHORIZED: ErrorKind.AUTH,
    HTTPStatus.FORBIDDEN: ErrorKind.PERMISSION,
    HTTPStatus.NOT_FOUND: ErrorKind.GONE,
    HTTPStatus.UNPROCESSABLE_ENTITY: ErrorKind.INVALID,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorKind.THROTTLED,
}


def no_usage(headers: Mapping[str, str]) -> Usage:
    """Say nothing of quotas, as most providers of messages do."""
    return Usage()


def kind_of(status: int, *, is_write: bool) -> ErrorKind:
    """Kind of an error by its status; of a fault there a message may be out."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ErrorKind.UNKNOWN if is_write else ErrorKind.TRANSIENT
    return KINDS.get(status, ErrorKind.INVALID)
