"""Looking a mail up at Postmark: it keeps what it took, with our own mark."""

from __future__ import annotations

from typing import Final

from outreach.platforms.base import Found
from outreach.platforms.wire import kind_of, no_usage
from workspaces.platforms.client import Answer, Call, Dialect, FixedHeaders, PlatformClient
from workspaces.platforms.errors import PlatformError
from workspaces.platforms.payload import rows, text

LABEL: Final = "Postmark"
BASE_URL: Final = "https://api.postmarkapp.com"


class PostmarkSearch:
    """Asks for messages by our metadata."""

    #: Its index follows by so much.
    lag_s = 300.0

    def __init__(self, token: str, base_url: str | None, *, allow_loopback: bool) -> None:
        self._client = PlatformClient(
            base_url=base_url or BASE_URL,
            auth=FixedHeaders({"X-Postmark-Server-Token": token}, (token,)),
            dialect=Dialect(LABEL, no_usage, _error_of),
            allow_loopback=allow_loopback,
        )

    def find(self, to: str, name: str, value: str) -> Found:
        """Ask for the one mail to an address that carries a value."""
        params = {"count": "1", "offset": "0", "recipient": to, f"metadata_{name}": value}
        answer = self._client.send(Call("GET", "/messages/outbound", params=params))
        for row in rows(answer.fields.get("Messages")):
            return Found("sent", text(row.get("MessageID")))
        return Found("not_sent")

    def check(self) -> str:
        """Read the server's name."""
        answer = self._client.send(Call("GET", "/server"))
        return f"Postmark knows the server {text(answer.fields.get('Name'))!r}."

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def _error_of(answer: Answer) -> PlatformError | None:
    if answer.is_success:
        return None
    words, code = text(answer.fields.get("Message")), text(answer.fields.get("ErrorCode"))
    kind = kind_of(answer.status, is_write=answer.call.is_write)
    return PlatformError(kind, f"{LABEL} answered: {words}", provider_code=code)
