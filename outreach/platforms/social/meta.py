"""A page on Facebook and its Instagram account, read by the Graph API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from outreach.platforms.meta import API_VERSION, BASE_URL, LABEL, error_of
from outreach.platforms.social.base import Author, Doings, Done, OwnAccount, Post, Posts
from outreach.platforms.wire import no_usage
from workspaces.platforms.client import Call, Dialect, FixedHeaders, PlatformClient, checked_secret
from workspaces.platforms.payload import mapping, rows, text, whole

PAGE_SIZE: Final = 100
_POSTS: Final = {
    "facebook": (
        "posts",
        "id,message,created_time,permalink_url,status_type,shares,likes.summary(true),"
        "comments.summary(true),insights.metric(post_impressions_unique,post_impressions)",
    ),
    "instagram": (
        "media",
        "id,caption,media_type,media_product_type,timestamp,permalink,like_count,comments_count,"
        "insights.metric(reach,views,saved,shares)",
    ),
}
_COMMENTS: Final = {
    "facebook": "id,message,created_time,from,parent",
    "instagram": "id,text,timestamp,username,from,parent_id",
}


class MetaReader:
    """Reads by the token of a page."""

    def __init__(
        self, secret: Mapping[str, str], base_url: str | None, *, allow_loopback: bool
    ) -> None:
        token = checked_secret(secret.get("access_token", ""), "page access token")
        self._root = f"/{secret.get('api_version') or API_VERSION}"
        self._page = secret.get("page_id", "").strip() or "me"
        self._client = PlatformClient(
            base_url=base_url or BASE_URL,
            auth=FixedHeaders({"Authorization": f"Bearer {token}"}, (token,)),
            dialect=Dialect(LABEL, no_usage, error_of),
            allow_loopback=allow_loopback,
        )

    def accounts(self) -> list[OwnAccount]:
        """The page, and the Instagram account that goes with it."""
        page = self._get(self._page, fields="id,name,followers_count,instagram_business_account")
        found = [_account("facebook", page)]
        if instagram := text(mapping(page.get("instagram_business_account")).get("id")):
            shown = self._get(instagram, fields="id,username,name,followers_count")
            found.append(_account("instagram", shown))
        return found

    def posts(self, account: OwnAccount, since: datetime, cursor: str) -> Posts:
        """Posts with their figures."""
        edge, fields = _POSTS[account.platform]
        body = self._listed(account.external_id, edge, fields, since, cursor)
        read = _facebook_post if account.platform == "facebook" else _instagram_post
        return Posts([read(one) for one in rows(body.get("data"))], _next(body))

    def comments(self, account: OwnAccount, post: str, since: datetime, cursor: str) -> Doings:
        """Comments below one post, without our own."""
        body = self._listed(post, "comments", _COMMENTS[account.platform], since, cursor)
        found = [_comment(one, post) for one in rows(body.get("data"))]
        return Doings([one for one in found if _is_other(one, account)], _next(body))

    def mentions(self, account: OwnAccount, since: datetime, cursor: str) -> Doings:
        """Where others tag the Instagram account; a page is told of none this way."""
        if account.platform == "facebook":
            return Doings([])
        fields = "id,caption,timestamp,username,permalink"
        body = self._listed(account.external_id, "tags", fields, since, cursor)
        return Doings([_tag(one) for one in rows(body.get("data"))], _next(body))

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _get(self, path: str, **params: str) -> dict[str, object]:
        return self._client.send(Call("GET", f"{self._root}/{path}", params=params)).fields

    def _listed(
        self, node: str, edge: str, fields: str, since: datetime, cursor: str
    ) -> dict[str, object]:
        params = {"fields": fields, "limit": str(PAGE_SIZE), "since": f"{since.timestamp():.0f}"}
        return self._get(f"{node}/{edge}", **params, **({"after": cursor} if cursor else {}))


def _next(body: Mapping[str, object]) -> str:
    paging = mapping(body.get("paging"))
    return text(mapping(paging.get("cursors")).get("after")) if paging.get("next") else ""


def _account(platform: str, shown: Mapping[str, object]) -> OwnAccount:
    return OwnAccount(
        platform, text(shown.get("id")), text(shown.get("name")),
        whole(shown.get("followers_count")),
    )  # fmt: skip


def _at(value: object) -> datetime:
    moment = datetime.fromisoformat(text(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _total(value: object) -> int:
    return whole(mapping(mapping(value).get("summary")).get("total_count"))


def _metrics(post: Mapping[str, object]) -> dict[str, int]:
    told = rows(mapping(post.get("insights")).get("data"))
    return {
        text(one.get("name")): whole(values[0].get("value"))
        for one in told
        if (values := rows(one.get("values")))
    }


def _facebook_post(post: Mapping[str, object]) -> Post:
    figures = _metrics(post)
    return Post(
        external_id=text(post.get("id")),
        at=_at(post.get("created_time")),
        caption=text(post.get("message")),
        type=text(post.get("status_type")),
        url=text(post.get("permalink_url")),
        likes=_total(post.get("likes")),
        comments=_total(post.get("comments")),
        shares=whole(mapping(post.get("shares")).get("count")),
        views=figures.get("post_impressions", 0),
        reach=figures.get("post_impressions_unique"),
    )


def _instagram_post(post: Mapping[str, object]) -> Post:
    figures, product = _metrics(post), text(post.get("media_product_type"))
    return Post(
        external_id=text(post.get("id")),
        at=_at(post.get("timestamp")),
        caption=text(post.get("caption")),
        type="REELS" if product == "REELS" else text(post.get("media_type")),
        url=text(post.get("permalink")),
        likes=whole(post.get("like_count")),
        comments=whole(post.get("comments_count")),
        shares=figures.get("shares", 0),
        saves=figures.get("saved", 0),
        views=figures.get("views", 0),
        reach=figures.get("reach"),
    )


def _comment(one: Mapping[str, object], post: str) -> Done:
    who = mapping(one.get("from"))
    parent = text(one.get("parent_id")) or text(mapping(one.get("parent")).get("id"))
    return Done(
        external_id=text(one.get("id")),
        kind="comment",
        at=_at(one.get("timestamp") or one.get("created_time")),
        author=Author(text(who.get("id")), text(who.get("username")), text(who.get("name"))),
        text=text(one.get("text")) or text(one.get("message")),
        post=post,
        parent="" if parent == post else parent,
    )


def _tag(one: Mapping[str, object]) -> Done:
    # Of who tags us only the user name is told; comments tell the id of the same name.
    name = text(one.get("username"))
    return Done(
        external_id=text(one.get("id")),
        kind="mention",
        at=_at(one.get("timestamp")),
        author=Author("", name),
        text=text(one.get("caption")),
    )


def _is_other(one: Done, account: OwnAccount) -> bool:
    return one.author.external_id != account.external_id
