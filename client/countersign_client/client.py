"""The client: a key, an address, and every operation of the API as a method."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx

from countersign_client.api import asynchronous, sync
from countersign_client.calls import Call
from countersign_client.errors import problem_of
from countersign_client.retries import Retries, retry_after_s

VERSION: Final = "0.1.0"
_USER_AGENT: Final = f"countersign-client/{VERSION}"


class Countersign(sync.Topics):
    """Calls that wait for their answer.

    Parameters
    ----------
    base_url : address of the installation, as https://countersign.example
    key : an API key of one workspace
    timeout_s : seconds that one try may take
    transport : another way than the network, such as ``MockServer(...).transport``

    Examples
    --------
    >>> with Countersign("https://countersign.example", key) as api:  # doctest: +SKIP
    ...     for proposal in api.each(api.gate.proposals_list, status=["pending"]):
    ...         print(proposal["summary"])
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(self.send)
        self._http = httpx.Client(**_options(base_url, key, timeout_s), transport=transport)
        self._retries = retries or Retries()
        self._sleep = sleep

    def send(self, call: Call) -> Any:
        """Send a call, again where that is safe; the answer, or an exception that says why not.

        Raises
        ------
        ProblemError : the API said no
        httpx.TransportError : nobody answered
        """
        sent, tried = _request(call), 0
        while True:
            tried += 1
            came: httpx.Response | httpx.TransportError
            try:
                came = self._http.request(**sent)
            except httpx.TransportError as error:
                came = error
            if isinstance(came, httpx.Response) and came.is_success:
                return _answer(call, came)
            pause_s = self._retries.pause_s(call, tried, came)
            if pause_s is None:
                raise _failure(came)
            self._sleep(pause_s)

    def each(self, listing: Callable[..., Any], /, *args: Any, **query: Any) -> Iterator[Any]:
        """Rows of all pages of a list, one page at a time."""
        cursor: str | None = query.pop("cursor", None)
        while True:
            page = listing(*args, cursor=cursor, **query)
            yield from page["results"]
            cursor = _next(page)
            if cursor is None:
                return

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncCountersign(asynchronous.Topics):
    """Calls that are awaited; otherwise as ``Countersign``."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout_s: float = 30.0,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(self.send)
        self._http = httpx.AsyncClient(**_options(base_url, key, timeout_s), transport=transport)
        self._retries = retries or Retries()
        self._sleep = sleep

    async def send(self, call: Call) -> Any:
        """As ``Countersign.send``."""
        sent, tried = _request(call), 0
        while True:
            tried += 1
            came: httpx.Response | httpx.TransportError
            try:
                came = await self._http.request(**sent)
            except httpx.TransportError as error:
                came = error
            if isinstance(came, httpx.Response) and came.is_success:
                return _answer(call, came)
            pause_s = self._retries.pause_s(call, tried, came)
            if pause_s is None:
                raise _failure(came)
            await self._sleep(pause_s)

    async def each(
        self, listing: Callable[..., Awaitable[Any]], /, *args: Any, **query: Any
    ) -> AsyncIterator[Any]:
        """Rows of all pages of a list, one page at a time."""
        cursor: str | None = query.pop("cursor", None)
        while True:
            page = await listing(*args, cursor=cursor, **query)
            for row in page["results"]:
                yield row
            cursor = _next(page)
            if cursor is None:
                return

    async def close(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def _options(base_url: str, key: str, timeout_s: float) -> dict[str, Any]:
    return {
        "base_url": f"{base_url.rstrip('/')}/api/",
        "headers": {
            "Authorization": f"Api-Key {key}", "Accept": "application/json",
            "User-Agent": _USER_AGENT,
        },
        "timeout": timeout_s,
    }  # fmt: skip


def _request(call: Call) -> dict[str, Any]:
    """What httpx is asked for; tries of one call carry one idempotency key."""
    operation = call.operation
    sent: dict[str, Any] = {"method": operation.method, "url": call.url, "headers": {}}
    if call.parameters:
        sent["params"] = call.parameters
    if operation.is_repeatable:
        sent["headers"]["Idempotency-Key"] = call.idempotency_key or str(uuid4())
    if operation.is_binary:
        sent["headers"]["Accept"] = "*/*"
    if operation.is_form and isinstance(call.body, Mapping):
        is_file = {name: isinstance(value, bytes) for name, value in call.body.items()}
        sent["files"] = {name: (name, call.body[name]) for name in is_file if is_file[name]}
        sent["data"] = {name: call.body[name] for name in is_file if not is_file[name]}
    elif operation.is_form:
        sent["content"] = call.body
        sent["headers"]["Content-Type"] = "text/plain"
    elif call.body is not None:
        sent["json"] = call.body
    return sent


def _answer(call: Call, came: httpx.Response) -> Any:
    if call.operation.is_binary:
        return came.content
    return came.json() if came.content else None


def _failure(came: httpx.Response | httpx.TransportError) -> Exception:
    if not isinstance(came, httpx.Response):
        return came
    try:
        body = came.json()
    except ValueError:
        body = None
    told = body if isinstance(body, dict) else {"detail": came.text[:300]}
    return problem_of(came.status_code, told, retry_after_s(came))


def _next(page: Mapping[str, Any]) -> str | None:
    """Cursor of the page after this one."""
    if not page.get("next"):
        return None
    found = parse_qs(urlsplit(str(page["next"])).query).get("cursor", [])
    return found[0] if found else None
