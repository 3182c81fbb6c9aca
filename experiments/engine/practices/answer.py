"""What a language model answers when it is asked for practices. Imported late: needs pydantic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from experiments.engine.practices.traits import MEASURES, read_rule

MOST: Final = 5
_MEASURES: Final = ", ".join(f"{name} ({one.label})" for name, one in MEASURES.items())
INSTRUCTIONS: Final = (
    "You know research on marketing messages and ads. Name up to five practices that tests or "
    "studies found to raise conversion on the channels given, which are not among those known. "
    "Each rule maps measures to lists of [low, high] ranges, null for open; yes-or-no measures "
    f"are 0 or 1. Measures: {_MEASURES}. What you say is a hypothesis that will be tested: leave "
    "out what you are not sure of."
)
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=400)]
_Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=100)]


class Suggested(BaseModel):
    """One practice."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: _Title
    recommendation: _Text
    category: Literal["copy", "cta", "timing", "follow_up"]
    channel: Annotated[str, StringConstraints(max_length=40)] = ""
    rule: dict[str, list[tuple[float | None, float | None]]]


class Answer(BaseModel):
    """Up to five."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    practices: list[Suggested] = Field(max_length=MOST)


def problems_of(answer: Answer, channels: Sequence[str]) -> list[str]:
    """Say what is wrong with an answer, in sentences the model can act on."""
    found = []
    for one in answer.practices:
        found += _rule_problem(one.rule)
        if one.channel and one.channel not in channels:
            found.append(f"There is no channel {one.channel!r} here.")
    return found


def _rule_problem(rule: Any) -> list[str]:
    try:
        read_rule({name: [list(one) for one in ranges] for name, ranges in rule.items()})
    except ValueError as error:
        return [str(error)]
    return []
