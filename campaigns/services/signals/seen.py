"""An event as it is to be written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from campaigns.models import Resolution, SignalSeverity, SignalType


@dataclass(frozen=True)
class Seen:
    """What the figures show of one event; ``ended_on`` is empty while it lasts."""

    type: SignalType
    severity: SignalSeverity
    channel: str
    campaign_id: int | None
    began_on: date
    detected_on: date
    seen_on: date
    ended_on: date | None
    resolution: Resolution
    title: str
    description: str
    metrics: dict[str, Any]
    action: str
    impact: dict[str, Any]
    money: Decimal | None
    confidence: float
    creative_id: int | None = None
