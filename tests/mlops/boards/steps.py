"""Days of ads for the ML dashboards, and syncs over them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from campaigns.models import AdAccount, DailyPerformance
from mlops.models import MLDashboard, SyncRun, Theme
from mlops.selectors.boards import JOB
from tests.campaigns.factories import AdAccountFactory, CampaignFactory
from workspaces.models import Workspace
from workspaces.services.jobs import run_job

CHANNELS = ("google_ads", "meta", "tiktok")


def some_days(
    workspace: Workspace,
    *,
    until: date,
    days: int = 40,
    channels: Sequence[str] = CHANNELS,
    **account: object,
) -> AdAccount:
    """One campaign a channel; each earns more than the one before, and Sundays are better."""
    owner = AdAccountFactory(workspace=workspace, summing_level="campaign", **account)
    rows = []
    for place, channel in enumerate(channels):
        campaign = CampaignFactory(account=owner, channel=channel)
        for back in range(days):
            day = until - timedelta(days=back)
            spend = Decimal(100 * (place + 1) + 7 * (back % 5))
            better = Decimal("1.5") if day.weekday() == 6 else Decimal(1)
            rows.append(
                DailyPerformance(
                    workspace=workspace, account=owner, campaign=campaign, level="campaign",
                    day=day, impressions=10_000, reach=8_000 + 100 * (back % 3), clicks=200,
                    conversions=Decimal(4 + place), spend=spend,
                    revenue=spend * (place + 1) * better, pipeline_value=spend * 5,
                    fetched_at=datetime.combine(day, datetime.min.time()).astimezone(),
                )
            )  # fmt: skip
    DailyPerformance.objects.bulk_create(rows)
    return owner


def drawn(workspace: Workspace, now: datetime) -> SyncRun:
    """A batch of one chart, light and dark, that nobody had to draw."""
    run = SyncRun.objects.create(
        workspace=workspace, trigger="test", state="done", step="store", started_at=now,
        finished_at=now, is_current=True, figures_until=now.date(),
    )  # fmt: skip
    for theme in Theme:
        data = f"{theme} of {workspace.slug}".encode()
        MLDashboard.objects.create(
            workspace=workspace, run=run, created_at=now, type="roi_forecast", theme=theme,
            data=data, sha256=sha256(data).hexdigest(), width_px=1, height_px=1, summary="ROI",
        )  # fmt: skip
    return run


def synced(workspace: Workspace, now: datetime, trigger: str = "test") -> SyncRun:
    """A sync carried out here and now."""
    run = run_job(workspace=workspace, name=JOB, trigger=trigger, now=now)
    return SyncRun.objects.get(public_id=run.public_id)
