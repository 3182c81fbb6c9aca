"""Paths of campaigns of messages."""

from __future__ import annotations

from outreach.api import campaigns
from workspaces.api.routing import api_path

_OF_ONE = {
    "status": campaigns.CampaignState,
    "plan": campaigns.CampaignPlan,
    "plan/rows": campaigns.CampaignPlanRows,
    "launch": campaigns.CampaignLaunchView,
    "pause": campaigns.CampaignPause,
    "resume": campaigns.CampaignResume,
    "stop": campaigns.CampaignStop,
    "copy": campaigns.CampaignCopy,
    "archive": campaigns.CampaignArchive,
    "restore": campaigns.CampaignRestore,
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
