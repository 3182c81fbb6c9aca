"""Dashboards of growth over REST, from the pages' own selectors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.api import growth_serializers as forms
from attribution.engine.weekday_forecast import LEVEL, METHOD
from attribution.selectors.growth.executive import Outlook, executive_of, waiting_of
from campaigns.api.insight import InsightParams, asked
from campaigns.selectors.insight.query import InsightQuery
from workspaces import scopes
from workspaces.api.views import ApiView

TAG = ["Insight"]


class GrowthView(ApiView):
    """Base: a dashboard's question."""

    scopes = {"GET": scopes.INSIGHT_READ}

    def query(self, request: Request) -> InsightQuery:
        """Return the checked question."""
        return asked(request, self.workspace, self.now)


class ExecutiveSummary(GrowthView):
    """The executive dashboard's cards."""

    @extend_schema(
        tags=TAG,
        operation_id="executive_summary",
        summary="What growth costs and returns",
        parameters=[InsightParams],
        responses=forms.ExecutiveSummaryOut,
    )
    def get(self, request: Request) -> Response:
        """Answer with the page's own figures."""
        board = executive_of(self.query(request))
        told = {
            **_around(board.query, board.known_until),
            "missing_rates": board.missing_rates,
            "figures": board.figures.total,
            "before": board.figures.before,
            "ltv_to_cac": board.value_to_cac,
            "pending_approvals": waiting_of(self.workspace, self.now),
            "signals": board.signals,
        }
        return Response(forms.ExecutiveSummaryOut(told).data)


class ExecutiveTrends(GrowthView):
    """The executive dashboard's lines."""

    @extend_schema(
        tags=TAG,
        operation_id="executive_trends",
        summary="Growth by day, and a plain forecast",
        parameters=[InsightParams],
        responses=forms.ExecutiveTrendsOut,
    )
    def get(self, request: Request) -> Response:
        """Every day of the period; the forecast begins after the newest day with figures."""
        board = executive_of(self.query(request))
        told = {
            **_around(board.query, board.known_until),
            "days": _days(board.figures.days, forms.GrowthOut),
            "forecasts": [_forecast(one) for one in board.outlooks],
        }
        return Response(told)


def _around(query: InsightQuery, known_until: date | None) -> dict[str, Any]:
    return {
        "currency": query.workspace.currency,
        "date_from": query.period.since,
        "date_to": query.period.until,
        "known_until": known_until,
    }


def _days(days: Mapping[date, Any], form: type[Any]) -> list[dict[str, Any]]:
    return [{"date": day, **form(own).data} for day, own in days.items()]


def _forecast(outlook: Outlook) -> dict[str, Any]:
    forecast = outlook.forecast
    columns = (forecast.expected.tolist(), forecast.low.tolist(), forecast.high.tolist())
    rows = zip(outlook.days, *columns, strict=True)
    return {
        "figure": outlook.measure.name,
        "method": METHOD,
        "level": LEVEL,
        "days": [
            {"date": day, "expected": expected, "low": low, "high": high}
            for day, expected, low, high in rows
        ],
    }
