"""Campaigns with days, and what a check of them finds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from campaigns.models import Alert, AlertRule, Campaign, DailyPerformance
from campaigns.services.alerts import ensure_rules
from tests.campaigns.factories import AdAccountFactory, CampaignFactory
from workspaces.models import Workspace

TODAY = date(2026, 11, 21)
YESTERDAY = TODAY - timedelta(days=1)
# Crosses no line of the shipped rules.
CALM: dict[str, Any] = {
    "impressions": 5_000, "clicks": 100, "engagement": 250, "spend": Decimal(100),
    "conversions": Decimal(5), "revenue": Decimal(400),
}  # fmt: skip


def campaign_of(workspace: Workspace, **fields: Any) -> Campaign:
    """A running campaign of an account whose rows are of campaigns."""
    own = {name[9:]: fields.pop(name) for name in list(fields) if name.startswith("account__")}
    account = AdAccountFactory(workspace=workspace, summing_level="campaign", **own)
    return CampaignFactory(**{"account": account, "channel": "meta", "name": "Spring", **fields})


def days_to(campaign: Campaign, until: date = YESTERDAY, count: int = 20, **newest: Any) -> None:
    """Calm days; the last one as given."""
    DailyPerformance.objects.bulk_create(
        DailyPerformance(
            workspace=campaign.workspace, account=campaign.account, campaign=campaign,
            level="campaign", day=until - timedelta(days=back), fetched_at="2026-11-21T06:00:00Z",
            **(CALM | newest if back == 0 else CALM),
        )
        for back in range(count)
    )  # fmt: skip


def set_days(campaign: Campaign, **fields: Any) -> None:
    """Make every day so."""
    DailyPerformance.objects.filter(campaign=campaign).update(**fields)


def only(workspace: Workspace, name: str, **changed: Any) -> AlertRule:
    """The shipped rules with one of them on."""
    rule = ensure_rules(workspace=workspace)[name]
    AlertRule.objects.filter(workspace=workspace).update(is_enabled=False)
    AlertRule.objects.filter(pk=rule.pk).update(is_enabled=True, **changed)
    rule.refresh_from_db()
    return rule


def types_of(workspace: Workspace) -> set[str]:
    """Types of the open alerts."""
    rows = Alert.objects.filter(workspace=workspace, resolved_at=None)
    return set(rows.values_list("type", flat=True))


def alert_of(workspace: Workspace, **fields: Any) -> Alert:
    """An open, unread alert of a channel."""
    now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    rule = ensure_rules(workspace=workspace)["ROI drop"]
    return Alert.objects.create(
        **{
            "workspace": workspace, "rule": rule, "type": rule.type, "severity": rule.severity,
            "channel": "meta", "day": TODAY, "message": "ROAS is low", "metric_value": 1,
            "threshold_value": 2, "first_seen_at": now, "raised_at": now, "last_seen_at": now,
            **fields,
        }
    )  # fmt: skip
