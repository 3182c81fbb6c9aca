"""Tests that share something dear run on one worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.scheduling import TOGETHER, Scheduling, scope_of

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


class Worker:
    """What the scheduler sees of a worker."""

    gateway = SimpleNamespace(id="any")
    shutting_down = False

    def __init__(self) -> None:
        self.waiting: list[int] = []

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.waiting += numbers

    def shutdown(self) -> None:
        self.shutting_down = True


def _scheduled(tests: list[str]) -> tuple[Scheduling, list[Worker]]:
    silent = SimpleNamespace(loadscopesched=lambda *words: None)
    option = SimpleNamespace(loadscopereorder=True)
    config = SimpleNamespace(option=option, getvalue=lambda name: ["2*popen"])
    scheduling = Scheduling(config, silent)
    workers = [Worker(), Worker()]
    for worker in workers:
        scheduling.add_node(worker)
    for worker in workers:
        scheduling.add_node_collection(worker, tests)
    scheduling.schedule()
    return scheduling, workers


TESTS = ["tests/a.py::test_1", "tests/e2e/b.py::test_2", "tests/e2e/b.py::test_3",
         *(f"tests/crash/c.py::test_{number}" for number in range(4, 8)),
         *(f"tests/d.py::test_{number}" for number in range(8, 12))]  # fmt: skip


def _run(scheduling: Scheduling, *workers: Worker) -> list[int]:
    """Numbers of the tests, in the order in which the workers did them."""
    done: list[int] = []
    while busy := [worker for worker in workers if worker.waiting]:
        for worker in busy:
            done.append(worker.waiting.pop(0))
            scheduling.mark_test_complete(worker, done[-1])
    return done


def test_each_test_is_given_once_and_let_go_when_done():
    scheduling, workers = _scheduled(TESTS)

    done = _run(scheduling, *workers)

    assert done[:2] == [1, 3], "the groups begin, in their order and not in that of their size"
    assert sorted(done) == list(range(len(TESTS)))
    assert not scheduling.has_pending
    assert all(scheduling.assigned_work[worker] == {} for worker in workers)


def test_what_a_dead_worker_had_not_done_goes_to_another():
    scheduling, (dead, other) = _scheduled(TESTS)
    scheduling.mark_test_complete(dead, dead.waiting.pop(0))

    assert scheduling.remove_node(dead) == TESTS[2]

    assert sorted(_run(scheduling, other)) == [0, *range(2, len(TESTS))]


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
