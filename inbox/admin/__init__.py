"""Admin of the inbox: conversations to read, its rules to edit."""

from __future__ import annotations

from inbox.admin import conversations, rules
from workspaces.eventadmin import register_events

__all__ = ["conversations", "rules"]

register_events("inbox")
