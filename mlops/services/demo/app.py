"""A workspace of an app: a small synthetic world, what the jobs find in it, what is learnt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from campaigns.models import AlertScope
from campaigns.services.advising.making import ADVICE_JOB
from campaigns.services.alerts.checking import ALERTS_JOB
from campaigns.services.alerts.rules import ensure_rules, save_rule
from campaigns.services.predicting import PREDICTIONS_JOB
from campaigns.services.scenarios.fitting import CURVES_JOB
from campaigns.services.signals import SIGNALS_JOB
from mlops.services.demo.people import add_people, demo_person
from mlops.services.job_names import training_job
from mlops.services.winners.collecting import WINNERS_JOB
from mlops.services.world.making import make_world
from mlops.simulation.world.world import Options
from workspaces.models import BusinessMode, User, Workspace
from workspaces.roles import Role
from workspaces.services.jobs import request_job, run_job
from workspaces.services.workspaces import create_workspace

SLUG: Final = "ptd_app"
NOTICE: Final = (
    "Synthetic: the app, its users and its ads are drawn (see docs/synthetic-world.md), with six"
    " events of known size for signals to find. Its accounts have no connection, so a signed change"
    " is a task for a person."
)
SCALE: Final = 1 / 20
#: The world ends in the middle of its last event, so there is something open to act on.
DAYS: Final = 75
#: What has something to show on the first day, in this order: advice reads signals.
JOBS: Final = (SIGNALS_JOB, PREDICTIONS_JOB, ALERTS_JOB, ADVICE_JOB, CURVES_JOB)
#: Trained once the system runs, because nobody should wait for it: one that may serve and, with so
#: few who pay, one that may not.
LEARNT: Final = ("churn", "ltv")

#: Lines that the app's admin has moved. A campaign of this size has a few installs a day, and users
#: pay for weeks: a week's ROAS of one campaign is chance, and half of all days spend more than the
#: daily budget, which is what a usual day spends.
LINES: Final[dict[str, dict[str, Any]]] = {
    "Daily budget spent": {"threshold": Decimal("1.5"), "lookback_days": 7},
    "Low ROAS": {"threshold": Decimal("0.5"), "lookback_days": 28},
    "ROI drop": {"scope": AlertScope.CHANNEL, "lookback_days": 14},
}


def draw_lines(*, workspace: Workspace, by: User) -> None:
    """Move the shipped lines of alerts to where an app's admin would have them."""
    rules = ensure_rules(workspace=workspace)
    for name, values in LINES.items():
        save_rule(workspace=workspace, rule=rules[name], values=values, by=by)


def fill_app(*, now: datetime, scale: float = SCALE) -> Workspace:
    """Make the workspace, give its app users, sessions and ads, and run the jobs over them.

    ``scale`` is the share of the half million users and five million sessions of a whole world.
    """
    admin = demo_person(Role.ADMIN)
    workspace = create_workspace(
        slug=SLUG,
        name="PTD Coach (app)",
        currency="USD",
        time_zone="America/New_York",
        mode=BusinessMode.DIRECT,
        by=admin,
        now=now,
        is_sandbox=True,
    )
    add_people(workspace)
    draw_lines(workspace=workspace, by=admin)
    whole = Options(now.astimezone(workspace.zone).date() - timedelta(days=DAYS), days=DAYS)
    options = replace(
        whole, users=round(whole.users * scale), sessions=round(whole.sessions * scale)
    )
    make_world(workspace=workspace, options=options, now=now, told=lambda _text: None)
    for name in JOBS:
        run_job(workspace=workspace, name=name, trigger="demo", now=now)
    request_job(workspace=workspace, name=WINNERS_JOB, trigger="demo", now=now)
    for name in LEARNT:
        request_job(workspace=workspace, name=training_job(name), trigger="demo", now=now)
    workspace.refresh_from_db()
    workspace.notice = NOTICE
    workspace.save(update_fields=["notice", "updated_at"])
    return workspace
