"""Training a model from a workspace's own rows; what comes of it is a challenger."""

from __future__ import annotations

from datetime import datetime

from mlops.models import ModelVersion
from mlops.services.registry.adding import add_version
from mlops.services.training.learners import Told, learn
from mlops.services.training.sources import FromWorkspace
from workspaces.models import User, Workspace


def train_model(
    *,
    workspace: Workspace,
    name: str,
    now: datetime,
    told: Told = lambda text: None,
    seed: int = 42,
    by: User | None = None,
) -> ModelVersion:
    """Train a model from the database, judge it on the newest rows, and keep it as challenger.

    Nothing is locked while it learns; the version is written at the end, whole.

    Raises
    ------
    TrainingError : no such model, too few rows, or a feature that knows the answer
    """
    learnt = learn(name, FromWorkspace(workspace, now), seed=seed, told=told)
    return add_version(
        workspace=workspace, trained=learnt.trained, now=now, data=learnt.data, by=by
    )
