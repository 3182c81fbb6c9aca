"""Versions with figures of their own, and users whom they scored, without training any."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from attribution.models import UserInstall
from mlops.engine.learning.drift import calibration_groups, reference_of
from mlops.engine.learning.shapes import Artefact, Trained
from mlops.models import JUDGED_FROM, ModelVersion, UserScore
from mlops.services.registry.adding import add_version
from workspaces.models import Workspace

DAY = timedelta(days=1)


def version_of(
    workspace: Workspace, now: datetime, *, name: str = "churn", is_better: bool = True, **card: Any
) -> ModelVersion:
    """A version that is not asked for anything: its artefact is a number."""
    count = ModelVersion.objects.filter(workspace=workspace, name=name).count()
    spread = np.linspace(0, 1, 200)
    trained = Trained(
        kind=name,
        artefact=Artefact("json", json.dumps([name, count]).encode()),
        features=("sessions",),
        metrics={"auc": 0.8},
        baselines={"plain": {"auc": 0.7}},
        is_better=is_better,
        verdict="Ranks better." if is_better else "Ranks worse.",
        card={
            "threshold": 0.5,
            JUDGED_FROM: (now - 60 * DAY).date().isoformat(),
            # As users without sessions are.
            "reference": reference_of({"sessions": np.zeros(200)}, spread),
            "calibration_groups": calibration_groups(spread, spread),
            **card,
        },
        rows=1_000,
        held_out=200,
    )
    return add_version(workspace=workspace, trained=trained, now=now)


def installs_of(workspace: Workspace, count: int, since: date, days: int = 20) -> list[UserInstall]:
    """Users who came over some days."""
    return UserInstall.objects.bulk_create(
        [
            UserInstall(
                workspace=workspace,
                user_id=f"u{place:05d}",
                channel="organic",
                source="organic",
                installed_on=since + (place % days) * DAY,
            )
            for place in range(count)
        ]
    )


@dataclass(frozen=True)
class Scored:
    """Outcomes of users, chances behind them, and the same seen dimly."""

    came: np.ndarray
    sharp: np.ndarray
    dim: np.ndarray


def drawn(count: int) -> Scored:
    """Users of whom a sharp and a dim model say different things."""
    rng = np.random.default_rng(9)
    sharp = rng.beta(0.6, 0.6, count)
    dim = np.clip(0.5 + 0.3 * (sharp - 0.5) + rng.normal(0, 0.1, count), 0.01, 0.99)
    return Scored((rng.random(count) < sharp).astype(float), sharp, dim)


def score(
    version: ModelVersion,
    installs: Sequence[UserInstall],
    scores: np.ndarray,
    outcomes: Sequence[float | None],
) -> None:
    """Write what a version said of users."""
    UserScore.objects.bulk_create(
        UserScore(
            workspace_id=version.workspace_id,
            version=version,
            install=install,
            began_on=install.installed_on,
            scored_on=install.installed_on + 8 * DAY,
            score=float(said),
            outcome=outcome,
        )
        for install, said, outcome in zip(installs, scores, outcomes, strict=True)
    )
