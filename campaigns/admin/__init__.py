"""The admin of campaigns."""

from campaigns.admin import changes, entities, freshness, imports, performance, policy
from workspaces.eventadmin import register_events

register_events("campaigns")

__all__ = ["changes", "entities", "freshness", "imports", "performance", "policy"]
