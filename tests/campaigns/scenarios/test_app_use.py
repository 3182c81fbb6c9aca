"""DAU, MAU and D7 retention of an app reach the curves from whoever counts its users."""

from __future__ import annotations

from datetime import date

import pytest

from attribution.models import AppCohort, AppDay
from campaigns.selectors.app_facts import app_facts
from campaigns.services.scenarios.inputs import read_inputs
from campaigns.services.scenarios.predicting import predict
from tests.campaigns.advice.steps import YESTERDAY
from tests.campaigns.scenarios.steps import curves_of, two_channels
from workspaces.periods import Period

pytestmark = pytest.mark.django_db


@pytest.fixture
def app(workspace):
    for day, active, month in ((19, 140, 500), (20, 280, 600)):
        AppDay.objects.create(
            workspace=workspace, day=date(2026, 11, day), channel="meta", source="paid",
            active=active, active_30=month, sessions=active,
        )  # fmt: skip
    for day, stayed in ((1, 30), (20, None)):
        AppCohort.objects.create(
            workspace=workspace, installed_on=date(2026, 11, day), channel="meta", source="paid",
            country="US", users=100, retained_7=stayed,
        )  # fmt: skip


def test_they_are_those_of_the_last_four_weeks(workspace, other_workspace, app):
    period = Period.ending(YESTERDAY, 60)

    assert app_facts(workspace, period) == {"dau": 15.0, "mau": 600.0, "d7_retention": 0.3}
    assert app_facts(other_workspace, period) == {}


def test_a_doubled_cadence_moves_them_as_stated(workspace, app):
    two_channels(workspace)
    inputs = read_inputs({"content_cadence": 2}, {"google_ads": 100.0, "meta": 60.0})

    told = predict(fit=curves_of(workspace), inputs=inputs)["app"]

    assert told["dau"]["now"] == 15.0
    assert told["dau"]["plan"]["p50"] == pytest.approx(15.0 * 1.08, rel=0.01)
    assert told["dau_mau"]["plan"]["p50"] == pytest.approx(0.025 * 1.08, rel=0.01)
    assert told["d7_retention"]["plan"]["p50"] == 0.3
