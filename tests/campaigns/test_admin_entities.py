"""Entities in the admin: mirrors stand still, what people know can be edited, sheets are safe."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.urls import reverse

from campaigns.admin.entities import AdAdmin, AdSetAdmin, CampaignAdmin
from campaigns.admin.freshness import freshness
from campaigns.models import AdSet, Campaign
from campaigns.selectors.series import performance_known_until
from tests.campaigns.factories import (
    AdAccountFactory,
    AdFactory,
    AdSetFactory,
    CampaignFactory,
    DailyPerformanceFactory,
)
from tests.workspaces.factories import ConnectionFactory
from workspaces.models import ExchangeRate
from workspaces.sheets import harmless

GATED = ("status", "daily_budget", "lifetime_budget", "bid", "bid_strategy")


@pytest.fixture
def here(workspace):
    """What every form carries."""
    return {"workspace": str(workspace.public_id)}


@pytest.fixture
def connected(workspace):
    """An ad set of a connected account."""
    connection = ConnectionFactory(workspace=workspace)
    return AdSetFactory(
        campaign__account__workspace=workspace, campaign__account__connection=connection
    )


@pytest.mark.parametrize(
    ("page", "pick", "fields"),
    [
        (CampaignAdmin, lambda ad: ad.campaign, GATED),
        (AdSetAdmin, lambda ad: ad.ad_set, GATED),
        (AdAdmin, lambda ad: ad, ("status",)),
    ],
)
def test_what_a_proposal_changes_is_read_only_where_a_platform_is_connected(
    workspace, connected, page, pick, fields
):
    from django.contrib import admin

    ad = AdFactory(ad_set=connected)
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    entity = pick(ad)

    fixed = page(type(entity), admin.site).get_readonly_fields(request, entity)

    assert set(fields) <= set(fixed)


def test_posted_budget_of_a_mirror_is_ignored(connected, client_as, admin, here):
    url = reverse("admin:campaigns_adset_change", args=[connected.pk])

    client_as(admin).post(url, {"daily_budget": "999", "status": "paused", "bid": "5", **here})

    connected.refresh_from_db()
    assert (connected.daily_budget, connected.status, connected.bid) == (100, "active", None)


def test_what_people_know_of_a_mirror_can_be_edited(connected, client_as, operator, here):
    campaign = connected.campaign
    url = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    form = {"goal": "Leads", "customer_segment": "New", "name": "Taken over", **here}

    client_as(operator).post(url, {**form, **_no_inlines()})

    campaign.refresh_from_db()
    assert (campaign.goal, campaign.customer_segment) == ("Leads", "New")
    assert campaign.name != "Taken over"


def _no_inlines() -> dict[str, str]:
    return {"ad_sets-TOTAL_FORMS": "0", "ad_sets-INITIAL_FORMS": "0", "ads-TOTAL_FORMS": "0",
            "ads-INITIAL_FORMS": "0"}  # fmt: skip


def test_hand_kept_budget_can_be_edited(workspace, client_as, operator, here):
    ad_set = AdSetFactory(campaign__account__workspace=workspace)
    url = reverse("admin:campaigns_adset_change", args=[ad_set.pk])
    form = {"name": "Mine", "status": "active", "daily_budget": "120", "targeting": "{}",
            "learning_status": "stable", **_no_inlines(), **here}  # fmt: skip

    client_as(operator).post(url, form)

    assert AdSet.objects.get().daily_budget == 120


def test_row_is_not_made_by_hand_in_a_connected_account(connected, client_as, operator, here):
    form = {"account": connected.account_id, "name": "New", "external_id": "9", "status": "active",
            "learning_status": "unknown", **_no_inlines(), **here}  # fmt: skip

    page = client_as(operator).post(reverse("admin:campaigns_campaign_add"), form)

    assert "is connected: make this on the platform" in page.text
    assert Campaign.objects.count() == 1


def test_account_of_another_workspace_is_no_choice(
    workspace, other_workspace, client_as, operator, here
):
    foreign = AdAccountFactory(workspace=other_workspace)
    form = {"account": foreign.pk, "name": "New", "external_id": "9", "status": "active",
            "learning_status": "unknown", **_no_inlines(), **here}  # fmt: skip

    page = client_as(operator).post(reverse("admin:campaigns_campaign_add"), form)

    assert page.status_code == 200
    assert not Campaign.objects.exists()


# --- sheets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-cmd", "'-cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-12.50", "-12.50"),
        ("Spring", "Spring"),
        (Decimal("-3"), Decimal("-3")),
        ("", ""),
    ],
)
def test_cells_that_look_like_formulas_become_text(cell, written):
    assert harmless(cell) == written


def _export(client, model: str, here, **query) -> list[dict[str, str]]:
    url = reverse(f"admin:campaigns_{model}_export")
    answer = client.post(url, {"format": "0", "resource": "0", **here}, query_params=query)
    assert answer.headers["Content-Type"] == "text/csv", answer.context["form"].errors
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_export_holds_the_own_rows_and_no_formula(
    workspace, other_workspace, client_as, viewer, here
):
    CampaignFactory(account__workspace=workspace, name="=HYPERLINK(1)", account__external_id="77")
    CampaignFactory(account__workspace=other_workspace, name="Theirs")

    rows = _export(client_as(viewer), "campaign", here)

    assert [(row["name"], row["account"]) for row in rows] == [("'=HYPERLINK(1)", "77")]
    assert "status" not in rows[0]


def test_days_are_exported_with_names(workspace, client_as, viewer, here):
    DailyPerformanceFactory(ad__ad_set__campaign__account__workspace=workspace)

    (row,) = _export(client_as(viewer), "dailyperformance", here)

    assert (row["day"], row["clicks"], row["account__currency"]) == ("2026-11-20", "20", "USD")


def _import(client, path: str, text: str, here):
    """Upload, look at the preview, confirm."""
    upload = SimpleUploadedFile("rows.csv", text.encode(), content_type="text/csv")
    page = client.post(path, {"import_file": upload, "format": "0", "resource": "0", **here})
    confirm = page.context.get("confirm_form")
    if confirm is None:
        return page
    return client.post(
        path.replace("/import/", "/process_import/"), {**confirm.initial, **here}, follow=True
    )


def test_import_describes_campaigns_and_touches_no_state(connected, client_as, operator, here):
    campaign = connected.campaign
    text = (
        "public_id,goal,customer_segment,status,daily_budget,name\n"
        f"{campaign.public_id},Leads,New,paused,999,Taken over\n"
    )

    _import(client_as(operator), reverse("admin:campaigns_campaign_import"), text, here)

    before = (campaign.status, campaign.daily_budget, campaign.name)
    campaign.refresh_from_db()
    assert (campaign.goal, campaign.customer_segment) == ("Leads", "New")
    assert (campaign.status, campaign.daily_budget, campaign.name) == before


def test_import_cannot_reach_another_workspace(
    workspace, other_workspace, client_as, operator, here
):
    foreign = CampaignFactory(account__workspace=other_workspace, goal="Theirs")
    text = f"public_id,goal\n{foreign.public_id},Ours\n"

    page = _import(client_as(operator), reverse("admin:campaigns_campaign_import"), text, here)

    foreign.refresh_from_db()
    assert foreign.goal == "Theirs"
    assert Campaign.objects.count() == 1
    assert "in this workspace" in page.text


def test_rates_are_imported_and_replaced(workspace, client_as, admin, here):
    path = reverse("admin:workspaces_exchangerate_import")
    client = client_as(admin)

    _import(client, path, "day,base,quote,rate\n2026-01-02,EUR,USD,1.20\n", here)
    _import(client, path, "day,base,quote,rate\n2026-01-02,EUR,USD,1.25\n", here)

    rate = ExchangeRate.objects.get()
    assert (rate.workspace, rate.rate) == (workspace, Decimal("1.25"))


def test_how_old_figures_are_is_asked_at_once(workspace, now, django_assert_num_queries):
    """However many accounts there are; one without figures says so."""
    owner = {"ad__ad_set__campaign__account__workspace": workspace}
    dates = [now.date() - timedelta(days=back) for back in (1, 2)]
    days = [DailyPerformanceFactory(day=day, **owner) for day in dates]
    empty = AdAccountFactory(workspace=workspace)

    with django_assert_num_queries(1):
        rows = freshness(workspace, now)["accounts"]

    told = [(row.account, row.known_until) for row in rows]
    accounts = [day.account for day in days]
    wanted = [(one, performance_known_until(one)) for one in (*accounts, empty)]
    assert told == sorted(wanted, key=lambda pair: pair[0].pk)
    assert [until is None for _, until in wanted] == [False, False, True]
