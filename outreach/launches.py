"""Brings sends to the gate, its queue and the jobs, and messages to experiments."""

from __future__ import annotations

from experiments.models import Surface
from experiments.piece_sources import register_piece_source
from experiments.surfaces import register_surface
from outreach.answer_kind import AnswerHandler
from outreach.handlers import LaunchHandler
from outreach.panels import ANSWER_PANEL, LAUNCH_PANEL
from outreach.selectors.message_pieces import message_pieces
from outreach.services.message_winners import use_winning_text
from outreach.services.planning.jobs import register_jobs
from workspaces import gate, panels


def register() -> None:
    """Make them known. Called in ``ready()``."""
    gate.register(LaunchHandler())
    gate.register(AnswerHandler())
    panels.register_panel(LAUNCH_PANEL)
    panels.register_panel(ANSWER_PANEL)
    register_jobs()
    register_surface(Surface.MESSAGE, use_winning_text)
    register_piece_source(message_pieces)
