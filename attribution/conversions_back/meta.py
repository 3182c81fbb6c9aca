"""Meta's Conversions API.

One bad event, and one older than seven days, makes Meta refuse the whole batch. The same name and
id within 48 hours count once, so sending again is safe.
"""

from __future__ import annotations

from collections.abc import Sequence

from attribution.conversions_back.events import (
    ClientSender,
    Event,
    JsonObject,
    Receipt,
    Target,
    amount,
    seconds,
)
from workspaces.platforms.client import Call, PlatformClient
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import text, whole

PARTNER = "countersign"
# Of these alone, or with the browser's name, Meta finds nobody and refuses the event.
_WEAK = frozenset({"client_user_agent"})


class MetaSender(ClientSender):
    """Sends to one pixel or data set."""

    max_batch = 100

    def __init__(self, client: PlatformClient, target: Target, *, api_version: str) -> None:
        super().__init__(client, target)
        self._path = f"/{api_version}/{target.dataset_id}/events"

    def payload(self, event: Event) -> JsonObject | None:
        """One entry of ``data``."""
        user = user_data(event)
        if not set(user) - _WEAK:
            return None
        source, extra = _source(event)
        custom: JsonObject = {"value": amount(event.value), "currency": event.currency}
        if event.is_from_crm:
            custom |= {"event_source": "crm", "lead_event_source": event.crm_name or "CRM"}
        return {
            "event_name": event.name,
            "event_time": seconds(event.happened_at),
            "event_id": event.event_id,
            "action_source": source,
            "user_data": user,
            "custom_data": custom,
            **extra,
        }

    def send(self, payloads: Sequence[JsonObject]) -> Receipt:
        """Hand a batch over; it is taken whole or not at all."""
        body: JsonObject = {"data": list(payloads), "partner_agent": PARTNER}
        if self._target.test_code:
            body["test_event_code"] = self._target.test_code
        answer = self._client.send(Call("POST", self._path, json=body, is_write=True))
        received = whole(answer.fields.get("events_received"))
        if received != len(payloads):
            raise PlatformError(
                ErrorKind.UNKNOWN,
                f"Meta says that it received {received} of {len(payloads)} events; they are sent"
                " again under the same ids.",
            )
        return Receipt("accepted", text(answer.fields.get("fbtrace_id")))


def user_data(event: Event) -> JsonObject:
    """Match keys: hashed ones in lists, click and browser ids as they are."""
    hashed = {"em": event.email_hash, "ph": event.phone_hash}
    plain = {
        "fbc": event.fbc or _fbc(event),
        "fbp": event.fbp,
        "client_user_agent": event.user_agent,
    }
    return {
        **{name: [value] for name, value in hashed.items() if value},
        **{name: value for name, value in plain.items() if value},
    }


def _fbc(event: Event) -> str:
    """The cookie that Meta's pixel would have set; made on a server its second part is 1."""
    if not event.fbclid:
        return ""
    at = event.clicked_at or event.happened_at
    return f"fb.1.{int(at.timestamp() * 1000)}.{event.fbclid}"


def _source(event: Event) -> tuple[str, JsonObject]:
    """Where it happened. A page's event must name the page and the browser."""
    if event.is_from_crm:
        return "system_generated", {}
    if event.page_url and event.user_agent:
        return "website", {"event_source_url": event.page_url}
    return "other", {}
