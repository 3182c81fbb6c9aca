"""Tests that were run elsewhere come in as figures, and lines that cannot be are refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from benchmarks.experiment_archives import read_checkpoints, read_headlines
from benchmarks.experiment_imports import asos_rows, upworthy_rows, write_rows
from experiments.models import ABTest, ExposureDay, Metric, MetricDay
from experiments.services.importing import Imported, ImportFileError, import_tests
from tests.experiments.counting.steps import LATER, added, decimals, exposed, sums
from tests.experiments.steps import draft_of, metric_of
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db

DATA = Path(__file__).parent / "data"
MONDAY = date(2026, 3, 2)
ROW = {"test": "hero", "variant": "a", "metric": "buy", "day": "0.5", "n": "10",
       "conversions": "2"}  # fmt: skip
ROWS = [
    ROW,
    {**ROW, "day": "0.9", "n": "40", "conversions": "4"},
    {**ROW, "variant": "b", "n": "30", "conversions": "6"},
    {**ROW, "day": "2026-03-04", "n": "100", "conversions": "9"},
]


def _import(workspace: Workspace, rows: Any) -> Imported:
    return import_tests(workspace=workspace, rows=rows, started_on=MONDAY, now=LATER)


def test_the_last_checkpoint_of_each_day_holds(workspace: Workspace) -> None:
    assert _import(workspace, ROWS) == Imported(1, 0)

    test = ABTest.objects.get()
    assert sums(test) == {
        ("buy", "a", "", MONDAY): decimals(units=40, sum=4, sum_squares=4),
        ("buy", "a", "", date(2026, 3, 4)): decimals(units=60, sum=5, sum_squares=5),
        ("buy", "b", "", MONDAY): decimals(units=30, sum=6, sum_squares=6),
    }
    assert exposed(test)["a", "", date(2026, 3, 4)] == (60, 0)
    assert (test.status, test.is_imported, test.ended_at.date()) == (
        "completed", True, date(2026, 3, 5),
    )  # fmt: skip
    assert [row.weight for row in test.variants.order_by("position")] == [5_000, 5_000]


def test_what_people_read_comes_along(workspace: Workspace) -> None:
    _import(workspace, [{**ROWS[0], "text": "7 ways"}, *ROWS[1:]])

    assert dict(ABTest.objects.get().variants.values_list("key", "config")) == {
        "a": {"headline": "7 ways"}, "b": {},
    }  # fmt: skip


def test_means_and_sums_say_the_same(workspace: Workspace) -> None:
    row = {**ROW, "conversions": "", "n": "4"}
    _import(
        workspace,
        [
            {**row, "mean": "2.5", "variance": "3"},
            {**row, "variant": "b", "sum": "10", "sum_squares": "34"},
        ],
    )

    test = ABTest.objects.get()
    whole = decimals(units=4, sum=10, sum_squares=34)
    assert added(sums(test), "buy", "a") == added(sums(test), "buy", "b") == whole


def test_a_file_that_is_read_again_adds_nothing(workspace: Workspace) -> None:
    _import(workspace, ROWS)

    assert _import(workspace, ROWS) == Imported(0, 1)

    assert (MetricDay.objects.count(), ExposureDay.objects.count()) == (3, 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n": ""}, "Line 5, n: This must not be empty"),
        ({"test": "A Test"}, "Line 5, test: Use 1 to 40"),
        ({"day": "soon"}, "Line 5, day: 'soon' is not a number"),
        ({"day": "-1"}, "Line 5, day: Write a date"),
        ({"n": "2.5"}, "Line 5, n: Write how many"),
        ({"n": "nan"}, "Line 5, n: 'nan' is not a number"),
        ({"conversions": "101", "n": "100"}, "Line 5, conversions: There were 100"),
        (
            {"kind": "binomial", "conversions": "", "mean": "1"},
            "Line 5, variance: '' is not a number",
        ),
        (
            {"kind": "binomial", "conversions": "", "mean": "1", "variance": "-1"},
            "Line 5, variance: A variance",
        ),
        (
            {"kind": "binomial", "conversions": "", "mean": "1e26", "variance": "1"},
            "Line 5, sum: This figure",
        ),
        (
            {"kind": "binomial", "conversions": "", "sum": "1e999999"},
            "Line 5, sum: This figure is too large",
        ),
        ({"kind": "ratio"}, "Line 5, kind: 'ratio' is neither"),
        ({"kind": "mean"}, "Line 5, kind: 'buy' was binomial"),
        ({"day": "3", "n": "39"}, "n: Units of 'a' become fewer"),
        ({"test": "alone"}, "Line 5, variant: A test has two"),
    ],
)
def test_a_line_that_cannot_be_is_refused(
    workspace: Workspace, change: dict[str, str], words: str
) -> None:
    with pytest.raises(ImportFileError, match=words):
        _import(workspace, [*ROWS[:3], {**ROWS[3], **change}])

    assert not ABTest.objects.exists()
    assert not Metric.objects.exists()


def test_tests_and_metrics_of_ours_are_not_overwritten(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    draft_of(workspace, "hero")
    with pytest.raises(ImportFileError, match="'hero' is a test of this workspace"):
        _import(workspace, ROWS)
    metric_of(workspace, "buy")
    with pytest.raises(ImportFileError, match="'buy' is another metric"):
        _import(workspace, [{**row, "test": "other"} for row in ROWS])

    assert _import(other_workspace, ROWS) == Imported(1, 0)


def test_archives_come_in_by_the_command(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = list(read_checkpoints(DATA / "asos.csv.gz"))
    headlines = list(read_headlines(DATA / "upworthy.csv.gz"))
    for name, rows in (("asos", asos_rows(checkpoints)), ("upworthy", upworthy_rows(headlines))):
        write_rows(tmp_path / f"{name}.csv", rows)
        call_command("import_ab_tests", workspace.slug, tmp_path / f"{name}.csv")

    tests = ABTest.objects.filter(status="completed", is_imported=True)
    assert capsys.readouterr().out.count("tests are new, 0 were there") == 2
    last = max(
        (one for one in checkpoints if one.metric == "1" and one.treatment[2] is not None),
        key=lambda one: (one.test, one.variant, one.days),
    )
    found = added(sums(tests.get(key=f"asos-{last.test}-{last.variant}")), "asos-1", "treatment")
    assert found["units"] == last.treatment[0]
    assert abs(found["sum"] - Decimal(last.treatment[0]) * Decimal(last.treatment[1])) < 1
    clicks = [one.clicks for one in headlines if one.test == headlines[0].test]
    test = tests.get(key=f"upworthy-{headlines[0].test}")
    assert sum(figures["sum"] for figures in sums(test).values()) == sum(clicks)


def test_the_command_says_what_is_wrong(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "tests.csv"
    with pytest.raises(CommandError, match="no workspace"):
        call_command("import_ab_tests", "nobody", file)
    with pytest.raises(CommandError, match="no file"):
        call_command("import_ab_tests", workspace.slug, file)
    file.write_text("test,variant,colour\n")
    with pytest.raises(CommandError, match="not known: colour"):
        call_command("import_ab_tests", workspace.slug, file)
    file.write_text("test,variant,metric,day,n\nhero,a,buy,1,\n")
    with pytest.raises(CommandError, match="Line 2, n"):
        call_command("import_ab_tests", workspace.slug, file)
