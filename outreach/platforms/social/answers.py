"""Public answers to comments: written, found again and taken back, where the network lets us."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from outreach.platforms import meta, x
from outreach.platforms.wire import no_usage
from workspaces.platforms.client import Call, Dialect, FixedHeaders, PlatformClient, checked_secret
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import mapping, rows, text

#: Most characters of a public answer, by network; elsewhere a machine writes none.
LIMITS: Final[Mapping[str, int]] = {"facebook": 8_000, "instagram": 2_200, "twitter": 280}
_PAGE: Final = "100"
#: Clocks differ.
_SLACK: Final = timedelta(minutes=5)


class Answers(Protocol):
    """Answers of one connection. Calls raise `PlatformError` and nothing else."""

    def write(self, comment: str, words: str) -> str:
        """Answer a comment; the id of the answer."""
        ...

    def find(self, account: str, comment: str, words: str, since: datetime) -> str:
        """Look for our answer below a comment; its id, or nothing."""
        ...

    def is_there(self, answer: str) -> bool:
        """Whether an answer still stands there."""
        ...

    def take_back(self, answer: str) -> None:
        """Delete an answer."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class MetaAnswers:
    """Answers of a page or its Instagram account."""

    def __init__(
        self, network: str, secret: Mapping[str, str], base_url: str | None, *, allow_loopback: bool
    ) -> None:
        token = checked_secret(secret.get("access_token", ""), "page access token")
        self._root = f"/{secret.get('api_version') or meta.API_VERSION}"
        self._edge = "replies" if network == "instagram" else "comments"
        self._words = "text" if network == "instagram" else "message"
        self._client = PlatformClient(
            base_url=base_url or meta.BASE_URL,
            auth=FixedHeaders({"Authorization": f"Bearer {token}"}, (token,)),
            dialect=Dialect(meta.LABEL, no_usage, meta.error_of),
            allow_loopback=allow_loopback,
        )

    def write(self, comment: str, words: str) -> str:
        """Answer a comment."""
        path = f"{self._root}/{comment}/{self._edge}"
        call = Call("POST", path, json={"message": words}, is_write=True)
        return _id_or_unknown(self._client.send(call).fields, meta.LABEL)

    def find(self, account: str, comment: str, words: str, since: datetime) -> str:
        """Look below the comment."""
        params = {"fields": f"id,{self._words},from", "limit": _PAGE}
        call = Call("GET", f"{self._root}/{comment}/{self._edge}", params=params)
        for one in rows(self._client.send(call).fields.get("data")):
            by = text(mapping(one.get("from")).get("id"))
            if by == account and text(one.get(self._words)) == words:
                return text(one.get("id"))
        return ""

    def is_there(self, answer: str) -> bool:
        """Read it."""
        try:
            self._client.send(Call("GET", f"{self._root}/{answer}", params={"fields": "id"}))
        except PlatformError as error:
            # What is deleted is an unknown object there.
            if error.kind == ErrorKind.GONE or error.provider_subcode == "33":
                return False
            raise
        return True

    def take_back(self, answer: str) -> None:
        """Delete it."""
        self._client.send(Call("DELETE", f"{self._root}/{answer}", is_write=True))

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


class XAnswers:
    """Answers of an account on X."""

    def __init__(
        self, network: str, secret: Mapping[str, str], base_url: str | None, *, allow_loopback: bool
    ) -> None:
        token = checked_secret(secret.get("access_token", ""), "access token")
        self._client = PlatformClient(
            base_url=base_url or x.BASE_URL,
            auth=FixedHeaders({"Authorization": f"Bearer {token}"}, (token,)),
            dialect=Dialect(x.LABEL, no_usage, x.error_of),
            allow_loopback=allow_loopback,
        )

    def write(self, comment: str, words: str) -> str:
        """Answer a post."""
        body = {"text": words, "reply": {"in_reply_to_tweet_id": comment}}
        call = Call("POST", "/2/tweets", json=body, is_write=True)
        return _id_or_unknown(mapping(self._client.send(call).fields.get("data")), x.LABEL)

    def find(self, account: str, comment: str, words: str, since: datetime) -> str:
        """Look among what the account wrote since."""
        params = {
            "max_results": _PAGE,
            "start_time": f"{(since - _SLACK).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "tweet.fields": "referenced_tweets",
        }
        call = Call("GET", f"/2/users/{account}/tweets", params=params)
        for one in rows(self._client.send(call).fields.get("data")):
            answered = {text(to.get("id")) for to in rows(one.get("referenced_tweets"))}
            # X puts the names of who is answered before the words.
            if comment in answered and text(one.get("text")).endswith(words):
                return text(one.get("id"))
        return ""

    def is_there(self, answer: str) -> bool:
        """Read it."""
        try:
            found = self._client.send(Call("GET", f"/2/tweets/{answer}")).fields
        except PlatformError as error:
            if error.kind == ErrorKind.GONE:
                return False
            raise
        return bool(mapping(found.get("data")))

    def take_back(self, answer: str) -> None:
        """Delete it."""
        self._client.send(Call("DELETE", f"/2/tweets/{answer}", is_write=True))

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def _id_or_unknown(fields: Mapping[str, object], label: str) -> str:
    found = text(fields.get("id"))
    if not found:
        raise PlatformError(ErrorKind.UNKNOWN, f"{label} gave no id; the answer may be out.")
    return found


def build_answers(
    network: str, *, secret: Mapping[str, str], base_url: str | None, allow_loopback: bool
) -> Answers:
    """Return what answers on a network; nothing is asked yet.

    Raises
    ------
    PlatformError : no machine answers there; refused address, missing credential
    """
    if network not in LIMITS:
        raise PlatformError(ErrorKind.INVALID, "No machine answers comments there.")
    made = XAnswers if network == "twitter" else MetaAnswers
    return made(network, secret, base_url, allow_loopback=allow_loopback)
