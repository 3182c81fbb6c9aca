"""Files that people sent: fetched from where their network keeps them, and from nowhere else."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from outreach.platforms.wire import kind_of
from workspaces.platforms.errors import ErrorKind, PlatformError

TIMEOUT_S: Final = 60.0
_MOST_HOPS: Final = 3


@dataclass(frozen=True)
class _Keeper:
    """Where a kind of connection keeps files; a leading dot takes what is below a name.

    ``hosts`` see the connection's credentials where it needs any; ``elsewhere`` are led to and
    see none.
    """

    hosts: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


_KEEPERS: Final[Mapping[str, _Keeper]] = {
    "twilio": _Keeper(
        ("api.twilio.com",), ("media.twiliocdn.com", ".twiliocdn.com", ".s3.amazonaws.com",
                              ".s3-external-1.amazonaws.com", "s3-external-1.amazonaws.com")
    ),
    # What Meta tells is signed by the address itself.
    "messenger": _Keeper((), (".fbcdn.net", ".fbsbx.com", ".cdninstagram.com")),
    "meta": _Keeper((), (".fbcdn.net", ".fbsbx.com", ".cdninstagram.com")),
}  # fmt: skip


def fetch(
    kind: str,
    url: str,
    *,
    secret: Mapping[str, str],
    base_url: str | None,
    allow_loopback: bool,
    most: int,
    transport: httpx.BaseTransport | None = None,
) -> bytes:
    """Return the content of a file that somebody sent over a connection.

    Parameters
    ----------
    kind, secret, base_url : of the connection
    url : as the network told it
    allow_loopback : whether a sandbox on this machine may be asked
    most : bytes that are read

    Raises
    ------
    PlatformError : not a place of this network, too large, gone, or not reached
    """
    keeper = _KEEPERS.get(kind, _Keeper())
    own = urlsplit(base_url or "").netloc if allow_loopback else ""
    deadline = time.monotonic() + TIMEOUT_S
    with httpx.Client(trust_env=False, timeout=TIMEOUT_S, transport=transport) as client:
        for _ in range(_MOST_HOPS):
            headers = _headers_for(url, kind, keeper, own, secret)
            try:
                with client.stream("GET", url, headers=headers) as answer:
                    if not answer.is_redirect:
                        return _body(answer, most, deadline)
                    url = urljoin(url, answer.headers.get("location", ""))
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                # The error carries the request and its credentials.
                what = type(error).__name__
                raise PlatformError(
                    ErrorKind.TRANSIENT, f"The file could not be reached ({what})."
                ) from None
    raise PlatformError(ErrorKind.INVALID, "The file leads on and on.")


def _headers_for(
    url: str, kind: str, keeper: _Keeper, own: str, secret: Mapping[str, str]
) -> dict[str, str]:
    """Headers for a place of the network.

    Raises
    ------
    PlatformError : it is none
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    is_own = bool(own) and parts.netloc == own
    is_plain = parts.scheme == "https" and port in (None, 443) and not parts.username
    if is_own or (is_plain and _is_among(host, keeper.hosts)):
        return _credentials(kind, secret)
    if is_plain and _is_among(host, keeper.elsewhere):
        return {}
    raise PlatformError(ErrorKind.POLICY, "The file lies where this network keeps none.")


def _is_among(host: str, names: tuple[str, ...]) -> bool:
    return any(host.endswith(one) if one.startswith(".") else host == one for one in names)


def _credentials(kind: str, secret: Mapping[str, str]) -> dict[str, str]:
    if kind != "twilio":
        return {}
    pair = f"{secret.get('account_sid', '')}:{secret.get('auth_token', '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _body(answer: httpx.Response, most: int, deadline: float) -> bytes:
    if not answer.is_success:
        kind = kind_of(answer.status_code, is_write=False)
        raise PlatformError(kind, f"The network answered {answer.status_code} for the file.")
    body = bytearray()
    for part in answer.iter_bytes():
        body += part
        if len(body) > most:
            raise PlatformError(
                ErrorKind.POLICY, f"The file is larger than {most // (1024 * 1024)} MB."
            )
        if time.monotonic() > deadline:
            raise PlatformError(ErrorKind.TRANSIENT, "The file came too slowly.")
    return bytes(body)
