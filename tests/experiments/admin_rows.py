"""One row of every model of experiments."""

from __future__ import annotations

from experiments.models import (
    ABTestAllocation,
    ABTestChange,
    CountingWork,
    ExperimentPolicy,
    Exposure,
    ExposureDay,
    Layer,
    MetricDay,
    PracticeEvidence,
    PracticeUse,
    RollOut,
    UnitEvent,
    UnitOutcome,
)
from tests.experiments.practices.steps import practice_of
from tests.experiments.steps import NOW, metric_of, on_site, running_of, variant_of
from workspaces.models import Proposal, Workspace


def fill(workspace: Workspace, start: Proposal, roll_out: Proposal) -> None:
    """Make a row of each."""
    test = running_of(
        workspace, layer=Layer.objects.create(workspace=workspace, name="Prices"), layer_to=5_000
    )
    website = on_site(test)
    metric, variant = metric_of(workspace), variant_of(test, "blue")
    own = {"workspace": workspace, "test": test}
    of_day = {**own, "variant": variant, "day": NOW.date()}
    exposure = Exposure.objects.create(**of_day, unit="visitor", at=NOW)
    UnitOutcome.objects.create(
        workspace=workspace, exposure=exposure, metric=metric, day=NOW.date(), value=1
    )
    MetricDay.objects.create(**of_day, metric=metric, units=1, sum=1, sum_squares=1)
    ExposureDay.objects.create(**of_day, units=1)
    ABTestAllocation.objects.create(**own, at=NOW, weights={"blue": 5_000}, reason="Started.")
    ABTestChange.objects.create(**own, proposal=start, operation="start")
    RollOut.objects.create(**own, variant=variant, proposal=roll_out, started_at=NOW)
    ExperimentPolicy.objects.create(workspace=workspace)
    UnitEvent.objects.create(
        workspace=workspace, event_id="1", unit="visitor", name="purchase", at=NOW, received_at=NOW
    )
    CountingWork.objects.create(workspace=workspace, site=website.site, unit="visitor", since=NOW)
    practice = practice_of(workspace)
    said = {"workspace": workspace, "practice": practice, "at": NOW}
    PracticeEvidence.objects.create(
        **said, test=test, log_effect=0.1, variance=0.01, units=100, rate_without=0.1,
        rate_with=0.11,
    )  # fmt: skip
    PracticeUse.objects.create(**said, subject_key="test:1", subject_label="Button", by_label="me")
