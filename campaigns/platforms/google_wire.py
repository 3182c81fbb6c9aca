"""Google Ads' own ways: micros, failures, and access tokens from a refresh token."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from campaigns.platforms.adapter import invalid
from workspaces.platforms.client import Answer, Call, PlatformClient, checked_secret
from workspaces.platforms.errors import ErrorKind, PlatformError, Usage
from workspaces.platforms.payload import decimal, mapping, rows, text

LABEL = "Google Ads"
MICROS = 1_000_000
_THROTTLED = frozenset(
    {
        "RESOURCE_EXHAUSTED",
        "RESOURCE_TEMPORARILY_EXHAUSTED",
        "EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION",
        "EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION",
    }
)
_TRANSIENT = frozenset(
    {"INTERNAL_ERROR", "INTERNAL", "TRANSIENT_ERROR", "DEADLINE_EXCEEDED", "UNAVAILABLE"}
    | {"CONCURRENT_MODIFICATION", "ABORTED"}
)
_GONE = frozenset({"RESOURCE_NOT_FOUND", "NOT_FOUND"})
_ADVICE = {
    ErrorKind.THROTTLED: "The account pauses by itself and goes on later.",
    ErrorKind.TRANSIENT: "It is tried again.",
    ErrorKind.AUTH: "Authorise the Google Ads connection again.",
    ErrorKind.PERMISSION: "Check the access of the connection, its manager account and its token.",
    ErrorKind.INVALID: "Correct the value and propose the change again.",
    ErrorKind.GONE: "It was removed or the connection cannot see it; sync the account.",
    ErrorKind.POLICY: "Open the account's policy notices before going on.",
    ErrorKind.UNKNOWN: "Read the live value before trying again.",
}


def to_micros(amount: Decimal) -> str:
    """Return micros as the text that int64 is in JSON."""
    return str(int(amount * MICROS))


def from_micros(value: object) -> Decimal | None:
    """Return major units; unset and zero amounts are none."""
    micros = decimal(value)
    return micros / MICROS if micros else None


def usage_of(headers: Mapping[str, str]) -> Usage:  # the shape of a dialect
    """Google sends no usage headers; its daily quota shows itself only as an error."""
    return Usage()


def error_of(answer: Answer) -> PlatformError | None:
    """Return the error of a refused call; partial failures are read per operation."""
    status = mapping(answer.fields.get("error"))
    if not status:
        return None
    failures = failures_of(status)
    if failures:
        return failure_error(failures[0])
    return _error(text(status.get("status")), text(status.get("message")), {})


def failures_of(status: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the errors inside a ``google.rpc.Status``."""
    return [
        failure | {"requestId": detail.get("requestId")}
        for detail in rows(status.get("details"))
        for failure in rows(detail.get("errors"))
    ]


def operation_index(failure: Mapping[str, object]) -> int:
    """Return which operation failed; the index is left out of the JSON when it is 0."""
    for element in _path(failure):
        if element.get("fieldName") == "operations":
            return int(decimal(element.get("index")) or 0)
    return 0


def failure_error(failure: Mapping[str, object]) -> PlatformError:
    """Return our error for one ``GoogleAdsError``."""
    group, code = next(iter(mapping(failure.get("errorCode")).items()), ("", ""))
    return _error(text(code), text(failure.get("message")), failure, group=group)


def kind_of(code: str, group: str = "") -> ErrorKind:
    """Classify by the error code and the enum it belongs to, never by text."""
    if code in _THROTTLED or group == "quotaError":
        return ErrorKind.THROTTLED
    if code in _TRANSIENT:
        return ErrorKind.TRANSIENT
    if code == "UNAUTHENTICATED" or group == "authenticationError":
        return ErrorKind.AUTH
    if code == "PERMISSION_DENIED" or group == "authorizationError":
        return ErrorKind.PERMISSION
    if code in _GONE:
        return ErrorKind.GONE
    if group.startswith("policy"):
        return ErrorKind.POLICY
    if code in {"", "UNKNOWN", "UNSPECIFIED"}:
        return ErrorKind.UNKNOWN
    return ErrorKind.INVALID if group or code == "INVALID_ARGUMENT" else ErrorKind.UNKNOWN


def _error(
    code: str, message: str, failure: Mapping[str, object], *, group: str = ""
) -> PlatformError:
    kind = kind_of(code, group)
    names = [text(element.get("fieldName")) for element in _path(failure)]
    quota = mapping(mapping(failure.get("details")).get("quotaErrorDetails"))
    delay = decimal(text(quota.get("retryDelay")).removesuffix("s"))
    return PlatformError(
        kind,
        f"{LABEL}: {message.rstrip('.') or 'no explanation'}. {_ADVICE[kind]}",
        retry_after_s=None if delay is None else float(delay),
        provider_code=code,
        provider_subcode=group,
        trace_id=text(failure.get("requestId")),
        field=names[-1] if names else "",
    )


def _path(failure: Mapping[str, object]) -> list[dict[str, object]]:
    return rows(mapping(failure.get("location")).get("fieldPathElements"))


class RefreshingToken:
    """Headers of a call, with an access token fetched when there is none that still holds."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        developer_token: str,
        login_customer_id: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._form = {
            "grant_type": "refresh_token",
            "client_id": checked_secret(client_id, "client id"),
            "client_secret": checked_secret(client_secret, "client secret"),
            "refresh_token": checked_secret(refresh_token, "refresh token"),
        }
        self._fixed = {"developer-token": checked_secret(developer_token, "developer token")}
        manager = login_customer_id.replace("-", "").strip()
        if manager:
            if not (manager.isascii() and manager.isdigit()):
                raise invalid("The manager account of the connection must be digits only.")
            self._fixed["login-customer-id"] = manager
        self._monotonic = monotonic
        self._token = ""
        self._expires_at = 0.0
        self.token_client: PlatformClient | None = None
        self.token_path = ""

    def headers(self) -> Mapping[str, str]:
        """Return the headers, fetching a token a minute before the old one ends."""
        if not self._token or self._monotonic() >= self._expires_at:
            self._fetch()
        return {**self._fixed, "Authorization": f"Bearer {self._token}"}

    def secrets(self) -> Sequence[str]:
        """Return everything that must not be kept."""
        secrets = (self._form["client_secret"], self._form["refresh_token"], self._token)
        return tuple(filter(None, (*secrets, self._fixed["developer-token"])))

    def forget(self) -> None:
        """Drop a token that was refused, so that the next call fetches another."""
        self._token = ""

    def close(self) -> None:
        """Give the connections to the token URL back."""
        if self.token_client is not None:
            self.token_client.close()

    def _fetch(self) -> None:
        if self.token_client is None:
            raise invalid("The token URL of the connection is not set.", "token_url")
        answer = self.token_client.send(Call("POST", self.token_path, form=self._form)).fields
        token, lifetime = text(answer.get("access_token")), decimal(answer.get("expires_in"))
        if not token:
            # Nothing else was sent yet, so the change may simply be tried again.
            raise PlatformError(ErrorKind.TRANSIENT, f"{LABEL} gave no access token. Try again.")
        self._token = checked_secret(token, "access token from the token URL")
        self._expires_at = self._monotonic() + max(0.0, float(lifetime or 0) - 60)


def token_error_of(answer: Answer) -> PlatformError | None:
    """Return the error of the OAuth endpoint, whose form differs from the rest of Google."""
    if answer.is_success or not isinstance(answer.fields.get("error"), str):
        return None
    code = text(answer.fields.get("error"))
    kind = ErrorKind.TRANSIENT if answer.status >= 500 else ErrorKind.AUTH
    return PlatformError(
        kind,
        f"{LABEL} gave no access token ({code}). {_ADVICE[kind]}",
        provider_code=code,
    )


def partial_errors(fields: Mapping[str, object]) -> Iterator[tuple[int, PlatformError]]:
    """Yield the failed operations of a mutate that otherwise went through."""
    for failure in failures_of(mapping(fields.get("partialFailureError"))):
        yield operation_index(failure), failure_error(failure)
