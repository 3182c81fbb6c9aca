"""The sandbox in a process of its own, holding the accounts of bench workspaces."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from campaigns.models import AdAccount, AdSet
from embedded.network import free_port
from embedded.process import spawn, stop, wait_until
from embedded.stack import PROJECT
from workspaces.crypto import decrypt
from workspaces.models import Workspace

_MONTH_S = 30 * 24 * 3600


@dataclass(frozen=True)
class FarEnd:
    """Where the sandbox listens."""

    base_url: str
    #: Where it takes mail.
    smtp_port: int = 0

    def control(self, name: str, body: dict[str, Any], *, method: str = "POST") -> dict[str, Any]:
        """Tell the sandbox something; its answer."""
        answer = httpx.request(
            method, f"{self.base_url}/_sandbox/{name}", json=body, timeout=30, trust_env=False
        )
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def hold(self, workspace: Workspace, now: datetime) -> None:
        """Take the accounts of a workspace over, budgets as mirrored, learning long over."""
        accounts = [
            _account(account)
            for account in AdAccount.objects.filter(workspace=workspace).select_related(
                "connection"
            )
        ]
        created_at = int(now.timestamp()) - _MONTH_S
        self.control("seed", {"accounts": accounts, "created_at": created_at})

    def answer_after(self, seconds: float) -> None:
        """Let every answer of the platform arrive that much later."""
        self.control("faults", {"kind": "slow_drip", "hold_s": seconds})


def _account(account: AdAccount) -> dict[str, Any]:
    campaigns = [
        {
            "id": campaign.external_id,
            "name": campaign.name,
            "status": "active",
            "adsets": [_ad_set(ad_set) for ad_set in campaign.ad_sets.order_by("pk")],
        }
        for campaign in account.campaigns.order_by("pk")
    ]
    assert account.connection is not None
    return {
        "platform": "meta",
        "id": account.external_id,
        "name": account.name,
        "currency": account.currency,
        "timezone": "UTC",
        "token": decrypt(account.connection.secret)["access_token"],
        "campaigns": campaigns,
    }


def _ad_set(ad_set: AdSet) -> dict[str, Any]:
    return {
        "id": ad_set.external_id,
        "name": ad_set.name,
        "status": "active",
        "daily_budget": f"{ad_set.daily_budget:.2f}",
        "ads": [],
    }


@contextmanager
def far_end(state: Path) -> Iterator[FarEnd]:
    """The sandbox on a free port, stopped afterwards."""
    port, smtp_port = free_port(), free_port()
    end = FarEnd(f"http://127.0.0.1:{port}", smtp_port)
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--smtp-port", str(smtp_port)]
    with (state / "sandbox.log").open("wb") as log:
        process: subprocess.Popen[bytes] = spawn(
            [*command, "--state", str(state / "sandbox.sqlite3")],
            log=log,
            death_signal=signal.SIGTERM,
            cwd=PROJECT,
        )
    try:
        if not wait_until(lambda: _answers(end), timeout_s=30):
            raise RuntimeError(f"the sandbox did not start; look at {log.name}")
        yield end
    finally:
        stop(process, (signal.SIGTERM, 10.0))


def _answers(end: FarEnd) -> bool:
    try:
        httpx.get(f"{end.base_url}/_sandbox/calls", timeout=1, trust_env=False)
    except httpx.HTTPError:
        return False
    return True
