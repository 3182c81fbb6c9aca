"""The admin of campaigns."""

from campaigns.admin import (
    changes,
    channels,
    entities,
    freshness,
    imports,
    performance,
    policy,
    predictions,
    recommendations,
    scenarios,
    signals,
)
from workspaces.eventadmin import register_events

register_events("campaigns")

__all__ = [
    "changes",
    "channels",
    "entities",
    "freshness",
    "imports",
    "performance",
    "policy",
    "predictions",
    "recommendations",
    "scenarios",
    "signals",
]
