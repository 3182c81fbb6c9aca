"""The demo's app: a small synthetic world, and what the jobs find in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from campaigns.services.advising.making import ADVICE_JOB
from campaigns.services.alerts.checking import ALERTS_JOB
from campaigns.services.predicting import PREDICTIONS_JOB
from campaigns.services.scenarios.fitting import CURVES_JOB
from campaigns.services.signals import SIGNALS_JOB
from mlops.services.world.making import make_world
from mlops.simulation.world.world import Options
from workspaces.models import Workspace
from workspaces.services.jobs import run_job

SCALE: Final = 1 / 20
DAYS: Final = 90
#: What has something to show on the first day, in this order: advice reads signals.
JOBS: Final = (SIGNALS_JOB, PREDICTIONS_JOB, ALERTS_JOB, ADVICE_JOB, CURVES_JOB)


def fill_app(*, workspace: Workspace, now: datetime, scale: float = SCALE) -> None:
    """Give the workspace an app with users, days of ads for it, and run the jobs over them.

    ``scale`` is the share of the half million users and five million sessions of a whole world.
    """
    whole = Options(now.astimezone(workspace.zone).date() - timedelta(days=DAYS))
    options = Options(
        whole.starts_on, users=round(whole.users * scale), sessions=round(whole.sessions * scale)
    )
    make_world(workspace=workspace, options=options, now=now, told=lambda _text: None)
    for name in JOBS:
        run_job(workspace=workspace, name=name, trigger="demo", now=now)
