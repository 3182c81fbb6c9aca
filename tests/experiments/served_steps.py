"""Tests on websites as the script and the REST door find them."""

from __future__ import annotations

from typing import Any

from attribution.models import Site
from attribution.services.website.sites import create_site
from experiments.models import ABTest, ABTestStatus, Exposure
from tests.experiments.steps import NOW, draft_of, on_site, variant_of
from workspaces.models import Workspace

ORIGIN = "https://shop.example"
TITLE = {"changes": [{"kind": "text", "selector": "h1", "value": "New title"}]}


def shop_of(workspace: Workspace, name: str = "Shop") -> Site:
    """A website."""
    return create_site(workspace=workspace, name=name, origins=[ORIGIN])


def runs_on(
    site: Site,
    key: str = "title",
    *,
    config: dict | None = None,
    pattern: str = "*",
    **options: Any,
) -> ABTest:
    """A test that runs on a site; its second variant changes something."""
    test = draft_of(site.workspace, key, **options)
    test.variants.filter(position=1).update(config=TITLE if config is None else config)
    on_site(test, site, pattern)
    test.status, test.started_at = ABTestStatus.RUNNING, NOW
    test.save(update_fields=["status", "started_at"])
    return test


def pause(test: ABTest) -> None:
    """Stop it for a while."""
    ABTest.objects.filter(pk=test.pk).update(status=ABTestStatus.PAUSED, paused_at=NOW)


def met(test: ABTest, unit: str, key: str) -> Exposure:
    """A unit has met a variant."""
    return Exposure.objects.create(
        workspace=test.workspace, test=test, variant=variant_of(test, key), unit=unit,
        at=NOW, day=NOW.date(),
    )  # fmt: skip
