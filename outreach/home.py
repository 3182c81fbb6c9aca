"""What outreach brings to the home page: messages that people have to send, and new launches."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet

from outreach.models import OutreachCampaign, OutreachTask
from outreach.services.life import TOPIC
from workspaces.home import CHANGED, WAITS, Asked, Figure, register_figures, register_topics
from workspaces.roles import Role


def register() -> None:
    """Bring them."""
    register_figures(_FIGURES)
    register_topics(TOPIC)


def _tasks(asked: Asked) -> QuerySet[OutreachTask]:
    return OutreachTask.objects.filter(workspace=asked.workspace, done_at=None)


def _launched(asked: Asked) -> QuerySet[OutreachCampaign]:
    return OutreachCampaign.objects.filter(workspace=asked.workspace, launched_at__gte=asked.since)


_FIGURES: Final = (
    Figure("tasks", WAITS, ("message to send by hand", "messages to send by hand"),
           "outreach-tasks", _tasks, role=Role.OPERATOR, position=30),
    Figure("launched", CHANGED, ("campaign was launched", "campaigns were launched"),
           "outreach-campaigns", _launched, position=40),
)  # fmt: skip
