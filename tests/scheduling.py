"""Which tests share a worker, and that those start first.

``@pytest.mark.xdist_group`` would say it, but pytest 9.2 does not take the ids any more with which
pytest-xdist 3.8 hands the groups over: grouped tests were spread without a word
(https://github.com/pytest-dev/pytest-xdist/issues/1386).
"""

from __future__ import annotations

import pytest

try:
    from xdist.scheduler import LoadScopeScheduling
except ImportError:  # run without pytest-xdist, nothing is spread
    LoadScopeScheduling = object

# Beginnings of test ids. What stands here makes something dear that all its tests share.
TOGETHER = (
    "tests/e2e/",
    "tests/tracker/",
    "tests/crash/",
    "tests/api/test_schema.py",
    "tests/benchmarks/test_command.py",
    "tests/campaigns/advice/",
    "tests/campaigns/response/",
    "tests/mlops/world/",
)


def scope_of(nodeid: str) -> str:
    """What goes to a worker as one: a group, else the test alone."""
    return next((group for group in TOGETHER if nodeid.startswith(group)), nodeid)


class Scheduling(LoadScopeScheduling):
    """One test at a time to the worker that is free, and the large groups before them all."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    """Ours, whatever ``--dist`` says."""
    return Scheduling(config, log)
