"""Paths of attribution's pages."""

from __future__ import annotations

from django.urls import path

from attribution.views import stage_values

urlpatterns = [
    path("stage-values/", stage_values.stage_values, name="stage-values"),
    path("stage-values/propose/", stage_values.propose_stage_values, name="stage-values-propose"),
]
