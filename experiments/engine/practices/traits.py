"""What can be counted in a message or an ad, and rules on those counts.

A rule is JSON: measure → ranges ``[[low, high], …]``, both ends inclusive, ``null`` for open. A
piece keeps a rule when each of its measures lies in one of the ranges.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Ranges = Sequence[Sequence[float | None]]
Rule = Mapping[str, Ranges]

_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Pictographs, dingbats, symbols and flags; the joiners and skin tones within one are not counted.
_EMOJI: Final = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[\U0001f300-\U0001f3fa\U0001f400-\U0001faff\u2600-\u27bf\u2b50\u2b55]"
)
_JOINED: Final = re.compile("\u200d.|[\ufe0f\U0001f3fb-\U0001f3ff]")
_URGENT: Final = re.compile(
    r"\b(today|tonight|now|last|ends?|ending|hurry|final|only|soon|deadline|expires?)\b", re.I
)
_ASKS: Final = re.compile(
    r"\b(buy|shop|order|get|try|start|join|book|sign up|subscribe|download|register|claim|reply|"
    r"learn|read|watch|discover|see|call|save)\b",
    re.I,
)
_YOU: Final = re.compile(r"\b(you|your|yours|you're|yourself)\b", re.I)


@dataclass(frozen=True)
class Piece:
    """A message or an ad: what people read of it, and when they met it.

    ``headline`` is a subject line too. ``hour`` and ``weekday`` (Monday 0) are in the time zone of
    whoever reads; ``follow_up_days`` is the pause since the message before.
    """

    headline: str = ""
    body: str = ""
    call_to_action: str = ""
    hour: int | None = None
    weekday: int | None = None
    follow_up_days: float | None = None


@dataclass(frozen=True)
class Measure:
    """One count, and how far outside a range is as good as no match at all."""

    label: str
    of: Callable[[Piece], float | None]
    scale: float
    is_yes_no: bool = False


def _text(piece: Piece) -> str:
    return piece.body or piece.headline


def _found(pattern: re.Pattern[str]) -> Callable[[Piece], float]:
    return lambda piece: float(bool(pattern.search(piece.headline)))


def _emoji(piece: Piece) -> float:
    return float(len(_EMOJI.findall(_JOINED.sub("", f"{piece.headline} {piece.body}"))))


def _capitals(piece: Piece) -> float:
    words = [word for word in _WORD.findall(piece.headline) if len(word) > 1]
    return sum(word.isupper() for word in words) / len(words) if words else 0.0


def _has_call(piece: Piece) -> float:
    return float(bool(piece.call_to_action or _ASKS.search(f"{piece.headline} {piece.body}")))


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "headline_length": Measure("characters of the headline", lambda p: len(p.headline), 40),
        "headline_words": Measure("words of the headline", lambda p: len(_words(p)), 8),
        "length": Measure("characters of the text", lambda p: len(_text(p)), 150),
        "emoji": Measure("emoji", _emoji, 2),
        "number": Measure("a number", _found(re.compile(r"\d")), 1, is_yes_no=True),
        "question": Measure("a question", _found(re.compile(r"\?")), 1, is_yes_no=True),
        "you": Measure("you or your", _found(_YOU), 1, is_yes_no=True),
        "urgency": Measure("a word of urgency", _found(_URGENT), 1, is_yes_no=True),
        "quote": Measure("a quotation", _found(re.compile('["“”«»]')), 1, is_yes_no=True),
        "capitals": Measure("share of words in capitals", _capitals, 0.25),
        "call_to_action": Measure("a call to action", _has_call, 1, is_yes_no=True),
        "hour": Measure("hour of the day", lambda p: p.hour, 4),
        "weekday": Measure("day of the week", lambda p: p.weekday, 2),
        "follow_up_days": Measure("days since the message before", lambda p: p.follow_up_days, 3),
    }
)


def _words(piece: Piece) -> list[str]:
    return _WORD.findall(piece.headline)


def measured(piece: Piece) -> dict[str, float]:
    """Count everything in a piece that can be counted; what is not known is left out."""
    values = {name: measure.of(piece) for name, measure in MEASURES.items()}
    return {name: float(value) for name, value in values.items() if value is not None}


def read_rule(value: Any) -> dict[str, tuple[tuple[float | None, float | None], ...]]:
    """Check a rule as it comes from outside.

    Raises
    ------
    ValueError : no rule, with a sentence that names the part
    """
    if not isinstance(value, Mapping) or not value:
        raise ValueError("A rule names at least one measure with its ranges.")
    return {str(name): _ranges(str(name), ranges) for name, ranges in value.items()}


def _ranges(name: str, ranges: Any) -> tuple[tuple[float | None, float | None], ...]:
    if name not in MEASURES:
        raise ValueError(f"There is no measure {name!r}; known: {', '.join(MEASURES)}.")
    if not isinstance(ranges, list | tuple) or not ranges:
        raise ValueError(f"{name}: give a list of ranges, such as [[1, 2]].")
    return tuple(_range(name, one) for one in ranges)


def _range(name: str, one: Any) -> tuple[float | None, float | None]:
    if not isinstance(one, list | tuple) or len(one) != 2:
        raise ValueError(f"{name}: a range is a pair of low and high.")
    low, high = (None if end is None else _number(name, end) for end in one)
    if low is None and high is None:
        raise ValueError(f"{name}: a range has a low or a high end.")
    if low is not None and high is not None and low > high:
        raise ValueError(f"{name}: {low:g} is above {high:g}.")
    return low, high


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f"{name}: {value!r} is no number.")
    return float(value)


def keeps(rule: Rule, values: Mapping[str, float]) -> bool | None:
    """Whether a piece keeps a rule; ``None`` where one of the measures is not known of it."""
    if any(name not in values for name in rule):
        return None
    return all(_distance(ranges, values[name]) == 0 for name, ranges in rule.items())


def closeness(rule: Rule, values: Mapping[str, float]) -> float:
    """How nearly a piece keeps a rule: 1 within all ranges, falling to 0; NaN if not known."""
    if any(name not in values for name in rule):
        return float("nan")
    far = sum(
        _distance(ranges, values[name]) / MEASURES[name].scale for name, ranges in rule.items()
    )
    return 1.0 / (1.0 + far)


def _distance(ranges: Ranges, value: float) -> float:
    """How far a value is from the nearest range."""
    return min(
        max(0.0 if low is None else low - value, 0.0 if high is None else value - high, 0.0)
        for low, high in ranges
    )


def in_words(rule: Rule) -> str:
    """Say a rule as people do: ``1–2 emoji, hour of the day 19–21``."""
    return ", ".join(_said(name, ranges) for name, ranges in rule.items())


def _said(name: str, ranges: Ranges) -> str:
    measure = MEASURES[name]
    if measure.is_yes_no:
        return measure.label if _distance(ranges, 1.0) == 0 else f"without {measure.label}"
    spans = " or ".join(_span(name, *one) for one in ranges)
    if name in ("hour", "weekday", "capitals"):
        return f"{measure.label} {spans}"
    return f"{spans} {measure.label}"


_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _span(name: str, low: float | None, high: float | None) -> str:
    def end(value: float) -> str:
        return _DAYS[int(value)] if name == "weekday" else f"{value:g}"

    if name == "hour" and low is not None and high is not None:
        return f"{low:g}–{high + 1:g} h"  # the last hour is over when the next begins

    if low is None:
        return f"at most {end(high or 0.0)}"
    if high is None:
        return f"at least {end(low)}"
    return end(low) if low == high else f"{end(low)}–{end(high)}"
