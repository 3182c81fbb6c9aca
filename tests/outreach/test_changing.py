"""What is seen before a running campaign is saved; which sends need a person; archive and back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from outreach.models import (
    AudienceMember,
    OutreachCampaign,
    OutreachPolicy,
    SendPlan,
    Suppression,
)
from outreach.selectors.launch_needs import needs_of
from tests.api.conftest import key_client
from tests.outreach.launch_steps import (
    carried_out,
    email_on,
    launched,
    news_to,
    planned,
    was_sent_before,
)
from tests.outreach.steps import contact_of, plan_of

pytestmark = pytest.mark.django_db
PATH = "/api/outreach/campaigns/"


@pytest.fixture
def campaign(workspace):
    email_on(workspace)
    people = [contact_of(workspace, f"{name}@example.com", first_name=name.capitalize())
              for name in ("ann", "bob", "cy")]  # fmt: skip
    campaign = news_to(*people, workspace=workspace)
    was_sent_before(campaign)
    return campaign


@pytest.fixture
def rest(workspace):
    return key_client(workspace, ["outreach:read", "outreach:write"])


def test_a_change_says_who_is_added_left_out_and_kept_back_and_why(
    campaign, workspace, operator, approver, client_as, rest
):
    now = timezone.now()
    planned(campaign, operator, now)
    launched(campaign, operator, now)
    carried_out(now)
    late = contact_of(workspace, "late@example.com", first_name="Late")
    AudienceMember.objects.create(workspace=workspace, audience=campaign.audience, contact=late)
    AudienceMember.objects.filter(contact__first_name="Bob").delete()
    Suppression.objects.create(
        workspace=workspace, channel="email", value="cy@example.com", reason="complaint", at=now
    )
    one = f"{PATH}{campaign.public_id}/"
    assert rest.patch(one, {"daily_limit": 50}, format="json").status_code == 200

    assert rest.post(f"{one}plan/", format="json").status_code == 201

    assert SendPlan.objects.get(status="active").settings["campaign"]["daily_limit"] is None
    diff = rest.get(f"{one}plan/").json()
    groups = {group["key"]: group for group in diff["changes"]}
    assert [group["count"] for group in diff["changes"]] == [1, 2, 0, 0]
    assert [one["name"] for one in groups["added"]["people"]] == ["Late"]
    assert {one["name"]: one["why"] for one in groups["removed"]["people"]} == {
        "Bob": "Not in the audience any more", "Cy": "Must not be written to",
    }  # fmt: skip
    blocked = {group["label"]: group["count"] for group in diff["blocked"]}
    assert blocked == {"Must not be written to": 1}
    page = client_as(operator).get(f"/outreach/campaigns/{campaign.public_id}/edit/review/").text
    for words in ("Added: 1", "Left out: 2", "Bob (not in the audience any more)", "Late",
                  "Change what runs"):  # fmt: skip
        assert words in page


@pytest.mark.parametrize(
    ("values", "needs"),
    [
        ({"recipients": 1_000, "cost": Decimal("500.00")}, []),
        ({"recipients": 1_001}, ["It goes to 1,001 people, more than 1,000."]),
        ({"cost": Decimal("500.01")}, ["It costs $500.01, more than $500.00."]),
    ],
)
def test_a_signature_is_needed_beyond_the_lines_and_not_on_them(campaign, now, values, needs):
    plan = plan_of(campaign, **values)

    assert needs_of(plan, now) == needs


def test_lines_and_costs_are_in_the_workspaces_currency(campaign, workspace, now):
    """Prices, budgets and lines are all amounts of one currency: nothing is converted."""
    workspace.currency = "JPY"
    workspace.save()
    campaign.workspace.currency = "JPY"
    OutreachPolicy.objects.update(launch_budget=Decimal(70_000))

    assert needs_of(plan_of(campaign, cost=Decimal(70_000)), now) == []
    (why,) = needs_of(plan_of(campaign, number=2, cost=Decimal(70_001)), now)

    assert "70,001" in why
    assert "$" not in why


def _act(campaign, action):
    return reverse("outreach-campaign-act", args=[campaign.public_id, action])


def test_what_is_archived_comes_back_as_it_was(campaign, operator, viewer, client_as):
    given = {"workspace": str(campaign.workspace.public_id)}
    client_as(operator).post(_act(campaign, "archive"), given)
    campaign.refresh_from_db()
    assert campaign.archived_at is not None

    assert client_as(viewer).post(_act(campaign, "restore"), given).status_code == 403
    client_as(operator).post(_act(campaign, "restore"), given)

    campaign.refresh_from_db()
    assert (campaign.archived_at, campaign.status) == (None, "draft")


def test_copying_archiving_and_restoring_over_rest(campaign, rest, workspace):
    one = f"{PATH}{campaign.public_id}/"

    copied = rest.post(f"{one}copy/", format="json")
    assert (copied.status_code, copied.json()["status"]) == (201, "draft")
    assert copied.json()["name"] == "June news (copy)"
    assert copied.json()["steps"][0]["texts"][0]["channel"] == "email"
    assert rest.post(f"{one}restore/", format="json").status_code == 409
    assert rest.post(f"{one}archive/", format="json").json()["archived_at"]
    OutreachCampaign.objects.exclude(pk=campaign.pk).update(name=campaign.name)

    taken = rest.post(f"{one}restore/", format="json")
    assert (taken.status_code, "by now" in taken.json()["detail"]) == (409, True)
    OutreachCampaign.objects.exclude(pk=campaign.pk).update(name="Other")
    assert rest.post(f"{one}restore/", format="json").json()["archived_at"] is None


def test_keys_that_only_read_change_nothing(campaign, workspace):
    reads = key_client(workspace, ["outreach:read"])

    for word in ("copy", "archive", "restore"):
        answer = reads.post(f"{PATH}{campaign.public_id}/{word}/", format="json")
        assert answer.status_code == 403

    assert OutreachCampaign.objects.get().archived_at is None
