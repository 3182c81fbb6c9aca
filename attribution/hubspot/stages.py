"""What the stages of HubSpot's stock pipeline stand for, as far as a workspace has such stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attribution.engine.synthetic_revenue import StageValues

STOCK_PIPELINE: Final = "default"
# Stages of ours that may stand for it, the best first. Where none fits, the nearest earlier one
# does, so that a deal that goes on is never worth less than before.
_STOCK: Final[Mapping[str, tuple[str, ...]]] = {
    "appointmentscheduled": ("appointment_scheduled", "sales_qualified_lead"),
    "qualifiedtobuy": ("appointment_scheduled", "sales_qualified_lead"),
    "presentationscheduled": ("show_up", "demo_scheduled"),
    "decisionmakerboughtin": ("show_up", "demo_scheduled"),
    "contractsent": ("proposal_sent", "show_up"),
}
_OUTCOMES: Final = {"closedwon": "won", "closedlost": "lost"}


def stock_key(pipeline: str, stage: str, values: StageValues) -> str:
    """Our stage that a stock stage stands for; empty where a person must say."""
    if pipeline != STOCK_PIPELINE:
        return ""
    if outcome := _OUTCOMES.get(stage):
        return next((one.key for one in values.stages if one.outcome == outcome), "")
    return next((key for key in _STOCK.get(stage, ()) if values.stage(key)), "")
