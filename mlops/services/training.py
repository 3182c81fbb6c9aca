"""Training a model from a workspace's own rows; what comes of it is a challenger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from mlops.engine.learning.leakage import LeakageError
from mlops.engine.learning.shapes import Trained
from mlops.engine.learning.splits import by_time
from mlops.models import ModelVersion
from mlops.selectors.app_users import AppUsers, app_users, known_until
from mlops.services.registry.adding import DataWindow, add_version
from workspaces.models import User, Workspace
from workspaces.services.refusals import RefusedError

#: Older users say little of today's.
LONGEST: Final = timedelta(days=365)
LEAST_USERS: Final = 1_000

Told = Callable[[str], None]
Learn = Callable[[AppUsers, int, Told], Trained]


class TrainingError(RefusedError):
    """The model cannot be trained here and now; says why and what would help."""


def train_model(
    *,
    workspace: Workspace,
    name: str,
    now: datetime,
    told: Told = lambda text: None,
    seed: int = 42,
    by: User | None = None,
) -> ModelVersion:
    """Train a model from the database, judge it on the newest users, and keep it as challenger.

    Nothing is locked while it learns; the version is written at the end, whole.

    Raises
    ------
    TrainingError : no such model, too few users, or a feature that knows the answer
    """
    learn = TRAINERS.get(name)
    if learn is None:
        known = ", ".join(sorted(TRAINERS))
        raise TrainingError(f"{name!r} cannot be trained; what can is {known}.")
    until = known_until(workspace, now.astimezone(workspace.zone).date())
    since = until - LONGEST
    users = app_users(workspace, since=since, until=until)
    told(f"{len(users):,} users read whose first two weeks are over")
    if len(users) < LEAST_USERS:
        raise TrainingError(
            f"{len(users):,} users are known for two weeks; {name} learns from {LEAST_USERS:,} at"
            " least. Import installs and sessions, or wait."
        )
    try:
        trained = learn(users, seed, told)
    except LeakageError as error:
        raise TrainingError(f"Training was stopped: {error}") from error
    except ValueError as error:
        raise TrainingError(str(error)) from error
    told(trained.verdict)
    return add_version(
        workspace=workspace,
        trained=trained,
        now=now,
        data=DataWindow(
            starts_on=users.installed_on.min().item(),
            ends_on=users.installed_on.max().item() + timedelta(days=1),
            sha256=users.sha256,
        ),
        by=by,
    )


def _churn(users: AppUsers, seed: int, told: Told) -> Trained:
    from mlops.engine.learning import churn

    held_out = by_time(users.installed_on)
    return churn.train(users.rows, users.has_left, held_out, churn.Settings(seed=seed))


def _ltv(users: AppUsers, seed: int, told: Told) -> Trained:
    from mlops.engine.learning import ltv

    known = ~np.isnan(users.later_value)
    if known.sum() < LEAST_USERS:
        raise TrainingError(
            f"The value of 180 days is known of {int(known.sum()):,} users; at least"
            f" {LEAST_USERS:,} are needed. It is counted by itself once they are over."
        )
    told(f"{int(known.sum()):,} of them have a known value of 180 days")
    rows = {name: values[known] for name, values in users.rows.items()}
    held_out = by_time(users.installed_on[known])
    return ltv.train(rows, users.later_value[known], held_out, ltv.Settings(seed=seed))


TRAINERS: Final[Mapping[str, Learn]] = {"churn": _churn, "ltv": _ltv}
