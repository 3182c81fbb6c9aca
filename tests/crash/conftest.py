"""An account of fifty ad sets on the sandbox, and workers that are forked to be killed."""

from __future__ import annotations

import os
import select
import signal
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
from django.db import connection, connections

from campaigns.models import AdAccount, AdSet, SafetyPolicy
from campaigns.services.syncing import connect_account, sync_account
from sandbox.server import Sandbox
from tests.campaigns.conftest import connect
from tests.crash.accounts import seed_account
from workspaces.models import Workspace


@pytest.fixture
def box(tmp_path: Path, now: datetime) -> Iterator[Sandbox]:
    """A sandbox with the account, its clock at ``now``."""
    with Sandbox(tmp_path / "sandbox.sqlite3") as sandbox:
        sandbox.control("clock", {"set": now.isoformat()})
        sandbox.control("seed", seed_account(now))
        yield sandbox


@pytest.fixture
def ad_sets(box: Sandbox, workspace: Workspace, now: datetime) -> list[AdSet]:
    """The mirrored ad sets, under a policy that lets them all move at once."""
    connection = connect(box, workspace, "meta", {"access_token": "t"})
    account = connect_account(connection=connection, external_id="9001", platform="meta", now=now)
    sync_account(account=account, now=now)
    SafetyPolicy.objects.create(
        workspace=workspace,
        version=1,
        jitter_min_ms=0,
        jitter_max_ms=0,
        rate_campaign_hour=1000,
        rate_workspace_day=1000,
        created_at=now,
        effective_at=now,
    )
    AdAccount.objects.filter(pk=account.pk).update(has_usable_conversions=False)
    return list(AdSet.objects.filter(account=account).order_by("pk"))


def fork(work: Callable[[], None]) -> int:
    """Run ``work`` in a forked worker; its process id. It shares nothing but the servers."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        _child(work)
    return pid


def _child(work: Callable[[], None]) -> NoReturn:
    status = 1
    try:
        work()
        status = 0
    except Exception:  # noqa: BLE001  # a fork must never run on into pytest
        traceback.print_exc()
    finally:
        os._exit(status)


def kill(pid: int) -> None:
    """End a worker the hard way."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def ends_within(pid: int, seconds: float) -> bool:
    """Whether a worker ends by itself within a time."""
    descriptor = os.pidfd_open(pid)
    try:
        ended, _, _ = select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)
    if ended:
        os.waitpid(pid, 0)
    return bool(ended)


def _die_before(statement: str, nth: int, work: Callable[[], object]) -> None:
    sent = 0

    def watched(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal sent
        sent += sql.lstrip().startswith(statement)
        if sent == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watched):
        work()


def killed(statement: str, work: Callable[[], object], nth: int = 1) -> None:
    """Have a worker die as of ``kill -9`` before the nth such statement, and see that it did."""
    _, status = os.waitpid(fork(partial(_die_before, statement, nth, work)), 0)
    assert os.WIFSIGNALED(status), f"{statement} was not sent {nth} times"
