"""Which tests share a worker, and that those start first.

``@pytest.mark.xdist_group`` would say it, but pytest 9.2 does not take the ids any more with which
pytest-xdist 3.8 hands the groups over: grouped tests were spread without a word
(https://github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pytest

try:
    from xdist.scheduler import LoadScopeScheduling
except ImportError:  # run without pytest-xdist, nothing is spread
    LoadScopeScheduling = object

# Beginnings of test ids. What stands here makes something dear that all its tests share. They start
# in this order, whatever their number: what takes longest must not begin last.
TOGETHER = (
    "tests/e2e/",
    "tests/tracker/",
    "tests/crash/",
    "tests/test_tenancy_admin.py",
    "tests/workspaces/test_admin_lists.py",
    "tests/api/test_schema.py",
    "tests/benchmarks/test_command.py",
    "tests/campaigns/advice/",
    "tests/campaigns/response/",
    "tests/mlops/world/",
    "tests/mlops/learning/",
)


def scope_of(nodeid: str) -> str:
    """What goes to a worker as one: a group, else the test alone."""
    return next((group for group in TOGETHER if nodeid.startswith(group)), nodeid)


class Scheduling(LoadScopeScheduling):
    """One test at a time to the worker that is free, and the large groups before them all.

    pytest-xdist goes through all that a worker was ever given after each of its tests, and through
    all tests for the number of the next: 12 s of CPU in a run of 15,000. Here what is done is let
    go of, and numbers are kept.
    """

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        nodeid = self.registered_collections[node][item_index]
        units = self.assigned_work[node]
        scope = self._split_scope(nodeid)
        units[scope][nodeid] = True
        if all(units[scope].values()):
            del units[scope]
        self._reschedule(node)

    def _assign_work_unit(self, node: Any) -> None:
        alone = next(iter(self.workqueue))
        scope = next((group for group in TOGETHER if group in self.workqueue), alone)
        unit = self.workqueue.pop(scope)
        self.assigned_work[node][scope] = unit
        node.send_runtest_some([self._numbers[nodeid] for nodeid, done in unit.items() if not done])

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Where each test stands; all workers collected the same."""
        return {nodeid: number for number, nodeid in enumerate(self.collection)}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    """Ours, whatever ``--dist`` says."""
    return Scheduling(config, log)
