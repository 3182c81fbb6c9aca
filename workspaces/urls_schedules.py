"""Paths of the workspace's jobs: when each runs, and what came of it."""

from __future__ import annotations

from django.urls import path

from workspaces.views import schedules

urlpatterns = [
    path("schedules/", schedules.schedules, name="schedules"),
    path("schedules/<slug:name>/run/", schedules.run_now, name="schedule-run"),
    path("schedules/<slug:name>/switch/", schedules.switch, name="schedule-switch"),
]
