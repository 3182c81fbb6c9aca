"""Versions of a real, tiny model, and the way of one through the gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from django.db import connection

from mlops.engine.learning.drift import CALIBRATION
from mlops.engine.learning.plain import train_channel_mean
from mlops.engine.learning.shapes import Trained
from mlops.models import ModelVersion
from mlops.services.registry.adding import add_version
from tests.workspaces.factories import MembershipFactory
from tests.workspaces.gate_steps import fresh, run_due, sign
from workspaces.gate import Proposer
from workspaces.models import Proposal, User, Workspace
from workspaces.services import proposing

NAME = "roi_mean"
SOON = timedelta(minutes=5)


def trained(*, meta: float = 1.0, google: float = 3.0) -> Trained:
    """Channel means; better than one mean for all where the two differ."""
    channel = np.array(["meta", "google"] * 5)
    return train_channel_mean(channel, np.array([meta, google] * 5), held_out=4, seed=7)


def version_of(workspace: Workspace, now: datetime, **means: float) -> ModelVersion:
    """A version with means of its own."""
    return add_version(workspace=workspace, trained=trained(**means), now=now)


def judged_version(workspace: Workspace, now: datetime) -> ModelVersion:
    """A version that keeps its calibration, as those of users do."""
    found = trained()
    told = {**found.card, CALIBRATION: [[0.5, 0.4, 2], [1.5, 2.0, 2]]}
    return add_version(workspace=workspace, trained=replace(found, card=told), now=now)


def proposed(version: ModelVersion, now: datetime, share: str = "1", days: int = 7) -> Proposal:
    """Its promotion, proposed by a person: a machine must show that it is better."""
    member = MembershipFactory(workspace=version.workspace, role="operator")
    return proposing.propose(
        workspace=version.workspace,
        kind="model_promotion",
        request={
            "model": version.name,
            "version": version.version,
            "canary_share": share,
            "canary_days": days,
        },
        proposer=Proposer.person(member.user),
        reason="It is better.",
        now=now,
    )


def champion(version: ModelVersion, now: datetime, signer: User | None = None) -> Proposal:
    """Bring a version all the way to champion."""
    if signer is None:
        signer = MembershipFactory(workspace=version.workspace, role="approver").user
    proposal = sign(proposed(version, now), signer, now)
    run_due(now + SOON)
    version.refresh_from_db()
    return fresh(proposal)


def spoil(version: ModelVersion) -> None:
    """Change stored bytes below the database's own checks, as a failing disk would."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mlops_modelartefact DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE mlops_modelartefact DROP CONSTRAINT mlops_modelartefact_sha256")
        cursor.execute(
            "UPDATE mlops_modelartefact SET data = set_byte(data, 0, 0) WHERE version_id = %s",
            [version.pk],
        )
        cursor.execute("ALTER TABLE mlops_modelartefact ENABLE TRIGGER USER")
