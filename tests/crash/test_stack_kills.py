"""The running system, its processes killed one after the other while fifty changes execute."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import psycopg2
import pytest

from embedded.stack import MIGRATE, Stack

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(600)]

VICTIMS = ("worker-gate", "beat", "redis", "worker-gate", "postgres", "web", "worker-gate")
PATIENCE_S = 180


def statuses(stack: Stack) -> Counter[str]:
    with closing(psycopg2.connect(stack.database_url)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT status, count(*) FROM workspaces_proposal GROUP BY status")
        return Counter(dict(cursor.fetchall()))


def effects(stack: Stack) -> Counter[str]:
    with urlopen(f"{stack.sandbox_url}/_sandbox/calls", timeout=30) as answer:
        log = json.loads(answer.read())
    return Counter(effect["entity_id"] for effect in log["effects"])


def test_every_change_takes_effect_once_whatever_dies(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "state", prepare=(MIGRATE, "python -m tests.crash.seed_stack"))
    stack.start(timeout_s=300)
    try:
        for victim in VICTIMS:
            stack.wait_for_new(victim, stack.kill(victim), timeout_s=60)
        deadline = time.monotonic() + PATIENCE_S
        while statuses(stack)["executed"] < 50 and time.monotonic() < deadline:
            time.sleep(0.5)

        assert statuses(stack) == {"executed": 50}
        assert len(effects(stack)) == 50
        assert set(effects(stack).values()) == {1}
    finally:
        stack.stop()
