"""The sync as a job of a workspace: every connected account in turn, one failing alone."""

from __future__ import annotations

from typing import Final

from campaigns.services.alerts import check_alerts
from campaigns.services.predicting import predict_campaigns
from campaigns.services.signals import detect_signals
from campaigns.services.syncing import accounts_to_sync, sync_account
from workspaces.platforms.errors import PlatformError
from workspaces.services.jobs import Progress
from workspaces.services.refusals import RefusedError

SYNC_JOB: Final = "actuals-sync"


class SyncFailedError(RefusedError):
    """Some accounts could not be read; the others are up to date."""


def sync_workspace(progress: Progress) -> None:
    """Mirror all connected accounts of the workspace of a run.

    Raises
    ------
    SyncFailedError : names the accounts that did not answer, when all others are done
    """
    accounts = list(accounts_to_sync(workspace=progress.workspace))
    failed = []
    for place, account in enumerate(accounts):
        progress.step(f"Reading {account.name}", done=place, total=len(accounts))
        try:
            result = sync_account(account=account, now=progress.now)
        except PlatformError as error:
            failed.append(f"{account.name}: {error.message}")
            continue
        progress.count(
            accounts=1,
            campaigns=result.campaigns,
            ad_sets=result.ad_sets,
            ads=result.ads,
            days=result.days,
        )
    if accounts:
        progress.step("Predicting campaigns", done=len(accounts), total=len(accounts))
        predict_campaigns(workspace=progress.workspace, now=progress.now)
        progress.step("Looking for signals", done=len(accounts), total=len(accounts))
        found = detect_signals(workspace=progress.workspace, now=progress.now)["found"]
        progress.count(**({"signals": found} if found else {}))
        progress.step("Checking alerts", done=len(accounts), total=len(accounts))
        raised = check_alerts(workspace=progress.workspace, now=progress.now).raised
        progress.count(**({"alerts": raised} if raised else {}))
    if failed:
        raise SyncFailedError(" ".join(failed))
