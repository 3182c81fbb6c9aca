"""Paths of the pages of experiments."""

from __future__ import annotations

from django.urls import path

from experiments.views import acting, ideas, listing, live, practices, script, wizard

urlpatterns = [
    path("ab.js", script.ab_script, name="ab-script"),
    path("experiments/practices/", practices.practices, name="practices"),
    path("experiments/practices/refresh/", practices.refresh, name="practices-refresh"),
    path("experiments/practices/add/", practices.add, name="practice-add"),
    path("experiments/practices/check/", practices.check_draft, name="practice-check"),
    path("experiments/practices/<uuid:public_id>/", practices.practice, name="practice"),
    path("experiments/practices/<uuid:public_id>/draft/", practices.draft, name="practice-draft"),
    path(
        "experiments/practices/<uuid:public_id>/give-up/",
        practices.give_up,
        name="practice-give-up",
    ),
    path(
        "experiments/practices/<uuid:public_id>/restore/",
        practices.restore,
        name="practice-restore",
    ),
    path("experiments/", listing.experiments, name="experiments"),
    path("experiments/take-up/", ideas.take_up, name="experiment-take-up"),
    path("experiments/new/", wizard.new, name="experiment-new"),
    path("experiments/<uuid:public_id>/", live.experiment, name="experiment"),
    path("experiments/<uuid:public_id>/segments/", live.segments, name="experiment-segments"),
    path("experiments/<uuid:public_id>/history/", live.history, name="experiment-history"),
    path("experiments/<uuid:public_id>/export.<slug:kind>", live.export, name="experiment-export"),
    path("experiments/<uuid:public_id>/size/", wizard.size, name="experiment-size"),
    path("experiments/<uuid:public_id>/edit/<slug:step>/", wizard.edit, name="experiment-edit"),
    path(
        "experiments/<uuid:public_id>/edit/<slug:step>/save/", wizard.save, name="experiment-save"
    ),
    path("experiments/<uuid:public_id>/do/<slug:action>/", acting.act, name="experiment-act"),
]
