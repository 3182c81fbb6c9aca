"""Dashboards of growth over REST, from the pages' own selectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from attribution.api import growth_serializers as forms
from attribution.engine.weekday_forecast import LEVEL, METHOD
from attribution.selectors.growth.cohorts import cohorts_of
from attribution.selectors.growth.executive import Outlook, executive_of, waiting_of
from attribution.selectors.growth.funnel import funnel_of
from attribution.selectors.growth.organic import Organic, organic_of
from campaigns.api.insight import InsightParams, asked
from campaigns.selectors.insight.query import InsightQuery
from workspaces import scopes
from workspaces.api.views import ApiView

TAG = ["Insight"]


class GrowthView(ApiView):
    """Base: a dashboard's question."""

    scopes = {"GET": scopes.INSIGHT_READ}

    def query(self) -> InsightQuery:
        """Return the checked question."""
        return asked(self)


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
        board = executive_of(self.query())
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
        board = executive_of(self.query())
        told = {
            **_around(board.query, board.known_until),
            "days": _days(board.figures.days, forms.GrowthOut),
            "forecasts": [_forecast(one) for one in board.outlooks],
        }
        return Response(told)


class OrganicSummary(GrowthView):
    """The organic dashboard's cards."""

    @extend_schema(
        tags=TAG,
        operation_id="organic_summary",
        summary="Who came without an ad, and who stayed",
        parameters=[InsightParams],
        responses=forms.OrganicSummaryOut,
    )
    def get(self, request: Request) -> Response:
        """Answer with the page's own figures; of all channels and campaigns."""
        board = organic_of(self.query())
        told = {
            **_around(board.query, board.known_until),
            "figures": board.figures.total,
            "before": board.figures.before,
            "halo": _halo(board),
        }
        return Response(forms.OrganicSummaryOut(told).data)


class OrganicTrends(GrowthView):
    """The organic dashboard's lines."""

    @extend_schema(
        tags=TAG,
        operation_id="organic_trends",
        summary="Organic users by day",
        parameters=[InsightParams],
        responses=forms.OrganicTrendsOut,
    )
    def get(self, request: Request) -> Response:
        """Every day of the period."""
        board = organic_of(self.query())
        days = _days(board.figures.days, forms.OrganicOut)
        return Response({**_around(board.query, board.known_until), "days": days})


class HaloEffect(GrowthView):
    """Organic installs beside those by ads."""

    @extend_schema(
        tags=TAG,
        operation_id="organic_halo_effect",
        summary="Tell how organic installs move with those by ads",
        parameters=[InsightParams],
        responses=forms.OrganicHaloOut,
    )
    def get(self, request: Request) -> Response:
        """Over 90 days at least; moving together is not cause."""
        return Response(forms.OrganicHaloOut(_halo(organic_of(self.query()))).data)


class FunnelSummary(GrowthView):
    """The funnel dashboard's steps and cards."""

    @extend_schema(
        tags=TAG,
        operation_id="funnel_summary",
        summary="From an impression to a payer",
        parameters=[InsightParams],
        responses=forms.WaySummaryOut,
    )
    def get(self, request: Request) -> Response:
        """Answer with the page's own figures."""
        board = funnel_of(self.query())
        told = {
            **_around(board.query, board.known_until),
            "figures": board.figures.total,
            "before": board.figures.before,
            "steps": board.steps,
        }
        return Response(forms.WaySummaryOut(told).data)


class FunnelTrends(GrowthView):
    """The funnel dashboard's lines."""

    @extend_schema(
        tags=TAG,
        operation_id="funnel_trends",
        summary="The funnel by day",
        parameters=[InsightParams],
        responses=forms.WayTrendsOut,
    )
    def get(self, request: Request) -> Response:
        """Every day of the period."""
        board = funnel_of(self.query())
        days = _days(board.figures.days, forms.WayOut)
        return Response({**_around(board.query, board.known_until), "days": days})


class CohortParams(InsightParams):
    """What cohorts are asked by: nothing, a channel, or a channel and a country."""

    country = serializers.CharField(
        required=False, max_length=10, help_text="Two letters, or unknown."
    )


class AttributionCohorts(ApiView):
    """Cohorts by channel, country and week."""

    scopes = {"GET": scopes.ATTRIBUTION_READ}

    @extend_schema(
        tags=["Attribution"],
        operation_id="attribution_cohorts",
        summary="What became of users, by channel, country and week of their install",
        parameters=[CohortParams],
        responses=forms.CohortsOut,
    )
    def get(self, request: Request) -> Response:
        """Channels; with a channel its countries; with both the weeks."""
        given = self.read_query(CohortParams)
        query = asked(self)
        board = cohorts_of(replace(query, country=given.get("country", "")))
        rows = [
            {"key": line.key, "name": line.label, **forms.CohortOut(line.users).data}
            for line in board.lines
        ]
        told = {
            **_around(board.query, board.known_until),
            "by": board.level,
            "total": forms.CohortOut(board.figures.total).data,
            "before": forms.CohortOut(board.figures.before).data,
            "rows": rows,
            "sides": forms.CohortSideOut(board.sides, many=True).data,
        }
        return Response(told)


def _halo(board: Organic) -> dict[str, Any]:
    found, fit = board.halo, board.halo.fit
    return {
        "date_from": found.period.since,
        "date_to": found.period.until,
        "days": len(found.paid),
        "is_certain": bool(fit and fit.is_certain),
        "elasticity": fit and fit.elasticity,
        "low": fit and fit.low,
        "high": fit and fit.high,
        "organic_per_paid_install": fit and fit.per_unit,
        "uplift": board.uplift,
        "reason": found.why_not,
    }


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
