"""Units are forgotten on request and after their time; the sums that they made stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from attribution.services.privacy import erase, export
from experiments.models import ABTest, CountingWork, Exposure, MetricDay, UnitEvent, UnitOutcome
from experiments.services.counting.counting import count_all
from experiments.services.counting.keeping import purge_units
from experiments.services.counting.recounting import Recounted, recount_test
from experiments.services.counting.telling import (
    Did,
    MetVariant,
    record_exposures,
    record_unit_events,
)
from tests.attribution.steps import convert
from tests.experiments.counting.steps import HOUR, LATER, START, added, decimals, exposed, sums
from tests.experiments.steps import metric_of, running_of
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def test(workspace: Workspace) -> ABTest:
    """Ann and Bob met blue, bought, and told us so."""
    metrics = {
        "primary": metric_of(workspace, "sale", source="conversion", event="", kind="mean",
                             amount="value"),
        "secondary": metric_of(workspace, "call", source="tracked"),
    }  # fmt: skip
    test = running_of(workspace, at=START, metrics=metrics)
    met = [MetVariant(unit=name, variant="blue", at=START) for name in ("ann", "bob")]
    record_exposures(test=test, met=met, now=LATER)
    did = [Did(name, name, "call", START + HOUR) for name in ("ann", "bob")]
    record_unit_events(workspace=workspace, did=did, now=LATER)
    for name in ("ann", "bob"):
        convert(workspace, START + HOUR, key=name, value="5", user_id=name)
    count_all(workspace=workspace, now=LATER)
    return test


def _person(name: str) -> Any:
    from attribution.models import Identifier

    return Identifier.objects.get(kind="user_id", value=name).person


def test_an_erased_person_stays_in_the_sums_alone(test: ABTest, workspace: Workspace) -> None:
    before = sums(test), exposed(test)

    counts = erase(person=_person("ann"), now=LATER)

    assert (counts["exposures"], counts["unit_events"]) == (1, 1)
    ids = Exposure.objects.order_by("pk").values_list("pk", flat=True)
    units = list(Exposure.objects.order_by("pk").values_list("unit", flat=True))
    assert units == [f"erased:{ids[0]}", "bob"]
    assert list(UnitEvent.objects.values_list("unit", flat=True)) == ["bob"]
    assert recount_test(test=test, now=LATER) == Recounted()
    assert (sums(test), exposed(test)) == before
    assert added(sums(test), "sale", "blue") == decimals(units=2, sum=10, sum_squares=50)


def test_what_was_not_counted_of_an_erased_person_is_lost(
    test: ABTest, workspace: Workspace
) -> None:
    met = MetVariant(unit="cid", variant="control", at=START)
    record_exposures(test=test, met=[met], now=LATER)
    convert(workspace, START + HOUR, key="cid", value="5", user_id="cid")

    erase(person=_person("cid"), now=LATER)
    count_all(workspace=workspace, now=LATER)

    assert not CountingWork.objects.exists()
    assert {variant for variant, _, _ in exposed(test)} == {"blue"}
    assert recount_test(test=test, now=LATER) == Recounted()


def test_other_workspaces_keep_a_unit_of_the_same_name(
    test: ABTest, workspace: Workspace, other_workspace: Workspace
) -> None:
    foreign = running_of(other_workspace, at=START)
    met = MetVariant(unit="ann", variant="blue", at=START)
    record_exposures(test=foreign, met=[met], now=LATER)

    erase(person=_person("ann"), now=LATER)

    assert Exposure.objects.get(test=foreign).unit == "ann"


def test_an_export_tells_of_variants_and_events(test: ABTest) -> None:
    found = export(person=_person("ann"))

    assert found["exposures"] == [{"test": "button", "variant": "blue", "unit": "ann", "at": START}]
    assert [row["name"] for row in found["unit_events"]] == ["call"]


def test_units_of_old_tests_go_and_their_sums_stay(test: ABTest, workspace: Workspace) -> None:
    before = sums(test)
    test.status, test.ended_at, test.end_reason = "completed", START + 2 * HOUR, "person"
    test.save(update_fields=["status", "ended_at", "end_reason"])
    kept = timedelta(days=settings.EXPOSURE_KEEP_DAYS)

    assert purge_units(workspace=workspace, now=test.ended_at + kept) == 0
    assert purge_units(workspace=workspace, now=test.ended_at + kept + HOUR, batch=1) == 2

    assert not Exposure.objects.exists()
    assert not UnitOutcome.objects.exists()
    assert sums(test) == before
    assert MetricDay.objects.exists()
    late = START + HOUR + timedelta(days=settings.WEB_EVENT_KEEP_DAYS, seconds=1)
    assert purge_units(workspace=workspace, now=late) == 2
    assert not UnitEvent.objects.exists()


def test_units_of_a_running_test_stay(test: ABTest, workspace: Workspace) -> None:
    assert purge_units(workspace=workspace, now=START + timedelta(days=399)) == 0
