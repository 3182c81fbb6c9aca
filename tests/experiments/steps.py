"""Tests as they stand at each point of their life, with nothing in them that is not asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attribution.models import Site
from attribution.services.website.sites import create_site
from experiments.models import (
    ABTest,
    ABTestMetric,
    ABTestStatus,
    ABTestVariant,
    Metric,
    WebsiteABTest,
)
from workspaces.models import Workspace

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
EVEN = {"control": 5_000, "blue": 5_000}


def metric_of(workspace: Workspace, key: str = "purchase", **options: Any) -> Metric:
    """A conversion by website event, unless told otherwise; made once."""
    values = {"name": key.capitalize(), "event": key, **options}
    return Metric.objects.get_or_create(workspace=workspace, key=key, defaults=values)[0]


def draft_of(
    workspace: Workspace,
    key: str = "button",
    *,
    weights: Mapping[str, int] = EVEN,
    metrics: Mapping[str, Metric] | None = None,
    **options: Any,
) -> ABTest:
    """A draft whose first variant is the control; ``metrics`` go by their part."""
    values = {"name": key.capitalize(), **options}
    test = ABTest.objects.create(workspace=workspace, key=key, **values)
    for position, (variant, weight) in enumerate(weights.items()):
        ABTestVariant.objects.create(
            workspace=workspace, test=test, key=variant, name=variant.capitalize(),
            position=position, weight=weight, is_control=position == 0,
        )  # fmt: skip
    if metrics is None:
        metrics = {"primary": metric_of(workspace)}
    for part, metric in metrics.items():
        ABTestMetric.objects.create(workspace=workspace, test=test, metric=metric, role=part)
    return test


def running_of(
    workspace: Workspace,
    key: str = "button",
    *,
    at: datetime = NOW,
    rule: Mapping[str, Any] | None = None,
    **options: Any,
) -> ABTest:
    """The same, started by a rule of which only what is given was written down."""
    test = draft_of(workspace, key, **options)
    test.status, test.started_at = ABTestStatus.RUNNING, at
    test.decision_rule = {"method": test.method, **(rule or {})}
    test.save(update_fields=["status", "started_at", "decision_rule"])
    return test


def on_site(test: ABTest, site: Site | None = None, pattern: str = "*") -> WebsiteABTest:
    """Put a test on a website, a new one unless told."""
    site = site or create_site(
        workspace=test.workspace, name=f"Shop of {test.key}", origins=["https://shop.example"]
    )
    return WebsiteABTest.objects.create(
        workspace=test.workspace, test=test, site=site, page_pattern=pattern
    )


def variant_of(test: ABTest, key: str) -> ABTestVariant:
    """A variant by its key."""
    return test.variants.get(key=key)
