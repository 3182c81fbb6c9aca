"""A call before it is sent: its operation, and what goes into path, query and body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal
from urllib.parse import quote

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
SAFE: Final = frozenset({"GET", "PUT", "DELETE"})


@dataclass(frozen=True)
class Operation:
    """What the API says of an operation.

    ``input`` is a JSON schema of all that it takes: names of path and query, and ``body``.
    ``callers`` are the kinds that may call it (person, integration, agent); none: all.
    """

    id: str
    tag: str
    method: Method
    path: str
    summary: str
    description: str
    scope: str
    input: Mapping[str, Any]
    path_names: tuple[str, ...]
    query_names: tuple[str, ...]
    is_repeatable: bool
    is_form: bool
    is_binary: bool
    callers: tuple[str, ...]


@cache
def operations() -> Mapping[str, Operation]:
    """All operations, by id."""
    text = files("countersign_client").joinpath("api/operations.json").read_text()
    return {row["id"]: _operation(row) for row in json.loads(text)}


def _operation(row: dict[str, Any]) -> Operation:
    lists: dict[str, Any] = {key: tuple(one) for key, one in row.items() if isinstance(one, list)}
    return Operation(**(row | lists))


@dataclass(frozen=True)
class Call:
    """One call of an operation."""

    id: str
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    idempotency_key: str | None = None

    @property
    def operation(self) -> Operation:
        """Whose call it is."""
        return operations()[self.id]

    @property
    def url(self) -> str:
        """Path below ``/api/``, filled in."""
        told = {name: quote(str(value), safe="") for name, value in self.path.items()}
        return self.operation.path.format_map(told)

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """Query as it goes over the wire; what is ``None`` is left out, lists are repeated."""
        found: list[tuple[str, str]] = []
        for name, value in self.query.items():
            values = value if isinstance(value, list | tuple) else [value]
            found += [(name, _text(one)) for one in values if one is not None]
        return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
