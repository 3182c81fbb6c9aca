"""Changes of ads in the ledger and on the dashboards, narrowed as the page is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from campaigns.ledger import marked_by_channel, marked_for
from campaigns.models import AdSet
from campaigns.selectors.insight.query import query_of
from tests.campaigns.change_steps import ad_set_in, connected, days, policy_of, propose
from tests.workspaces.gate_steps import walked_to
from workspaces.charts import line_chart
from workspaces.models import Proposal, Status
from workspaces.selectors_ledger import LedgerFilter, ledger_rows


@pytest.fixture
def changed(workspace, approver) -> list[AdSet]:
    """Two ad sets on two channels, each changed yesterday."""
    now = timezone.now()
    policy_of(workspace)
    account = connected(workspace)
    found = []
    for channel in ("facebook", "tiktok"):
        ad_set = ad_set_in(account, campaign__account=account, campaign__channel=channel)
        walked_to(Status.EXECUTED, propose(ad_set, 110, now), approver)
        found.append(ad_set)
    Proposal.objects.update(executed_at=now - timedelta(days=1))
    days(account, found, count=5, until=now.date() - timedelta(days=1))
    return found


def found_by(workspace, **scoped: str) -> list[str]:
    rows = ledger_rows(workspace, LedgerFilter(scoped=tuple(scoped.items())))
    return list(rows.order_by("pk").values_list("ad_change__entity_id", flat=True))


def test_the_ledger_is_narrowed_to_a_campaign_or_channel(changed, workspace, other_workspace):
    first, second = changed

    assert found_by(workspace) == [first.pk, second.pk]
    assert found_by(workspace, channel="meta") == [first.pk]
    assert found_by(workspace, channel="tiktok") == [second.pk]
    assert found_by(workspace, campaign=str(first.campaign.public_id)) == [first.pk]
    assert found_by(workspace, campaign="x") == []
    assert found_by(other_workspace, campaign=str(first.campaign.public_id)) == []


def test_charts_bear_the_changes_of_what_they_show(changed, workspace, django_assert_num_queries):
    now = timezone.now()
    day = now.date() - timedelta(days=1)
    query = query_of(workspace, {}, now)
    chart = line_chart(title="ROI", days=list(query.period), values=[1.0] * query.period.days)

    with django_assert_num_queries(1):
        of_channel = marked_by_channel(query, [("meta", chart), ("google_ads", chart)])
    (of_all,) = marked_for(query, [chart])

    assert [one.label for one in of_channel[0].changes] == [f"{day:%d %b}: 1 change"]
    assert "channel=meta" in of_channel[0].changes[0].url
    assert of_channel[1].changes == ()
    assert [one.label for one in of_all.changes] == [f"{day:%d %b}: 2 changes"]


@pytest.mark.parametrize("path", ["/dashboards/", "/dashboards/paid-media/"])
def test_dashboards_lead_to_the_changes(changed, path, viewer, client_as):
    day: date = timezone.now().date() - timedelta(days=1)

    page = client_as(viewer).get(path).content.decode()

    assert f"from={day}&amp;to={day}" in page


def test_a_campaigns_page_leads_to_its_own(changed, viewer, client_as):
    campaign = changed[0].campaign

    page = client_as(viewer).get(f"/campaigns/campaign/{campaign.public_id}/").content.decode()

    assert f"/ledger/?campaign={campaign.public_id}" in page
