"""Google's errors: `google.rpc.Status` with a `GoogleAdsFailure` inside."""

from __future__ import annotations

from sandbox.context import Refusal
from sandbox.web import Answer, JsonObject

REQUEST_ID = "sandbox-request"
_FAILURE = "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure"
#: Group of an error code → HTTP status and status word.
_STATUS = {
    "authenticationError": (401, "UNAUTHENTICATED"),
    "authorizationError": (403, "PERMISSION_DENIED"),
    "quotaError": (429, "RESOURCE_EXHAUSTED"),
    "internalError": (500, "INTERNAL"),
}
_WORDS = {
    "UNAUTHENTICATED": "Request had invalid authentication credentials.",
    "PERMISSION_DENIED": "The caller does not have permission",
    "RESOURCE_EXHAUSTED": "Resource has been exhausted (e.g. check quota).",
    "INTERNAL": "Internal error encountered.",
    "INVALID_ARGUMENT": "Request contains an invalid argument.",
}


class OperationError(Exception):
    """One operation of a mutate fails."""

    def __init__(self, group: str, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.group, self.code, self.message, self.field = group, code, message, field

    def failure(self, index: int | None = None) -> JsonObject:
        """Write the error as a `GoogleAdsError`; an index of 0 is left out, as in proto JSON."""
        error: JsonObject = {"errorCode": {self.group: self.code}, "message": self.message}
        elements: list[object] = []
        if index is not None:
            place: JsonObject = {"fieldName": "operations"}
            elements.append(place | ({"index": index} if index else {}))
            elements.append({"fieldName": "update"})
        if self.field:
            elements.append({"fieldName": self.field})
        if elements:
            error["location"] = {"fieldPathElements": elements}
        return error


def failure_detail(failures: list[JsonObject]) -> JsonObject:
    """Wrap errors as the detail of a status."""
    return {"@type": _FAILURE, "errors": failures, "requestId": REQUEST_ID}


def refuse(error: OperationError, index: int | None = None) -> Refusal:
    """Build the answer of a call that fails as a whole."""
    status, word = _STATUS.get(error.group, (400, "INVALID_ARGUMENT"))
    body: JsonObject = {
        "code": status,
        "message": _WORDS[word],
        "status": word,
        "details": [failure_detail([error.failure(index)])],
    }
    return Refusal(Answer.json({"error": body}, status, {"request-id": REQUEST_ID}))
