"""What the form of a draft shows: fields as they stand, and what may be chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.http import urlencode

from attribution.models import Site
from campaigns.models import Ad
from experiments.models import (
    ABTest,
    ABTestVariant,
    Layer,
    Metric,
    MetricRole,
    MetricSource,
    Surface,
)
from experiments.selectors.results import variants_of
from workspaces.models import Workspace

MOST_VARIANTS: Final = 10
MOST_CHANGES: Final = 20
#: Rows that the form of a variant offers beyond those that are filled in.
SPARE_CHANGES: Final = 1
_MOST_ADS: Final = 300
_DEVICES: Final = (("desktop", "Desktop"), ("mobile", "Mobile"), ("tablet", "Tablet"))
_CUSTOMERS: Final = (("new", "New"), ("returning", "Returning"), ("existing", "Customers"))


@dataclass(frozen=True)
class VariantRow:
    """A variant as the form asks for it; the last one is empty."""

    place: int
    variant: ABTestVariant | None
    share_pct: str
    changes: list[dict[str, Any]] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def start(self) -> str:
        """Beginning of its fields' names."""
        return f"variant-{self.place}-"


@dataclass(frozen=True)
class MetricRow:
    """A metric with the part it plays, if any."""

    metric: Metric
    role: str
    harm_pct: str


def sites_of(workspace: Workspace) -> QuerySet[Site]:
    """Websites that a test can run on."""
    return Site.objects.filter(workspace=workspace, is_active=True).order_by("name")


def layers_of(workspace: Workspace) -> QuerySet[Layer]:
    """Layers there are."""
    return Layer.objects.filter(workspace=workspace).order_by("name")


def ads_of(workspace: Workspace) -> QuerySet[Ad]:
    """Ads that can be variants, the newest first."""
    rows = Ad.objects.filter(workspace=workspace, archived_at=None)
    return rows.select_related("campaign").order_by("-pk")[:_MOST_ADS]


def targeting_fields(test: ABTest) -> dict[str, Any]:
    """Who may take part, as the fields say it."""
    told = test.targeting
    return {
        "devices": [(key, label, key in told.get("devices", ())) for key, label in _DEVICES],
        "customers": [
            (key, label, key in told.get("customer_types", ())) for key, label in _CUSTOMERS
        ],
        "countries": " ".join(told.get("countries", ())),
        "query": "\n".join(f"{name}={value}" for name, value in told.get("query", {}).items()),
    }


def variant_rows(test: ABTest) -> list[VariantRow]:
    """Variants in order, and one more to fill in."""
    rows = [
        VariantRow(place, one, f"{one.weight / 100:g}", _changes(one.config), dict(one.config))
        for place, one in enumerate(variants_of(test))
    ]
    if len(rows) < MOST_VARIANTS:
        rows.append(VariantRow(len(rows), None, "", _changes({})))
    return rows


def _changes(config: dict[str, Any]) -> list[dict[str, Any]]:
    told = [dict(change) for change in config.get("changes", ())]
    return (told + [{} for _ in range(SPARE_CHANGES)])[:MOST_CHANGES]


def metric_rows(test: ABTest) -> list[MetricRow]:
    """Metrics that suit the test's surface, those it uses first."""
    parts = {part.metric_id: part for part in test.metrics.all()}
    rows = Metric.objects.filter(workspace=test.workspace_id, archived_at=None)
    if test.surface == Surface.AD:
        rows = rows.filter(source=MetricSource.AD_PERFORMANCE)
    else:
        rows = rows.exclude(source__in=[MetricSource.AD_PERFORMANCE, MetricSource.IMPORTED])
    found = [
        MetricRow(
            metric,
            parts[metric.pk].role if metric.pk in parts else "",
            f"{(parts[metric.pk].harm_bp if metric.pk in parts else 200) / 100:g}",
        )
        for metric in rows.order_by("name", "pk")
    ]
    order = [*MetricRole.values, ""]
    return sorted(found, key=lambda row: order.index(row.role))


def preview_of(test: ABTest, variant: ABTestVariant) -> str:
    """Address of a page that shows a variant to whoever opens it; empty where none is known."""
    place = getattr(test, "website", None)
    if place is None or not place.site.origins:
        return ""
    path = place.page_pattern.split("*")[0] or "/"
    path = path if path.startswith("/") else "/"
    return f"{place.site.origins[0]}{path}?{urlencode({'cs_variant': f'{test.key}:{variant.key}'})}"
