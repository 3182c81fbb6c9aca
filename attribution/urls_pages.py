"""Paths of attribution's pages."""

from __future__ import annotations

from django.urls import path

from attribution.views import (
    attribution,
    funnel_builder,
    funnels,
    growth,
    recommendations,
    stage_values,
    website,
)

urlpatterns = [
    path("dashboards/executive/", growth.executive, name="executive"),
    path("dashboards/organic/", growth.organic, name="organic"),
    path("dashboards/funnel/", growth.funnel, name="growth-funnel"),
    path("dashboards/attribution/", attribution.attribution, name="attribution"),
    path("dashboards/attribution/cohorts/", growth.cohorts, name="cohorts"),
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
    path("funnels/", funnels.funnels, name="funnels"),
    path("funnels/first/", funnels.first, name="funnels-first"),
    path("funnels/new/", funnel_builder.new, name="funnel-new"),
    path("funnels/preview/", funnel_builder.count, name="funnel-preview"),
    path("funnels/<uuid:public_id>/", funnels.funnel, name="funnel"),
    path("funnels/<uuid:public_id>/edit/", funnel_builder.edit, name="funnel-edit"),
    path("funnels/<uuid:public_id>/progress/", funnels.progress, name="funnel-progress"),
    path("funnels/<uuid:public_id>/people/", funnels.people, name="funnel-people"),
    path("funnels/<uuid:public_id>/audience/", funnels.audience, name="funnel-audience"),
    path("funnels/<uuid:public_id>/recount/", funnels.recount, name="funnel-recount"),
    path("funnels/<uuid:public_id>/archive/", funnels.archive, name="funnel-archive"),
    path("funnels/<uuid:public_id>/restore/", funnels.restore, name="funnel-restore"),
    path("funnels/<uuid:public_id>/export.<str:kind>", funnels.export, name="funnel-export"),
    path("stage-values/", stage_values.stage_values, name="stage-values"),
    path("stage-values/propose/", stage_values.propose_stage_values, name="stage-values-propose"),
]
