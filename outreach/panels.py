"""How a send looks in the queue."""

from __future__ import annotations

from outreach.selectors.launch_page import launch_context
from outreach.selectors.launches import KIND
from workspaces.panels import KindPanel

LAUNCH_PANEL = KindPanel(kind=KIND, context=launch_context)
