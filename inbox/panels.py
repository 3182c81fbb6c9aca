"""How proposed answers look."""

from __future__ import annotations

from inbox.selectors.replies import KIND, reply_context
from workspaces.panels import KindPanel

REPLY_PANEL = KindPanel(kind=KIND, context=reply_context)
