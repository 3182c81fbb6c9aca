"""Channels that can be asked for: those that campaigns are on, as the workspace calls them."""

from __future__ import annotations

from campaigns.models import MarketingChannel
from campaigns.selectors.channels import channels_of
from tests.campaigns.factories import CampaignFactory


def test_channels_are_those_of_campaigns_by_their_labels(
    workspace, other_workspace, django_assert_num_queries
):
    for channel in ("", "", "instagram", "google"):
        CampaignFactory(account__workspace=workspace, channel=channel)
    CampaignFactory(account__workspace=other_workspace, channel="tiktok")
    MarketingChannel.objects.filter(workspace=workspace).delete()
    for of, slug, label in (
        (workspace, "meta", "Social"),
        (workspace, "print", "Print"),
        (other_workspace, "google_ads", "Search"),
    ):
        MarketingChannel.objects.update_or_create(
            workspace=of, slug=slug, defaults={"label": label, "kind": "paid"}
        )

    with django_assert_num_queries(1):
        found = dict(channels_of(workspace))

    assert found == {"google_ads": "Google Ads", "meta": "Social"}
