"""Paths of experiments."""

from __future__ import annotations

from experiments.api.practices import PracticeList
from workspaces.api.routing import api_path

urlpatterns = [
    api_path("ab-tests/best-practices/", PracticeList.as_view(), "api-best-practices"),
]
