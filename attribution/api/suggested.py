"""What agents may recommend about conversions."""

from __future__ import annotations

from attribution.deal_amounts import KIND
from workspaces import scopes
from workspaces.services.proposing import propose
from workspaces.services.suggesting import made_of
from workspaces.suggested import Action, Asked, Made, register_action, told


def _sync_conversion(asked: Asked) -> Made:
    request = {"conversion": str(told(asked, "conversion"))}
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
            "sync_conversion",
            "Tell the CRM what a conversion is worth",
            {"conversion": "Its id; it names the deal that gets its value as amount."},
            _sync_conversion,
            scope=scopes.EVENTS_WRITE,
        )
    )
