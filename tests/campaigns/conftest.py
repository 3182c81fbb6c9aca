"""A sandbox over real HTTP, and an account that lives on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from campaigns.models import AdAccount
from campaigns.services.syncing import connect_account, sync_account
from sandbox.server import Sandbox
from workspaces.crypto import encrypt
from workspaces.models import Connection, Workspace

PTD_META = "4400110022"


@pytest.fixture
def box(tmp_path: Path, now: datetime) -> Iterator[Sandbox]:
    """The sandbox, its clock frozen at ``now``, filled with the demo world."""
    with Sandbox(tmp_path / "sandbox.sqlite3") as sandbox:
        sandbox.control("clock", {"set": now.isoformat()})
        sandbox.control("seed", {"world": "ptd_fitness", "today": now.date().isoformat()})
        yield sandbox


def connect(box: Sandbox, workspace: Workspace, kind: str, secret: dict[str, str]) -> Connection:
    """Connection of a workspace to the sandbox."""
    return Connection.objects.create(
        workspace=workspace, kind=kind, name=kind, base_url=box.base_url, secret=encrypt(secret)
    )


@pytest.fixture
def meta_account(box: Sandbox, workspace: Workspace, now: datetime) -> AdAccount:
    """The demo's Meta account, connected and synced."""
    workspace.mode = "pipeline"
    workspace.save()
    secret = {"access_token": "sandbox-meta-ptd-fitness", "conversion_action": "lead"}
    connection = connect(box, workspace, "meta", secret)
    account = connect_account(connection=connection, external_id=PTD_META, platform="meta", now=now)
    sync_account(account=account, now=now)
    account.refresh_from_db()
    return account
