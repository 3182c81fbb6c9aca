"""One POST to an address that a customer chose, kept away from our own network.

The name is resolved here, every address is judged, and the connection goes to the judged address:
a name that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import httpx

Resolver = Callable[[str, int], list[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Translated IPv4 (NAT64): counts as global, yet leads to whatever the embedded address is.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class UnsafeAddressError(Exception):
    """The address may not be called; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What the receiver said; ``status`` is ``None`` when nothing came back."""

    status: int | None
    retry_after: str = ""
    error: str = ""


def resolve(host: str, port: int) -> list[str]:
    """Addresses of a name, by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def check_url(url: str, *, allow_loopback: bool) -> SplitResult:
    """Judge what can be judged without asking the network."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise UnsafeAddressError("This is no address; write https://example.com/path.") from None
    if not host:
        raise UnsafeAddressError("The address has no host; write it as https://example.com/path.")
    if parts.username or parts.password:
        raise UnsafeAddressError("Leave user name and password out of the address.")
    if parts.scheme != "https" and not (allow_loopback and parts.scheme == "http"):
        raise UnsafeAddressError("The address must start with https://.")
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        literal = None
    if literal is not None and not _is_allowed(
        literal, parts.scheme, allow_loopback=allow_loopback
    ):
        raise UnsafeAddressError("The address lies in a private network; use a public one.")
    return parts


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    allow_loopback: bool,
    timeout_s: float = 20.0,
    resolver: Resolver = resolve,
) -> Answer:
    """Send ``body`` once. Redirects are not followed; the answer's body is not read."""
    try:
        parts = check_url(url, allow_loopback=allow_loopback)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = _judged_address(parts, port, resolver=resolver, allow_loopback=allow_loopback)
    except (UnsafeAddressError, ValueError) as error:
        return Answer(status=None, error=str(error))
    except OSError:
        return Answer(status=None, error=f"The name {urlsplit(url).hostname} does not resolve.")
    return _send(parts, address, port, body=body, headers=headers, timeout_s=timeout_s)


def _judged_address(
    parts: SplitResult, port: int, *, resolver: Resolver, allow_loopback: bool
) -> Address:
    addresses = [
        ipaddress.ip_address(text.partition("%")[0])
        for text in resolver(parts.hostname or "", port)
    ]
    # One forbidden address among several is enough to refuse: nobody publishes both by accident.
    for address in addresses:
        if not _is_allowed(address, parts.scheme, allow_loopback=allow_loopback):
            raise UnsafeAddressError(
                f"{parts.hostname} leads to {address}, which is not a public address."
            )
    if not addresses:
        raise UnsafeAddressError(f"The name {parts.hostname} does not resolve.")
    return addresses[0]


def _is_allowed(address: Address, scheme: str, *, allow_loopback: bool) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return _is_allowed(inner, scheme, allow_loopback=allow_loopback)
        if address.teredo is not None:
            return False
    if address.is_loopback:
        return allow_loopback
    return scheme == "https" and address.is_global and not address.is_multicast


def _send(
    parts: SplitResult,
    address: Address,
    port: int,
    *,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
) -> Answer:
    host = f"[{address}]" if address.version == 6 else str(address)
    target = parts._replace(netloc=f"{host}:{port}", fragment="").geturl()
    named = {**headers, "host": parts.netloc.rpartition("@")[2], "content-type": "application/json"}
    # Certificate and SNI are those of the name although the connection goes to the address.
    extensions = {"sni_hostname": parts.hostname or ""}
    try:
        with (
            httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST", target, content=body, headers=named, extensions=extensions
            ) as response,
        ):
            return Answer(response.status_code, response.headers.get("retry-after", ""))
    except httpx.TimeoutException:
        return Answer(status=None, error=f"No answer within {timeout_s:.0f} seconds.")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Answer(status=None, error=f"The connection failed: {error}")
