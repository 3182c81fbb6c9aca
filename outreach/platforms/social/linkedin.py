"""An organisation on LinkedIn: posts, their figures and comments. Nothing is written there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from outreach.platforms.social.base import Author, Doings, Done, OwnAccount, Post, Posts
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

LABEL: Final = "LinkedIn"
BASE_URL: Final = "https://api.linkedin.com"
API_VERSION: Final = "202610"
PAGE_SIZE: Final = 50
_PERSON: Final = "urn:li:person:"


class LinkedInReader:
    """Reads by a token with r_organization_social."""

    def __init__(
        self, secret: Mapping[str, str], base_url: str | None, *, allow_loopback: bool
    ) -> None:
        token = checked_secret(secret.get("access_token", ""), "access token")
        self._organization = checked_secret(
            secret.get("organization_id", ""), "number of the organisation"
        )
        headers = {
            "Authorization": f"Bearer {token}",
            "LinkedIn-Version": secret.get("api_version") or API_VERSION,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        self._client = PlatformClient(
            base_url=base_url or BASE_URL,
            auth=FixedHeaders(headers, (token,)),
            dialect=Dialect(LABEL, no_usage, _error_of),
            allow_loopback=allow_loopback,
        )

    def accounts(self) -> list[OwnAccount]:
        """The organisation; one post is asked for to see that the token opens it."""
        self._get(self._posts_path(0, 1))
        return [OwnAccount("linkedin", self._organization, f"Page {self._organization}", 0)]

    def posts(self, account: OwnAccount, since: datetime, cursor: str) -> Posts:
        """Posts with their figures, the newest first; LinkedIn cannot be asked by time."""
        start = int(cursor or 0)
        body = self._get(self._posts_path(start, PAGE_SIZE))
        found = rows(body.get("elements"))
        names = [text(one.get("id")) for one in found]
        figures = self._figures(names) if names else {}
        made = [_post(one, figures.get(text(one.get("id")), {})) for one in found]
        is_older = bool(made) and made[-1].at < since
        return Posts(made, "" if is_older else _next(body, start, len(found)))

    def comments(self, account: OwnAccount, post: str, since: datetime, cursor: str) -> Doings:
        """Comments below one post, without our own."""
        start = int(cursor or 0)
        path = f"/rest/socialActions/{quote(post, safe='')}/comments"
        body = self._get(f"{path}?start={start}&count={PAGE_SIZE}")
        found = rows(body.get("elements"))
        done = [_comment(one, post) for one in found]
        people = [one for one in done if one.author.external_id and one.at >= since]
        is_older = bool(done) and done[-1].at < since
        return Doings(people, "" if is_older else _next(body, start, len(found)))

    def mentions(self, account: OwnAccount, since: datetime, cursor: str) -> Doings:
        """Say nothing: LinkedIn does not tell of them."""
        return Doings([])

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _posts_path(self, start: int, count: int) -> str:
        author = quote(f"urn:li:organization:{self._organization}", safe="")
        return f"/rest/posts?q=author&author={author}&start={start}&count={count}"

    def _figures(self, names: list[str]) -> dict[str, dict[str, object]]:
        # The brackets of a list must not be encoded, what is in it must.
        owner = quote(f"urn:li:organization:{self._organization}", safe="")
        shares = ",".join(quote(name, safe="") for name in names)
        body = self._get(
            "/rest/organizationalEntityShareStatistics?q=organizationalEntity"
            f"&organizationalEntity={owner}&shares=List({shares})"
        )
        return {
            text(one.get("share")): mapping(one.get("totalShareStatistics"))
            for one in rows(body.get("elements"))
        }

    def _get(self, path: str) -> dict[str, object]:
        return self._client.send(Call("GET", path)).fields


def _error_of(answer: Answer) -> PlatformError | None:
    if answer.is_success:
        return None
    words = text(answer.fields.get("message")) or "no explanation"
    return PlatformError(
        kind_of(answer.status, is_write=False),
        f"LinkedIn answered {answer.status}: {words[:300]}",
        provider_code=text(answer.fields.get("code")),
    )


def _next(body: Mapping[str, object], start: int, count: int) -> str:
    total = whole(mapping(body.get("paging")).get("total"))
    return str(start + count) if count and start + count < total else ""


def _at(stamp: object) -> datetime:
    return datetime.fromtimestamp(whole(stamp) / 1000, UTC)


def _post(one: Mapping[str, object], figures: Mapping[str, object]) -> Post:
    name = text(one.get("id"))
    return Post(
        external_id=name,
        at=_at(one.get("publishedAt")),
        caption=text(one.get("commentary")),
        type=next((key.upper() for key in mapping(one.get("content"))), "TEXT"),
        url=f"https://www.linkedin.com/feed/update/{name}/",
        likes=whole(figures.get("likeCount")),
        comments=whole(figures.get("commentCount")),
        shares=whole(figures.get("shareCount")),
        views=whole(figures.get("impressionCount")),
        reach=whole(figures.get("uniqueImpressionsCount")) if figures else None,
    )


def _comment(one: Mapping[str, object], post: str) -> Done:
    actor = text(one.get("actor"))
    return Done(
        external_id=text(one.get("id")),
        kind="comment",
        at=_at(mapping(one.get("created")).get("time")),
        author=Author(actor.removeprefix(_PERSON) if actor.startswith(_PERSON) else ""),
        text=text(mapping(one.get("message")).get("text")),
        post=post,
    )
