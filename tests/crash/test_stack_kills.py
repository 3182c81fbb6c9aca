"""The running system, its processes killed at random while fifty signatures are carried out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.kills import merged, overlap, run

pytestmark = [pytest.mark.crash]


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_done_twice_whatever_dies(tmp_path: Path) -> None:
    figures = run(tmp_path / "state", executions=50, every_s=4, pace=1, seed=20261123)

    assert figures.violations == [], "\n".join(figures.lines())
    assert figures.acknowledged == sum(figures.executions.values())
    assert sum(figures.kills.values()) > 0


def test_time_in_which_something_was_down_is_counted_once() -> None:
    down = merged([(5, 9), (1, 3), (2, 4), (9, 10)])

    assert down == [(1, 4), (5, 10)]
    assert overlap((3, 7), down) == 3
    assert overlap((10, 12), down) == 0
