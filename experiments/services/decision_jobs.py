"""Tests as jobs of a workspace."""

from __future__ import annotations

import logging
from typing import Final

from experiments.services.bandits import reweigh
from experiments.services.deciding import decide_test, running_tests, watch_roll_outs
from experiments.services.scheduling import free_unsigned, start_due
from workspaces.gate import GateError
from workspaces.services.jobs import Progress

logger = logging.getLogger(__name__)

DECISIONS_JOB: Final = "experiment-decisions"
BANDITS_JOB: Final = "experiment-bandits"


def decide_workspace(progress: Progress) -> None:
    """Start what is due, apply every rule, and look after roll-outs."""
    workspace, now = progress.workspace, progress.now
    progress.count(freed=free_unsigned(workspace=workspace))
    progress.count(started=start_due(workspace=workspace, now=now))
    tests = list(running_tests(workspace))
    for place, test in enumerate(tests):
        progress.step(f"Deciding {test.name}", done=place, total=len(tests))
        try:
            done = decide_test(test=test, now=now)
        except GateError as error:
            # Somebody stopped it in between: the others go on.
            logger.info("not decided", extra={"test": test.pk, "why": str(error)})
            continue
        progress.count(tests=1, **({done: 1} if done else {}))
    progress.count(**watch_roll_outs(workspace=workspace, now=now))


def reweigh_workspace(progress: Progress) -> None:
    """Share the next units of bandits out."""
    progress.count(moved=reweigh(workspace=progress.workspace, now=progress.now))
