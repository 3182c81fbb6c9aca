"""Recommendations of a funnel, for tests."""

from __future__ import annotations

from datetime import date

from attribution.models import FunnelDefinition, OptimizationRecommendation, Site
from tests.attribution.funnels.steps import document, page


def funnel_of(site: Site, name: str = "Shop") -> FunnelDefinition:
    """Cart, then thanks."""
    whole = document(page("/cart"), page("/thanks"))
    return FunnelDefinition.objects.create(
        workspace_id=site.workspace_id,
        site=site,
        name=name,
        definition={"steps": whole["steps"], "exclusions": []},
        window_seconds=86_400,
    )


def advice_on(funnel: FunnelDefinition, area: str = "Cart → Thanks") -> OptimizationRecommendation:
    """One that waits."""
    return OptimizationRecommendation.objects.create(
        workspace_id=funnel.workspace_id, funnel=funnel, kind="worst_step", area=area,
        problem="Many leave.", impact="Much.", change="Make it easier.", steps=["Look at it."],
        gain_text="A tenth.", expected_gain=4.2, confidence=0.9, since=date(2026, 10, 24),
        until=date(2026, 11, 20), test={"text": "Test it."},
    )  # fmt: skip
