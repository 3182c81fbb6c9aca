"""The learnt policy beside the solver: the champion where there is one, else the newest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from campaigns.engine.response.optimum import Bounds
from campaigns.models import ResponseFit
from campaigns.selectors.scenarios import models_of
from mlops.engine.allocation import project
from mlops.engine.budget.contest import LEARNT
from mlops.engine.budget.nets import ValueNet
from mlops.engine.budget.splits import FloatArray
from mlops.engine.budget.training import KIND, recommended
from mlops.models import ModelVersion
from mlops.services.registry.serving import ServedVersion, served, shelf
from workspaces.models import Workspace


@dataclass(frozen=True)
class LearntPolicy:
    """What a version of the policy makes of the curves; ``shares`` of the budget by channel."""

    version: ModelVersion
    serves: bool
    shares: Mapping[str, float]

    @property
    def name(self) -> str:
        """How it is told from other methods."""
        return f"{LEARNT}, version {self.version.version}"

    @property
    def verdict(self) -> str:
        """How it did in its months against the solver."""
        return self.version.verdict

    def split(self, channels: tuple[str, ...], bounds: Bounds) -> FloatArray:
        """Its shares of a total, within bounds."""
        wanted = bounds.total * np.array([self.shares[channel] for channel in channels])
        return project(wanted, bounds.least, np.minimum(bounds.most, bounds.total), bounds.total)


def learnt_policy(*, fit: ResponseFit, now: datetime) -> LearntPolicy | None:
    """Find the champion's plan, else that of the newest version; ``None``: nothing was learnt."""
    champion = served(workspace=fit.workspace, name=KIND, now=now)
    found = champion or _newest(fit.workspace, now)
    if found is None or not isinstance(found.model, ValueNet):
        return None
    try:
        shares = recommended(found.model, models_of(fit))
    except ValueError:  # no revenue any more, or nothing is spent
        return None
    return LearntPolicy(found.version, champion is not None, shares)


def _newest(workspace: Workspace, now: datetime) -> ServedVersion | None:
    rows = ModelVersion.objects.filter(workspace=workspace, name=KIND)
    version = rows.order_by("-version").first()
    model = shelf.take(version, now=now) if version else None
    return ServedVersion(version, model) if version and model else None
