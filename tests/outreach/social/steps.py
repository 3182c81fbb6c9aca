"""Connections to the far end's networks, and rows of posts and people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from outreach.models import (
    ChannelPolicy,
    SocialAccount,
    SocialAdvocate,
    SocialEngagement,
    SocialEngagementFunnel,
    SocialPerson,
    SocialPost,
)
from outreach.platforms.social.base import Author, Done
from outreach.services.social.taking import take_doings
from workspaces import crypto
from workspaces.models import Connection, Workspace

#: The far end's clock in tests.
NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAGE: Final = "660011002200"
_SECRETS: Final[dict[str, dict[str, str]]] = {
    "messenger": {
        "access_token": "sandbox-meta-social-ptd-fitness", "page_id": PAGE, "app_secret": "s3cret",
    },
    "x": {"access_token": "sandbox-x-social-ptd-fitness"},
    "linkedin_page": {
        "access_token": "sandbox-linkedin-social-ptd-fitness", "organization_id": "88001100",
        "api_version": "202601",
    },
    "tiktok_creator": {"access_token": "sandbox-tiktok-social-ptd-fitness"},
}  # fmt: skip


def network_to(box: Any, workspace: Workspace, kind: str) -> Connection:
    """A connection to the seeded networks."""
    return Connection.objects.create(
        workspace=workspace, kind=kind, name=kind, base_url=box.base_url,
        secret=crypto.encrypt(_SECRETS[kind]),
    )  # fmt: skip


def account_of(workspace: Workspace, platform: str = "instagram") -> SocialAccount:
    """An account that was read once."""
    connection, _ = Connection.objects.get_or_create(
        workspace=workspace, kind="messenger", name="Page"
    )
    return SocialAccount.objects.create(
        workspace=workspace, connection=connection, platform=platform, external_id="1", name="Us"
    )


def post_of(account: SocialAccount, name: str = "p1", **values: Any) -> SocialPost:
    """A post."""
    return SocialPost.objects.create(
        workspace=account.workspace, account=account, platform=account.platform, external_id=name,
        **{"posted_at": NOON, "fetched_at": NOON, **values},
    )  # fmt: skip


def person_of(workspace: Workspace, name: str = "ann", **values: Any) -> SocialPerson:
    """Somebody on Instagram."""
    return SocialPerson.objects.create(
        workspace=workspace, platform="instagram", external_id=f"id-{name}", username=name, **values
    )


def done_of(person: SocialPerson, name: str, **values: Any) -> SocialEngagement:
    """A comment."""
    return SocialEngagement.objects.create(
        workspace=person.workspace, platform=person.platform, person=person, external_id=name,
        **{"kind": "comment", "at": NOON, "value": 6, **values},
    )  # fmt: skip


def advocate_of(workspace: Workspace, name: str = "ann") -> SocialAdvocate:
    """Somebody who speaks for us."""
    return SocialAdvocate.objects.create(
        workspace=workspace, person=person_of(workspace, name), score=61, tier="silver",
        last_at=NOON, since=NOON, scored_at=NOON,
    )  # fmt: skip


INSTAGRAM: Final = "17841466001100"


def page_on(box: Any, workspace: Workspace) -> SocialAccount:
    """An Instagram account at the far end with one post, read, and its channel switched on."""
    token = _SECRETS["messenger"]["access_token"]
    page = {"platform": "meta", "id": PAGE, "token": token, "page": True, "instagram_id": INSTAGRAM}
    box.control("seed", {"accounts": [page]})
    connection = network_to(box, workspace, "messenger")
    account = SocialAccount.objects.create(
        workspace=workspace, connection=connection, platform="instagram", external_id=INSTAGRAM
    )
    item_at(box, "post", "p1", text="Week 12")
    post_of(account, "p1", caption="Week 12")
    ChannelPolicy.objects.create(
        workspace=workspace, channel="instagram", connection=connection, is_on=True,
        rate_per_second=1_000,
    )  # fmt: skip
    return account


def item_at(box: Any, kind: str, name: str, **values: Any) -> None:
    """A post, comment or person of Instagram at the far end."""
    given = {"network": "instagram", "account": INSTAGRAM, "at": NOON.isoformat(), **values}
    box.control("social/item", {"kind": kind, "id": name, **given})


def comment_at(
    box: Any, account: SocialAccount, name: str = "c1", who: str = "u1", text: str = "How much?",
    at: datetime = NOON, **author: Any,
) -> SocialEngagement:  # fmt: skip
    """A comment at the far end, and here."""
    item_at(box, "comment", name, author=who, parent="p1", text=text, at=at.isoformat())
    row = Done(name, "comment", at, Author(who, f"user.{who}", **author), text, "p1")
    take_doings(workspace=account.workspace, platform="instagram", rows=[row])
    return SocialEngagement.objects.get(workspace=account.workspace, external_id=name)


def funnel_of(workspace: Workspace, **values: Any) -> SocialEngagementFunnel:
    """A funnel that is on since an hour, and whose answers nobody signs."""
    given = {
        "name": "Ask", "platforms": ["instagram"], "public_reply": "We wrote to you, {name}.",
        "dm_text": "Here is the price list.", "is_on": True, "needs_approval": False,
        "least_interactions": 0, "keywords": ["how much", "link"],
        "answers_from": NOON - timedelta(hours=1), **values,
    }  # fmt: skip
    return SocialEngagementFunnel.objects.create(workspace=workspace, **given)
