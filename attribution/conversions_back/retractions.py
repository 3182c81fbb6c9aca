"""Taking conversions back: Google's Ads API does, under the id they were sent by; no other does.

A conversion may be sent by the Data Manager API and taken back by the Ads API: what ties the two is
the transaction id, which the Ads API calls order id.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from attribution.conversions_back.events import JsonObject, Receipt, Target
from workspaces.platforms.client import Call, PlatformClient
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.platforms.payload import mapping, rows, text

# Days after a conversion within which it is taken back.
TAKES_BACK_DAYS: Final = {"google": 54}
WHY_NOT: Final = {
    "meta": "Meta's Conversions API takes no event back; correct it in the Events Manager by hand.",
    "linkedin": "LinkedIn's Conversions API takes no event back; correct it in Campaign Manager by"
    " hand.",
    "tiktok": "TikTok's Events API takes no event back; correct it in the Events Manager by hand.",
}
TOO_OLD: Final = "Google takes back what is at most 54 days old; correct it in Google Ads by hand."
_NOT_COUNTED: Final = {
    "CONVERSION_ALREADY_RETRACTED": "It was taken back before.",
    "CONVERSION_NOT_FOUND": "Google knows no such conversion, so nothing counts.",
}


class GoogleRetractor:
    """Takes back from one conversion action."""

    def __init__(self, client: PlatformClient, target: Target, *, api_version: str) -> None:
        self._client, self._target = client, target
        self._path = f"/{api_version}/customers/{target.account_id}:uploadConversionAdjustments"

    def payload(self, event_id: str, at: datetime) -> JsonObject:
        """One adjustment: the conversion with this id did not last."""
        target = self._target
        action = f"customers/{target.account_id}/conversionActions/{target.dataset_id}"
        return {
            "conversionAction": action,
            "adjustmentType": "RETRACTION",
            "orderId": event_id,
            "adjustmentDateTime": at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S+00:00"),
        }

    def retract(self, payload: JsonObject) -> Receipt:
        """Take one conversion back; the same one again is no error.

        Raises
        ------
        PlatformError : Google does not take it back, or not now
        """
        body: JsonObject = {"conversionAdjustments": [payload], "partialFailure": True}
        answer = self._client.send(Call("POST", self._path, json=body, is_write=True))
        failure = _failure(answer.fields)
        if failure is None:
            return Receipt("accepted")
        code = next((text(value) for value in mapping(failure.get("errorCode")).values()), "")
        if code in _NOT_COUNTED:
            return Receipt("accepted", words=_NOT_COUNTED[code])
        message = text(failure.get("message")).rstrip(".") or "no explanation"
        raise PlatformError(
            ErrorKind.INVALID,
            f"Google did not take it back: {message} ({code}). Correct it in Google Ads by hand.",
            provider_code=code,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def _failure(fields: JsonObject) -> JsonObject | None:
    """First error of a call that failed in part; one adjustment has one."""
    partial = mapping(fields.get("partialFailureError"))
    for detail in rows(partial.get("details")):
        for error in rows(detail.get("errors")):
            return error
    return partial or None
