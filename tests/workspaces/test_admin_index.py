"""The first page and the sidebar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib import admin as django_admin
from django.test import RequestFactory
from django.urls import reverse

from tests import admin_rows
from workspaces.models import JobRun, Notification
from workspaces.services import signing


def _items(client, url: str = "/admin/") -> list[dict]:
    groups = client.get(url).context["sidebar_navigation"]
    return [item for group in groups for item in group["items"]]


def test_first_page_says_what_waits_and_what_is_next(
    workspace, client_as, viewer, django_assert_max_num_queries
):
    proposal = admin_rows.propose(workspace)
    client = client_as(viewer)

    with django_assert_max_num_queries(22):
        response = client.get("/admin/")

    assert response.context["waiting"] == {"high": "0", "medium": "0", "low": "1"}
    assert response.context["steps"][0].title == "Decide what waits"
    assert response.context["steps"][0].text == "1 proposal waits for a signature."
    assert reverse("approvals-proposal", args=[proposal.public_id]) in response.text
    assert "No ad account yet" in response.text


def test_first_page_shows_failed_jobs_of_this_workspace_only(
    workspace, other_workspace, client_as, viewer
):
    now = datetime.now(UTC)
    for owner, error in ((workspace, "Our fault."), (other_workspace, "Their fault.")):
        JobRun.objects.create(
            workspace=owner, name="sync", state="failed", error=error, queued_at=now,
            finished_at=now,
        )  # fmt: skip

    text = client_as(viewer).get("/admin/").text

    assert "Our fault." in text
    assert "Their fault." not in text


def test_first_page_says_that_the_brake_is_on(workspace, client_as, viewer):
    workspace.kill_switch = True
    workspace.save(update_fields=["kill_switch"])

    steps = client_as(viewer).get("/admin/").context["steps"]

    assert steps[0].title == "Release the kill switch"


def test_counters_count_what_waits_here(workspace, other_workspace, client_as, viewer, operator):
    now = datetime.now(UTC)
    for page in "123":
        admin_rows.propose(workspace, page)
    snoozed = admin_rows.propose(workspace, "4")
    signing.snooze(proposal_id=snoozed.pk, until=now + timedelta(hours=1), by=operator, now=now)
    admin_rows.propose(other_workspace)
    for number, user in enumerate((viewer, viewer, operator)):
        Notification.objects.create(
            workspace=workspace, user=user, topic="t", title="t", dedup_key=str(number),
            created_at=now,
        )  # fmt: skip

    badges = {item["title"]: item.get("badge") for item in _items(client_as(viewer))}

    assert badges["Approvals"] == "3"
    assert badges["Notices"] == "2"
    assert badges["Execution"] is None


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/approvals/", "Approvals"),
        ("/approvals/execution/", "Execution"),
        ("/campaigns/", "Campaigns"),
        ("/home/", "Home"),
        ("/admin/", "Administration"),
        ("/admin/campaigns/ad/", "Ads"),
        ("/admin/campaigns/adset/5/change/", "Ad sets"),
        ("/admin/workspaces/plan/", "Plans"),
    ],
)
def test_one_item_is_active(viewer, workspace, path, title):
    request = RequestFactory().get(path)
    request.user = viewer
    request.membership = viewer.memberships.get()

    groups = django_admin.site.get_sidebar_list(request)

    active = [item["title"] for group in groups for item in group["items"] if item["active"]]
    assert active == [title]


@pytest.mark.parametrize(("persona", "is_shown"), [("viewer", False), ("admin", True)])
def test_items_that_a_role_cannot_read_are_not_shown(client_as, request, persona, is_shown):
    items = _items(client_as(request.getfixturevalue(persona)))

    shown = {item["title"] for item in items if item["has_permission"]}

    assert ("API keys" in shown) is is_shown
    assert "Proposals" in shown


def test_every_link_of_the_sidebar_leads_somewhere(client_as, admin):
    client = client_as(admin)

    answers = {item["title"]: client.get(str(item["link"])).status_code for item in _items(client)}

    assert {title: code for title, code in answers.items() if code != 200} == {}
