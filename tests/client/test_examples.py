"""The example agent, as a program of its own against a real API."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.factories import DailyPerformanceFactory, SafetyPolicyFactory
from workspaces.models import AgentSuggestion, ApiKey, KeyKind, Proposal, Workspace

CLIENT = Path(__file__).parents[2] / "client"
DAY = "2026-11-20"


@pytest.mark.django_db(transaction=True)
def test_the_budget_agent_suggests_once_and_people_sign(
    live_server: Any, workspace: Workspace
) -> None:
    SafetyPolicyFactory(workspace=workspace)
    named = {"ad__ad_set__campaign__account__workspace": workspace, "day": DAY}
    good = DailyPerformanceFactory(spend=Decimal(95), revenue=Decimal(380), **named)
    bad = DailyPerformanceFactory(spend=Decimal(90), revenue=Decimal(90), **named)
    # Well, but it had room: nothing to do.
    DailyPerformanceFactory(spend=Decimal(50), revenue=Decimal(400), **named)
    _, key = ApiKey.objects.create_key(
        workspace=workspace, name="Budget agent", kind=KeyKind.AGENT,
        scopes=["changes:read", "changes:propose", "insight:read"],
    )  # fmt: skip

    def run() -> list[str]:
        told = subprocess.run(
            [sys.executable, str(CLIENT / "examples" / "budget_agent.py"), "--day", DAY],
            env=os.environ
            | {"COUNTERSIGN_URL": live_server.url, "COUNTERSIGN_KEY": key,
               "PYTHONPATH": str(CLIENT)},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        return sorted(told.stdout.splitlines())

    first, again = run(), run()

    ids = sorted(f"suggested {DAY}/{one.ad_set.public_id}" for one in (good, bad))
    assert first == again == sorted([*ids, f"2 ideas for {DAY}"])
    rows = AgentSuggestion.objects.order_by("priority").values_list("priority", "impact__roas")
    assert list(rows) == [("high", "1.00"), ("medium", "4.00")]
    waiting = Proposal.objects.filter(status="pending")
    after = [Decimal(one.current_plan.content["after"]) for one in waiting if one.current_plan]
    assert sorted(after) == [Decimal(90), Decimal(110)]
