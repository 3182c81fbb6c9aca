"""What the database refuses of tests, their arms and their metrics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from experiments.models import (
    ABTest,
    ABTestAllocation,
    ABTestMetric,
    ABTestStatus,
    ABTestVariant,
    Exposure,
    Layer,
    Metric,
    RollOut,
)
from tests.admin_rows import propose
from tests.experiments.steps import NOW, draft_of, metric_of, on_site, running_of, variant_of
from tests.workspaces.factories import WorkspaceFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    """Where tests run."""
    return WorkspaceFactory()


def _refused(work: Callable[[], Any], word: str) -> None:
    with pytest.raises(IntegrityError, match=word):
        _with_what_waits_for_the_commit(work)


def _with_what_waits_for_the_commit(work: Callable[[], Any]) -> None:
    with transaction.atomic():
        work()
        connection.check_constraints()


def _start(test: ABTest) -> None:
    test.status, test.started_at = ABTestStatus.RUNNING, NOW
    test.save(update_fields=["status", "started_at"])


@pytest.mark.parametrize(
    "weights", [{"control": 10_000}, {"control": 5_000, "blue": 4_999}, {"a": 6_000, "b": 6_000}]
)
def test_only_a_whole_split_starts(workspace: Workspace, weights: dict[str, int]) -> None:
    test = draft_of(workspace, weights=weights)

    _refused(lambda: _start(test), "variants of")

    assert ABTest.objects.get().status == "draft"


def test_a_test_without_a_primary_metric_does_not_start(workspace: Workspace) -> None:
    test = draft_of(workspace, metrics={"secondary": metric_of(workspace)})

    _refused(lambda: _start(test), "0 primary")


def test_a_test_has_one_primary_metric(workspace: Workspace) -> None:
    test = draft_of(workspace)
    other = metric_of(workspace, "lead")

    _refused(
        lambda: ABTestMetric.objects.create(
            workspace=workspace, test=test, metric=other, role="primary"
        ),
        "experiments_one_primary",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("seed", "other"), ("alpha_bp", 1_000), ("decision_rule", {}), ("method", "fixed")],
)
def test_what_was_signed_stays(workspace: Workspace, field: str, value: Any) -> None:
    test = running_of(workspace)

    _refused(lambda: ABTest.objects.update(**{field: value}), "signed at its start")

    test.refresh_from_db()
    assert getattr(test, field) != value


def test_arms_of_a_started_test_stay(workspace: Workspace) -> None:
    test = running_of(workspace)
    blue = variant_of(test, "blue")

    _refused(lambda: ABTestVariant.objects.filter(pk=blue.pk).update(config={"a": 1}), "stay")
    _refused(lambda: ABTestVariant.objects.filter(pk=blue.pk).delete(), "stay")
    _refused(
        lambda: ABTestVariant.objects.create(
            workspace=workspace, test=test, key="red", name="Red", position=2, weight=0
        ),
        "stay",
    )
    _refused(lambda: ABTestMetric.objects.all().delete(), "metrics of a started test")


def test_shares_of_a_started_test_stay_whole(workspace: Workspace) -> None:
    test = running_of(workspace)

    _refused(lambda: test.variants.filter(key="blue").update(weight=4_000), "not 10000 in all")
    with transaction.atomic():
        test.variants.filter(key="blue").update(weight=4_000)
        test.variants.filter(key="control").update(weight=6_000)
    connection.check_constraints()

    assert variant_of(test, "blue").weight == 4_000


def test_slots_of_a_layer_never_overlap(workspace: Workspace) -> None:
    layer = Layer.objects.create(workspace=workspace, name="Prices")
    running_of(workspace, "one", layer=layer, layer_to=5_000)

    _refused(lambda: running_of(workspace, "two", layer=layer, layer_from=4_999), "is taken")
    running_of(workspace, "three", layer=layer, layer_from=5_000)

    assert layer.tests.filter(status="running").count() == 2


def test_a_draft_may_wait_for_a_taken_slot(workspace: Workspace) -> None:
    layer = Layer.objects.create(workspace=workspace, name="Prices")
    running_of(workspace, "one", layer=layer)

    assert draft_of(workspace, "two", layer=layer).status == "draft"


def test_a_state_says_when(workspace: Workspace) -> None:
    test = running_of(workspace)
    one = ABTest.objects.filter(pk=test.pk)

    _refused(lambda: one.update(status="paused"), "abtest_paused")
    _refused(lambda: one.update(status="completed", ended_at=NOW), "abtest_ended")
    _refused(
        lambda: one.update(
            status="completed", ended_at=NOW - timedelta(days=1), end_reason="person"
        ),
        "abtest_ended",
    )
    _refused(
        lambda: one.update(status="winner_declared", ended_at=NOW, end_reason="winner"),
        "abtest_winner",
    )


def test_a_unit_is_exposed_once(workspace: Workspace) -> None:
    test = running_of(workspace)
    own = {"workspace": workspace, "test": test, "unit": "u", "at": NOW, "day": NOW.date()}
    Exposure.objects.create(**own, variant=variant_of(test, "blue"))

    _refused(
        lambda: Exposure.objects.create(**own, variant=variant_of(test, "control")),
        "experiments_exposure_once",
    )


def test_an_exposure_keeps_its_arm(workspace: Workspace) -> None:
    test = running_of(workspace)
    blue, control = variant_of(test, "blue"), variant_of(test, "control")
    Exposure.objects.create(
        workspace=workspace, test=test, variant=blue, unit="u", at=NOW, day=NOW.date()
    )

    _refused(lambda: Exposure.objects.update(variant=control), "stays as it was")
    Exposure.objects.update(other_variant_at=NOW, unit="erased")

    assert Exposure.objects.get().variant == blue


def test_rows_stay_in_their_workspace(workspace: Workspace) -> None:
    other = WorkspaceFactory()
    test = draft_of(workspace)
    foreign = draft_of(other)

    _refused(
        lambda: ABTestVariant.objects.create(
            workspace=other, test=test, key="x", name="X", position=5, weight=0
        ),
        "abtestvariant_test",
    )
    _refused(
        lambda: ABTestMetric.objects.create(
            workspace=workspace, test=test, metric=metric_of(other), role="secondary"
        ),
        "abtestmetric_metric",
    )
    site = on_site(foreign).site
    _refused(lambda: on_site(test, site), "websiteabtest_site")


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"kind": "ratio"}, "metric_ratio"),
        ({"kind": "mean", "per_event": "view"}, "metric_ratio"),
        ({"event": ""}, "metric_event"),
        ({"window_h": 0}, "metric_window"),
        ({"cap": 0}, "metric_cap"),
        ({"kind": "time_to_event", "covariate_days": 7}, "metric_covariate"),
    ],
)
def test_a_metric_makes_sense(
    workspace: Workspace, values: dict[str, Any], constraint: str
) -> None:
    _refused(lambda: metric_of(workspace, **values), constraint)

    assert not Metric.objects.exists()


@pytest.mark.parametrize(
    "change", [{"event": "lead"}, {"window_h": 24}, {"kind": "mean"}, {"goal": "decrease"}]
)
def test_a_metric_counts_as_it_did_when_its_test_began(
    workspace: Workspace, change: dict[str, Any]
) -> None:
    running_of(workspace)

    _refused(lambda: Metric.objects.update(**change), "when tests of it began")
    Metric.objects.update(name="Orders")

    assert Metric.objects.get().name == "Orders"


def test_a_metric_of_drafts_may_change(workspace: Workspace) -> None:
    draft_of(workspace)

    Metric.objects.update(event="lead")

    assert Metric.objects.get().event == "lead"


def test_one_roll_out_is_open(workspace: Workspace) -> None:
    test = running_of(workspace)
    own = {"workspace": workspace, "test": test, "variant": variant_of(test, "blue")}
    RollOut.objects.create(**own, proposal=propose(workspace, "1"), started_at=NOW)

    _refused(
        lambda: RollOut.objects.create(**own, proposal=propose(workspace, "2"), started_at=NOW),
        "rollout_one_open",
    )
    _refused(lambda: RollOut.objects.update(share=9_600), "rollout_share")


def test_allocations_are_never_rewritten(workspace: Workspace) -> None:
    test = running_of(workspace)
    ABTestAllocation.objects.create(
        workspace=workspace, test=test, at=NOW, weights={}, reason="Started."
    )

    with pytest.raises(Exception, match="append_only"), transaction.atomic():
        ABTestAllocation.objects.update(reason="No.")
