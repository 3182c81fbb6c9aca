"""The sampler's round as a job of a workspace."""

from __future__ import annotations

from typing import Final

from campaigns.services.syncing import accounts_to_sync
from mlops.services.sampling import propose_budgets
from workspaces.services.jobs import Progress

BUDGET_JOB: Final = "budget-optimization"


def propose_for_workspace(progress: Progress) -> None:
    """Share the budgets of every connected account out anew, and propose what should change."""
    accounts = list(accounts_to_sync(workspace=progress.workspace))
    for place, account in enumerate(accounts):
        progress.step(f"Drawing for {account.name}", done=place, total=len(accounts))
        made = propose_budgets(account=account, now=progress.now)
        progress.count(accounts=1, proposals=len(made))
