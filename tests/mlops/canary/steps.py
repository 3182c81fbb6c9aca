"""A champion, a canary beside it, and what both said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from mlops.models import Canary, ModelVersion, PredictionDoor, PredictionRole
from mlops.services.predicting import record_scores
from mlops.services.registry.adding import add_version
from tests.mlops.registry.steps import SOON, proposed
from tests.mlops.serving.steps import churn_trained
from tests.workspaces.factories import MembershipFactory
from tests.workspaces.gate_steps import run_due, sign
from workspaces.ids import uuid7
from workspaces.models import Proposal, User, Workspace

DAY = timedelta(days=1)


def trained_version(workspace: Workspace, now: datetime, seed: int) -> ModelVersion:
    """A version of small trees; of another seed it says otherwise."""
    return add_version(workspace=workspace, trained=churn_trained(seed), now=now)


def canary_of(
    version: ModelVersion,
    now: datetime,
    signer: User | None = None,
    *,
    share: str = "0.5",
    days: int = 7,
) -> Canary:
    """Propose a version with a share, sign it and carry it out: its canary runs."""
    proposal = signed(version, now, signer, share=share, days=days)
    run_due(now + SOON)
    version.refresh_from_db()
    return Canary.objects.get(proposal=proposal)


def signed(
    version: ModelVersion,
    now: datetime,
    signer: User | None = None,
    *,
    share: str = "0.5",
    days: int = 7,
) -> Proposal:
    """Its promotion, signed and due."""
    if signer is None:
        signer = MembershipFactory(workspace=version.workspace, role="approver").user
    return sign(proposed(version, now, share, days), signer, now)


def told(
    version: ModelVersion,
    role: PredictionRole,
    subjects: Sequence[str],
    said: np.ndarray,
    now: datetime,
) -> None:
    """Write what a version answered, as if it had been asked."""
    record_scores(
        version=version, batch=uuid7(), rows=[{"sessions": 0.0}] * len(subjects), role=role,
        subjects=subjects, outputs=said.reshape(-1, 1), door=PredictionDoor.API, now=now,
    )  # fmt: skip
