"""What agents may recommend to send."""

from __future__ import annotations

from django.urls import reverse

from outreach.api.campaign_serializers import OutreachCampaignIn
from outreach.api.campaigns import plain
from outreach.services.drafting import create_campaign
from workspaces import scopes
from workspaces.api.suggested import checked
from workspaces.suggested import Action, Asked, Made, register_action


def _create_campaign(asked: Asked) -> Made:
    """Make a draft. Who gets what is worked out, and signed, when a person plans it."""
    values = plain(checked(asked, OutreachCampaignIn))
    row = create_campaign(workspace=asked.workspace, values=values, by=asked.by, now=asked.now)
    url = reverse("outreach-campaign", args=[row.public_id])
    return Made(f"Draft of “{row.name}”", url=url)


def register() -> None:
    """Bring them."""
    register_action(
        Action(
            "create_campaign",
            "Draft an outreach campaign",
            {"…": "As for POST outreach/campaigns/; name at least."},
            _create_campaign,
            scope=scopes.OUTREACH_WRITE,
        )
    )
