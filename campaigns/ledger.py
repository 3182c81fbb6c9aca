"""What the ledger of changes is narrowed to: a channel or a campaign of ours."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from campaigns.models import Campaign
from campaigns.selectors.channel_days import channel_key
from campaigns.selectors.channels import channels_of
from workspaces.ledger import Scope, register_scope
from workspaces.models import Proposal, Workspace


def _campaign(workspace: Workspace, value: str) -> Campaign | None:
    try:
        public_id = UUID(value)
    except ValueError:
        return None
    return Campaign.objects.filter(workspace=workspace, public_id=public_id).first()


def _of_campaign(workspace: Workspace, rows: QuerySet[Proposal], value: str) -> QuerySet[Proposal]:
    """Changes of a campaign, of what is in it too."""
    campaign = _campaign(workspace, value)
    return rows.filter(ad_change__campaign_id=campaign.pk) if campaign else rows.none()


def _campaign_name(workspace: Workspace, value: str) -> str:
    campaign = _campaign(workspace, value)
    return campaign.name if campaign else ""


def _of_channel(workspace: Workspace, rows: QuerySet[Proposal], value: str) -> QuerySet[Proposal]:
    found = Campaign.objects.filter(workspace=workspace).alias(channel_name=channel_key(""))
    return rows.filter(ad_change__campaign_id__in=found.filter(channel_name=value).values("pk"))


def _channel_name(workspace: Workspace, value: str) -> str:
    return channels_of(workspace).label(value)


def register() -> None:
    """Make them known."""
    register_scope(Scope("channel", "Channel", _of_channel, _channel_name))
    register_scope(Scope("campaign", "Campaign", _of_campaign, _campaign_name))
