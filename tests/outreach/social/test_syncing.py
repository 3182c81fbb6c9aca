"""Reading of networks from the far end, and what becomes of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db.models import Q

from attribution.models import Touchpoint
from outreach.models import (
    SocialAccount,
    SocialAdvocate,
    SocialEngagement,
    SocialPerson,
    SocialPost,
)
from outreach.platforms.social.base import Author, Doings, Done, OwnAccount, Post, Posts
from outreach.services.listening import social
from outreach.services.social.scoring import score_advocates
from outreach.services.social.syncing import connections_to, read_network
from outreach.services.social.taking import take_doings
from tests.outreach.social.steps import NOON, PAGE, account_of, done_of, network_to, person_of
from tests.outreach.steps import contact_of, point_of
from tests.workspaces.factories import WorkspaceFactory
from workspaces.models import InboundEvent, Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError

pytestmark = pytest.mark.django_db


@pytest.fixture
def networks(box):
    box.control("social/seed", {"world": "ptd_fitness"})
    return box


@pytest.mark.parametrize(
    ("kind", "platform", "posts"),
    [
        ("messenger", "facebook", 30),
        ("linkedin_page", "linkedin", 15),
        ("x", "twitter", 30),
        ("tiktok_creator", "tiktok", 30),
    ],
)
def test_each_network_is_read_once(networks, workspace: Workspace, kind, platform, posts) -> None:
    connection = network_to(networks, workspace, kind)

    first = read_network(connection, platform, now=NOON)
    again = read_network(connection, platform, now=NOON)

    assert again == 0
    assert SocialEngagement.objects.count() == first
    rows = SocialPost.objects.filter(workspace=workspace, platform=platform)
    assert abs(rows.count() - posts) <= 1
    assert (first > 0) == (platform != "tiktok")
    assert not rows.filter(score=None).exists()
    is_told = platform in ("facebook", "linkedin")
    assert rows.filter(engagement_rate=None).exists() != is_told


def test_instagram_is_read_whole_and_again_only_for_what_is_new(
    networks, workspace: Workspace
) -> None:
    """One reading of its sixty days is what takes time, so much is asked of it."""
    connection = network_to(networks, workspace, "messenger")
    first = read_network(connection, "instagram", now=NOON)
    posts = SocialPost.objects.prefetch_related("engagements")
    counts = {one.external_id: one.comments for one in posts}
    kept = {
        one.external_id: sum(row.kind == "comment" for row in one.engagements.all())
        for one in posts
    }
    found = score_advocates(workspace=workspace, now=NOON)
    best = SocialAdvocate.objects.order_by("-score")
    leading = {one.person.external_id for one in best[:3]}

    event = told_by_webhook(networks, connection)
    social.consume(connection, [event], NOON)
    social.consume(connection, [event], NOON)
    again = read_network(connection, "instagram", now=NOON)

    assert (len(counts), kept) == (40, counts)
    assert not posts.filter(Q(score=None) | Q(engagement_rate=None)).exists()
    truth = networks.control("social/truth", None, "GET")["advocates"]
    assert leading == {row["person"] for row in truth if row["network"] == "instagram"}
    assert best.exclude(tier="").count() == found
    # What was told is not counted again when it is read.
    assert (again, SocialEngagement.objects.count()) == (0, first + 1)
    made = SocialEngagement.objects.get(external_id="c1")
    assert (made.person.username, made.at) == ("uma", NOON)
    assert made.post == SocialPost.objects.latest("posted_at")


def told_by_webhook(networks, connection) -> InboundEvent:
    """A comment below the newest post, at the far end and as Meta tells of it."""
    post = SocialPost.objects.latest("posted_at")
    networks.control(
        "meta/comment",
        {"platform": "meta", "account": PAGE, "network": "instagram", "from": "u1",
         "post": post.external_id, "id": "c1", "text": "How much is it?"},
    )  # fmt: skip
    value = {"id": "c1", "text": "How much is it?", "media": {"id": post.external_id},
             "from": {"id": "u1", "username": "uma"}}  # fmt: skip
    entry = {"id": post.account.external_id, "changes": [{"field": "comments", "value": value}]}
    return InboundEvent.objects.create(
        connection=connection, dedup_key="1", received_at=NOON, kind="instagram.comments",
        body=json.dumps({"object": "instagram", "entry": [entry]}),
    )  # fmt: skip


def test_later_readings_bring_what_is_new(networks, workspace: Workspace) -> None:
    connection = network_to(networks, workspace, "messenger")
    read_network(connection, "facebook", now=NOON)
    post = SocialPost.objects.latest("posted_at")
    networks.control("clock", {"set": "2026-11-21T13:00:00+00:00"})
    networks.control(
        "meta/comment",
        {"platform": "meta", "account": PAGE, "network": "facebook", "from": "u1",
         "post": post.external_id, "id": "c1", "text": "Interested!"},
    )  # fmt: skip

    read_network(connection, "facebook", now=NOON + timedelta(hours=1))

    made = SocialEngagement.objects.get(external_id="c1")
    assert (made.post, made.person.external_id, made.value) == (post, "u1", 6)
    assert made.intent == "interested"


def test_calls_about_accounts_of_others_leave_nothing(workspace: Workspace) -> None:
    account = account_of(workspace)
    value = {"id": "c1", "text": "Hi", "from": {"id": "u1"}}
    entry = {"id": "99", "changes": [{"field": "comments", "value": value}]}
    event = InboundEvent.objects.create(
        connection=account.connection, dedup_key="1", received_at=NOON,
        body=json.dumps({"object": "instagram", "entry": [entry]}),
    )  # fmt: skip

    social.consume(account.connection, [event], NOON)

    assert SocialEngagement.objects.count() == 0


class Broken:
    """Two posts; the comments of the second cannot be read the first time."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_broken = True

    def accounts(self):
        return [OwnAccount("instagram", "1", "Us", 10)]

    def posts(self, account, since, cursor):
        return Posts([
            Post(f"p{n}", NOON - timedelta(days=40 - n), "", "IMAGE", "", comments=1, reach=10)
            for n in (1, 2)
        ])  # fmt: skip

    def comments(self, account, post, since, cursor):
        self.asked.append(post)
        if post == "p2" and self.is_broken:
            raise PlatformError(ErrorKind.TRANSIENT, "Gone")
        return Doings([Done(f"c-{post}", "comment", NOON, Author("u1", "uma"), "Great", post)])

    def mentions(self, account, since, cursor):
        return Doings([])

    def close(self):
        pass


def test_reading_goes_on_where_it_stopped(workspace: Workspace) -> None:
    connection, reader = account_of(workspace).connection, Broken()

    with pytest.raises(PlatformError):
        read_network(connection, "instagram", now=NOON, build=lambda _: reader)
    reader.is_broken = False
    new = read_network(connection, "instagram", now=NOON, build=lambda _: reader)

    assert reader.asked == ["p1", "p2", "p2"]
    assert new == 1
    assert SocialAccount.objects.get().synced_until == NOON


def test_what_contacts_do_is_a_touch(workspace: Workspace) -> None:
    contact = contact_of(workspace)
    point_of(contact, "instagram", "u1")
    row = Done("c1", "comment", NOON, Author("u1", "uma", followers=900), "Love this")

    new = [take_doings(workspace=workspace, platform="instagram", rows=[row]) for _ in range(2)]

    assert new == [1, 0]
    made = SocialEngagement.objects.get()
    assert made.person.contact == contact
    assert made.is_possible_advocate is True
    touch = Touchpoint.objects.get()
    assert (touch.person, touch.kind, touch.channel.name) == (contact.person, "social", "instagram")


def test_a_name_becomes_a_person_once_the_id_is_told(workspace: Workspace) -> None:
    tag = Done("m1", "mention", NOON, Author("", "uma"), "With them")
    comment = Done("c1", "comment", NOON, Author("u1", "uma"), "Hi")

    for row in (tag, comment):
        take_doings(workspace=workspace, platform="instagram", rows=[row])

    person = SocialPerson.objects.get()
    assert (person.external_id, person.engagements.count()) == ("u1", 2)


def test_connections_of_another_workspace_are_not_read(networks, workspace: Workspace) -> None:
    network_to(networks, WorkspaceFactory(), "x")

    assert connections_to(workspace, "twitter") == []


def test_who_did_nothing_for_long_is_not_active(workspace: Workspace) -> None:
    person = person_of(workspace, followers=100_000)
    for day in range(20):
        done_of(person, f"c{day}", kind="save", value=10, at=NOON - timedelta(days=day))
    assert score_advocates(workspace=workspace, now=NOON) == 1
    first = SocialAdvocate.objects.get()

    score_advocates(workspace=workspace, now=NOON + timedelta(days=61))

    later = SocialAdvocate.objects.get()
    assert (first.tier, first.is_active) == ("gold", True)
    assert (later.tier, later.is_active, later.since) == ("", False, NOON)
