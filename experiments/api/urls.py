"""Paths of experiments."""

from __future__ import annotations

from experiments.api.assign import Assign
from experiments.api.practices import PracticeList
from workspaces.api.routing import api_path

urlpatterns = [
    api_path("ab-tests/assign/", Assign.as_view(), "api-ab-tests-assign"),
    api_path("ab-tests/best-practices/", PracticeList.as_view(), "api-best-practices"),
]
