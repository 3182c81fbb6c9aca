"""What agents may recommend about tests."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from experiments.api.serializers import ABTestIn
from experiments.api.tests import plain
from experiments.models import Operation
from experiments.selectors.proposals import KIND
from experiments.services.drafting import create_draft
from workspaces import scopes
from workspaces.api.suggested import checked
from workspaces.gate import StateError
from workspaces.models import Proposal
from workspaces.services.proposing import propose
from workspaces.services.suggesting import made_of
from workspaces.suggested import Action, Asked, Made, register_action, told


def _create_test(asked: Asked) -> Made:
    """Make a draft and propose to start it; what is not ready to start is left to a person."""
    values = plain(checked(asked, ABTestIn))
    test = create_draft(workspace=asked.workspace, values=values, by=asked.by, now=asked.now)
    try:
        with transaction.atomic():
            return made_of(_propose(asked, {"test": str(test.public_id), "operation": "start"}))
    except StateError:
        return Made(f"Draft of “{test.name}”", url=reverse("experiment", args=[test.public_id]))


def _apply_winner(asked: Asked) -> Made:
    request = {
        "test": told(asked, "test"), "operation": str(Operation.ROLL_OUT),
        "variant": told(asked, "variant"),
    }  # fmt: skip
    return made_of(_propose(asked, request))


def _propose(asked: Asked, request: dict[str, str]) -> Proposal:
    return propose(
        workspace=asked.workspace, kind=KIND, request=request, proposer=asked.by,
        reason=asked.reason, now=asked.now, idempotency_key=asked.key,
    )  # fmt: skip


def register() -> None:
    """Bring them."""
    register_action(
        Action(
            "create_ab_test",
            "Create a test",
            {"…": "As for POST ab-tests/; name at least."},
            _create_test,
            scope=scopes.EXPERIMENTS_WRITE,
        )
    )
    register_action(
        Action(
            "apply_test_winner",
            "Declare a winner and roll it out",
            {"test": "Id of the test.", "variant": "Key of the variant."},
            _apply_winner,
        )
    )
