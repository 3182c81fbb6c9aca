"""Direct messages on X, by its API v2, to people who allow them.

There is no key, and reading messages back is paid by the piece, so a lost answer is a person's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from outreach.platforms.base import RECIPIENT, Found, Outgoing, Sent
from outreach.platforms.wire import kind_of, no_usage
from workspaces.platforms.client import (
    Answer,
    Call,
    Dialect,
    FixedHeaders,
    PlatformClient,
    checked_secret,
)
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import mapping, rows, text

LABEL: Final = "X"
BASE_URL: Final = "https://api.x.com"
_USER: Final = re.compile(r"\d{1,20}")
#: The recipient takes no messages from us.
_CLOSED: Final = re.compile(r"not.*(allow|permi|following)|cannot.*(send|message)", re.I)


class X:
    """The direct messages of one account."""

    name = "x"
    is_idempotent = False
    can_look_up = False
    lag_s = 0.0

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

    def send(self, message: Outgoing) -> Sent:
        """Send one message."""
        if not _USER.fullmatch(message.to):
            raise PlatformError(
                ErrorKind.INVALID, "People on X are addressed by their number.", field=RECIPIENT
            )
        path = f"/2/dm_conversations/with/{message.to}/messages"
        call = Call("POST", path, json={"text": message.text}, is_write=True)
        found = text(mapping(self._client.send(call).fields.get("data")).get("dm_event_id"))
        if not found:
            raise PlatformError(ErrorKind.UNKNOWN, "X gave no id; the message may be out.")
        return Sent(found, "sent")

    def look_up(self, message: Outgoing, called_at: datetime, known: frozenset[str]) -> Found:
        """Say that nobody can tell."""
        return Found("unsupported")

    def check(self) -> str:
        """Read the account."""
        answer = self._client.send(Call("GET", "/2/users/me"))
        name = text(mapping(answer.fields.get("data")).get("username"))
        return f"X knows the account @{name}."

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def error_of(answer: Answer) -> PlatformError | None:
    """Return the error of an answer in the shape of API v2."""
    if answer.is_success and not answer.fields.get("errors"):
        return None
    first = next(iter(rows(answer.fields.get("errors"))), {})
    words = (
        text(answer.fields.get("detail")) or text(first.get("message")) or text(first.get("detail"))
    )
    kind = kind_of(answer.status, is_write=answer.call.is_write)
    if text(first.get("type")).endswith("/resource-not-found"):
        kind = ErrorKind.GONE  # told with status 200
    is_closed = kind == ErrorKind.PERMISSION and bool(_CLOSED.search(words))
    return PlatformError(
        ErrorKind.INVALID if is_closed else kind,
        f"X answered {answer.status}: {words[:300]}",
        retry_after_s=_reset_s(answer.headers),
        provider_code=str(answer.status),
        field=RECIPIENT if is_closed else "",
    )


def _reset_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the quota begins anew, where it is used up."""
    reset = headers.get("x-rate-limit-reset", "")
    if headers.get("x-rate-limit-remaining") != "0" or not reset.isdigit():
        return None
    return max(0.0, int(reset) - datetime.now(UTC).timestamp())
