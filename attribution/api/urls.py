"""Paths of attribution."""

from __future__ import annotations

from attribution.api import revenue
from attribution.models import StageValue, SyntheticRevenueSummary
from workspaces.api.reports import report_view
from workspaces.api.routing import api_path

_REPORTS = (StageValue, SyntheticRevenueSummary)
_REVENUE = "ml/synthetic-revenue"

urlpatterns = [
    api_path(f"{_REVENUE}/calculate/", revenue.Calculate.as_view(), "api-revenue-calculate"),
    api_path(f"{_REVENUE}/ad-roas/", revenue.AdRoas.as_view(), "api-revenue-ad-roas"),
    api_path(f"{_REVENUE}/get-stages/", revenue.Stages.as_view(), "api-revenue-stages"),
    api_path("synthetic-revenue/config/", revenue.Config.as_view(), "api-revenue-config"),
    api_path("ml/ingest-crm-data/", revenue.CrmData.as_view(), "api-ingest-crm-data"),
    *(
        api_path(
            f"reports/{report._meta.db_table}/",
            report_view(report).as_view(),
            f"api-report-{report._meta.db_table}",
        )
        for report in _REPORTS
    ),
]
