"""Google's Data Manager API.

It takes a batch and decides later, so its answer is asked for by the request's id. The same
transaction id counts once for an action.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from attribution.conversions_back.events import (
    ClientSender,
    Event,
    JsonObject,
    Receipt,
    Verdict,
    amount,
)
from workspaces.platforms.client import Call
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import mapping, rows, text

BASE_URL = "https://datamanager.googleapis.com"
_VERDICTS: dict[str, Verdict] = {
    "SUCCESS": "accepted",
    "FAILED": "rejected",
    "PARTIAL_SUCCESS": "mixed",
}


class GoogleSender(ClientSender):
    """Sends to one conversion action."""

    max_batch = 100

    def payload(self, event: Event) -> JsonObject | None:
        """One entry of ``events``. Who did not agree is not sent at all."""
        click, user = _click_id(event), _user_identifiers(event)
        if not (click or user):
            return None
        found: JsonObject = {
            "eventTimestamp": event.happened_at.astimezone(UTC).isoformat(timespec="seconds"),
            "transactionId": event.event_id,
            "eventSource": "OTHER" if event.is_from_crm else "WEB",
            "conversionValue": amount(event.value),
            "currency": event.currency,
            # That ads may follow a person about was not asked for.
            "consent": {
                "adUserData": "CONSENT_GRANTED",
                "adPersonalization": "CONSENT_DENIED",
            },
        }
        if click:
            found["adIdentifiers"] = click
        if user:
            found["userData"] = {"userIdentifiers": user}
        return found

    def send(self, payloads: Sequence[JsonObject]) -> Receipt:
        """Hand a batch over; what became of it is asked for later."""
        body: JsonObject = {
            "destinations": [self._destination()],
            "events": list(payloads),
            "encoding": "HEX",
            "validateOnly": False,
        }
        answer = self._client.send(Call("POST", "/v1/events:ingest", json=body, is_write=True))
        request_id = text(answer.fields.get("requestId"))
        if not request_id:
            raise PlatformError(
                ErrorKind.UNKNOWN,
                "Google answered without a request id; the events are sent again under the same"
                " ids.",
            )
        return Receipt("sent", request_id)

    def ask(self, request_id: str) -> Receipt | None:
        """What became of a batch; ``None`` while Google works on it."""
        params = {"requestId": request_id}
        answer = self._client.send(Call("GET", "/v1/requestStatus:retrieve", params=params))
        status = next(iter(rows(answer.fields.get("requestStatusPerDestination"))), {})
        verdict = _VERDICTS.get(text(status.get("requestStatus")))
        if verdict is None:
            return None
        counts = rows(mapping(status.get("errorInfo")).get("errorCounts"))
        reasons = sorted({text(count.get("reason")) for count in counts} - {""})
        words = f"Google refused it: {', '.join(reasons)}." if reasons else "Google refused it."
        return Receipt(verdict, request_id, "" if verdict == "accepted" else words)

    def _destination(self) -> JsonObject:
        target = self._target
        found: JsonObject = {
            "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": target.account_id},
            "productDestinationId": target.dataset_id,
        }
        if target.login_account_id:
            found["loginAccount"] = {
                "accountType": "GOOGLE_ADS",
                "accountId": target.login_account_id,
            }
        return found


def _click_id(event: Event) -> JsonObject:
    """One click id only: two of them are an error."""
    for name in ("gclid", "gbraid", "wbraid"):
        if value := getattr(event, name):
            return {name: value}
    return {}


def _user_identifiers(event: Event) -> list[JsonObject]:
    pairs = (("emailAddress", event.google_email_hash), ("phoneNumber", event.e164_hash))
    return [{name: value} for name, value in pairs if value]
