"""Training a model from a workspace's own rows; what comes of it is a challenger."""

from __future__ import annotations

from datetime import datetime

from mlops.models import ModelVersion
from mlops.selectors.watch import drifted_since
from mlops.services.registry.adding import add_version
from mlops.services.training.learners import Learnt, Told, TrainingError, learn
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

    Where what serves has drifted, it learns from what came since, if that is enough: what came
    before says little of what will come. Nothing is locked while it learns; the version is written
    at the end, whole. The same rows, seed and code give the same bytes, so what gives the bytes of
    a version of these rows is that version: a training that is repeated, because its worker died,
    leaves no second one.

    Raises
    ------
    TooLittleError : too few rows
    TrainingError : no such model, or a feature that knows the answer
    """
    learnt = _learnt_since_drift(workspace, name, now, seed, told) or learn(
        name, FromWorkspace(workspace, now), seed=seed, told=told
    )
    if known := _same(workspace, learnt):
        told(f"Nothing new: the same rows gave version {known.version}")
        return known
    return add_version(
        workspace=workspace, trained=learnt.trained, now=now, data=learnt.data, by=by
    )


def _learnt_since_drift(
    workspace: Workspace, name: str, now: datetime, seed: int, told: Told
) -> Learnt | None:
    since = drifted_since(workspace=workspace, name=name)
    if since is None:
        return None
    told(f"what serves has drifted since {since:%d %b %Y}: learning from what came since")
    try:
        return learn(name, FromWorkspace(workspace, now, since), seed=seed, told=told)
    except TrainingError as error:
        told(f"that is not enough ({error}); learning from the whole year")
        return None


def _same(workspace: Workspace, learnt: Learnt) -> ModelVersion | None:
    rows = ModelVersion.objects.filter(workspace=workspace, name=learnt.trained.kind)
    found = rows.filter(sha256=learnt.trained.artefact.sha256, data_sha256=learnt.data.sha256)
    return found.order_by("-version").first()
