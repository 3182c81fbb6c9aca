"""Meta's calls about comments and mentions: the rows that reading makes too, only sooner."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from outreach.models import EngagementKind, SocialAccount
from outreach.platforms.social.base import Author, Done
from outreach.services.social.taking import TOPIC, take_doings
from workspaces.inbound.registry import Failure
from workspaces.models import Connection, InboundEvent
from workspaces.services.live import bump

KINDS: Final = ("page.feed", "instagram.comments")
_PLATFORMS: Final = {"page": "facebook", "instagram": "instagram"}


def consume(
    connection: Connection, events: Sequence[InboundEvent], now: datetime
) -> Mapping[int, Failure]:
    """Take in comments; of accounts that were never read, nothing.

    A mention is told by its id alone, so the next reading brings it.
    """
    told: dict[str, list[Done]] = {}
    own = set(
        SocialAccount.objects.filter(connection=connection).values_list("platform", "external_id")
    )
    for event in events:
        for platform, account, done in _updates(event):
            is_ours = (platform, account) in own and done.author.external_id != account
            if is_ours:
                told.setdefault(platform, []).append(done)
    for platform, rows in told.items():
        take_doings(workspace=connection.workspace, platform=platform, rows=rows)
    if told:
        bump(connection.workspace_id, TOPIC)
    return {}


def _updates(event: InboundEvent) -> Iterator[tuple[str, str, Done]]:
    payload = json.loads(event.body)
    platform = _PLATFORMS.get(payload.get("object", ""))
    for entry in payload.get("entry", []) if platform else []:
        for change in entry.get("changes", []):
            value = change.get("value") if isinstance(change, dict) else None
            if isinstance(value, dict) and platform:
                done = _comment(value, _moment(value, entry, event.received_at))
                if done is not None:
                    yield platform, str(entry.get("id", "")), done


def _moment(value: Mapping[str, Any], entry: Mapping[str, Any], otherwise: datetime) -> datetime:
    stamp = value.get("created_time") or entry.get("time")
    if not isinstance(stamp, int) or stamp <= 0:
        return otherwise
    # Instagram writes milliseconds here and there.
    seconds = stamp / 1000 if stamp > 1 << 34 else stamp
    return min(datetime.fromtimestamp(seconds, UTC), otherwise)


def _comment(value: Mapping[str, Any], at: datetime) -> Done | None:
    """Read a comment; posts, likes without names and what was taken away again are none."""
    if value.get("item", "comment") != "comment" or value.get("verb", "add") != "add":
        return None
    media = value.get("media")
    post = value.get("post_id") or (media.get("id") if isinstance(media, dict) else "")
    name, who = value.get("comment_id") or value.get("id"), value.get("from")
    if not name or not isinstance(who, dict):
        return None
    parent = str(value.get("parent_id") or "")
    return Done(
        external_id=str(name),
        kind=EngagementKind.COMMENT,
        at=at,
        author=Author(
            str(who.get("id", "")), str(who.get("username", "")), str(who.get("name", ""))
        ),
        text=str(value.get("message") or value.get("text") or ""),
        post=str(post or ""),
        parent="" if parent == post else parent,
    )
