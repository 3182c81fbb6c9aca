"""Practices, and finished tests that speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from experiments.engine.practices.known import KNOWN, Known
from experiments.models import (
    ABTest,
    ABTestStatus,
    BestPractice,
    EndReason,
    MetricDay,
    PracticeSource,
)
from experiments.services.practices.keeping import keep_practice
from tests.experiments.steps import NOW, draft_of, metric_of
from workspaces.models import Workspace


def practice_of(workspace: Workspace, known: Known = KNOWN["number"]) -> BestPractice:
    """A practice that nothing is known of yet."""
    return keep_practice(workspace=workspace, known=known, source=PracticeSource.AB_TEST, now=NOW)


def finished_of(
    workspace: Workspace,
    key: str,
    arms: Mapping[str, tuple[int, int]],
    *,
    at: datetime = NOW,
    channel: str = "",
) -> ABTest:
    """A finished test of headlines: headline → units and conversions, the control first."""
    names = [f"arm{position}" for position in range(len(arms))]
    weights = {name: 10_000 // len(arms) for name in names}
    weights[names[0]] += 10_000 - sum(weights.values())
    test = draft_of(workspace, key, weights=weights, channel=channel)
    for name, headline in zip(names, arms, strict=True):
        test.variants.filter(key=name).update(config={"headline": headline})
    test.status, test.started_at = ABTestStatus.RUNNING, at - timedelta(days=14)
    test.save(update_fields=["status", "started_at"])
    test.status, test.ended_at = ABTestStatus.COMPLETED, at
    test.end_reason = EndReason.TIME_UP
    test.save(update_fields=["status", "ended_at", "end_reason"])
    for name, (units, conversions) in zip(names, arms.values(), strict=True):
        MetricDay.objects.create(
            workspace=workspace, test=test, variant=test.variants.get(key=name),
            metric=metric_of(workspace), day=at.date(), units=units, sum=conversions,
            sum_squares=conversions,
        )  # fmt: skip
    return test
