"""Filling a workspace with a drawn export, through the import that real files take."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Final

from campaigns.engine.importing.names import NameRow, Names
from campaigns.models import AdAccount
from campaigns.services.advising.making import ADVICE_JOB
from campaigns.services.alerts.checking import ALERTS_JOB
from campaigns.services.importing import ImportOptions, import_performance
from campaigns.services.predicting import PREDICTIONS_JOB
from campaigns.services.signals import SIGNALS_JOB
from mlops.simulation.ads_export import ExportedCampaign, draw_export
from workspaces.models import JobRun, Workspace
from workspaces.services.jobs import run_job

DAYS: Final = 30
PREFIX: Final = "seed-"
#: What runs over the new days, in this order.
JOBS: Final = (PREDICTIONS_JOB, SIGNALS_JOB, ALERTS_JOB, ADVICE_JOB)


class SeedError(Exception):
    """The workspace cannot be filled; says what to do."""


@dataclass(frozen=True)
class Seeded:
    """What was written."""

    campaigns: int
    days: int
    runs: list[JobRun]


def seed_ads(*, workspace: Workspace, campaigns: int, seed: int, now: datetime) -> Seeded:
    """Import drawn campaigns with their last 30 days, then run the jobs that read them.

    Raises
    ------
    SeedError : the workspace was filled before; nothing was written
    ImportRefused : as of any file; nothing was written for that account and the later ones
    """
    if AdAccount.objects.filter(workspace=workspace, external_id__startswith=PREFIX).exists():
        raise SeedError(f"{workspace.slug} has drawn campaigns already; choose another workspace.")
    drawn = draw_export(campaigns=campaigns, days=DAYS, seed=seed)
    until = now.astimezone(workspace.zone).date() - timedelta(days=1)
    first = until - timedelta(days=DAYS - 1)
    days = sum(
        _import(workspace, platform, [row for row in drawn if row.platform == platform], first, now)
        for platform in sorted({row.platform for row in drawn})
    )
    runs = [run_job(workspace=workspace, name=name, trigger="seed_ads", now=now) for name in JOBS]
    return Seeded(len(drawn), days, runs)


def _import(
    workspace: Workspace, platform: str, campaigns: list[ExportedCampaign], first: date,
    now: datetime,
) -> int:  # fmt: skip
    channels = {row.external_id: NameRow(channel=row.channel) for row in campaigns}
    run = import_performance(
        workspace=workspace,
        file=BytesIO(_file(campaigns, first)),
        file_name=f"seed_ads_{platform}.csv",
        options=ImportOptions(
            platform=platform,
            account_id=f"{PREFIX}{platform}",
            account_name=f"{platform.title()} (drawn)",
            data_source="Drawn by seed_ads: invented.",
            names=Names({"campaign": channels}),
        ),
        by=None,
        now=now,
    )
    return run.days_written


def _file(campaigns: Iterable[ExportedCampaign], first: date) -> bytes:
    rows = [row for campaign in campaigns for row in campaign.rows(first)]
    text = StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
