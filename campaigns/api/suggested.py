"""What agents may recommend about ads."""

from __future__ import annotations

from campaigns.handlers import KIND
from campaigns.models import ChangeType
from workspaces.services.proposing import propose
from workspaces.services.suggesting import made_of
from workspaces.suggested import Action, Asked, Made, register_action, told


def _change_budget(asked: Asked) -> Made:
    request = {
        "entity_type": told(asked, "entity_type"), "entity": told(asked, "entity"),
        "change_type": str(ChangeType.BUDGET), "value": str(told(asked, "value")),
    }  # fmt: skip
    return made_of(
        propose(
            workspace=asked.workspace, kind=KIND, request=request, proposer=asked.by,
            reason=asked.reason, now=asked.now, idempotency_key=asked.key,
        )
    )  # fmt: skip


def register() -> None:
    """Bring them."""
    register_action(
        Action(
            "change_budget",
            "Change a budget",
            {
                "entity_type": "campaign, adset or ad.",
                "entity": "Our id, or the platform's.",
                "value": "The new budget, in the account's currency.",
            },
            _change_budget,
        )
    )
