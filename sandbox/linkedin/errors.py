"""LinkedIn's errors: the HTTP status says it, the body says it again."""

from __future__ import annotations

from sandbox.context import Refusal
from sandbox.faults import Rule
from sandbox.web import Answer, JsonObject

#: Status → (code, serviceErrorCode, message) of the errors that can be injected.
_PUBLISHED: dict[int, tuple[str, int, str]] = {
    401: ("EXPIRED_ACCESS_TOKEN", 65602, "The token used in the request has expired"),
    403: ("ACCESS_DENIED", 100, "Not enough permissions to access this resource"),
    404: ("RESOURCE_NOT_FOUND", 0, "Could not find entity"),
    422: ("UNPROCESSABLE_ENTITY", 0, "The request cannot be processed"),
    426: ("NONEXISTENT_VERSION", 0, "Requested version is not active"),
    429: (
        "TOO_MANY_REQUESTS",
        101,
        "Resource level throttle limit for calls to this resource is reached.",
    ),
    500: ("INTERNAL_SERVER_ERROR", 0, "Internal Server Error"),
    503: ("SERVICE_UNAVAILABLE", 0, "Service is unavailable"),
}


def fail(status: int, code: str, message: str, service_code: int = 0) -> Refusal:
    """Build an error answer to raise."""
    return Refusal(_answer(status, code, message, service_code))


def bad_query(message: str) -> Refusal:
    """Build the refusal of a query or header."""
    return fail(400, "ILLEGAL_ARGUMENT", message)


def bad_input(field: str, code: str, description: str) -> Refusal:
    """Build the refusal of one field of a write."""
    details: JsonObject = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "errorDetails": {
            "inputErrors": [
                {
                    "code": code,
                    "description": description,
                    "input": {"inputPath": {"fieldPath": field}},
                }
            ]
        },
    }
    return Refusal(_answer(400, "BAD_REQUEST", description, 0, details))


def fault_answer(rule: Rule) -> Answer | None:
    """Return the answer of a fault of this platform, or nothing for other faults."""
    if rule.kind != "linkedin_status":
        return None
    status = rule.number("code", 429)
    code, service_code, message = _PUBLISHED.get(status, ("UNKNOWN", 0, "The request failed"))
    return _answer(status, code, message, service_code)


def _answer(
    status: int, code: str, message: str, service_code: int, details: JsonObject | None = None
) -> Answer:
    body: JsonObject = {"status": status, "code": code, "message": message, **(details or {})}
    if service_code:
        body["serviceErrorCode"] = service_code
    return Answer.json(body, status)
