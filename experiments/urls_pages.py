"""Paths of the pages of experiments."""

from __future__ import annotations

from django.urls import path

from experiments.views import practices, script

urlpatterns = [
    path("ab.js", script.ab_script, name="ab-script"),
    path("experiments/practices/", practices.practices, name="practices"),
    path("experiments/practices/refresh/", practices.refresh, name="practices-refresh"),
    path("experiments/practices/add/", practices.add, name="practice-add"),
    path("experiments/practices/check/", practices.check_draft, name="practice-check"),
    path("experiments/practices/<uuid:public_id>/", practices.practice, name="practice"),
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
]
