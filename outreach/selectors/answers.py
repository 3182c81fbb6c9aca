"""Answers of funnels: what one would say, where, and by which connection."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from outreach.models import (
    EngagementKind,
    SocialAccount,
    SocialEngagement,
    SocialFunnelEntry,
    SocialPerson,
    SocialPlatform,
)
from outreach.platforms.social.answers import LIMITS
from workspaces.models import Workspace

KIND: Final = "outreach.answer"
#: Networks on which a comment lets us write to a person once.
PRIVATE_REPLIES: Final = (SocialPlatform.INSTAGRAM, SocialPlatform.FACEBOOK)
#: Networks that tell who did what; on the others nobody can be answered.
ANSWERED: Final = (
    SocialPlatform.INSTAGRAM, SocialPlatform.FACEBOOK, SocialPlatform.TWITTER,
    SocialPlatform.LINKEDIN,
)  # fmt: skip
#: What stands for the person in a text.
NAME: Final = "{name}"


def answers_in_public(engagement: SocialEngagement) -> bool:
    """Whether a machine may answer below it."""
    if engagement.platform not in LIMITS:
        return False
    # Where Instagram and Facebook tell of a mention, there is no comment to answer.
    is_meta = engagement.platform in PRIVATE_REPLIES
    return engagement.kind == EngagementKind.COMMENT or (
        not is_meta and engagement.kind == EngagementKind.MENTION
    )


def is_private_reply(engagement: SocialEngagement) -> bool:
    """Whether the one private reply to a comment is what reaches its writer."""
    is_comment = engagement.kind == EngagementKind.COMMENT
    return is_comment and engagement.platform in PRIVATE_REPLIES


def filled_in(text: str, person: SocialPerson) -> str:
    """Write a text for one person."""
    name = person.name.partition(" ")[0] or person.username
    if name:
        return text.replace(NAME, name)
    return text.replace(f" {NAME}", "").replace(NAME, "")


def entry_of(workspace: Workspace, funnel: Any, engagement: Any) -> SocialFunnelEntry | None:
    """The way of who did it through a funnel."""
    rows = SocialFunnelEntry.objects.select_related(
        "funnel__follow_up", "engagement__post", "person__contact", "message", "workspace"
    )
    try:
        return rows.filter(
            workspace=workspace, funnel__public_id=str(funnel or ""),
            engagement__public_id=str(engagement or ""),
        ).first()  # fmt: skip
    except ValidationError:
        return None


def account_of(engagement: SocialEngagement) -> SocialAccount | None:
    """Our account that is answered by: the post's, else the only one there."""
    rows = SocialAccount.objects.select_related("connection")
    if engagement.post is not None:
        return rows.get(pk=engagement.post.account_id)
    found = list(rows.filter(workspace=engagement.workspace_id, platform=engagement.platform)[:2])
    return found[0] if len(found) == 1 else None
