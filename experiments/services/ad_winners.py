"""A winner among ads: the others are proposed to be paused, by the kind that changes ads."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from experiments.models import ABTestVariant
from workspaces.gate import GateError, Proposer
from workspaces.ids import uuid7
from workspaces.services.proposing import propose

_RULE: Final = Proposer.rule("winner of a test of ads")
_AD_CHANGE: Final = "ad_change"


def propose_ads(winner: ABTestVariant, *, now: datetime) -> str:
    """Propose to pause the ads that lost, as one bundle; says in words what was proposed."""
    test, bundle = winner.test, uuid7()
    losers = test.variants.exclude(pk=winner.pk).exclude(ad=None).select_related("ad")
    made, refused = 0, ""
    for variant in losers:
        if variant.ad is None:
            continue
        try:
            propose(
                workspace=test.workspace,
                kind=_AD_CHANGE,
                request={
                    "entity_type": "ad",
                    "entity": str(variant.ad.public_id),
                    "change_type": "status",
                    "value": "paused",
                },
                proposer=_RULE,
                reason=f"“{winner.name}” won the test “{test.name}” against “{variant.name}”.",
                now=now,
                bundle_id=bundle,
            )
            made += 1
        except GateError as error:
            refused = f" “{variant.name}” was not: {error}"
    return f"To pause {made} of the other ads was proposed.{refused}"
