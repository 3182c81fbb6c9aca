"""Watching versions as jobs of a workspace."""

from __future__ import annotations

from typing import Final

from mlops.engine.learning.kinds import KINDS
from mlops.selectors.registry import label_of
from mlops.services.watch.comparing import advance, compare, propose_ready
from mlops.services.watch.drifting import watch_drift
from mlops.services.watch.outcomes import OUTCOMES
from mlops.services.watch.scoring import forget_scores, score_users
from workspaces.services.jobs import Progress

SCORE_JOB: Final = "score-users"
DRIFT_JOB: Final = "model-drift"


def score_workspace(progress: Progress) -> None:
    """Score users, learn what became of them, compare the shadow, and propose what may serve."""
    workspace, now = progress.workspace, progress.now
    for place, name in enumerate(KINDS):
        progress.step(f"Scoring by {label_of(name)}", done=place, total=len(KINDS))
        if name in OUTCOMES:
            advance(workspace=workspace, name=name, now=now)
            progress.count(**score_users(workspace=workspace, name=name, now=now))
            report = compare(workspace=workspace, name=name, now=now)
            progress.count(comparisons=int(report is not None))
        made = propose_ready(workspace=workspace, name=name, now=now)
        progress.count(proposals=int(made is not None))
    progress.count(forgotten=forget_scores(workspace=workspace, now=now))


def watch_workspace(progress: Progress) -> None:
    """Look for drift of what serves, and have trained anew what has drifted."""
    for place, name in enumerate(OUTCOMES):
        progress.step(f"Looking at {label_of(name)}", done=place, total=len(OUTCOMES))
        report = watch_drift(workspace=progress.workspace, name=name, now=progress.now)
        if report is not None:
            progress.count(reports=1, moved=int(report.is_moved), trainings=int(report.has_asked))
