"""Brings sends to the gate, its queue and the jobs."""

from __future__ import annotations

from outreach.handlers import LaunchHandler
from outreach.panels import LAUNCH_PANEL
from outreach.services.planning.jobs import register_jobs
from workspaces import gate, panels


def register() -> None:
    """Make them known. Called in ``ready()``."""
    gate.register(LaunchHandler())
    panels.register_panel(LAUNCH_PANEL)
    register_jobs()
