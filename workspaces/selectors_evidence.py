"""The evidence that a proposer laid down, as people read it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from workspaces.charts import LineChart, line_chart
from workspaces.formats import number_of

_MONEY = frozenset({"spend", "revenue", "pipeline_value"})
_ACRONYMS = frozenset({"cpa", "cpc", "cpm", "ctr", "roas"})
_NAME = re.compile(r"[a-z]+(_[a-z]+)+")
_DRAWN = frozenset({"days", "series", "currency", "value_metric"})


@dataclass(frozen=True)
class FactGroup:
    """Lines of evidence under one heading: label, text, link."""

    title: str
    lines: list[tuple[str, str, str]]


def evidence_charts(evidence: dict[str, Any]) -> list[LineChart]:
    """Sparklines of the series that a proposer laid down as evidence."""
    series = evidence.get("series")
    if not isinstance(series, dict):
        return []
    try:
        days = [date.fromisoformat(day) for day in evidence.get("days", [])]
    except (TypeError, ValueError):
        return []
    currency = evidence.get("currency")
    charts = []
    for name, values in series.items():
        numbers = [number_of(value) for value in values]
        if days and len(numbers) == len(days):
            charts.append(
                line_chart(
                    title=name.replace("_", " ").capitalize(),
                    days=days,
                    values=[None if n is None else float(n) for n in numbers],
                    currency=currency if name in _MONEY else None,
                )
            )
    return charts


def evidence_facts(evidence: dict[str, Any]) -> list[FactGroup]:
    """The evidence that is not drawn; what a proposer nested stands under its own heading."""
    told = {name: value for name, value in evidence.items() if name not in _DRAWN}
    nested = {name: value for name, value in told.items() if isinstance(value, dict)}
    groups = [FactGroup("", _lines({k: v for k, v in told.items() if k not in nested}))]
    groups += [
        FactGroup(name.replace("_", " ").capitalize(), _lines(value))
        for name, value in nested.items()
    ]
    return [group for group in groups if group.lines]


def _lines(facts: dict[str, Any]) -> list[tuple[str, str, str]]:
    lines = []
    for name, value in sorted(facts.items()):
        if value in (None, "", [], {}):
            continue
        text = _sentence(value)
        is_link = isinstance(value, str) and value.startswith(("https://", "/"))
        lines.append((_label(name), text, text if is_link else ""))
    return lines


def _label(name: str) -> str:
    return " ".join(
        word.upper() if word in _ACRONYMS else word for word in name.replace("_", " ").split()
    )


def _sentence(value: Any) -> str:
    """A value of a JSON document in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return f"{value:,.0f}"
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(_sentence(part) for part in value)
    if isinstance(value, dict):
        return "; ".join(
            f"{name.replace('_', ' ')} {_sentence(part)}" for name, part in value.items()
        )
    if isinstance(value, str) and _NAME.fullmatch(value):
        return _label(value)
    return "–" if value is None else str(value)
