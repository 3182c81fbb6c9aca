"""The admin of outreach."""

from __future__ import annotations

from outreach.admin import people, sending, social
from workspaces.eventadmin import register_events

register_events("outreach")

__all__ = ["people", "sending", "social"]
