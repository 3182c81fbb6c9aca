"""The shadow's word on what the champion was asked, after the answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from mlops.services.training_jobs import QUEUE
from mlops.services.watch.live import score_batch_in_shadow, shadow_of_batch


@shared_task(
    name="mlops.score_in_shadow", acks_late=True, soft_time_limit=60, time_limit=90,
    ignore_result=True,
)  # fmt: skip
def score_in_shadow(*, batch: str, **_: Any) -> int:
    """Score one batch by the shadow; a repeat adds nothing."""
    return score_batch_in_shadow(batch=UUID(batch), now=timezone.now())


def ask_shadow(batch: UUID) -> None:
    """Have a batch scored by the shadow, where there is one; nobody waits for it."""
    if shadow_of_batch(batch) is not None:
        # Not where people wait for answers.
        score_in_shadow.apply_async(kwargs={"batch": str(batch)}, queue=QUEUE)
