"""Business hours as people type them: times of a day in a line, holidays a line each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from workspaces.gate import RequestError

_SPAN: Final = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–—]\s*(\d{1,2})(?::(\d{2}))?")
_LINE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[\s:]*(.*)")
_CLOSED: Final = ("", "closed", "-", "–")


def read_day(label: str, text: str, field: str = "week") -> list[list[str]]:
    """Times of a day, such as 09:00–12:00, 13:00–17:30; nothing or 'closed' for none.

    Raises
    ------
    RequestError : a part is no span of times
    """
    if text.strip().lower() in _CLOSED:
        return []
    spans = []
    for part in re.split(r"[,;]", text):
        found = _SPAN.fullmatch(part.strip())
        if found is None:
            raise RequestError(
                field, f"{label}: “{part.strip()[:30]}” is no span such as 09:00–17:00."
            )
        start_h, start_m, end_h, end_m = found.groups()
        spans.append([f"{int(start_h):02}:{start_m or '00'}", f"{int(end_h):02}:{end_m or '00'}"])
    return spans


def read_holidays(text: str) -> dict[str, list[list[str]]]:
    """Other hours by day: a date in each line, with its times; without any it is closed.

    Raises
    ------
    RequestError : a line has no date, or something that is no span of times
    """
    found = {}
    for line in filter(None, (one.strip() for one in text.splitlines())):
        told = _LINE.fullmatch(line)
        if told is None:
            raise RequestError("holidays", f"“{line[:30]}” begins with no date like 2026-12-24.")
        found[told[1]] = read_day(told[1], told[2], "holidays")
    return found


def day_text(spans: Sequence[Sequence[str]]) -> str:
    """Times of a day as they are typed."""
    return ", ".join(f"{start}–{end}" for start, end in spans)


def holidays_text(days: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """Other hours as they are typed, a day a line."""
    return "\n".join(f"{day} {day_text(spans)}".strip() for day, spans in sorted(days.items()))
