"""Tests that share something dear run on one worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.scheduling import TOGETHER, scope_of

PROJECT = Path(__file__).parents[1]
BODY = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range(8))
def test_worker(number):
    note = pathlib.Path(__file__).with_name(os.environ["PYTEST_XDIST_WORKER"])
    with note.open("a") as written:
        written.write(str(number))
"""


@pytest.mark.parametrize("group", TOGETHER)
def test_group_names_what_is_there(group):
    assert (PROJECT / group).exists()


def test_tests_of_a_group_are_one_and_others_alone():
    assert scope_of("tests/e2e/test_queue.py::test_signs[a]") == "tests/e2e/"
    assert scope_of("tests/e2e/test_main_job.py::test_signs") == "tests/e2e/"
    assert scope_of("tests/api/test_gate.py::test_a") == "tests/api/test_gate.py::test_a"


def test_group_goes_to_one_worker(tmp_path):
    """With the pinned pytest and pytest-xdist, whose own groups spread without a word."""
    home = tmp_path / "tests" / "e2e"
    home.mkdir(parents=True)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (home / "test_nested.py").write_text(BODY)
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "tests.scheduling", "-n", "2"]

    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(PROJECT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(file.read_text() for file in home.glob("gw*")) == ["01234567"]
