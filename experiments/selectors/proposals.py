"""Proposals about tests."""

from __future__ import annotations

from typing import Final

from experiments.models import ABTest
from workspaces.models import Proposal
from workspaces.models.gate import OPEN

KIND: Final = "ab_test"


def subject_of(test: ABTest) -> str:
    """What proposals about a test call it; one of them is open at a time."""
    return f"{KIND}:{test.public_id}"


def open_proposal_of(test: ABTest) -> Proposal | None:
    """The proposal about a test that waits, is signed or runs."""
    return Proposal.objects.filter(
        workspace=test.workspace_id, kind=KIND, subject_key=subject_of(test), status__in=OPEN
    ).first()
