"""Admin of the inbox: conversations to read, its rules to edit."""

from __future__ import annotations

from inbox.admin import conversations, rules, ways_in
from workspaces.eventadmin import register_events

__all__ = ["conversations", "rules", "ways_in"]

register_events("inbox")
