"""Paths of experiments."""

from __future__ import annotations

from experiments.api.assign import Assign
from experiments.api.practices import PracticeList
from experiments.api.tests import (
    ABTestChecklist,
    ABTestDetail,
    ABTestPause,
    ABTestPower,
    ABTestResults,
    ABTestResume,
    ABTests,
    ABTestShares,
    ABTestStart,
    ABTestStop,
    ABTestTrack,
    ABTestWinner,
    MetricList,
)
from workspaces.api.routing import api_path

_OF_ONE = {
    "checklist": ABTestChecklist,
    "start": ABTestStart,
    "pause": ABTestPause,
    "resume": ABTestResume,
    "stop": ABTestStop,
    "shares": ABTestShares,
    "declare-winner": ABTestWinner,
    "results": ABTestResults,
    "track": ABTestTrack,
}

urlpatterns = [
    api_path("ab-tests/assign/", Assign.as_view(), "api-ab-tests-assign"),
    api_path("ab-tests/best-practices/", PracticeList.as_view(), "api-best-practices"),
    api_path("ab-tests/", ABTests.as_view(), "api-ab-tests"),
    api_path("ab-tests/create/", ABTests.as_view(), "api-ab-tests-create"),
    api_path("ab-tests/power/", ABTestPower.as_view(), "api-ab-tests-power"),
    api_path("ab-tests/metrics/", MetricList.as_view(), "api-ab-tests-metrics"),
    api_path("ab-tests/<uuid:public_id>/", ABTestDetail.as_view(), "api-ab-test"),
    *(
        api_path(f"ab-tests/<uuid:public_id>/{word}/", view.as_view(), f"api-ab-test-{word}")
        for word, view in _OF_ONE.items()
    ),
]
