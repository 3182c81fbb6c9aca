"""TikTok's Events API. The same event and id count once."""

from __future__ import annotations

from collections.abc import Sequence

from attribution.conversions_back.events import (
    ClientSender,
    Event,
    JsonObject,
    Receipt,
    amount,
    seconds,
)
from workspaces.platforms.client import Call
from workspaces.platforms.payload import text

PATH = "/open_api/v1.3/event/track/"


class TikTokSender(ClientSender):
    """Sends to one event source, for pages or for a CRM."""

    # What a failed part of a list looks like is not documented: few at once, then one by one.
    max_batch = 50

    def payload(self, event: Event) -> JsonObject | None:
        """One entry of ``data``."""
        user = user_of(event)
        if not set(user) - {"user_agent"}:
            return None
        found: JsonObject = {
            "event": event.name,
            "event_time": seconds(event.happened_at),
            "event_id": event.event_id,
            "user": user,
            "properties": {"value": amount(event.value), "currency": event.currency},
        }
        if event.page_url and not event.is_from_crm:
            found["page"] = {"url": event.page_url}
        return found

    def send(self, payloads: Sequence[JsonObject]) -> Receipt:
        """Hand a batch over; the truth is in the code of the answer."""
        body: JsonObject = {
            "event_source": "web",
            "event_source_id": self._target.dataset_id,
            "data": list(payloads),
        }
        if self._target.test_code:
            body["test_event_code"] = self._target.test_code
        answer = self._client.send(Call("POST", PATH, json=body, is_write=True))
        return Receipt("accepted", text(answer.fields.get("request_id")))


def user_of(event: Event) -> JsonObject:
    """Match keys: hashed ones, click and cookie ids as they are."""
    found = {
        "email": event.email_hash,
        "phone": event.e164_hash,
        "ttclid": event.ttclid,
        "ttp": event.ttp,
        "user_agent": event.user_agent,
    }
    return {name: value for name, value in found.items() if value}
