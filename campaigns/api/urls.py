"""Paths of campaigns."""

from __future__ import annotations

from django.db.models import Model

from campaigns.api import (
    alerts,
    changes,
    entities,
    insight,
    performance,
    policy,
    predictions,
    recommendations,
    scenarios,
    signals,
)
from campaigns.models import CampaignActivitySummary, RecentBudgetChange, SafetyCheckFailure
from workspaces.api.reports import report_view
from workspaces.api.routing import api_path

# With the order of those that are not shown by their keys.
_REPORTS: dict[type[Model], tuple[str, ...]] = {
    RecentBudgetChange: (),
    CampaignActivitySummary: (),
    SafetyCheckFailure: ("-at", "-row_key"),
}

# Under both spellings of the first word.
_PAID = {"channels": insight.PaidChannels, "campaigns": insight.PaidCampaigns}

urlpatterns = [
    *(
        api_path(f"{name}/", view.as_view(), f"api-{name}")
        for name, (view, _) in entities.LISTS.items()
    ),
    *(
        api_path(
            f"{name}/<str:given>/",
            entities.detail_view(view, name.replace("-", "_"), label).as_view(),
            f"api-{name}-one",
        )
        for name, (view, label) in entities.LISTS.items()
    ),
    api_path("performance/", performance.Performance.as_view(), "api-performance"),
    api_path(
        "performance/import/", performance.PerformanceImport.as_view(), "api-performance-import"
    ),
    api_path(
        "performance/import/<uuid:public_id>/",
        performance.PerformanceImportDetail.as_view(),
        "api-performance-import-one",
    ),
    api_path("analytics/summary/", insight.AnalyticsSummary.as_view(), "api-analytics-summary"),
    api_path("analytics/channels/", insight.AnalyticsChannels.as_view(), "api-analytics-channels"),
    api_path("analytics/roi-trend/", insight.RoiTrend.as_view(), "api-analytics-roi-trend"),
    *(
        api_path(f"{word}/{name}/", view.as_view(), f"api-{word}-{name}")
        for word in ("paid-media", "paid")
        for name, view in _PAID.items()
    ),
    api_path("predictions/", predictions.Predictions.as_view(), "api-predictions"),
    api_path(
        "predictions/latest/", predictions.LatestPredictions.as_view(), "api-predictions-latest"
    ),
    api_path(
        "predictions/generate/",
        predictions.GeneratePredictions.as_view(),
        "api-predictions-generate",
    ),
    api_path("signals/", signals.SignalList.as_view(), "api-signals"),
    api_path(
        "signals/<uuid:public_id>/dismiss/", signals.SignalDismissal.as_view(), "api-signal-dismiss"
    ),
    api_path(
        "signals/<uuid:public_id>/propose/", signals.SignalAction.as_view(), "api-signal-propose"
    ),
    api_path("alerts/", alerts.AlertList.as_view(), "api-alerts"),
    api_path("alerts/unread/", alerts.UnreadAlerts.as_view(), "api-alerts-unread"),
    api_path("alerts/check/", alerts.AlertCheck.as_view(), "api-alerts-check"),
    api_path("alerts/<uuid:public_id>/read/", alerts.AlertRead.as_view(), "api-alert-read"),
    api_path("alert-rules/", alerts.AlertRules.as_view(), "api-alert-rules"),
    api_path("alert-rules/<uuid:public_id>/", alerts.AlertRuleDetail.as_view(), "api-alert-rule"),
    api_path("recommendations/", recommendations.Recommendations.as_view(), "api-recommendations"),
    api_path(
        "recommendations/latest/",
        recommendations.LatestRecommendation.as_view(),
        "api-recommendations-latest",
    ),
    api_path(
        "recommendations/generate/",
        recommendations.GenerateRecommendation.as_view(),
        "api-recommendations-generate",
    ),
    api_path(
        "recommendations/<uuid:public_id>/send-to-approval/",
        recommendations.SendRecommendation.as_view(),
        "api-recommendations-send",
    ),
    api_path("scenarios/", scenarios.Scenarios.as_view(), "api-scenarios"),
    api_path("scenarios/predict/", scenarios.TryScenario.as_view(), "api-scenarios-predict"),
    api_path(
        "scenarios/<uuid:public_id>/", scenarios.ScenarioDetail.as_view(), "api-scenarios-one"
    ),
    api_path(
        "scenarios/<uuid:public_id>/send-to-approval/",
        scenarios.SendScenario.as_view(),
        "api-scenarios-send",
    ),
    api_path("pending-ad-changes/", changes.PendingList.as_view(), "api-pending-ad-changes"),
    api_path("ad-change-history/", changes.HistoryList.as_view(), "api-ad-change-history"),
    api_path("safety-policy/", policy.Policy.as_view(), "api-safety-policy"),
    api_path(
        "safety-policy/simulate/", policy.PolicySimulation.as_view(), "api-safety-policy-simulate"
    ),
    api_path("safety-policy/confirm/", policy.PolicyConfirm.as_view(), "api-safety-policy-confirm"),
    api_path(
        "safety-policy/withdraw/", policy.PolicyWithdraw.as_view(), "api-safety-policy-withdraw"
    ),
    *(
        api_path(
            f"reports/{report._meta.db_table}/",
            report_view(report, by=by).as_view(),
            f"api-report-{report._meta.db_table}",
        )
        for report, by in _REPORTS.items()
    ),
]
