"""Small real models that serve, with features as of an app's users."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np

from mlops.engine.learning import churn, ltv
from mlops.engine.learning.columns import Columns
from mlops.engine.learning.shapes import Artefact, Rows, Served, Trained
from mlops.models import ModelVersion
from mlops.services.registry.adding import add_version
from tests.mlops.registry.steps import champion
from workspaces.models import User, Workspace

ROWS = 240


def users(count: int = ROWS, seed: int = 3) -> dict[str, np.ndarray]:
    """Numbers, some unknown, and a text."""
    rng = np.random.default_rng(seed)
    return {
        "channel": rng.choice(["google", "meta"], count),
        "minutes": rng.lognormal(2, 1, count),
        "quality": np.where(rng.random(count) < 0.2, np.nan, rng.random(count)),
    }


def churn_trained(seed: int = 3) -> Trained:
    """Trees that learnt that idle users leave."""
    rows = users(seed=seed)
    left = rows["minutes"] + np.random.default_rng(seed).lognormal(1, 1, ROWS) < 9
    model, _, _ = churn.fit(rows, left, churn.Settings(seed=seed, rounds=5))
    return as_trained("churn", model, model.artefact(), rows, model.levels)


def ltv_trained(seed: int = 3) -> Trained:
    """A net with weights that were drawn: how it learns is told elsewhere."""
    rows, rng = users(seed=seed), np.random.default_rng(seed)
    columns = Columns.learn(rows)
    wide = sum(column.width for column in columns.columns)
    net = [
        (rng.normal(0, 0.4, (outs, ins)).astype(np.float32).astype(float), np.zeros(outs))
        for ins, outs in ((wide, 8), (8, 3))
    ]
    model = ltv.LtvModel(columns, [net], scale=1.7, ceiling=500.0)
    return as_trained("ltv", model, model.artefact(), rows, model.levels)


def as_trained(
    kind: str, model: Served, artefact: Artefact, rows: Rows, levels: dict[str, list[str] | None]
) -> Trained:
    """As if it had been judged."""
    return Trained(
        kind=kind, artefact=artefact, features=model.features, levels=levels,
        metrics={"auc": 0.8}, baselines={"plain": {"auc": 0.7}}, is_better=True, verdict="Better.",
        rows=len(rows["minutes"]), held_out=10, seed=3,
    )  # fmt: skip


def serving(
    workspace: Workspace, trained: Trained, now: datetime, signer: User | None = None
) -> ModelVersion:
    """A version that is the champion."""
    version = add_version(workspace=workspace, trained=replace(trained), now=now)
    champion(version, now, signer)
    return version
