"""A workspace's first funnel, made from what its website's pages are known to be."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attribution.engine.funnel_definition import MOST_MATCHERS
from attribution.models import FunnelDefinition, FunnelStage, Site, StageRule
from attribution.services.funnels.defining import FunnelError, create_funnel
from workspaces.models import User, Workspace

STAGES: Final = (
    FunnelStage.PRODUCT, FunnelStage.CART, FunnelStage.CHECKOUT, FunnelStage.CONVERSION,
)  # fmt: skip
WINDOW_SECONDS: Final = 7 * 86_400
ALERT_DROP_PCT: Final = 20


def create_first_funnel(
    *, workspace: Workspace, site: str, by: User | None, now: datetime
) -> FunnelDefinition:
    """Make a funnel from product to conversion, by the rules that name a website's stages.

    Raises
    ------
    FunnelError : no such website, its rules name fewer than two stages, or it has that funnel
    """
    own = _site(workspace, site)
    steps = stage_steps(own)
    if len(steps) < 2:
        raise FunnelError(
            "steps",
            f"The rules of {own.name} name fewer than two stages; add rules for its product, cart,"
            " checkout and thank-you pages in the admin, or build the funnel by hand.",
        )
    return create_funnel(
        workspace=workspace,
        name=f"{own.name}: {steps[0]['name'].lower()} to {steps[-1]['name'].lower()}"[:120],
        document={"steps": steps, "window_seconds": WINDOW_SECONDS, "mode": "ordered"},
        by=by,
        now=now,
        site=own.public_id,
        alert_drop_pct=ALERT_DROP_PCT,
    )


def stage_steps(site: Site) -> list[dict[str, Any]]:
    """A step for each stage that a rule names; a conversion is one of the site's events, too."""
    found: dict[str, list[dict[str, Any]]] = {stage: [] for stage in STAGES}
    rules = StageRule.objects.filter(workspace_id=site.workspace_id, site=site, stage__in=STAGES)
    for rule in rules.order_by("position", "pk"):
        # A page's path begins so; any other rule fits no page.
        if rule.pattern[0] in "/*":
            found[rule.stage].append({"kind": "page", "match": rule.pattern})
    found[FunnelStage.CONVERSION] += [
        {"kind": "event", "match": name} for name in site.conversion_events
    ]
    return [
        {"name": FunnelStage(stage).label, "any_of": matchers[:MOST_MATCHERS]}
        for stage, matchers in found.items()
        if matchers
    ]


def _site(workspace: Workspace, given: str) -> Site:
    try:
        public_id = UUID(given)
    except ValueError:
        raise FunnelError("site", "Choose a website.") from None
    found = Site.objects.filter(workspace=workspace, public_id=public_id).first()
    if found is None:
        raise FunnelError("site", "This workspace has no such website.")
    return found
