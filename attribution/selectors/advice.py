"""Recommendations for websites, most recoverable conversions first."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from attribution.models import AdviceStatus, OptimizationRecommendation
from workspaces.models import Workspace


def advice_of(workspace: Workspace) -> QuerySet[OptimizationRecommendation]:
    """Return all of a workspace, with their funnels and who decided."""
    rows = OptimizationRecommendation.objects.filter(workspace=workspace)
    return rows.select_related("funnel", "reviewed_by").order_by("-expected_gain", "pk")


def advice_counts(workspace: Workspace) -> dict[str, int]:
    """Count them by state."""
    rows = OptimizationRecommendation.objects.filter(workspace=workspace)
    return rows.aggregate(**{one: Count("pk", Q(status=one)) for one in AdviceStatus.values})


def searched(
    rows: QuerySet[OptimizationRecommendation], words: str
) -> QuerySet[OptimizationRecommendation]:
    """Keep those that name a step, page or segment, or tell their problem, in these words."""
    return rows.filter(Q(area__icontains=words) | Q(problem__icontains=words)) if words else rows
