"""The command itself, at its smallest: ratios with slack, never seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.stack import PROJECT

# A third of what the smallest run reaches on two busy cores; docs/performance.md has the figures.
LEAST = {"changes claimed": 0.007, "rows imported": 0.009}
# Three times what it needs.
MOST = {
    "approve → receipt p50": 6.0,
    "/approvals/": 45.0,
    "stored journeys, all": 15.0,
    "… those of one person in a hundred": 0.35,
    "funnel of 5 steps": 3.0,
    "… counted in SQL": 6.0,
    "… the engine's scan": 0.2,
}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """What one run reports."""
    file: Path = tmp_path_factory.mktemp("bench") / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "--scale", "tiny", "--json", str(file)]
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=2000, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "claim-and-update" in done.stdout
    told = json.loads(file.read_text())
    return told["figures"]


def ratio(figures: list[dict[str, object]], name: str) -> float:
    return next(float(f["ratio"]) for f in figures if str(f["name"]).startswith(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LEAST))
def test_throughput_keeps_its_share_of_the_limit(figures, name):
    assert ratio(figures, name) >= LEAST[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(MOST))
def test_time_stays_within_its_multiple_of_the_limit(figures, name):
    assert ratio(figures, name) <= MOST[name]
