"""Watching versions as jobs of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from mlops.engine.learning.kinds import KINDS
from mlops.selectors.registry import label_of
from mlops.services.watch.campaigns import score_campaigns
from mlops.services.watch.comparing import advance, compare, propose_ready
from mlops.services.watch.drifting import watch_drift
from mlops.services.watch.scoring import forget_scores, score_users
from workspaces.services.jobs import Progress


def score_nothing(**_: object) -> dict[str, int]:
    """Score nothing: messages carry what they were read as, and a shadow reads when compared."""
    return {}


SCORE_JOB: Final = "score-users"
DRIFT_JOB: Final = "model-drift"
#: Kinds that are scored daily, compared in the shadow and watched for drift; how each is scored.
SCORED_BY: Final[Mapping[str, Callable[..., dict[str, int]]]] = MappingProxyType({
    "churn": score_users, "ltv": score_users, "roi": score_campaigns, "forecast": score_campaigns,
    "message_intent": score_nothing,
})  # fmt: skip


def score_workspace(progress: Progress) -> None:
    """Score users and campaigns, learn what came of them, compare, propose what may serve."""
    workspace, now = progress.workspace, progress.now
    for place, name in enumerate(KINDS):
        progress.step(f"Scoring by {label_of(name)}", done=place, total=len(KINDS))
        if name in SCORED_BY:
            advance(workspace=workspace, name=name, now=now)
            progress.count(**SCORED_BY[name](workspace=workspace, name=name, now=now))
            report = compare(workspace=workspace, name=name, now=now)
            progress.count(comparisons=int(report is not None))
        made = propose_ready(workspace=workspace, name=name, now=now)
        progress.count(proposals=int(made is not None))
    progress.count(forgotten=forget_scores(workspace=workspace, now=now))


def watch_workspace(progress: Progress) -> None:
    """Look for drift of what serves, and have trained anew what has drifted."""
    for place, name in enumerate(SCORED_BY):
        progress.step(f"Looking at {label_of(name)}", done=place, total=len(SCORED_BY))
        report = watch_drift(workspace=progress.workspace, name=name, now=progress.now)
        if report is not None:
            progress.count(reports=1, moved=int(report.is_moved), trainings=int(report.has_asked))
