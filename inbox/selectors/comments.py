"""Comments below our posts, as messages name them."""

from __future__ import annotations

from inbox.models import CustomerResponse
from outreach.models import EngagementKind, SocialEngagement
from outreach.services.social.replying import most_of, refusal_of

GONE = "The comment is not known any more."


def name_of(platform: str, external_id: str) -> str:
    """What a comment is called as a message: ids are those of a network."""
    return f"{platform}:{external_id}"


def engagement_of(response: CustomerResponse) -> SocialEngagement | None:
    """The comment of a message."""
    platform, _, external_id = response.external_id.partition(":")
    return (
        SocialEngagement.objects.select_related("post", "person")
        .filter(
            workspace=response.workspace_id, platform=platform, external_id=external_id,
            kind=EngagementKind.COMMENT,
        )
        .first()
    )  # fmt: skip


def why_not_below(response: CustomerResponse) -> str:
    """Why a comment cannot be answered now; empty: it can."""
    engagement = engagement_of(response)
    return GONE if engagement is None else refusal_of(engagement)


def most_below(response: CustomerResponse) -> int:
    """Most characters of an answer below a comment."""
    engagement = engagement_of(response)
    return most_of(engagement) if engagement is not None else 0
