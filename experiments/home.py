"""What experiments bring to the home page: tests that were decided."""

from __future__ import annotations

from django.db.models import QuerySet

from experiments.models import ABTest, ABTestStatus
from experiments.services.drafting import TOPIC
from workspaces.home import CHANGED, Asked, Figure, register_figures, register_topics


def register() -> None:
    """Bring them."""
    register_figures(
        [Figure("tests", CHANGED, ("test was decided", "tests were decided"), "experiments",
                _decided, "tab=over", position=30)]
    )  # fmt: skip
    register_topics(TOPIC)


def _decided(asked: Asked) -> QuerySet[ABTest]:
    over = [ABTestStatus.COMPLETED, ABTestStatus.WINNER_DECLARED]
    return ABTest.objects.filter(
        workspace=asked.workspace, status__in=over, ended_at__gte=asked.since, roll_out=None
    )
