"""Paths of agents."""

from __future__ import annotations

from django.urls import path

from workspaces.views import agents

urlpatterns = [
    path("agents/", agents.agents, name="agents"),
    path("agents/scorecards/", agents.scorecards, name="scorecards"),
    path("agents/<uuid:public_id>/put-aside/", agents.put_aside, name="agent-put-aside"),
    path("agents/<uuid:public_id>/put-back/", agents.put_back, name="agent-put-back"),
]
