"""Paths of attribution."""

from __future__ import annotations

from attribution.api import (
    conversions,
    crm,
    funnels,
    growth,
    installs,
    journeys,
    recommendations,
    revenue,
    visits,
    website,
)
from attribution.models import StageValue, SyntheticRevenueSummary
from workspaces.api.reports import report_view
from workspaces.api.routing import api_path

_REPORTS = (StageValue, SyntheticRevenueSummary)
_REVENUE = "ml/synthetic-revenue"
# Each path under both spellings of its first word.
_CONVERSIONS = {
    "track/": conversions.TrackConversion,
    "events/": conversions.ConversionEvents,
    "stats/": conversions.ConversionStats,
    "attribution/": journeys.Credits,
    "journey/<str:user_id>/": journeys.PersonJourneys,
    "performance/<str:channel>/": journeys.ChannelFigures,
}

urlpatterns = [
    api_path("agents/crm-contacts/", crm.AgentCrmContacts.as_view(), "api-agent-crm-contacts"),
    api_path(f"{_REVENUE}/calculate/", revenue.Calculate.as_view(), "api-revenue-calculate"),
    api_path(f"{_REVENUE}/ad-roas/", revenue.AdRoas.as_view(), "api-revenue-ad-roas"),
    api_path(f"{_REVENUE}/get-stages/", revenue.Stages.as_view(), "api-revenue-stages"),
    api_path("synthetic-revenue/config/", revenue.Config.as_view(), "api-revenue-config"),
    api_path("ml/ingest-crm-data/", revenue.CrmData.as_view(), "api-ingest-crm-data"),
    api_path("ml/process-hubspot-event/", crm.HubSpotEvent.as_view(), "api-process-hubspot-event"),
    api_path("ml/attribution/track-click/", conversions.TrackClick.as_view(), "api-track-click"),
    api_path(
        "ml/attribution/attribute-conversion/",
        conversions.AttributeConversion.as_view(),
        "api-attribute-conversion",
    ),
    *(
        api_path(f"{word}/{path}", view.as_view(), f"api-{word}-{path.partition('/')[0]}")
        for path, view in _CONVERSIONS.items()
        for word in ("conversions", "conversion")
    ),
    api_path("installs/", installs.Installs.as_view(), "api-installs"),
    api_path("app-sessions/", installs.AppSessions.as_view(), "api-app-sessions"),
    api_path("website/events/", website.WebsiteEvents.as_view(), "api-website-events"),
    api_path("website/track/", website.WebsiteTrack.as_view(), "api-website-track"),
    api_path("website/funnels/", funnels.Funnels.as_view(), "api-website-funnels"),
    api_path(
        "website/funnels/<uuid:public_id>/analytics/",
        funnels.FunnelAnalyticsView.as_view(),
        "api-website-funnel-analytics",
    ),
    api_path(
        "website/visitors/<uuid:public_id>/", visits.WebsiteVisitor.as_view(), "api-website-visitor"
    ),
    api_path(
        "website/sessions/<uuid:public_id>/", visits.WebsiteSession.as_view(), "api-website-session"
    ),
    api_path(
        "website/recommendations/",
        recommendations.Recommendations.as_view(),
        "api-website-recommendations",
    ),
    api_path("executive/summary/", growth.ExecutiveSummary.as_view(), "api-executive-summary"),
    api_path("executive/trends/", growth.ExecutiveTrends.as_view(), "api-executive-trends"),
    api_path("organic/summary/", growth.OrganicSummary.as_view(), "api-organic-summary"),
    api_path("organic/trends/", growth.OrganicTrends.as_view(), "api-organic-trends"),
    api_path("organic/halo-effect/", growth.HaloEffect.as_view(), "api-organic-halo"),
    api_path("funnel/summary/", growth.FunnelSummary.as_view(), "api-funnel-summary"),
    api_path("funnel/trends/", growth.FunnelTrends.as_view(), "api-funnel-trends"),
    api_path("attribution/summary/", journeys.AttributionSummary.as_view(), "api-attribution"),
    api_path("attribution/cohorts/", growth.AttributionCohorts.as_view(), "api-cohorts"),
    api_path("attribution/heatmap/", journeys.AttributionHeatmap.as_view(), "api-heatmap"),
    api_path("attribution/halo/", journeys.AttributionHalo.as_view(), "api-halo"),
    *(
        api_path(
            f"reports/{report._meta.db_table}/",
            report_view(report).as_view(),
            f"api-report-{report._meta.db_table}",
        )
        for report in _REPORTS
    ),
]
