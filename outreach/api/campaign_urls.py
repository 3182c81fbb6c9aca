"""Paths of campaigns of messages."""

from __future__ import annotations

from outreach.api import campaign_life, campaigns
from workspaces.api.routing import api_path

_OF_ONE = {
    "status": campaigns.CampaignState,
    "plan": campaigns.CampaignPlan,
    "plan/rows": campaigns.CampaignPlanRows,
    "launch": campaigns.CampaignLaunchView,
    "pause": campaign_life.CampaignPause,
    "resume": campaign_life.CampaignResume,
    "stop": campaign_life.CampaignStop,
    "copy": campaign_life.CampaignCopy,
    "archive": campaign_life.CampaignArchive,
    "restore": campaign_life.CampaignRestore,
}

urlpatterns = [
    api_path("outreach/campaigns/", campaigns.Campaigns.as_view(), "api-outreach-campaigns"),
    api_path(
        "outreach/campaigns/<uuid:public_id>/",
        campaigns.CampaignDetail.as_view(),
        "api-outreach-campaign",
    ),
    *(
        api_path(
            f"outreach/campaigns/<uuid:public_id>/{word}/",
            view.as_view(),
            f"api-outreach-campaign-{word.replace('/', '-')}",
        )
        for word, view in _OF_ONE.items()
    ),
]
