"""Sums that were counted bit by bit are those of counting everything at once, and as by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.models import CountingWork, Exposure, ExposureDay, MetricDay, UnitOutcome
from experiments.services.counting.counting import count_all
from experiments.services.counting.job import RECOUNT_JOB
from experiments.services.counting.recounting import Recounted, RecountError, recount_test
from tests.examples import examples
from tests.experiments.counting.by_hand import METRICS, WHO, World
from tests.experiments.counting.steps import (
    ANN,
    BOB,
    DAY,
    HOUR,
    LATER,
    START,
    event,
    exposed,
    meet,
    sums,
)
from tests.experiments.steps import metric_of, on_site, running_of
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces.models import Notification
from workspaces.services.jobs import run_job

pytestmark = pytest.mark.django_db

_KINDS = (
    "meet", "meet", "meet", "tell_met", "buy", "buy", "sale", "tell", "merge", "undo", "count",
    "count",
)  # fmt: skip
_STEP = st.tuples(
    st.sampled_from(_KINDS), st.sampled_from(sorted(WHO)), st.integers(-50, 180),
    st.integers(0, 12),
)  # fmt: skip


def _measured_world() -> World:
    workspace = WorkspaceFactory(time_zone="Asia/Kolkata")
    test = running_of(workspace, at=START, metrics={"primary": metric_of(workspace, "first")})
    for key, values in METRICS.items():
        metric = metric_of(workspace, key, **values)
        # As at the start: what was signed is refused to a test that runs.
        test.metrics.create(workspace=workspace, metric=metric, role="secondary")
    return World(test, on_site(test).site)


@settings(max_examples=examples(30), suppress_health_check=[*HealthCheck])
@given(st.lists(_STEP, min_size=4, max_size=16))
def test_bit_by_bit_is_as_at_once_and_as_by_hand(steps: list[tuple[str, str, int, int]]) -> None:
    with transaction.atomic():
        _live_through(steps)
        transaction.set_rollback(True)


def _live_through(steps: list[tuple[str, str, int, int]]) -> None:
    world = _measured_world()
    for kind, who, hour, value in steps:
        world.do(kind, who, min(hour, 130) if kind != "count" else hour, value)
    world.do("count", "ann", 180, 3)

    assert {key: row for key, row in sums(world.test).items() if key[0] != "first"} == world.sums(
        by_device=False
    )
    by_device = sums(world.test, "device")
    assert {key: row for key, row in by_device.items() if key[0] != "first"} == world.sums(
        by_device=True
    )
    assert exposed(world.test, "device") == world.exposed()
    assert recount_test(test=world.test, now=world.now) == Recounted()


def _counted() -> Any:
    workspace = WorkspaceFactory()
    test = running_of(workspace, at=START)
    site = on_site(test).site
    for visitor in (ANN, BOB):
        meet(site, visitor, START, "blue")
        event(site, visitor, START + DAY, "purchase")
    count_all(workspace=workspace, now=LATER)
    return test, site


def test_what_is_wrong_is_told_and_put_right() -> None:
    test, _site = _counted()
    right = sums(test), exposed(test)
    UnitOutcome.objects.order_by("pk")[0].delete()
    MetricDay.objects.filter(dimension="device").update(sum=7)
    ExposureDay.objects.filter(dimension="total").update(units=9)

    found = recount_test(test=test, now=LATER, repairs=False)
    assert (found.outcomes, found.exposure_days) == (1, 1)
    assert sums(test, "device") != sums(test)
    found = recount_test(test=test, now=LATER)

    assert found == Recounted(outcomes=1, metric_days=2, exposure_days=1)
    assert (sums(test), exposed(test)) == right
    assert recount_test(test=test, now=LATER) == Recounted()


def test_a_lost_day_comes_back() -> None:
    test, _site = _counted()
    right = sums(test)
    MetricDay.objects.all().delete()
    ExposureDay.objects.all().delete()

    assert recount_test(test=test, now=LATER).differed

    assert sums(test) == right


def test_units_with_news_are_left_to_their_turn() -> None:
    test, site = _counted()
    event(site, ANN, START + HOUR, "purchase")

    assert recount_test(test=test, now=LATER) == Recounted()

    count_all(workspace=test.workspace, now=LATER)
    assert recount_test(test=test, now=LATER) == Recounted()
    assert CountingWork.objects.count() == 0


def test_events_that_are_gone_by_age_take_no_outcome_with_them() -> None:
    test, site = _counted()
    from attribution.models import WebEvent

    WebEvent.objects.all().delete()
    old = START + 360 * DAY

    assert recount_test(test=test, now=old) == Recounted()

    event(site, ANN, START + 2 * DAY)
    count_all(workspace=test.workspace, now=old)
    assert UnitOutcome.objects.count() == 2


def test_tests_without_units_are_not_counted_again() -> None:
    test, _site = _counted()
    test.status, test.ended_at, test.end_reason = "completed", START + DAY, "person"
    test.save(update_fields=["status", "ended_at", "end_reason"])

    with pytest.raises(RecountError, match="deleted"):
        recount_test(test=test, now=START + 500 * DAY)


def test_the_night_tells_admins_what_differed(workspace: Any) -> None:
    test, _site = _counted()
    own = test.workspace
    admin = MembershipFactory(workspace=own, role="admin").user
    MembershipFactory(workspace=own, role="operator")
    run_job(workspace=own, name=RECOUNT_JOB, trigger="schedule", now=LATER)
    assert not Notification.objects.exists()
    Exposure.objects.filter(unit=str(ANN)).update(device="mobile")

    run = run_job(workspace=own, name=RECOUNT_JOB, trigger="schedule", now=LATER + HOUR)

    assert run.counts == {"tests": 1, "different": 1, "deleted": 0}
    notice = Notification.objects.get()
    assert notice.user == admin
    assert "Button" in notice.title


def test_the_command_checks_or_repairs(capsys: pytest.CaptureFixture[str]) -> None:
    _test, _site = _counted()
    MetricDay.objects.filter(dimension="total").update(sum=7)

    call_command("recount_tests", test="button", check=True)
    assert "button: 0 outcomes, 2 days of metrics and 0 days of exposures differ" in (
        capsys.readouterr().out
    )
    call_command("recount_tests")
    call_command("recount_tests")

    lines = capsys.readouterr().out.splitlines()
    assert "are put right" in lines[0]
    assert lines[1] == "button: the sums are those of its units."
    with pytest.raises(CommandError, match="no test"):
        call_command("recount_tests", test="x")
