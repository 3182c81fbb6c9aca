"""Every dashboard is asked on the same morning."""

from __future__ import annotations

import pytest
import time_machine

from tests.attribution.boards.steps import NOW


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield
