"""A workspace whose curves are known: two channels, forty days, so the stated priors serve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from campaigns.models import Campaign, DailyPerformance, ResponseFit, Scenario
from campaigns.selectors.response import response_days
from campaigns.services.scenarios.fitting import fit_curves
from campaigns.services.scenarios.inputs import read_inputs
from campaigns.services.scenarios.saving import save_scenario
from tests.campaigns.advice.steps import YESTERDAY
from tests.campaigns.factories import AdAccountFactory, CampaignFactory
from workspaces.gate import Proposer
from workspaces.models import User, Workspace

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
NOTHING = {
    "channel": "total", "source": "prior", "spend": 0.0, "present_spend": 0.0, "installs": None,
    "revenue": None, "cost_per_install": None, "roas": None,
}  # fmt: skip


def two_channels(workspace: Workspace, days: int = 40) -> tuple[Campaign, Campaign]:
    """Google Ads at 100 a day and Meta at 60, with daily budgets of 100 each."""
    return (
        _running(workspace, "google", "google_ads", "Brand", 100, days),
        _running(workspace, "meta", "facebook", "Prospecting", 60, days),
    )


def _running(
    workspace: Workspace, platform: str, channel: str, name: str, spend: int, days: int
) -> Campaign:
    account = AdAccountFactory(workspace=workspace, platform=platform, summing_level="campaign")
    campaign = CampaignFactory(
        account=account, name=name, channel=channel, daily_budget=Decimal(100)
    )
    DailyPerformance.objects.bulk_create(
        DailyPerformance(
            workspace=workspace, account=account, campaign=campaign, level="campaign",
            day=YESTERDAY - timedelta(days=back), impressions=1000, clicks=20, spend=spend,
            installs=10 + back % 7, revenue=200 + 10 * (back % 5), fetched_at=NOW,
        )
        for back in range(days)
    )  # fmt: skip
    return campaign


def curves_of(workspace: Workspace, now: datetime = NOW) -> ResponseFit:
    """Fit what the workspace has; forty days take no time."""
    days = response_days(workspace, now)
    assert days is not None
    return fit_curves(workspace=workspace, now=now, days=days)


def scenario_of(workspace: Workspace, by: User, now: datetime = NOW, **budgets: float) -> Scenario:
    """A kept scenario on fresh curves."""
    if not Campaign.objects.filter(workspace=workspace, name="Brand").exists():
        two_channels(workspace)
    fit = curves_of(workspace, now)
    inputs = read_inputs({"budgets": budgets}, {"google_ads": 100.0, "meta": 60.0})
    return save_scenario(
        fit=fit, inputs=inputs, name="More search", by=Proposer.person(by), now=now
    )


def stored(workspace: Workspace, by: User) -> Scenario:
    """A row as it is stored, on curves that nobody can use: for tests of who may see it."""
    fit = ResponseFit.objects.create(
        workspace=workspace, fitted_at=NOW, since=YESTERDAY, until=YESTERDAY,
        engine_version="none", currency="USD", unit="installs", curves={},
        quality={"notes": [], "outcomes": {}}, uses_priors=True,
    )  # fmt: skip
    results = {
        "fit": str(fit.public_id), "engine_version": "none", "currency": "USD", "unit": "installs",
        "fitted_on": {"since": "2026-11-20", "until": "2026-11-20"}, "horizon_days": 30,
        "lines": [], "total": NOTHING, "more_likely": 0.5, "app": {}, "effects": [],
        "narrative": [], "live_budgets": {},
    }  # fmt: skip
    return Scenario.objects.create(
        workspace=workspace, fit=fit, name="Plan of Acme", inputs={"budgets": {}},
        results=results, author=by, author_label=str(by), created_at=NOW,
    )  # fmt: skip
