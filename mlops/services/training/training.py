"""Training a model from a workspace's own rows; what comes of it is a challenger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mlops.models import ModelVersion
from mlops.selectors.watch import drifted_since
from mlops.services.registry.adding import add_version, code_now
from mlops.services.training.learners import (
    Learnt,
    Told,
    TrainingError,
    checksum_of_rows,
    learn,
    why_scheduled_waits,
)
from mlops.services.training.sources import FromWorkspace
from workspaces.models import User, Workspace
from workspaces.services.refusals import RefusedError


class NothingNewError(RefusedError):
    """The newest version has learnt the same rows, with the same seed and code."""


def train_model(
    *,
    workspace: Workspace,
    name: str,
    now: datetime,
    told: Told = lambda text: None,
    seed: int = 42,
    by: User | None = None,
    only_new: bool = False,
) -> ModelVersion:
    """Train a model from the database, judge it on the newest rows, and keep it as challenger.

    Where what serves has drifted, it learns from what came since, if that is enough: what came
    before says little of what will come. Nothing is locked while it learns; the version is written
    at the end, whole. The same rows, seed and code give the same bytes, so what gives the bytes of
    a version of these rows is that version: a training that is repeated, because its worker died,
    leaves no second one. With ``only_new`` such a training is not even begun.

    Raises
    ------
    NothingNewError : with ``only_new``, the newest version would come out again
    TooLittleError : too few rows
    TrainingError : no such model, or a feature that knows the answer
    """

    def learnt_from(source: FromWorkspace) -> Learnt:
        if only_new:
            _require_new(name, source, seed)
        return learn(name, source, seed=seed, told=told)

    learnt = _learnt_since_drift(workspace, name, now, learnt_from, told)
    learnt = learnt or learnt_from(FromWorkspace(workspace, now))
    if known := _same(workspace, learnt):
        told(f"Nothing new: the same rows gave version {known.version}")
        return known
    return add_version(
        workspace=workspace, trained=learnt.trained, now=now, data=learnt.data, by=by
    )


def _require_new(name: str, source: FromWorkspace, seed: int) -> None:
    versions = ModelVersion.objects.filter(workspace=source.workspace, name=name)
    newest = versions.order_by("-version").first()
    if newest is None or (newest.seed, newest.code_version) != (seed, code_now()):
        return
    if newest.data_sha256 == checksum_of_rows(name, source):
        raise NothingNewError(
            f"Nothing new since version {newest.version}: it has learnt the same rows."
        )
    if why := why_scheduled_waits(name, source, newest):
        raise NothingNewError(why)


def _learnt_since_drift(
    workspace: Workspace,
    name: str,
    now: datetime,
    learnt_from: Callable[[FromWorkspace], Learnt],
    told: Told,
) -> Learnt | None:
    since = drifted_since(workspace=workspace, name=name)
    if since is None:
        return None
    told(f"what serves has drifted since {since:%d %b %Y}: learning from what came since")
    try:
        return learnt_from(FromWorkspace(workspace, now, since))
    except TrainingError as error:
        told(f"that is not enough ({error}); learning from the whole year")
        return None


def _same(workspace: Workspace, learnt: Learnt) -> ModelVersion | None:
    rows = ModelVersion.objects.filter(workspace=workspace, name=learnt.trained.kind)
    found = rows.filter(sha256=learnt.trained.artefact.sha256, data_sha256=learnt.data.sha256)
    return found.order_by("-version").first()
