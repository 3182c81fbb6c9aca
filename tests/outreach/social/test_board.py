"""The social board, and the same over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from outreach.models import (
    PlatformInsight,
    SocialAdvocate,
    SocialEngagement,
    SocialEngagementFunnel,
    SocialFunnelEntry,
    SocialPerson,
)
from outreach.services.people.erasing import erase_contact, export_contact
from tests.outreach.social.steps import NOON, account_of, done_of, funnel_of, person_of, post_of
from tests.outreach.steps import contact_of
from workspaces.gate import Proposer
from workspaces.models import JobRun, User, Workspace

Browse = Callable[[User], Client]
JSON = "application/json"


@pytest.fixture
def advocate(workspace: Workspace) -> SocialAdvocate:
    """Two posts, a comment, and who wrote it."""
    account = account_of(workspace)
    best = post_of(account, "p1", caption="Week 12 #clientstory", hashtags=["clientstory"],
                   engagement_rate=0.08, score=100, comments=1, reach=400)  # fmt: skip
    post_of(account, "p2", caption="Five free places", engagement_rate=0.01, score=0, reach=900)
    ann = person_of(workspace, name="ann")
    done_of(ann, "c1", post=best, text="How much is it?", sentiment=0.0, intent="price_question")
    return SocialAdvocate.objects.create(
        workspace=workspace, person=ann, score=61, tier="silver", last_at=NOON, since=NOON,
        scored_at=NOON,
    )  # fmt: skip


def test_posts_are_sorted_and_searched(
    client_as: Browse, viewer: User, advocate: SocialAdvocate
) -> None:
    client = client_as(viewer)

    by_reach = client.get("/social/?sort=reach").content.decode()
    found = client.get("/social/?q=%23clientstory").content.decode()

    assert by_reach.index("Five free places") < by_reach.index("Week 12")
    assert "Week 12" in found
    assert "Five free places" not in found
    assert "Read now" not in found


def test_stream_and_advocates_are_filtered(
    client_as: Browse, viewer: User, advocate: SocialAdvocate
) -> None:
    client = client_as(viewer)

    assert "How much is it?" in client.get("/social/?tab=engagement").content.decode()
    page = client.get("/social/?tab=engagement&feeling=negative").content.decode()
    assert "Nothing fits." in page
    assert "@ann" in client.get("/social/?tab=advocates&tier=silver").content.decode()
    assert "@ann" not in client.get("/social/?tab=advocates&tier=gold").content.decode()


@pytest.mark.parametrize("tab", ["posts", "engagement", "advocates", "funnels", "insights"])
def test_board_takes_few_queries(
    client_as: Browse, operator: User, advocate: SocialAdvocate, tab: str,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    client = client_as(operator)

    with django_assert_max_num_queries(12):
        assert client.get(f"/social/?tab={tab}").status_code == 200


def test_board_says_what_to_do_first(client_as: Browse, viewer: User) -> None:
    assert "No network is connected." in client_as(viewer).get("/social/").content.decode()


def test_notes_are_an_operators(
    client_as: Browse, viewer: User, operator: User, advocate: SocialAdvocate
) -> None:
    path = f"/social/advocates/{advocate.public_id}/keep/"
    body = {"workspace": str(advocate.workspace.public_id), "vip": "yes", "notes": "Send a shirt"}

    refused = client_as(viewer).post(path, body)
    advocate.refresh_from_db()
    before = (advocate.is_vip, advocate.notes)
    client_as(operator).post(path, body)

    advocate.refresh_from_db()
    assert (refused.status_code, before) == (403, (False, ""))
    assert (advocate.is_vip, advocate.notes) == (True, "Send a shirt")


def test_advocates_of_others_are_not_there(
    client_as: Browse, outsider: User, advocate: SocialAdvocate
) -> None:
    client = client_as(outsider)
    own = str(outsider.memberships.get().workspace.public_id)
    path = f"/social/advocates/{advocate.public_id}/keep/"

    assert client.post(path, {"workspace": own, "notes": "x"}).status_code == 404
    assert client.get(f"/api/social/advocates/{advocate.public_id}/").status_code == 404
    assert client.get("/api/social/engagements/").json()["results"] == []
    assert "@ann" not in client.get("/social/?tab=advocates").content.decode()


def test_api_tells_of_posts_and_people(
    client_as: Browse, viewer: User, workspace: Workspace, advocate: SocialAdvocate
) -> None:
    api = client_as(viewer)
    PlatformInsight.objects.create(
        workspace=workspace, platform="instagram", type="timing", date=NOON.date(), period="daily",
        key_metric="Best hour", key_value=19, confidence=0.5, fetched_at=NOON,
    )  # fmt: skip

    posts = api.get("/api/social/posts/?ordering=-score").json()["results"]
    post = api.get(f"/api/social/posts/{posts[0]['id']}/").json()
    one = api.get(f"/api/social/advocates/{advocate.public_id}/").json()
    insights = api.get("/api/social/insights/instagram/").json()["results"]

    assert [row["external_id"] for row in posts] == ["p1", "p2"]
    assert post["engagements"][0]["person"]["username"] == "ann"
    assert (one["tier"], one["person"]["id"]) == ("silver", "id-ann")
    assert insights[0]["key_value"] == 19
    assert api.get("/api/social/insights/myspace/").status_code == 404


def test_reading_is_started_over_rest_and_by_the_page(
    client_as: Browse, viewer: User, operator: User, workspace: Workspace
) -> None:
    refused = client_as(viewer).post("/api/social/sync/twitter/", {}, content_type=JSON)
    before = JobRun.objects.count()
    made = client_as(operator).post("/api/social/sync/twitter/", {}, content_type=JSON)
    client_as(operator).post("/social/read/tiktok/", {"workspace": str(workspace.public_id)})

    assert (refused.status_code, before, made.status_code) == (403, 0, 202)
    assert set(JobRun.objects.values_list("name", flat=True)) == {"social-twitter", "social-tiktok"}


def test_erased_people_leave_no_words_on_networks(
    workspace: Workspace, admin: User, advocate: SocialAdvocate
) -> None:
    contact = contact_of(workspace)
    SocialPerson.objects.filter(pk=advocate.person_id).update(contact=contact)

    told = export_contact(contact=contact, by=Proposer.person(admin), now=NOON)
    counts = erase_contact(contact=contact, by=Proposer.person(admin), now=NOON)

    person = SocialPerson.objects.get()
    assert told["engagement"][0]["text"] == "How much is it?"
    assert counts["engagement"] == 1
    assert (person.username, person.external_id) == ("", f"erased:{person.pk}")
    assert SocialEngagement.objects.get().text == ""


FORM = {
    "name": "Ask", "platforms": ["instagram"], "kinds": ["comment"], "keywords": "how much\nlink",
    "excluded": "staff", "public_reply": "We wrote to you.", "dm_text": "49 a month.",
    "follow_up": "", "needs_approval": "yes", "least_interactions": "0", "least_score": "0",
    "least_followers": "0", "daily_limit": "20", "reply_after_min": "5", "dm_after_min": "30",
}  # fmt: skip


def test_an_operator_makes_a_funnel_and_switches_it_on(
    client_as: Browse, operator: User, viewer: User, workspace: Workspace
) -> None:
    form = {**FORM, "workspace": str(workspace.public_id)}
    client = client_as(operator)

    refused = client_as(viewer).post("/social/funnels/new/", form)
    wrong = client.post("/social/funnels/new/", {**form, "daily_limit": "0"})
    blank = client.post("/social/funnels/new/", {**form, "dm_text": "Hi {nam}, 49 a month."})
    client.post("/social/funnels/new/", form)
    made = SocialEngagementFunnel.objects.get()
    client.post(f"/social/funnels/{made.public_id}/on/", {"workspace": form["workspace"]})

    assert (refused.status_code, wrong.status_code) == (403, 400)
    assert "This is a whole number from 1 to 10,000." in wrong.content.decode()
    assert "{nam} stands for nothing; {name} is the person&#x27;s name." in blank.content.decode()
    assert (made.keywords, made.is_on, made.needs_approval) == (["how much", "link"], False, True)
    shown = client.get(f"/social/funnels/{made.public_id}/").content.decode()
    assert 'rows="5">how much\nlink</textarea>' in shown
    assert "{{" not in shown
    made.refresh_from_db()
    assert made.is_on
    assert made.answers_from is not None


def test_only_an_approver_lets_a_funnel_answer_unsigned(
    client_as: Browse, operator: User, approver: User, workspace: Workspace
) -> None:
    funnel = funnel_of(workspace, needs_approval=True, is_on=False)
    path = f"/api/social/funnels/{funnel.public_id}/"
    body = {"needs_approval": False}

    refused = client_as(operator).patch(path, body, content_type=JSON)
    allowed = client_as(approver).patch(path, body, content_type=JSON)
    text = client_as(operator).patch(path, {"dm_text": "Else"}, content_type=JSON)
    on = client_as(operator).post(f"{path}start/", {}, content_type=JSON)
    off = client_as(operator).post(f"{path}pause/", {}, content_type=JSON)

    assert [one.status_code for one in (refused, allowed, text, on, off)] == [
        403, 200, 403, 403, 200,
    ]  # fmt: skip
    funnel.refresh_from_db()
    assert (funnel.needs_approval, funnel.trusted_by_label) == (False, str(approver))
    assert (funnel.is_on, funnel.dm_text) == (False, "Here is the price list.")


def test_api_names_the_field_that_is_wrong(
    client_as: Browse, operator: User, other_workspace: Workspace
) -> None:
    api = client_as(operator)
    body = {"name": "Ask", "platforms": ["tiktok"], "public_reply": "Hello"}

    tiktok = api.post("/api/social/funnels/", body, content_type=JSON)
    silent = api.post(
        "/api/social/funnels/", {"name": "A", "platforms": ["instagram"]}, content_type=JSON
    )
    foreign = api.get(f"/api/social/funnels/{funnel_of(other_workspace).public_id}/")

    assert (tiktok.status_code, "platforms" in tiktok.content.decode()) == (400, True)
    assert (silent.status_code, "public_reply" in silent.content.decode()) == (400, True)
    assert foreign.status_code == 404
    assert SocialEngagementFunnel.objects.count() == 1


def test_report_counts_from_comment_to_sale(
    client_as: Browse, viewer: User, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    account_of(workspace)
    funnel, now = funnel_of(workspace), timezone.now()
    for number in range(8):
        done = done_of(person_of(workspace, f"u{number}"), f"c{number}", at=now)
        is_sent = number < 4
        SocialFunnelEntry.objects.create(
            workspace=workspace, funnel=funnel, person=done.person, engagement=done,
            triggered_at=now, dm_at=now if is_sent else None,
            answered_at=now if number == 0 else None, converted_at=now if number < 2 else None,
            value=50 if number < 2 else None, stopped_reason="" if is_sent else "Closed",
        )  # fmt: skip
    client = client_as(viewer)

    told = client.get(f"/api/social/funnels/{funnel.public_id}/report/").json()
    with django_assert_max_num_queries(12):
        page = client.get(f"/social/funnels/{funnel.public_id}/").content.decode()

    assert [step["count"] for step in told["steps"]] == [8, 0, 4, 1, 2]
    assert [(one["count"], one["of"], one["share"], one["goal"]) for one in told["measures"]] == [
        (2, 8, 0.25, 0.15), (1, 4, 0.25, 0.25),
    ]  # fmt: skip
    assert (told["value"], told["stopped"]) == (
        "100.000000", [{"reason": "Closed", "count": 4}]
    )  # fmt: skip
    assert "2 of 8" in page
    assert client.get(f"/api/social/funnels/{funnel.public_id}/report/?since=x").status_code == 400


def test_posts_say_what_funnels_may_do(
    client_as: Browse, operator: User, viewer: User, workspace: Workspace
) -> None:
    post, funnel = post_of(account_of(workspace)), funnel_of(workspace)
    path = f"/api/social/posts/{post.public_id}/switches/"
    body = {"auto_respond": False, "funnel": str(funnel.public_id), "keyword_triggers": ["yes"]}

    refused = client_as(viewer).post(path, body, content_type=JSON)
    client_as(operator).post(path, body, content_type=JSON)

    post.refresh_from_db()
    assert refused.status_code == 403
    assert (post.auto_respond, post.funnel, post.keyword_triggers) == (False, funnel, ["yes"])
