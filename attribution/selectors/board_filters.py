"""What the attribution page is asked for: period, model, type, and how deep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from attribution.models import AttributionModel, Channel, Conversion, CreditLevel
from attribution.selectors.board import models_of
from attribution.selectors.credits import Unit
from campaigns.models import Campaign
from workspaces.cache import kept
from workspaces.models import Workspace
from workspaces.periods import Period, Presets, asked_period, yesterday_of

PRESETS: Final = Presets(days=(7, 30, 90), usual=30)
_TYPES_KEPT_S: Final = 600


@dataclass(frozen=True)
class BoardFilters:
    """A checked question; what was not understood is left at its usual value."""

    period: Period
    days: int | None
    models: list[AttributionModel]
    focus: AttributionModel | None
    conversion_type: str
    channel: Channel | None
    campaign: Campaign | None
    is_compared: bool
    channels: dict[int, Channel]

    @property
    def level(self) -> str:
        """Channels, the campaigns of one, or the ads of one of those."""
        if self.campaign:
            return CreditLevel.AD
        return CreditLevel.CAMPAIGN if self.channel else CreditLevel.CHANNEL

    @property
    def within(self) -> Unit | None:
        """What the rows belong to."""
        if self.channel is None:
            return None
        return (self.channel.pk, self.campaign.pk if self.campaign else 0, 0)

    @property
    def words(self) -> list[tuple[str, str]]:
        """The filters by name, for the head of an export."""
        pairs = [
            ("Period", f"{self.period.since} to {self.period.until}"),
            ("Conversions", self.conversion_type or "all types"),
            ("Model", self.focus.name if self.focus else ""),
        ]
        if self.channel:
            pairs.append(("Channel", self.channel.label))
        if self.campaign:
            pairs.append(("Campaign", self.campaign.name))
        return pairs


def filters_of(workspace: Workspace, given: Mapping[str, str], now: datetime) -> BoardFilters:
    """Read the page's address."""
    models = models_of(workspace)
    usual = next((model for model in models if model.is_default), models[0] if models else None)
    asked = given.get("model", "")
    focus = next((model for model in models if model.method == asked), usual)
    channels = {row.pk: row for row in Channel.objects.filter(workspace=workspace)}
    asked_channel = given.get("channel", "")
    channel = next((row for row in channels.values() if row.name == asked_channel), None)
    campaign = _campaign(workspace, given.get("campaign", "")) if channel else None
    period, days = asked_period(given, PRESETS, last=yesterday_of(workspace, now))
    return BoardFilters(
        period=period,
        days=days,
        models=models,
        focus=focus,
        conversion_type=given.get("type", "").replace("\x00", "")[:40],
        channel=channel,
        campaign=campaign,
        is_compared=given.get("compare") != "no",
        channels=channels,
    )


def types_of(workspace: Workspace, now: datetime) -> list[str]:
    """Types of the last quarter's conversions."""

    def read() -> list[str]:
        rows = Conversion.objects.filter(
            workspace=workspace, converted_at__gte=now - timedelta(days=max(PRESETS.days))
        )
        return sorted(rows.order_by().values_list("type", flat=True).distinct())

    return kept(f"conversion-types:{workspace.pk}", read, keep_s=_TYPES_KEPT_S)


def _campaign(workspace: Workspace, given: str) -> Campaign | None:
    try:
        public_id = UUID(given)
    except ValueError:
        return None
    return Campaign.objects.filter(workspace=workspace, public_id=public_id).first()
