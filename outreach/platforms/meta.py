"""Messages on Instagram and Messenger by Meta's Graph API.

A machine answers within 24 hours of the person's last message and never with a tag: outside of
that a person writes. There is no key and no way to ask by ours, so a lost answer is a person's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
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
from workspaces.platforms.payload import mapping, text

LABEL: Final = "Meta"
BASE_URL: Final = "https://graph.facebook.com"
API_VERSION: Final = "v26.0"
LIMITS: Final[Mapping[str, int]] = {"instagram": 1_000, "facebook": 2_000}
_KINDS: Final[Mapping[str, ErrorKind]] = {
    "1": ErrorKind.UNKNOWN,
    "2": ErrorKind.UNKNOWN,
    "4": ErrorKind.THROTTLED,
    "17": ErrorKind.THROTTLED,
    "32": ErrorKind.THROTTLED,
    "613": ErrorKind.THROTTLED,
    "190": ErrorKind.AUTH,
    "102": ErrorKind.AUTH,
    "10": ErrorKind.PERMISSION,
    "100": ErrorKind.INVALID,
    "368": ErrorKind.POLICY,
    "551": ErrorKind.INVALID,
}
#: The person cannot be reached, or the window closed.
_OF_RECIPIENT: Final = frozenset({"551"})
_WINDOW: Final = frozenset({"2534022", "2018278", "1545041"})


class MetaMessages:
    """The messages of one page and its Instagram account."""

    name = "meta"
    is_idempotent = False
    can_look_up = False
    lag_s = 0.0

    def __init__(
        self, secret: Mapping[str, str], base_url: str | None, *, allow_loopback: bool
    ) -> None:
        token = checked_secret(secret.get("access_token", ""), "page access token")
        version = secret.get("api_version") or API_VERSION
        self._path = f"/{version}/{secret.get('page_id', '').strip() or 'me'}"
        self._client = PlatformClient(
            base_url=base_url or BASE_URL,
            auth=FixedHeaders({"Authorization": f"Bearer {token}"}, (token,)),
            dialect=Dialect(LABEL, no_usage, error_of),
            allow_loopback=allow_loopback,
        )

    def send(self, message: Outgoing) -> Sent:
        """Send one message, or the one private reply to a comment."""
        if len(message.text) > LIMITS[message.channel]:
            raise PlatformError(
                ErrorKind.INVALID,
                f"A message there has {LIMITS[message.channel]:,} characters at most; shorten it.",
                field="text",
            )
        name = "comment_id" if message.reply_to_comment else "id"
        to = {name: message.reply_to_comment or message.to}
        body: dict[str, object] = {"recipient": to, "message": {"text": message.text}}
        if not message.reply_to_comment:
            body["messaging_type"] = "RESPONSE"
        call = Call("POST", f"{self._path}/messages", json=body, is_write=True)
        found = text(self._client.send(call).fields.get("message_id"))
        if not found:
            raise PlatformError(ErrorKind.UNKNOWN, "Meta gave no id; the message may be out.")
        return Sent(found, "sent")

    def look_up(self, message: Outgoing, called_at: datetime, known: frozenset[str]) -> Found:
        """Say that nobody can tell."""
        return Found("unsupported")

    def check(self) -> str:
        """Read the page."""
        answer = self._client.send(Call("GET", self._path, params={"fields": "id,name"}))
        return f"Meta knows the page {text(answer.fields.get('name'))!r}."

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def error_of(answer: Answer) -> PlatformError | None:
    """Return the error of an answer in the shape of the Graph API."""
    told = mapping(answer.fields.get("error"))
    if not told:
        return None
    code, subcode = text(told.get("code")), text(told.get("error_subcode"))
    kind = _KINDS.get(code) or kind_of(answer.status, is_write=answer.call.is_write)
    if subcode in _WINDOW:
        kind = ErrorKind.INVALID
    is_of_recipient = code in _OF_RECIPIENT or subcode in _WINDOW
    return PlatformError(
        kind,
        f"Meta answered {code}: {text(told.get('message'))[:300]}",
        provider_code=code,
        provider_subcode=subcode,
        trace_id=text(told.get("fbtrace_id")),
        field=RECIPIENT if is_of_recipient else "",
    )
