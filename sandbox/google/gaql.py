"""The part of the Google Ads Query Language that reading an account needs.

`SELECT fields FROM resource [WHERE condition [AND condition]…] [ORDER BY field] [LIMIT n]` with
`=`, `!=`, `<`, `<=`, `>`, `>=`, `IN (…)` and `BETWEEN … AND …`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sandbox.google.errors import OperationError

_QUERY = re.compile(
    r"\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<resource>\w+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?(?:\s+ORDER\s+BY\s+(?P<order>[\w.]+)(?P<down>\s+DESC)?(?:\s+ASC)?)?"
    r"(?:\s+LIMIT\s+(?P<limit>\d+))?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(
    r"\s*(?P<field>[a-z_.]+)\s*(?:(?P<op>!=|>=|<=|=|>|<)\s*(?P<value>'[^']*'|\"[^\"]*\"|[\w.-]+)"
    r"|IN\s*\((?P<list>[^)]*)\)"
    r"|BETWEEN\s+(?P<low>'[^']*'|\S+)\s+AND\s+(?P<high>'[^']*'|\S+))\s*(?P<and>AND\b)?",
    re.IGNORECASE,
)

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; `values` holds one value, a list, or the two ends of a range."""

    field: str
    operator: str
    values: tuple[str, ...]

    def holds(self, row: Row) -> bool:
        """Whether a row satisfies the condition."""
        value = _text(row.get(self.field))
        if self.operator == "in":
            return value in self.values
        if self.operator == "between":
            return self.values[0] <= value <= self.values[1]
        order = _compare(value, self.values[0])
        return {
            "=": order == 0,
            "!=": order != 0,
            "<": order < 0,
            "<=": order <= 0,
            ">": order > 0,
            ">=": order >= 0,
        }[self.operator]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query."""

    fields: tuple[str, ...]
    resource: str
    conditions: tuple[Condition, ...]
    order_by: str
    is_descending: bool
    limit: int | None

    @property
    def mentioned(self) -> set[str]:
        """All fields that must exist."""
        named = {*self.fields, *(condition.field for condition in self.conditions)}
        return named | ({self.order_by} if self.order_by else set())


def parse(text: str) -> Query:
    """Read a query.

    Raises
    ------
    OperationError : the text is no query of this form
    """
    found = _QUERY.fullmatch(text)
    if not found:
        raise OperationError("queryError", "UNEXPECTED_INPUT", f"Error in query: {text[:200]!r}")
    return Query(
        fields=tuple(field.strip() for field in found["fields"].split(",")),
        resource=found["resource"],
        conditions=_conditions(found["where"] or ""),
        order_by=found["order"] or "",
        is_descending=bool(found["down"]),
        limit=int(found["limit"]) if found["limit"] else None,
    )


def apply(query: Query, rows: list[Row]) -> list[Row]:
    """Filter, sort and cut."""
    kept = [row for row in rows if all(c.holds(row) for c in query.conditions)]
    if query.order_by:
        kept.sort(key=lambda row: _sort_key(row.get(query.order_by)), reverse=query.is_descending)
    return kept if query.limit is None else kept[: query.limit]


def camel(name: str) -> str:
    """Turn `amount_micros` into `amountMicros`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _conditions(text: str) -> tuple[Condition, ...]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _CONDITION.match(text, at)
        if not match:
            raise OperationError(
                "queryError", "EXPECTED_CONDITION", f"Error in query: unexpected {text[at:]!r}"
            )
        found.append(_condition(match))
        at = match.end()
    return tuple(found)


def _condition(match: re.Match[str]) -> Condition:
    field = match["field"]
    if match["list"] is not None:
        values = tuple(_unquoted(item.strip()) for item in match["list"].split(","))
        return Condition(field, "in", values)
    if match["low"] is not None:
        return Condition(field, "between", (_unquoted(match["low"]), _unquoted(match["high"])))
    return Condition(field, match["op"], (_unquoted(match["value"]),))


def _unquoted(text: str) -> str:
    return text[1:-1] if text[:1] in "'\"" else text


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _compare(left: str, right: str) -> int:
    """Compare as numbers where both are, else as text; dates sort as text."""
    try:
        a, b = Decimal(left), Decimal(right)
    except InvalidOperation:
        return (left > right) - (left < right)
    return (a > b) - (a < b)


def _sort_key(value: object) -> tuple[Decimal, str]:
    text = _text(value)
    try:
        return Decimal(text), ""
    except InvalidOperation:
        return Decimal(0), text
