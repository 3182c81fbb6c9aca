"""Runs of attribution models: journeys in, credits stored."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from attribution.models import (
    AttributionCredit,
    AttributionModel,
    AttributionRun,
    CreditLevel,
    Method,
)
from attribution.models.credits import LOOKBACK_DAYS
from attribution.selectors.credits import SEED, Ledger, Line, options_of
from attribution.selectors.journeys import load_journeys, newest_data
from attribution.selectors.regions import regions_of
from attribution.services.channel_days import fill_channel_days
from attribution.services.journeys import refresh_journeys
from attribution.services.touches import channels_of
from campaigns.models import Campaign
from workspaces.models import User, Workspace
from workspaces.periods import Period
from workspaces.services.jobs import Progress

RUNS_JOB: Final = "attribution-models"
# Raised with every change of the engine or of how journeys are read that may move a figure.
CODE_VERSION: Final = "1"
WINDOWS: Final = (7, 30, 90)
_DEFAULT: Final = Method.POSITION_BASED
# It gives negative credit and asks for journeys without conversion: for those who know it.
_OFF_AT_FIRST: Final = (Method.LINEAR_UNIQUE, Method.SHAPLEY_RATE)


def seed_models(*, workspace: Workspace) -> None:
    """Give a workspace its models; those that it has already stay as they are."""
    AttributionModel.objects.bulk_create(
        (
            AttributionModel(
                workspace=workspace,
                name=method.label,
                method=method,
                levels=list(CreditLevel.values),
                is_active=method not in _OFF_AT_FIRST,
                is_default=method == _DEFAULT,
            )
            for method in Method
        ),
        ignore_conflicts=True,
    )


def seed_new(workspace: Workspace, _by: User, _now: datetime) -> None:
    """As ``seed_models``, for a workspace that is being made."""
    seed_models(workspace=workspace)


def windows_to(
    workspace: Workspace, *, now: datetime, windows: Sequence[int] = WINDOWS
) -> list[Period]:
    """Periods of so many days up to yesterday in the workspace's zone; usually 7, 30 and 90."""
    yesterday = now.astimezone(workspace.zone).date() - timedelta(days=1)
    return [Period(yesterday - timedelta(days=days - 1), yesterday) for days in windows]


def run_model(
    *,
    model: AttributionModel,
    period: Period,
    level: str,
    now: datetime,
    conversion_type: str = "",
) -> AttributionRun:
    """Work one model out over the journeys that ended in a period, and store its credits."""
    workspace = model.workspace
    ledger = Ledger(workspace, period, load_journeys(workspace, period, conversion_type))
    return _store(ledger, model, level, conversion_type, now)


def run_models(*, workspace: Workspace, period: Period, now: datetime) -> list[AttributionRun]:
    """Run every active model at its levels over one period, reading the journeys once."""
    ledger = Ledger(workspace, period, load_journeys(workspace, period))
    models = AttributionModel.objects.filter(workspace=workspace, is_active=True).order_by("pk")
    return [_store(ledger, model, level, "", now) for model in models for level in model.levels]


@transaction.atomic
def _store(
    ledger: Ledger, model: AttributionModel, level: str, conversion_type: str, now: datetime
) -> AttributionRun:
    started_s = time.perf_counter()
    lines = ledger.lines(model, level, with_intervals=True)
    run = _run(ledger, model, level, conversion_type, now)
    run.cost = sum(ledger.spend.values()) if ledger.spend else None
    if level == CreditLevel.CHANNEL:
        run.summary = {**ledger.shapes, "regions": regions_of(ledger, model)}
    run.top_channel_id, run.top_campaign_id = _strongest(lines)
    run.duration_ms = (time.perf_counter() - started_s) * 1000
    run.save()
    AttributionCredit.objects.bulk_create(_credit(run, line) for line in lines)
    return run


def _run(
    ledger: Ledger, model: AttributionModel, level: str, conversion_type: str, now: datetime
) -> AttributionRun:
    journeys = ledger.journeys
    return AttributionRun(
        workspace=ledger.workspace,
        model=model,
        level=level,
        since=ledger.period.since,
        until=ledger.period.until,
        conversion_type=conversion_type,
        lookback_days=LOOKBACK_DAYS,
        options={
            "method": model.method,
            "seed": SEED,
            "replicates": settings.ATTRIBUTION_REPLICATES,
            **options_of(model),
        },
        code_version=CODE_VERSION,
        watermark=newest_data(ledger.workspace),
        data_sha256=journeys.sha256(),
        ran_at=now,
        journeys=len(journeys.converted),
        converted=journeys.conversions,
        without_rate=journeys.without_rate,
        conversions=float(journeys.conversions),
        revenue=ledger.revenue,
        mean_touches=journeys.mean_touches,
        mean_hours=journeys.mean_hours,
    )


def _credit(run: AttributionRun, line: Line) -> AttributionCredit:
    channel, campaign, ad = line.unit
    return AttributionCredit(
        workspace_id=run.workspace_id,
        run=run,
        channel_id=channel,
        campaign_id=campaign or None,
        ad_id=ad or None,
        conversions=line.conversions,
        revenue=line.revenue,
        cost=line.cost,
        share=line.share,
        conversions_low=line.conversions_low,
        conversions_high=line.conversions_high,
        revenue_low=line.revenue_low,
        revenue_high=line.revenue_high,
    )


def _strongest(lines: Sequence[Line]) -> tuple[int | None, int | None]:
    """Channel and campaign with the most credit."""
    channels: dict[int, float] = defaultdict(float)
    campaigns: dict[int, float] = defaultdict(float)
    for line in lines:
        channels[line.unit[0]] += line.conversions
        if line.unit[1]:
            campaigns[line.unit[1]] += line.conversions
    best = [
        max(sums, key=lambda key: (sums[key], -key)) if any(sums.values()) else None
        for sums in (channels, campaigns)
    ]
    return best[0], best[1]


def refresh_attribution(
    *, workspace: Workspace, now: datetime, windows: Sequence[int] = WINDOWS
) -> int:
    """Refresh journeys, run the models over periods up to yesterday, fill days of channels."""
    seed_models(workspace=workspace)
    _name_paid_channels(workspace)
    refresh_journeys(workspace=workspace, now=now)
    runs = 0
    for period in windows_to(workspace, now=now, windows=windows):
        runs += len(run_models(workspace=workspace, period=period, now=now))
    fill_channel_days(workspace=workspace, period=windows_to(workspace, now=now)[-1])
    before = now - timedelta(days=settings.ATTRIBUTION_RUN_KEEP_DAYS)
    AttributionRun.objects.filter(workspace=workspace, ran_at__lt=before).delete()
    return runs


def _name_paid_channels(workspace: Workspace) -> None:
    """Channels that cost money show even before they touch anybody."""
    campaigns = Campaign.objects.filter(workspace=workspace)
    names = campaigns.values_list("channel", "account__platform").distinct()
    channels_of(workspace=workspace, names={channel or platform for channel, platform in names})


def refresh_workspace(progress: Progress) -> None:
    """Body of the nightly job and of 'run now'."""
    progress.step("Journeys are built and models run")
    runs = refresh_attribution(workspace=progress.workspace, now=progress.now)
    progress.count(runs=runs)
