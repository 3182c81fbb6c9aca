"""Connections to the far end's networks, and rows of posts and people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from outreach.models import (
    SocialAccount,
    SocialAdvocate,
    SocialEngagement,
    SocialPerson,
    SocialPost,
)
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
