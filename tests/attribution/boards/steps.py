"""A small app with ads: what dashboards of growth are asked about."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

from campaigns.models import DailyOrganicMetric
from campaigns.selectors.insight.query import query_of
from tests.campaigns.factories import AdFactory, CampaignFactory, DailyPerformanceFactory

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def ask(workspace, **given):
    return query_of(workspace, {name: str(value) for name, value in given.items()}, NOW)


def campaign_of(account, channel="facebook", **fields):
    campaign = CampaignFactory(account=account, channel=channel, **fields)
    campaign.ad = AdFactory(ad_set__campaign=campaign)
    return campaign


def ad_day(campaign, day: date, **fields):
    given = {"impressions": 10_000, "clicks": 100, "spend": Decimal(30), "installs": 10,
             "conversions": Decimal(2), "revenue": Decimal(60), **fields}  # fmt: skip
    return DailyPerformanceFactory(ad=campaign.ad, day=day, **given)


def organic_day(workspace, day: date, **fields):
    return DailyOrganicMetric.objects.create(workspace=workspace, day=day, **fields)


def rows_of(content: bytes) -> dict[str, list[str]]:
    """Rows of a file below the filters, by their first cell."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    return {row[0]: row[1:] for row in rows if len(row) > 2}
