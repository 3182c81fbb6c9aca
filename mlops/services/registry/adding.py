"""A trained model becomes a version: a challenger with everything that is known of it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from campaigns.engine import response
from inbox.engine import calibrated
from inbox.engine.reading import signs
from mlops.engine import budget, learning
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shapes import Trained
from mlops.models import ModelArtefact, ModelVersion
from mlops.models.registry import LARGEST_BYTES
from workspaces.gate import StateError
from workspaces.models import User, Workspace
from workspaces.services.locks import lock_names


@dataclass(frozen=True)
class DataWindow:
    """What a model learnt from: days ``[starts_on, ends_on)``, and a checksum of the rows."""

    starts_on: date | None = None
    ends_on: date | None = None
    sha256: str = ""


def add_version(
    *,
    workspace: Workspace,
    trained: Trained,
    now: datetime,
    data: DataWindow = DataWindow(),  # frozen
    by: User | None = None,
    by_label: str = "Training",
    code_version: str = "",
) -> ModelVersion:
    """Store a trained model as the next version of its name, as challenger.

    Raises
    ------
    StateError : no such kind, a metric is no number, or the artefact is larger than 50 MB
    """
    _require_sound(trained)
    artefact = trained.artefact
    with transaction.atomic():
        lock_names([registry_lock(workspace, trained.kind)])
        rows = ModelVersion.objects.filter(workspace=workspace, name=trained.kind)
        version = ModelVersion.objects.create(
            workspace=workspace,
            name=trained.kind,
            version=(rows.aggregate(last=Max("version"))["last"] or 0) + 1,
            format=artefact.format,
            sha256=artefact.sha256,
            size_bytes=len(artefact.data),
            features=list(trained.features),
            levels=trained.levels,
            seed=trained.seed,
            rows=trained.rows,
            held_out=trained.held_out,
            data_from=data.starts_on,
            data_until=data.ends_on,
            data_sha256=data.sha256,
            code_version=code_version or code_now(),
            metrics=trained.metrics,
            baselines=trained.baselines,
            is_better=trained.is_better,
            verdict=trained.verdict,
            card=trained.card,
            created_by=by,
            created_by_label=by_label if by is None else str(by),
            created_at=now,
        )
        ModelArtefact.objects.create(
            version=version,
            workspace=workspace,
            sha256=artefact.sha256,
            size_bytes=len(artefact.data),
            data=artefact.data,
        )
    return version


def registry_lock(workspace: Workspace, name: str) -> str:
    """Lock under which versions of a name are numbered and change their stage."""
    return f"model:{workspace.pk}:{name}"


@lru_cache(maxsize=1)
def code_now() -> str:
    """Checksum of the code that trains: models of equal code, data and seed are equal."""
    found = hashlib.sha256()
    for package in (learning, budget, response):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            found.update(f"{package.__name__}/{path.relative_to(root)}".encode())
            found.update(path.read_bytes())
    for module in (calibrated, signs):
        found.update(Path(str(module.__file__)).read_bytes())
    return found.hexdigest()[:12]


def _require_sound(trained: Trained) -> None:
    if trained.kind not in KINDS:
        raise StateError(f"There is no model {trained.kind!r}; known: {', '.join(sorted(KINDS))}.")
    for metrics in (trained.metrics, *trained.baselines.values()):
        for name, value in metrics.items():
            if not math.isfinite(value):
                raise StateError(f"The metric {name} is {value}, which says nothing; train anew.")
    if len(trained.artefact.data) > LARGEST_BYTES:
        raise StateError(
            f"The artefact has {len(trained.artefact.data):,} bytes; at most {LARGEST_BYTES:,}"
            " are kept. Train a smaller model."
        )
