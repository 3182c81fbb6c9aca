"""Exposures and events that integrations tell: what is taken, once, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from experiments.models import ABTest, CountingWork, Exposure, UnitEvent
from experiments.services.counting.counting import count_all
from experiments.services.counting.telling import (
    MOST_AT_ONCE,
    Did,
    MetVariant,
    TellingError,
    Told,
    record_exposure,
    record_exposures,
    record_unit_event,
    record_unit_events,
)
from tests.experiments.counting.steps import HOUR, LATER, START, added, decimals, exposed, sums
from tests.experiments.steps import draft_of, metric_of, running_of
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

MET = MetVariant(unit="user-1", variant="blue", at=START, device="mobile", country="DE")
DID = Did(event_id="e1", unit="user-1", name="buy", at=START + HOUR, value=Decimal("9.5"))


@pytest.fixture
def test(workspace: Workspace) -> ABTest:
    bought = metric_of(workspace, "buy", source="tracked", kind="mean", amount="value")
    return running_of(workspace, at=START, metrics={"primary": bought})


def test_what_is_told_is_counted(test: ABTest, workspace: Workspace) -> None:
    assert record_exposure(test=test, met=MET, now=LATER) == Told(1, 0)
    assert record_unit_event(workspace=workspace, did=DID, now=LATER) == Told(1, 0)

    count_all(workspace=workspace, now=LATER)

    assert exposed(test, "country") == {("blue", "DE", START.date()): (1, 0)}
    assert added(sums(test), "buy", "blue") == decimals(units=1, sum="9.5", sum_squares="90.25")
    assert Exposure.objects.get().counted == 1


def test_told_again_it_counts_once(test: ABTest, workspace: Workspace) -> None:
    for _ in range(2):
        record_exposures(test=test, met=[MET, MET], now=LATER)
        told = record_unit_events(
            workspace=workspace, did=[DID, replace(DID, value=Decimal(1))], now=LATER
        )
        count_all(workspace=workspace, now=LATER)

    assert told == Told(0, 2)
    assert added(sums(test), "buy", "blue")["sum"] == Decimal("9.5")
    assert exposed(test) == {("blue", "", START.date()): (1, 0)}


def test_another_variant_later_leaves_only_a_time(test: ABTest, workspace: Workspace) -> None:
    other = replace(MET, variant="control", at=START + HOUR)
    record_exposures(test=test, met=[other, MET], now=LATER)
    count_all(workspace=workspace, now=LATER)
    record_exposure(test=test, met=replace(other, at=START + 2 * HOUR), now=LATER)
    count_all(workspace=workspace, now=LATER)

    row = Exposure.objects.get()
    assert (row.variant.key, row.other_variant_at, row.counted) == ("blue", START + HOUR, 2)
    assert exposed(test) == {("blue", "", START.date()): (1, 1)}


def _change(**values: Any) -> Any:
    return lambda test, workspace: record_exposures(
        test=test, met=[MET, replace(MET, **values)], now=LATER
    )


def _event(**values: Any) -> Any:
    return lambda test, workspace: record_unit_events(
        workspace=workspace, did=[DID, replace(DID, **values)], now=LATER
    )


@pytest.mark.parametrize(
    ("tell", "field"),
    [
        (_change(variant="red"), "exposures.1.variant"),
        (_change(unit=""), "exposures.1.unit"),
        (_change(unit="x" * 121), "exposures.1.unit"),
        (_change(unit="erased:1"), "exposures.1.unit"),
        (_change(device="a long device"), "exposures.1.device"),
        (_change(country="D\x00"), "exposures.1.country"),
        (_change(at=START - HOUR), "exposures.1.at"),
        (_change(at=LATER + HOUR), "exposures.1.at"),
        (_change(at=datetime(2026, 11, 3)), "exposures.1.at"),  # noqa: DTZ001  # what is refused
        (_event(name=""), "events.1.name"),
        (_event(event_id="x" * 121), "events.1.event_id"),
        (_event(value=Decimal(-1)), "events.1.value"),
        (_event(value=Decimal("NaN")), "events.1.value"),
        (_event(value=Decimal("1e10")), "events.1.value"),
        (_event(at=START - timedelta(days=10_000)), "events.1.at"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    test: ABTest, workspace: Workspace, tell: Any, field: str
) -> None:
    with pytest.raises(TellingError) as refused:
        tell(test, workspace)

    assert refused.value.field == field
    assert not Exposure.objects.exists()
    assert not UnitEvent.objects.exists()
    assert not CountingWork.objects.exists()


def test_too_many_at_once_are_refused(test: ABTest, workspace: Workspace) -> None:
    many = MOST_AT_ONCE + 1
    with pytest.raises(TellingError, match="at most 500"):
        record_exposures(test=test, met=[MET] * many, now=LATER)
    with pytest.raises(TellingError, match="at most 500"):
        record_unit_events(workspace=workspace, did=[DID] * many, now=LATER)


def test_only_a_test_that_ran_takes_exposures(workspace: Workspace, test: ABTest) -> None:
    draft = draft_of(workspace, "draft")
    ads = running_of(workspace, "ads", at=START, surface="ad")
    test.status, test.ended_at, test.end_reason = "completed", START + HOUR, "person"
    test.save(update_fields=["status", "ended_at", "end_reason"])

    for refusing, word in ((draft, "not started"), (ads, "elsewhere")):
        with pytest.raises(TellingError, match=word):
            record_exposure(test=refusing, met=MET, now=LATER)
    with pytest.raises(TellingError, match="had ended"):
        record_exposure(test=test, met=replace(MET, at=START + HOUR), now=LATER)
    record_exposure(test=test, met=MET, now=LATER)


def test_events_of_another_workspace_are_not_ours(
    test: ABTest, workspace: Workspace, other_workspace: Workspace
) -> None:
    record_exposure(test=test, met=MET, now=LATER)
    record_unit_event(workspace=other_workspace, did=DID, now=LATER)
    for one in (workspace, other_workspace):
        count_all(workspace=one, now=LATER)

    assert added(sums(test), "buy", "blue") == {"units": 1}
    assert record_unit_event(workspace=workspace, did=DID, now=LATER) == Told(1, 0)
