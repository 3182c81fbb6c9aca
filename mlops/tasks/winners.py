"""What doors ask of winners: the vector of a text, and what is like a text, a vector or an ad."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from mlops.services.winners.searching import embed_text, find_similar, likenesses
from workspaces.asking import answer
from workspaces.models import Workspace


@shared_task(name="mlops.embed_text", soft_time_limit=20, time_limit=30, ignore_result=True)
def embed_text_task(*, text: str, key: str, **_: object) -> None:
    """Embed a text."""
    answer(key, lambda: embed_text(text=text))


@shared_task(name="mlops.find_similar", soft_time_limit=20, time_limit=30, ignore_result=True)
def find_similar_task(*, workspace_id: int, asked: dict[str, Any], key: str, **_: object) -> None:
    """Find winners like a text or a vector."""
    workspace = Workspace.objects.get(pk=workspace_id)
    answer(key, lambda: find_similar(workspace=workspace, asked=asked, now=timezone.now()))


@shared_task(name="mlops.likenesses", soft_time_limit=20, time_limit=30, ignore_result=True)
def likenesses_task(*, workspace_id: int, texts: dict[str, str], key: str, **_: object) -> None:
    """Tell of each ad which winner it is most like."""
    workspace = Workspace.objects.get(pk=workspace_id)

    def found() -> dict[str, Any]:
        by_ad = {int(ad): text for ad, text in texts.items()}
        near = likenesses(workspace=workspace, texts=by_ad, now=timezone.now())
        return {str(ad): [like.winner_id, like.similarity] for ad, like in near.items()}

    answer(key, found)
