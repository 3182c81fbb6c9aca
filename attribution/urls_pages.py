"""Paths of attribution's pages."""

from __future__ import annotations

from django.urls import path

from attribution.views import attribution, recommendations, stage_values, website

urlpatterns = [
    path("dashboards/attribution/", attribution.attribution, name="attribution"),
    path("dashboards/attribution/run/", attribution.run_now, name="attribution-run"),
    path("dashboards/attribution/export.<str:kind>", attribution.export, name="attribution-export"),
    path("dashboards/attribution/<slug:name>.png", attribution.chart, name="attribution-chart"),
    path("website/", website.website, name="website"),
    path("website/live/", website.live, name="website-live"),
    path("website/waiting/", website.waiting, name="website-waiting"),
    path("website/new/", website.new_site, name="website-new"),
    path("website/export.<str:kind>", website.export, name="website-export"),
    path("website/sessions/<uuid:public_id>/", website.session, name="website-session"),
    path("website/recommendations/", recommendations.recommendations, name="recommendations"),
    path(
        "website/recommendations/<uuid:public_id>/",
        recommendations.decide_recommendation,
        name="recommendation-decide",
    ),
    path("stage-values/", stage_values.stage_values, name="stage-values"),
    path("stage-values/propose/", stage_values.propose_stage_values, name="stage-values-propose"),
]
