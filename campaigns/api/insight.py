"""Dashboards over REST: the figures that the pages show, from the same selectors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.entity_serializers import FiguresOut
from campaigns.api.queries import PeriodQuery, bounded_period
from campaigns.models import Campaign
from campaigns.selectors.insight.amounts import Amounts, rates_for
from campaigns.selectors.insight.overview import ChannelLine, Overview, overview_of
from campaigns.selectors.insight.paid_media import LEVELS, rows_by
from campaigns.selectors.insight.query import InsightQuery, query_of
from campaigns.selectors.lookup import by_any_id
from workspaces import scopes
from workspaces.api.views import ApiView, RowsView
from workspaces.boards import change_pct
from workspaces.periods import Period

TAG = ["Insight"]


class InsightParams(PeriodQuery):
    """What dashboards are asked by; without days, the last thirty."""

    days = serializers.IntegerField(required=False, min_value=1, max_value=395)
    channel = serializers.CharField(required=False, max_length=40)
    campaign = serializers.CharField(
        required=False, max_length=120, help_text="Our id, or the platform's."
    )


class AmountsOut(FiguresOut):
    """Sums and ratios in the workspace's currency; ratios of nothing are null."""

    conversion_rate = serializers.FloatField(source="cvr", allow_null=True)
    acquisition_cost = serializers.FloatField(source="cpa", allow_null=True)
    cpi = serializers.FloatField(allow_null=True)
    cpm = serializers.FloatField(allow_null=True)


class InsightChannelOut(AmountsOut):
    """A channel; ``avg_roi`` is the plain mean over its campaigns with cost."""

    channel = serializers.CharField()
    campaigns = serializers.IntegerField()
    avg_roi = serializers.FloatField(allow_null=True)


class InsightSummaryOut(serializers.Serializer[Any]):
    """All campaigns of a period; changes are percent against the days before it."""

    currency = serializers.CharField()
    date_from = serializers.DateField()
    date_to = serializers.DateField()
    missing_rates = serializers.ListField(child=serializers.CharField())
    total_campaigns = serializers.IntegerField()
    total_roi = serializers.FloatField(allow_null=True, help_text="(revenue − cost) / cost.")
    avg_roi = serializers.FloatField(
        allow_null=True, help_text="Plain mean over campaigns with cost."
    )
    avg_conversion_rate = serializers.FloatField(
        allow_null=True, help_text="All conversions for all clicks."
    )
    total_clicks = serializers.IntegerField()
    total_impressions = serializers.IntegerField()
    avg_acquisition_cost = serializers.FloatField(
        allow_null=True, help_text="All cost for all conversions."
    )
    roi_change = serializers.FloatField(allow_null=True)
    conversion_change = serializers.FloatField(allow_null=True)
    clicks_change = serializers.FloatField(allow_null=True)
    cost_change = serializers.FloatField(allow_null=True, help_text="Of the acquisition cost.")
    channels = InsightChannelOut(many=True)
    top_performing_channel = serializers.CharField(allow_null=True)
    worst_performing_channel = serializers.CharField(allow_null=True)


class RoiDayOut(serializers.Serializer[Any]):
    """ROI of a channel on a day; null where nothing was spent."""

    date = serializers.DateField()
    channel = serializers.CharField()
    roi = serializers.FloatField(allow_null=True)


class PaidRowOut(AmountsOut):
    """A channel or a campaign of the paid-media page."""

    channel = serializers.CharField()
    id = serializers.UUIDField(required=False)
    name = serializers.CharField(required=False)


class AnalyticsSummary(ApiView):
    """The overview's cards and channels."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="analytics_summary",
        summary="Sum up all campaigns",
        parameters=[InsightParams],
        responses=InsightSummaryOut,
    )
    def get(self, request: Request) -> Response:
        """Answer with the page's own figures."""
        return Response(_summary(overview_of(asked(self))))


class AnalyticsChannels(ApiView):
    """The overview's table of channels."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="analytics_channels",
        summary="Sum up each channel",
        parameters=[InsightParams],
        responses=InsightChannelOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Most spend first."""
        overview = overview_of(asked(self))
        return Response([_channel(line) for line in overview.channels])


class RoiTrend(ApiView):
    """The overview's lines."""

    scopes = {"GET": scopes.INSIGHT_READ}

    @extend_schema(
        tags=TAG,
        operation_id="analytics_roi_trend",
        summary="ROI of each channel by day",
        parameters=[InsightParams],
        responses=RoiDayOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Every day of every channel, those on which nothing ran too."""
        overview = overview_of(asked(self))
        rows = [
            {"date": day, "channel": line.channel, "roi": amounts.roi}
            for line in overview.channels
            for day, amounts in overview.days[line.channel].items()
        ]
        return Response(RoiDayOut(rows, many=True).data)


class PaidMedia(RowsView[Campaign]):
    """Rows of the paid-media page; ``level`` says of what."""

    scopes = {"GET": scopes.INSIGHT_READ}
    queryset = Campaign.objects.none()
    serializer_class = PaidRowOut
    filter_backends = []
    level = "channel"

    def listed(self) -> Response:
        """Answer with a page of rows by name."""
        query = asked(self)
        rows: Any = rows_by(query, LEVELS[self.level], rates_for(query.workspace, query.period))
        return self.page_of(
            rows, by=("label", "group"), shown=lambda page: [_paid(row, self.level) for row in page]
        )


class PaidChannels(PaidMedia):
    """Channels of the paid-media page."""

    level = "channel"

    @extend_schema(
        tags=TAG,
        operation_id="paid_media_channels",
        summary="What each channel cost and brought",
        parameters=[InsightParams],
        responses=PaidRowOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Answer with a page."""
        return self.listed()


class PaidCampaigns(PaidMedia):
    """Campaigns of the paid-media page."""

    level = "campaign"

    @extend_schema(
        tags=TAG,
        operation_id="paid_media_campaigns",
        summary="What each campaign cost and brought",
        parameters=[InsightParams],
        responses=PaidRowOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """Answer with a page."""
        return self.listed()


def asked(view: ApiView) -> InsightQuery:
    """Read a dashboard's question from an address, or refuse it by field."""
    given = view.read_query(InsightParams)
    query = query_of(view.workspace, {}, view.now)
    until = given.get("to") or query.period.until
    since = given.get("from") or Period.ending(until, given.get("days", query.period.days)).since
    campaign = None
    if name := given.get("campaign"):
        campaign = by_any_id(Campaign.objects.filter(workspace=view.workspace), name).first()
        if campaign is None:
            raise serializers.ValidationError({"campaign": "There is no such campaign."})
    return replace(
        query,
        period=bounded_period(since, until),
        channel=given.get("channel", ""),
        campaign=campaign,
    )


def _summary(overview: Overview) -> dict[str, Any]:
    total, before, query = overview.total, overview.before, overview.query
    top, worst = overview.top_channel, overview.worst_channel
    told = {
        "currency": query.workspace.currency,
        "date_from": query.period.since,
        "date_to": query.period.until,
        "missing_rates": overview.missing_rates,
        "total_campaigns": overview.campaigns,
        "total_roi": total.roi,
        "avg_roi": overview.avg_roi,
        "avg_conversion_rate": total.cvr,
        "total_clicks": total.clicks,
        "total_impressions": total.impressions,
        "avg_acquisition_cost": total.cpa,
        "roi_change": change_pct(total.roi, before.roi),
        "conversion_change": change_pct(total.cvr, before.cvr),
        "clicks_change": change_pct(total.clicks, before.clicks),
        "cost_change": change_pct(total.cpa, before.cpa),
        "top_performing_channel": top.channel if top else None,
        "worst_performing_channel": worst.channel if worst else None,
        "channels": [],
    }
    channels = [_channel(line) for line in overview.channels]
    return {**InsightSummaryOut(told).data, "channels": channels}


def _channel(line: ChannelLine) -> dict[str, Any]:
    named = {"channel": line.channel, "campaigns": line.campaigns}
    avg_roi = None if line.avg_roi is None else float(line.avg_roi)
    return {**named, **AmountsOut(line.amounts).data, "avg_roi": avg_roi}


def _paid(row: Any, level: str) -> dict[str, Any]:
    figures = AmountsOut(Amounts.of(row)).data
    if level == "channel":
        return {"channel": row["label"], **figures}
    named = {"id": str(row["public_id"]), "name": row["label"], "channel": row["channel"]}
    return {**named, **figures}
