"""The shape of a recommendation. Imported late: few processes need pydantic."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic import field_validator as validates

SUM_TOLERANCE: Final = 0.005
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
_Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
_Key = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ChannelComparison(_Part):
    """Which channel does best and worst, and why."""

    top_performer: _Key
    worst_performer: _Key
    analysis: _Text


class Outlook(_Part):
    """Where it goes, and how far our forecasts could be trusted so far."""

    trend: _Short
    forecast_accuracy: _Short


class Advised(_Part):
    """What to do: shares of the budget, improvements, and what comes first."""

    budget_allocation: dict[_Key, float]
    optimization: list[_Text] = Field(max_length=8)
    priority_actions: list[_Text] = Field(max_length=5)

    @validates("budget_allocation")
    @classmethod
    def _adds_up(cls, shares: dict[str, float]) -> dict[str, float]:
        if not all(math.isfinite(share) and 0 <= share <= 1 for share in shares.values()):
            raise ValueError("each share must lie between 0 and 1")
        if abs(sum(shares.values()) - 1) > SUM_TOLERANCE:
            raise ValueError(f"the shares must add up to 1, not {sum(shares.values()):.4f}")
        return shares


class Answer(_Part):
    """A whole recommendation; nothing may be added."""

    channel_comparison: ChannelComparison
    ml_predictions: Outlook
    recommendations: Advised
    summary: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=900)]


def validated(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document that has exactly this shape.

    Raises
    ------
    ValueError : names the first field that is wrong
    """
    try:
        return Answer.model_validate(document).model_dump()
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
