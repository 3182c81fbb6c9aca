"""The admin of campaigns."""

from campaigns.admin import (
    alerts,
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
    "alerts",
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
