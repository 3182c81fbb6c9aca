"""LinkedIn's Conversions API. The same event id of a conversion rule counts once."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from attribution.conversions_back.events import (
    ClientSender,
    Event,
    JsonObject,
    Receipt,
    seconds,
)
from campaigns.platform_access import linkedin_error_kind
from workspaces.platforms.client import Call
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import mapping, rows, text, whole

PATH = "/rest/conversionEvents"


class LinkedInSender(ClientSender):
    """Sends to one conversion rule, which says itself what kind of conversion it counts."""

    max_batch = 100

    def payload(self, event: Event) -> JsonObject | None:
        """One element of a batch."""
        ids = user_ids(event)
        if not ids:
            return None
        return {
            "conversion": f"urn:lla:llaPartnerConversion:{self._target.dataset_id}",
            "conversionHappenedAt": seconds(event.happened_at) * 1000,
            "eventId": event.event_id,
            "conversionValue": {
                "currencyCode": event.currency,
                "amount": f"{event.value.normalize():f}",
            },
            "user": {"userIds": ids},
        }

    def send(self, payloads: Sequence[JsonObject]) -> Receipt:
        """Hand a batch over, one of one event too: only a batch is answered with words."""
        answer = self._client.send(
            Call(
                "POST",
                PATH,
                json={"elements": list(payloads)},
                headers={"X-RestLi-Method": "BATCH_CREATE"},
                is_write=True,
            )
        )
        told = rows(answer.fields.get("elements"))
        if len(told) != len(payloads):
            raise PlatformError(
                ErrorKind.UNKNOWN,
                f"LinkedIn answered for {len(told)} of {len(payloads)} events; they are sent again"
                " under the same ids.",
            )
        for element in told:
            _check(element)
        return Receipt("accepted", answer.headers.get("x-li-uuid", ""))


def _check(element: dict[str, object]) -> None:
    """Raise the error of one event of a batch."""
    status = whole(element.get("status"))
    if status == HTTPStatus.CREATED:
        return
    error = mapping(element.get("error"))
    message = text(error.get("message")) or f"an event was answered with {status}"
    raise PlatformError(
        linkedin_error_kind(status),
        f"LinkedIn: {message.rstrip('.')}.",
        provider_code=text(error.get("code")) or str(status),
    )


def user_ids(event: Event) -> list[JsonObject]:
    """Match keys: the hashed address, and the id of the click as it is."""
    found = {
        "SHA256_EMAIL": event.email_hash,
        "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID": event.li_fat_id,
    }
    return [{"idType": kind, "idValue": value} for kind, value in found.items() if value]
