"""Exposures from events, what units did within windows, and the sums of it by day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from attribution.models import SessionWork
from attribution.services.website.sessions import sessionise_all
from experiments.models import ABTestStatus, CountingWork, Exposure, UnitOutcome
from experiments.services.counting.counting import Counted, count_all, count_waiting
from tests.experiments.counting.steps import (
    ANN,
    BOB,
    CID,
    DAY,
    HOUR,
    LATER,
    START,
    added,
    days,
    decimals,
    event,
    exposed,
    meet,
    sums,
)
from tests.experiments.steps import draft_of, metric_of, on_site, running_of
from tests.workspaces.factories import ExchangeRateFactory, WorkspaceFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory()


def _world(workspace: Workspace, **metric: Any) -> Any:
    """A test of a button on a site, measured by one metric."""
    own = metric_of(workspace, **metric)
    test = running_of(workspace, at=START, metrics={"primary": own})
    return test, on_site(test).site


def _count(workspace: Workspace) -> Counted:
    return count_all(workspace=workspace, now=LATER)


def test_the_first_variant_that_was_shown_is_the_arm(workspace: Workspace) -> None:
    test, site = _world(workspace)
    meet(site, ANN, START + 2 * HOUR, "control", device="mobile", country="DE")
    meet(site, ANN, START + HOUR, "blue", device="desktop", country="FR")

    assert _count(workspace) == Counted(1, 1)

    row = Exposure.objects.get()
    assert (row.variant.key, row.unit, row.at) == ("blue", str(ANN), START + HOUR)
    assert (row.device, row.country, row.day) == ("desktop", "FR", START.date())
    assert row.other_variant_at == START + 2 * HOUR
    assert exposed(test) == {("blue", "", START.date()): (1, 1)}
    assert exposed(test, "device") == {("blue", "desktop", START.date()): (1, 1)}
    assert not CountingWork.objects.exists()


def test_a_unit_stays_in_its_arm_when_an_earlier_event_comes_late(workspace: Workspace) -> None:
    test, site = _world(workspace)
    meet(site, ANN, START + 2 * HOUR, "control")
    _count(workspace)
    meet(site, ANN, START + HOUR, "blue")
    _count(workspace)
    meet(site, ANN, START + 3 * HOUR, "blue")
    _count(workspace)

    row = Exposure.objects.get()
    assert (row.variant.key, row.at, row.other_variant_at) == (
        "control", START + 2 * HOUR, START + HOUR,
    )  # fmt: skip
    assert exposed(test) == {("control", "", START.date()): (1, 1)}


def test_what_is_not_of_the_test_does_not_count(workspace: Workspace) -> None:
    test, site = _world(workspace)
    event(site, ANN, START + HOUR, variants={"other": "blue", "button": "red"})
    meet(site, BOB, START - HOUR, "blue")
    test.status, test.ended_at = ABTestStatus.COMPLETED, START + 5 * HOUR
    test.end_reason = "person"
    test.save(update_fields=["status", "ended_at", "end_reason"])
    meet(site, CID, START + 5 * HOUR, "blue")

    assert _count(workspace) == Counted(3, 0)

    assert sums(test) == {}


def test_a_draft_and_another_site_expose_nobody(workspace: Workspace) -> None:
    site = on_site(draft_of(workspace)).site
    test = running_of(workspace, "other", at=START)
    other = on_site(test).site
    event(site, ANN, START + HOUR, variants={"button": "blue", "other": "blue"})
    event(other, BOB, START + HOUR, variants={"button": "blue"})

    assert _count(workspace).exposed == 0


def test_a_conversion_counts_once_within_its_window(workspace: Workspace) -> None:
    test, site = _world(workspace, window_h=24)
    meet(site, ANN, START, "blue")
    meet(site, BOB, START, "blue")
    meet(site, CID, START, "control")
    event(site, ANN, START - HOUR, "purchase")
    event(site, ANN, START + 16 * HOUR, "purchase")
    event(site, ANN, START + 17 * HOUR, "purchase")
    event(site, BOB, START + 24 * HOUR, "purchase")
    event(site, CID, START, "purchase")

    _count(workspace)

    first, second = days(0, 1)
    assert sums(test) == {
        ("purchase", "blue", "", first): {"units": 2},
        ("purchase", "blue", "", second): decimals(sum=1, sum_squares=1),
        ("purchase", "control", "", first): decimals(units=1, sum=1, sum_squares=1),
    }


def test_days_are_those_of_the_workspace(workspace: Workspace) -> None:
    workspace.time_zone = "Pacific/Auckland"  # 13 hours ahead
    workspace.save(update_fields=["time_zone"])
    test, site = _world(workspace)
    meet(site, ANN, START, "blue")
    event(site, ANN, START + 2 * HOUR, "purchase")

    _count(workspace)

    first, second = days(0, 1)
    assert set(sums(test)) == {
        ("purchase", "blue", "", first), ("purchase", "blue", "", second),
    }  # fmt: skip


def test_a_mean_grows_by_day_up_to_its_limit(workspace: Workspace) -> None:
    test, site = _world(workspace, kind="mean", amount="value", cap=Decimal(100))
    meet(site, ANN, START, "blue")
    event(site, ANN, START + HOUR, "purchase", value=60)
    event(site, ANN, START + DAY, "purchase", value=30)
    event(site, ANN, START + 2 * DAY, "purchase", value=50)
    event(site, ANN, START + 3 * DAY, "purchase", value=1)

    _count(workspace)

    arm = ("purchase", "blue", "")
    assert sums(test) == {
        (*arm, days(0)[0]): decimals(units=1, sum=60, sum_squares=3600),
        (*arm, days(1)[0]): decimals(sum=30, sum_squares=4500),
        (*arm, days(2)[0]): decimals(sum=10, sum_squares=1900),
    }


def test_foreign_money_counts_at_the_rate_of_its_day(workspace: Workspace) -> None:
    test, site = _world(workspace, kind="mean", amount="value")
    ExchangeRateFactory(
        workspace=workspace, day=START.date(), base="EUR", quote="USD", rate=Decimal("1.1")
    )
    meet(site, ANN, START, "blue")
    event(site, ANN, START + HOUR, "purchase", value=10, currency="EUR")
    event(site, ANN, START + HOUR, "purchase", value=10, currency="SEK")

    _count(workspace)

    assert added(sums(test), "purchase", "blue") == decimals(units=1, sum=11, sum_squares=121)


def test_a_ratio_has_both_sides_and_their_product(workspace: Workspace) -> None:
    test, site = _world(
        workspace, kind="ratio", amount="value", per_event="page_view", per_amount="count"
    )
    meet(site, ANN, START, "blue")
    event(site, ANN, START + HOUR)
    event(site, ANN, START + HOUR, "purchase", value=8)
    event(site, ANN, START + DAY)

    _count(workspace)

    assert added(sums(test), "purchase", "blue") == decimals(
        units=1, sum=8, sum_squares=64, denominator_sum=3, denominator_sum_squares=9,
        sum_product=24,
    )  # fmt: skip


def test_what_was_done_before_is_the_covariate(workspace: Workspace) -> None:
    test, site = _world(workspace, kind="mean", amount="value", covariate_days=7)
    event(site, ANN, START - 8 * DAY, "purchase", value=1000)
    event(site, ANN, START - 7 * DAY, "purchase", value=2)
    event(site, ANN, START - HOUR, "purchase", value=3)
    meet(site, ANN, START, "blue")
    event(site, ANN, START + DAY, "purchase", value=10)

    _count(workspace)

    first, second = days(0, 1)
    assert sums(test) == {
        ("purchase", "blue", "", first): decimals(
            units=1, covariate_sum=5, covariate_sum_squares=25
        ),
        ("purchase", "blue", "", second): decimals(
            sum=10, sum_squares=100, sum_covariate_product=50
        ),
    }


def test_a_time_counts_when_its_window_has_passed(workspace: Workspace) -> None:
    test, site = _world(workspace, kind="time_to_event", window_h=48)
    meet(site, ANN, START, "blue")
    meet(site, BOB, START, "blue")
    event(site, ANN, START + timedelta(minutes=90), "purchase")
    event(site, ANN, START + 30 * HOUR, "purchase")
    event(site, BOB, START + 48 * HOUR, "purchase")

    _count(workspace)

    assert sums(test) == {
        ("purchase", "blue", "", days(2)[0]): decimals(units=2, sum="49.5", sum_squares="2306.25")
    }
    hours = UnitOutcome.objects.order_by("value").values_list("value", flat=True)
    assert list(hours) == [Decimal("1.5"), Decimal(48)]


def test_pages_count_by_their_path(workspace: Workspace) -> None:
    test, site = _world(workspace, kind="mean", event="/thank_you*")
    meet(site, ANN, START, "blue", path="/")
    for path in ("/thank_you", "/thank_you/again", "/thankyou", "/thankXyou"):
        event(site, ANN, START + HOUR, path=path)
    event(site, ANN, START + HOUR, "purchase", path="/thank_you")

    _count(workspace)

    assert added(sums(test), "purchase", "blue")["sum"] == 2


def test_a_type_of_event_counts_under_any_name(workspace: Workspace) -> None:
    test, site = _world(workspace, kind="mean", event="custom")
    meet(site, ANN, START, "blue")
    event(site, ANN, START + HOUR, "purchase")
    event(site, ANN, START + HOUR, "custom")

    _count(workspace)

    assert added(sums(test), "purchase", "blue")["sum"] == 2


def test_late_events_change_the_days_that_they_belong_to(workspace: Workspace) -> None:
    test, site = _world(workspace)
    meet(site, ANN, START, "blue")
    event(site, ANN, START + 2 * DAY, "purchase")
    _count(workspace)
    event(site, ANN, START + DAY, "purchase")

    assert _count(workspace) == Counted(1, 0)

    first, second = days(0, 1)
    assert sums(test) == {
        ("purchase", "blue", "", first): {"units": 1},
        ("purchase", "blue", "", second): decimals(sum=1, sum_squares=1),
    }


def test_metrics_of_every_part_count_by_every_dimension(workspace: Workspace) -> None:
    metrics = {
        "primary": metric_of(workspace),
        "guardrail": metric_of(workspace, "error", goal="decrease"),
    }
    test = running_of(workspace, at=START, metrics=metrics)
    site = on_site(test).site
    meet(site, ANN, START, "blue", device="mobile", country="DE")
    event(site, ANN, START + HOUR, "error")

    _count(workspace)

    day = days(0)[0]
    for dimension, key in (
        ("total", ""), ("device", "mobile"), ("source", ""), ("country", "DE"), ("customer", ""),
    ):  # fmt: skip
        assert sums(test, dimension) == {
            ("purchase", "blue", key, day): {"units": 1},
            ("error", "blue", key, day): decimals(units=1, sum=1, sum_squares=1),
        }


def test_a_unit_is_in_several_tests(workspace: Workspace) -> None:
    button, site = _world(workspace)
    hero = running_of(workspace, "hero", at=START)
    on_site(hero, site)
    event(site, ANN, START, variants={"button": "blue", "hero": "control"})
    event(site, ANN, START + HOUR, "purchase")

    assert _count(workspace) == Counted(1, 2)

    assert added(sums(button), "purchase", "blue") == decimals(units=1, sum=1, sum_squares=1)
    assert added(sums(hero), "purchase", "control") == decimals(units=1, sum=1, sum_squares=1)


def test_other_workspaces_wait_for_their_own_turn(workspace: Workspace) -> None:
    _test, site = _world(workspace)
    meet(site, ANN, START, "blue")

    assert count_all(workspace=WorkspaceFactory(), now=LATER) == Counted()

    assert CountingWork.objects.count() == 1


def test_the_queue_is_worked_off_in_chunks(workspace: Workspace) -> None:
    test, site = _world(workspace)
    for visitor in (ANN, BOB, CID):
        meet(site, visitor, START, "blue")

    assert count_waiting(workspace=workspace, now=LATER, most=2) == Counted(2, 2)
    assert exposed(test) == {("blue", "", START.date()): (2, 0)}


def test_a_visit_tells_where_its_unit_came_from(workspace: Workspace) -> None:
    test, site = _world(workspace)
    meet(site, ANN, START, "blue", source="google", medium="cpc", is_tagged=True)
    CountingWork.objects.all().delete()
    SessionWork.objects.create(
        workspace=workspace, site=site, visitor_key=ANN, since=START, received_at=START
    )

    sessionise_all(workspace=workspace, now=LATER)
    _count(workspace)

    assert set(exposed(test, "source")) == {("blue", "google", START.date())}
    assert set(exposed(test, "customer")) == {("blue", "new", START.date())}


def test_a_chunk_costs_the_same_statements_however_large(
    workspace: Workspace, django_assert_num_queries: Any
) -> None:
    _test, site = _world(workspace)
    for visitor in (ANN, BOB, CID):
        meet(site, visitor, START, "blue")
        event(site, visitor, START + HOUR, "purchase")
    assert connection.in_atomic_block

    with django_assert_num_queries(45):
        count_waiting(workspace=workspace, now=LATER)


def test_the_first_visitor_who_met_it_dates_a_test(workspace: Workspace) -> None:
    test, site = _world(workspace)
    meet(site, ANN, START + HOUR, "blue")
    meet(site, BOB, START + 2 * HOUR, "control")

    _count(workspace)
    meet(site, CID, START, "control")
    _count(workspace)

    test.website.refresh_from_db()
    assert test.website.deployed_at == START + HOUR
