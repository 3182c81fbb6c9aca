"""A creator on TikTok: videos with their counts. Who did what is not told, nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from outreach.platforms.social.base import Doings, OwnAccount, Post, Posts
from outreach.platforms.wire import kind_of, no_usage
from workspaces.platforms.client import (
    Answer,
    Call,
    Dialect,
    FixedHeaders,
    PlatformClient,
    checked_secret,
)
from workspaces.platforms.errors import PlatformError
from workspaces.platforms.payload import mapping, rows, text, whole

LABEL: Final = "TikTok"
BASE_URL: Final = "https://open.tiktokapis.com"
PAGE_SIZE: Final = 20
_FIELDS: Final = (
    "id,title,video_description,create_time,share_url,like_count,comment_count,share_count,"
    "view_count"
)


class TikTokReader:
    """Reads by a token with video.list and user.info.stats."""

    def __init__(
        self, secret: Mapping[str, str], base_url: str | None, *, allow_loopback: bool
    ) -> None:
        token = checked_secret(secret.get("access_token", ""), "access token")
        self._client = PlatformClient(
            base_url=base_url or BASE_URL,
            auth=FixedHeaders({"Authorization": f"Bearer {token}"}, (token,)),
            dialect=Dialect(LABEL, no_usage, _error_of),
            allow_loopback=allow_loopback,
        )

    def accounts(self) -> list[OwnAccount]:
        """The creator of the token."""
        params = {"fields": "open_id,display_name,follower_count"}
        body = self._client.send(Call("GET", "/v2/user/info/", params=params)).fields
        user = mapping(mapping(body.get("data")).get("user"))
        name = text(user.get("display_name"))
        return [
            OwnAccount("tiktok", text(user.get("open_id")), name, whole(user.get("follower_count")))
        ]

    def posts(self, account: OwnAccount, since: datetime, cursor: str) -> Posts:
        """Videos, the newest first; a cursor is a time."""
        asked: dict[str, object] = {"max_count": PAGE_SIZE}
        if cursor:
            asked["cursor"] = int(cursor)
        call = Call("POST", "/v2/video/list/", params={"fields": _FIELDS}, json=asked)
        data = mapping(self._client.send(call).fields.get("data"))
        made = [_post(one) for one in rows(data.get("videos"))]
        is_older = bool(made) and made[-1].at < since
        has_more = data.get("has_more") is True and bool(made) and not is_older
        return Posts(made, text(data.get("cursor")) if has_more else "")

    def comments(self, account: OwnAccount, post: str, since: datetime, cursor: str) -> Doings:
        """Say nothing: TikTok tells only how many."""
        return Doings([])

    def mentions(self, account: OwnAccount, since: datetime, cursor: str) -> Doings:
        """Say nothing: TikTok does not tell of them."""
        return Doings([])

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def _error_of(answer: Answer) -> PlatformError | None:
    told = mapping(answer.fields.get("error"))
    code = text(told.get("code"))
    if answer.is_success and code in ("", "ok"):
        return None
    words = text(told.get("message")) or "no explanation"
    return PlatformError(
        kind_of(answer.status, is_write=False),
        f"TikTok answered {code}: {words[:300]}",
        provider_code=code,
        trace_id=text(told.get("log_id")),
    )


def _post(one: Mapping[str, object]) -> Post:
    return Post(
        external_id=text(one.get("id")),
        at=datetime.fromtimestamp(whole(one.get("create_time")), UTC),
        caption=text(one.get("video_description")) or text(one.get("title")),
        type="VIDEO",
        url=text(one.get("share_url")),
        likes=whole(one.get("like_count")),
        comments=whole(one.get("comment_count")),
        shares=whole(one.get("share_count")),
        views=whole(one.get("view_count")),
    )
