"""A server that is none: answers what a test tells it, and remembers what it was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from countersign_client.calls import Operation, operations


@dataclass(frozen=True)
class Asked:
    """A call as it arrived."""

    id: str
    path: dict[str, str]
    query: dict[str, list[str]]
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class _Said:
    status: int
    body: Any
    headers: dict[str, str]


Answer = Callable[[Asked], Any]


@dataclass
class MockServer:
    """Answers by operation; several answers to one are given one after the other.

    Examples
    --------
    >>> from countersign_client import Countersign
    >>> server = MockServer()
    >>> server.on("whoami", {"workspace": "acme"})
    >>> Countersign("https://x.example", "k", transport=server.transport).workspace.whoami()
    {'workspace': 'acme'}
    >>> [asked.id for asked in server.asked]
    ['whoami']
    """

    asked: list[Asked] = field(default_factory=list)
    _answers: dict[str, list[_Said | Answer]] = field(default_factory=dict)

    def on(self, operation: str, answer: Any = None, *, status: int = 200, **headers: str) -> None:
        """Answer an operation: JSON, or a function of what was asked.

        Raises
        ------
        KeyError : there is no such operation
        """
        known = operations()[operation]
        said = answer if callable(answer) else _Said(
            status, answer, {name.replace("_", "-"): value for name, value in headers.items()}
        )  # fmt: skip
        self._answers.setdefault(known.id, []).append(said)

    @property
    def transport(self) -> httpx.MockTransport:
        """Of both clients."""
        return httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        operation, path = _operation(request)
        if operation is None:
            return _problem(404, f"No operation is {request.method} {request.url.path}.")
        query: dict[str, list[str]] = {}
        for name, value in request.url.params.multi_items():
            query.setdefault(name, []).append(value)
        text = request.read().decode(errors="replace")
        is_json = request.headers.get("Content-Type", "").startswith("application/json")
        body = json.loads(text) if text and is_json else text or None
        asked = Asked(operation.id, path, query, body, dict(request.headers))
        self.asked.append(asked)
        waiting = self._answers.get(operation.id)
        if not waiting:
            return _problem(501, f"This test told no answer to {operation.id}.")
        said = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if callable(said):
            return httpx.Response(200, json=said(asked))
        if isinstance(said.body, bytes):
            return httpx.Response(said.status, content=said.body, headers=said.headers)
        return httpx.Response(said.status, json=said.body, headers=said.headers)


def _operation(request: httpx.Request) -> tuple[Operation | None, dict[str, str]]:
    told = request.url.path.partition("/api/")[2]
    for one in operations().values():
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(one.path))
        found = re.fullmatch(pattern, told)
        if found and one.method == request.method:
            return one, found.groupdict()
    return None, {}


def _problem(status: int, detail: str) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "detail": detail})
