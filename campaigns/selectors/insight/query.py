"""What a dashboard is asked for: days, channel, campaign, and how its table is cut and sorted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from campaigns.models import Campaign
from campaigns.selectors.channels import Channels, channels_of
from workspaces.models import BusinessMode, Workspace
from workspaces.periods import Period, Presets, asked_period, page_number, yesterday_of

PRESETS: Final = Presets(days=(7, 14, 30, 90), usual=30)
_LONGEST_TEXT: Final = 200


@dataclass(frozen=True)
class InsightQuery:
    """A checked question; what was not understood is left at its usual value."""

    workspace: Workspace
    period: Period
    days: int | None
    channel: str
    campaign: Campaign | None
    is_compared: bool
    level: str
    search: str
    sort: str
    number: int
    country: str = ""

    @cached_property
    def channels(self) -> Channels:
        """Channels that can be asked for, and what the workspace calls them."""
        return channels_of(self.workspace)

    @property
    def measure(self) -> str:
        """What tells a good channel; leads bring no revenue yet, theirs is what they may bring."""
        is_pipeline = self.workspace.mode == BusinessMode.PIPELINE
        return "pipeline_roas" if is_pipeline else "roi"

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The filters by name, for the head of an export."""
        pairs = [
            ("Workspace", self.workspace.name),
            ("Period", f"{self.period.since} to {self.period.until}"),
            ("Currency", self.workspace.currency),
            ("Channel", self.channels.label(self.channel) if self.channel else "all"),
        ]
        if self.campaign:
            pairs.append(("Campaign", self.campaign.name))
        if self.country:
            pairs.append(("Country", self.country))
        if self.search:
            pairs.append(("Search", self.search))
        return tuple(pairs)


def query_of(workspace: Workspace, given: Mapping[str, str], now: datetime) -> InsightQuery:
    """Read the page's address."""
    period, days = asked_period(given, PRESETS, last=yesterday_of(workspace, now))
    return InsightQuery(
        workspace=workspace,
        period=period,
        days=days,
        channel=_text(given.get("channel", ""))[:40],
        campaign=_campaign(workspace, given.get("campaign", "")),
        is_compared=given.get("compare") != "no",
        level=given.get("tab", ""),
        search=_text(given.get("q", "")),
        sort=given.get("sort", ""),
        number=page_number(given.get("page", "")),
        country=_text(given.get("country", ""))[:10],
    )


def page_context(
    workspace: Workspace, given: Mapping[str, str], now: datetime, name: str
) -> dict[str, Any]:
    """What every dashboard's page shows around its figures; ``name`` is that of its files."""
    return {
        "filters": query_of(workspace, given, now),
        "days": PRESETS.days,
        "name": name,
        "currency": workspace.currency,
    }


def _text(given: str) -> str:
    return given.replace("\x00", "").strip()[:_LONGEST_TEXT]


def _campaign(workspace: Workspace, given: str) -> Campaign | None:
    try:
        public_id = UUID(given)
    except ValueError:
        return None
    return Campaign.objects.filter(workspace=workspace, public_id=public_id).first()
