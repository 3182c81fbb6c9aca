"""What went wrong at a provider of e-mail, by what is to be done about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import requests
from anymail.exceptions import (
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
)

from outreach.platforms.base import of_recipient
from workspaces.platforms.client import retry_after
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import clean_text, mapping

# What providers call the field of the recipient in their refusals.
_OF_RECIPIENT: Final = re.compile(r"`to`|'To'|\brecipient|inactive address", re.IGNORECASE)
#: They bounced, complained or left there, and the provider keeps that.
SUPPRESSED: Final = "suppressed"
_NOT_SENT: Final = (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL)
_KINDS: Final[Mapping[int, ErrorKind]] = {
    HTTPStatus.UNAUTHORIZED: ErrorKind.AUTH,
    HTTPStatus.PAYMENT_REQUIRED: ErrorKind.POLICY,
    HTTPStatus.FORBIDDEN: ErrorKind.AUTH,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorKind.THROTTLED,
    # Of Resend: a call with this key is running, or was another one.
    HTTPStatus.CONFLICT: ErrorKind.UNKNOWN,
}
_ADVICE: Final[Mapping[ErrorKind, str]] = {
    ErrorKind.AUTH: "Enter the credentials of the connection again.",
    ErrorKind.POLICY: "Look at the account there; it has to be put in order by a person.",
    ErrorKind.THROTTLED: "It goes on by itself.",
    ErrorKind.UNKNOWN: "The mail may be out.",
    ErrorKind.INVALID: "Correct the text or the sender, and send it again.",
}


def error_of(error: AnymailError, label: str, secrets: Sequence[str]) -> PlatformError:
    """Return our error; anymail's own holds the whole request and its key."""
    if isinstance(error, AnymailRecipientsRefused):
        return of_recipient(
            ErrorKind.INVALID, f"{label} does not send to this address.", SUPPRESSED
        )
    if isinstance(error, AnymailInvalidAddress):
        return PlatformError(ErrorKind.INVALID, f"{label}: an address is not written as one.")
    if isinstance(error, requests.RequestException) and error.response is None:
        return _lost(error, label)
    if error.status_code is None:
        words = clean_text(str(error.args[0] if error.args else ""), secrets)[:200]
        return PlatformError(ErrorKind.INVALID, f"{label} cannot send it: {words}")
    return _refused(error, label, secrets)


def _lost(error: Exception, label: str) -> PlatformError:
    cause = error.__cause__ or error
    what = type(cause).__name__
    is_unsent = isinstance(cause, _NOT_SENT) or "NewConnectionError" in repr(cause)
    if is_unsent:
        return PlatformError(
            ErrorKind.TRANSIENT, f"{label} could not be reached ({what}); nothing was sent."
        )
    return PlatformError(
        ErrorKind.UNKNOWN, f"{label} did not answer ({what}); the mail may be out."
    )


def _refused(error: Any, label: str, secrets: Sequence[str]) -> PlatformError:
    status = int(error.status_code)
    told = _told(error.response)
    words = clean_text(str(told.get("message") or told.get("Message") or ""), secrets)[:300]
    code = str(told.get("ErrorCode") or told.get("name") or told.get("code") or status)
    if status < HTTPStatus.MULTIPLE_CHOICES or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = ErrorKind.UNKNOWN
    else:
        kind = _KINDS.get(status, ErrorKind.INVALID)
    if kind == ErrorKind.INVALID and _OF_RECIPIENT.search(words):
        return of_recipient(kind, f"{label}: {words}", code)
    return PlatformError(
        kind,
        f"{label} answered {status}: {words} {_ADVICE[kind]}".replace(":  ", ". "),
        retry_after_s=retry_after(error.response.headers),
        provider_code=code,
    )


def _told(response: Any) -> dict[str, object]:
    try:
        return mapping(response.json())
    except ValueError:
        return {}
