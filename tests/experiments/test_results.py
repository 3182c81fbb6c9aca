"""What is said of a test: figures, intervals, splits, and nothing below the least units."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from experiments.engine.statistics import ArmStatistics, compare
from experiments.models import ABTest, ABTestAllocation, Dimension, ExperimentPolicy
from experiments.selectors.figures import Standing
from experiments.selectors.results import (
    Results,
    results_of,
    segments_of,
    series_of,
    variants_of,
)
from experiments.selectors.rules import policy_of
from experiments.selectors.splits import causes_of
from tests.experiments.figures import count
from tests.experiments.steps import NOW, draft_of, metric_of, running_of
from tests.workspaces.factories import WorkspaceFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=8)


@pytest.fixture
def workspace() -> Workspace:
    """Where tests run."""
    return WorkspaceFactory()


def _with_guardrail(workspace: Workspace, **options: Any) -> ABTest:
    metrics = {
        "primary": metric_of(workspace),
        "guardrail": metric_of(workspace, "refund", goal="decrease"),
    }
    return running_of(workspace, metrics=metrics, **options)


def _standings(results: Results) -> dict[str, list[str]]:
    return {one.metric.key: [f.standing.value for f in one.figures] for one in results.metrics}


def test_nothing_is_shown_below_the_least_units(workspace: Workspace) -> None:
    test = running_of(workspace)
    count(test, "purchase", {"control": (100, 10), "blue": (99, 60)})

    results = results_of(test, LATER)

    assert not results.is_shown
    assert _standings(results) == {"purchase": ["hidden", "hidden"]}
    assert [figure.value for figure in results.metrics[0].figures] == [None, None]
    assert results.metrics[0].figures[1].shown is None
    assert results.decision is not None
    assert results.decision.action == "keep_running"


def test_figures_are_those_of_the_engine(workspace: Workspace) -> None:
    test = running_of(workspace, method="fixed", planned_units=5_000)
    count(test, "purchase", {"control": (4_000, 400), "blue": (4_000, 480)})
    count(test, "purchase", {"control": (1_000, 100), "blue": (1_000, 120)}, day=LATER.date())

    results = results_of(test, LATER)

    (purchase,) = results.metrics
    control, blue = purchase.figures
    assert (control.value, blue.value, results.days) == (0.1, 0.12, 8)
    assert results.newest_day == LATER.date()
    arms = ArmStatistics(5_000, 500, 500), ArmStatistics(5_000, 600, 600)
    assert blue.shown == compare(*arms)
    assert blue.decisive == compare(*arms, effect="absolute")
    assert blue.p_adjusted == blue.decisive.p_value
    assert blue.standing == Standing.BETTER
    assert results.split.p_value == 1.0


def test_an_early_winner_ships_where_the_bound_clears(workspace: Workspace) -> None:
    test = running_of(workspace)
    count(test, "purchase", {"control": (20_000, 2_000), "blue": (20_000, 2_600)})

    assert results_of(test, NOW + timedelta(days=6)).decision.action == "keep_running"
    shipped = results_of(test, NOW + timedelta(days=7)).decision

    assert (shipped.action, shipped.variant) == ("ship", "blue")


def test_less_is_better_where_the_metric_says_so(workspace: Workspace) -> None:
    refunds = metric_of(workspace, "refund", goal="decrease")
    test = running_of(workspace, metrics={"primary": refunds})
    count(test, "refund", {"control": (20_000, 2_000), "blue": (20_000, 1_500)})

    results = results_of(test, LATER)

    assert _standings(results) == {"refund": ["control", "better"]}
    assert results.decision.variant == "blue"


def test_a_harmed_guardrail_stops_a_winner(workspace: Workspace) -> None:
    test = _with_guardrail(workspace)
    count(test, "purchase", {"control": (20_000, 2_000), "blue": (20_000, 2_600)})
    count(test, "refund", {"control": (20_000, 1_000), "blue": (20_000, 1_500)})

    results = results_of(test, LATER)

    assert _standings(results)["refund"] == ["control", "harmed"]
    assert [one.metric.key for one, _ in results.harmed()] == ["refund"]
    assert (results.decision.action, results.decision.guardrails) == ("stop_harm", ("refund",))


def test_a_variant_on_which_nothing_works_does_harm(workspace: Workspace) -> None:
    test = running_of(workspace)
    count(test, "purchase", {"control": (5_000, 250), "blue": (5_000, 0)})

    decision = results_of(test, NOW + timedelta(days=1)).decision

    assert (decision.action, decision.variant) == ("stop_harm", "blue")


def test_a_split_that_is_off_gates_everything(workspace: Workspace) -> None:
    test = running_of(workspace)
    count(test, "purchase", {"control": (20_000, 2_000), "blue": (17_000, 2_600)})

    results = results_of(test, LATER)

    assert results.is_gated
    assert results.decision.action == "gated"


def test_causes_of_a_split_name_the_segment(workspace: Workspace) -> None:
    test = running_of(workspace)
    parts = {"dimension": Dimension.DEVICE}
    count(test, "purchase", {"control": (5_000, 0), "blue": (5_000, 0)}, key="desktop", **parts)
    count(test, "purchase", {"control": (5_000, 0), "blue": (3_000, 0)}, key="mobile", **parts)

    assert [cause.segment for cause in causes_of(test, variants_of(test))] == ["mobile"]


def test_a_day_on_which_shares_moved_says_nothing_of_the_split(workspace: Workspace) -> None:
    test = running_of(workspace)
    own = {"workspace": workspace, "test": test, "reason": "r"}
    ABTestAllocation.objects.create(**own, at=NOW, weights={"control": 5_000, "blue": 5_000})
    moved = NOW + timedelta(days=2)
    ABTestAllocation.objects.create(**own, at=moved, weights={"control": 9_000, "blue": 1_000})
    for day, arms in enumerate([(1_000, 1_000), (1_000, 1_000), (1_500, 500), (1_800, 200)]):
        counts = {"control": (arms[0], 0), "blue": (arms[1], 0)}
        count(test, "purchase", counts, day=NOW.date() + timedelta(days=day))

    split = results_of(test, LATER).split

    assert split.has_moved
    assert split.p_value == 1.0


def test_segments_are_parts_of_the_units(workspace: Workspace) -> None:
    test = running_of(workspace)
    parts = {"dimension": Dimension.DEVICE}
    count(test, "purchase", {"control": (50, 5), "blue": (50, 5)}, key="tablet", **parts)
    count(test, "purchase", {"control": (900, 90), "blue": (900, 99)}, key="mobile", **parts)

    mobile, tablet = segments_of(test, Dimension.DEVICE, LATER)

    assert (mobile.key, mobile.units, mobile.primary.figures[1].value) == ("mobile", 1_800, 0.11)
    assert tablet.primary.figures[1].standing == Standing.HIDDEN


def test_the_interval_narrows_from_day_to_day(workspace: Workspace) -> None:
    test = running_of(workspace)
    for day in range(3):
        counts = {"control": (1_000, 100), "blue": (1_000, 100)}
        count(test, "purchase", counts, day=NOW.date() + timedelta(days=day))

    series = series_of(test)

    (line,) = series.lines
    widths = list(line.high - line.low)
    assert len(series.days) == 3
    assert widths == sorted(widths, reverse=True)
    last = results_of(test, LATER).metrics[0].figures[1].comparison
    assert (line.low[-1], line.high[-1]) == pytest.approx((last.ci_low, last.ci_high), abs=1e-12)


def test_results_take_few_queries(workspace: Workspace, django_assert_max_num_queries: Any) -> None:
    test = _with_guardrail(workspace)
    count(test, "purchase", {"control": (200, 20), "blue": (200, 26)})

    with django_assert_max_num_queries(6):
        results_of(test, LATER)


def test_a_policy_that_came_with_its_workspace_is_not_asked_for(
    workspace: Workspace, django_assert_num_queries: Any
) -> None:
    def brought() -> Workspace:
        return Workspace.objects.select_related("experimentpolicy").get(pk=workspace.pk)

    none, policy = brought(), ExperimentPolicy.objects.create(workspace=workspace)
    one = brought()

    with django_assert_num_queries(0):
        assert (policy_of(none).pk, policy_of(one)) == (None, policy)
    assert policy_of(workspace) == policy


def test_of_a_draft_nothing_is_decided(workspace: Workspace) -> None:
    results = results_of(draft_of(workspace), LATER)

    assert (results.decision, results.days, results.is_shown) == (None, 0, False)
