"""The HTTP client under every adapter: one call, one answer, nothing taken for granted.

It never retries (the queue does), never follows redirects (a token would travel with them) and
takes nothing but a 2xx answer in the platform's own shape for a success.
"""

from __future__ import annotations

import ipaddress
import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Protocol

import httpx

from workspaces.platforms.errors import ErrorKind, PlatformError, Usage
from workspaces.platforms.payload import clean, clean_text, mapping, parse_json

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 30.0
BATCH_TIMEOUT_S = 60.0
MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_KEPT_BYTES = 100_000

# The request was not written yet: nothing can have happened on the platform.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class Authorizer(Protocol):
    """Puts the token into headers and knows what must never be kept."""

    def headers(self) -> Mapping[str, str]:
        """Headers for one call; may fetch a token and raise `PlatformError`."""
        ...

    def secrets(self) -> Sequence[str]:
        """Every secret that an answer might echo."""
        ...


@dataclass(frozen=True, slots=True)
class FixedHeaders:
    """A token that does not expire by itself."""

    values: Mapping[str, str]
    secret_values: tuple[str, ...]

    def headers(self) -> Mapping[str, str]:
        """Return the same headers for each call."""
        return self.values

    def secrets(self) -> Sequence[str]:
        """Return the token."""
        return self.secret_values


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``is_write`` decides what a lost answer means."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    json: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_write: bool = False
    timeout_s: float = READ_TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. ``data`` is ``None`` when the body was not JSON."""

    call: Call
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    data: object = field(repr=False)
    secrets: Sequence[str] = field(repr=False)
    usage: Usage = field(default_factory=Usage)

    @property
    def is_success(self) -> bool:
        """Whether the status alone speaks of success."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def fields(self) -> dict[str, object]:
        """The body as a JSON object, empty when it is something else."""
        return mapping(self.data)

    def kept(self) -> dict[str, object]:
        """Return what may be stored and shown: status and body, secrets taken out."""
        shown: object = self.data
        if shown is None:
            shown = self.body[:MAX_KEPT_BYTES].decode(errors="replace")
        return {"http_status": self.status, "body": clean(shown, self.secrets)}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one platform speaks of quota use and of errors."""

    label: str
    usage_of: Callable[[Mapping[str, str]], Usage]
    error_of: Callable[[Answer], PlatformError | None]


@cache
def _trust_store() -> ssl.SSLContext:
    # Reading the certificates takes longer than a call; they hold nothing of an account.
    return httpx.create_ssl_context(trust_env=False)


class PlatformClient:
    """Sends the calls of one account with its token in the headers."""

    def __init__(
        self,
        *,
        base_url: str,
        auth: Authorizer,
        dialect: Dialect,
        allow_loopback: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._auth = auth
        self._dialect = dialect
        self.usage = Usage()
        self._http = httpx.Client(
            base_url=checked_base_url(base_url, allow_loopback=allow_loopback),
            follow_redirects=False,
            # A proxy or .netrc of the host must not see or replace the token.
            trust_env=False,
            verify=_trust_store(),
            transport=transport,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def send(self, call: Call) -> Answer:
        """Return a JSON answer with a 2xx status and no error in it, or raise `PlatformError`."""
        answer = self._exchange(call, {**call.headers, **self._auth.headers()})
        if isinstance(answer, PlatformError):
            raise answer
        self.usage = answer.usage
        return self.judge(answer)

    def judge(self, answer: Answer) -> Answer:
        """Return the answer when it is a success in shape and status, or raise its error."""
        self.usage = max(self.usage, answer.usage, key=lambda usage: usage.pct)
        error = self._dialect.error_of(answer) if answer.data is not None else None
        if error is None and not (answer.is_success and answer.data is not None):
            error = unclear(answer, self._dialect.label)
        if error is not None:
            raise self.described(error, answer)
        return answer

    def answer(self, call: Call, status: int, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return an answer; also for the parts of a batch."""
        return Answer(
            call=call,
            status=status,
            headers=headers,
            body=body,
            data=parse_json(body),
            secrets=self._auth.secrets(),
            usage=self._dialect.usage_of(headers),
        )

    def _exchange(self, call: Call, headers: Mapping[str, str]) -> Answer | PlatformError:
        # Returned, not raised inside `except`: httpx errors carry the request and its token.
        try:
            response, body = self._read(call, headers)
        except httpx.RequestError as error:
            return self._lost(call, error)
        return self.answer(call, response.status_code, response.headers, body)

    def _read(self, call: Call, headers: Mapping[str, str]) -> tuple[httpx.Response, bytes]:
        # httpx limits each read; only a deadline of our own ends an answer that drips.
        deadline = time.monotonic() + call.timeout_s
        body = bytearray()
        with self._http.stream(
            call.method,
            call.path,
            params=dict(call.params) or None,
            data=dict(call.form) if call.form is not None else None,
            json=call.json,
            headers=dict(headers),
            timeout=httpx.Timeout(call.timeout_s, connect=CONNECT_TIMEOUT_S),
        ) as response:
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("answer took too long")
                if len(body) > MAX_BODY_BYTES:
                    raise httpx.ReadError("answer is too large")
        return response, bytes(body)

    def _lost(self, call: Call, error: httpx.RequestError) -> PlatformError:
        label, what = self._dialect.label, type(error).__name__
        logger.warning("%s: %s %s ended in %s", label, call.method, call.path, what)
        if isinstance(error, _NOT_SENT):
            return PlatformError(
                ErrorKind.TRANSIENT,
                f"{label} could not be reached ({what}); nothing was sent. It is tried again.",
            )
        if call.is_write:
            return PlatformError(
                ErrorKind.UNKNOWN,
                f"{label} did not answer ({what}); the change may have been made. "
                "Read the live value before trying again.",
            )
        return PlatformError(
            ErrorKind.TRANSIENT, f"{label} did not answer ({what}). It is tried again."
        )

    def described(self, error: PlatformError, answer: Answer) -> PlatformError:
        """Return the error with its answer and usage, and without secrets."""
        secrets = answer.secrets
        return PlatformError(
            error.kind,
            clean_text(error.message, secrets),
            retry_after_s=error.retry_after_s
            if error.retry_after_s is not None
            else retry_after(answer.headers),
            provider_code=error.provider_code,
            provider_subcode=error.provider_subcode,
            trace_id=clean_text(error.trace_id, secrets),
            field=clean_text(error.field, secrets),
            response=answer.kept(),
            usage=answer.usage,
        )


def unclear(answer: Answer, label: str) -> PlatformError:
    """Error for an answer that is neither a success nor an error in the platform's own words."""
    status = answer.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return PlatformError(
            ErrorKind.THROTTLED, f"{label} asks us to slow down; the account pauses by itself."
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return PlatformError(
            ErrorKind.AUTH, f"{label} refused the credentials; authorise the connection again."
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return PlatformError(
            ErrorKind.UNKNOWN,
            f"{label} answered with a redirect ({status}), which is never followed; "
            "check the base URL of the connection.",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not answer.call.is_write:
        return PlatformError(
            ErrorKind.TRANSIENT, f"{label} has a fault of its own ({status}). It is tried again."
        )
    return PlatformError(
        ErrorKind.UNKNOWN,
        f"{label} gave an answer that is no clear success ({status}); "
        "read the live value before trying again.",
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a ``Retry-After`` header, given as seconds or as a date."""
    value = headers.get("Retry-After", headers.get("retry-after", "")).strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def checked_base_url(base_url: str, *, allow_loopback: bool) -> str:
    """Return the URL without its last slash, or refuse one that a token must not travel to."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        raise _refused_url("it is not a URL") from None
    if url.userinfo or url.query or url.fragment or not url.host:
        raise _refused_url("give scheme, host and path only, without credentials or a query")
    loopback = _is_loopback(url.host)
    if loopback and not allow_loopback:
        raise _refused_url("a loopback address is a sandbox, which is not allowed here")
    if url.scheme != "https" and not (url.scheme == "http" and loopback):
        raise _refused_url("the token may travel over https only")
    return base_url.rstrip("/")


def checked_secret(value: str, name: str) -> str:
    """Return a secret that can stand in a header, or refuse it without repeating it."""
    value = value.strip()
    if not value:
        raise PlatformError(
            ErrorKind.AUTH, f"The connection has no {name}; enter it and save again."
        )
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise PlatformError(
            ErrorKind.AUTH,
            f"The {name} of the connection holds characters that no token has; paste it again.",
        )
    return value


def _refused_url(why: str) -> PlatformError:
    return PlatformError(
        ErrorKind.INVALID, f"The base URL of the connection is refused: {why}.", field="base_url"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
