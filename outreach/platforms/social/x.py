"""An account on X, read by API v2: posts, and who answers or names it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from outreach.platforms.social.base import Author, Doings, Done, OwnAccount, Post, Posts
from outreach.platforms.wire import no_usage
from outreach.platforms.x import BASE_URL, LABEL, error_of
from workspaces.platforms.client import Call, Dialect, FixedHeaders, PlatformClient, checked_secret
from workspaces.platforms.payload import mapping, rows, text, whole

PAGE_SIZE: Final = 100


class XReader:
    """Reads by the token of a user."""

    def __init__(
        self, secret: Mapping[str, str], base_url: str | None, *, allow_loopback: bool
    ) -> None:
        token = checked_secret(secret.get("access_token", ""), "access token")
        self._client = PlatformClient(
            base_url=base_url or BASE_URL,
            auth=FixedHeaders({"Authorization": f"Bearer {token}"}, (token,)),
            dialect=Dialect(LABEL, no_usage, error_of),
            allow_loopback=allow_loopback,
        )

    def accounts(self) -> list[OwnAccount]:
        """The user of the token."""
        shown = mapping(self._get("/2/users/me", {"user.fields": "public_metrics"}).get("data"))
        return [
            OwnAccount(
                "twitter", text(shown.get("id")), text(shown.get("name")),
                whole(mapping(shown.get("public_metrics")).get("followers_count")),
            )
        ]  # fmt: skip

    def posts(self, account: OwnAccount, since: datetime, cursor: str) -> Posts:
        """Posts; X tells how often they were seen, not by how many."""
        body = self._listed(account, "tweets", since, cursor, exclude="replies")
        return Posts([_post(one) for one in rows(body.get("data"))], _next(body))

    def comments(self, account: OwnAccount, post: str, since: datetime, cursor: str) -> Doings:
        """Say nothing: answers name us, so they are among the mentions."""
        return Doings([])

    def mentions(self, account: OwnAccount, since: datetime, cursor: str) -> Doings:
        """Answers to our posts, and posts that name us."""
        body = self._listed(account, "mentions", since, cursor)
        people = {
            text(one.get("id")): one for one in rows(mapping(body.get("includes")).get("users"))
        }
        found = [_done(one, people) for one in rows(body.get("data"))]
        return Doings(
            [one for one in found if one.author.external_id != account.external_id], _next(body)
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _get(self, path: str, params: Mapping[str, str]) -> dict[str, object]:
        return self._client.send(Call("GET", path, params=params)).fields

    def _listed(
        self, account: OwnAccount, edge: str, since: datetime, cursor: str, **more: str
    ) -> dict[str, object]:
        params = {
            "max_results": str(PAGE_SIZE),
            "start_time": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "tweet.fields": "created_at,author_id,conversation_id,public_metrics",
            "expansions": "author_id",
            "user.fields": "public_metrics,receives_your_dm",
        }
        page = {"pagination_token": cursor} if cursor else {}
        return self._get(f"/2/users/{account.external_id}/{edge}", params | more | page)


def _next(body: Mapping[str, object]) -> str:
    return text(mapping(body.get("meta")).get("next_token"))


def _post(one: Mapping[str, object]) -> Post:
    figures = mapping(one.get("public_metrics"))
    name = text(one.get("id"))
    return Post(
        external_id=name,
        at=datetime.fromisoformat(text(one.get("created_at"))),
        caption=text(one.get("text")),
        type="TWEET",
        url=f"https://x.com/i/status/{name}",
        likes=whole(figures.get("like_count")),
        comments=whole(figures.get("reply_count")),
        shares=whole(figures.get("retweet_count")) + whole(figures.get("quote_count")),
        saves=whole(figures.get("bookmark_count")),
        views=whole(figures.get("impression_count")),
    )


def _done(one: Mapping[str, object], people: Mapping[str, Mapping[str, object]]) -> Done:
    author = text(one.get("author_id"))
    known = people.get(author, {})
    figures = mapping(known.get("public_metrics"))
    name, thread = text(one.get("id")), text(one.get("conversation_id"))
    is_answer = thread not in ("", name)
    return Done(
        external_id=name,
        kind="comment" if is_answer else "mention",
        at=datetime.fromisoformat(text(one.get("created_at"))),
        author=Author(
            author, text(known.get("username")), text(known.get("name")),
            whole(figures.get("followers_count")) if figures else None,
            bool(known["receives_your_dm"]) if "receives_your_dm" in known else None,
        ),
        text=text(one.get("text")),
        post=thread if is_answer else "",
    )  # fmt: skip
