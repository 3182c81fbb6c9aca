"""TikTok's envelope: HTTP 200 always, the truth is in `code`."""

from __future__ import annotations

from sandbox.context import Refusal
from sandbox.faults import Rule
from sandbox.web import Answer, JsonObject

REQUEST_ID = "20261121000000SANDBOX"
BAD_PARAMETER, NO_PERMISSION, NOT_FOUND, BAD_TOKEN = 40002, 40001, 40007, 40105
_MESSAGES = {
    20001: "Partial success",
    40001: "No permission to operate advertiser",
    40100: "Too many requests. Please retry in some seconds.",
    40105: "Access token is incorrect or has been revoked.",
}


def reply(data: JsonObject) -> Answer:
    """Wrap the data of a success."""
    return _envelope(0, "OK", data)


def fail(code: int, message: str = "") -> Refusal:
    """Build an error answer to raise."""
    return Refusal(_envelope(code, message or _MESSAGES.get(code, "Request failed."), {}))


def fault_answer(rule: Rule) -> Answer | None:
    """Return the answer of a fault of this platform, or nothing for other faults."""
    return fail(rule.number("code", 40100)).answer if rule.kind == "tiktok_code" else None


def _envelope(code: int, message: str, data: JsonObject) -> Answer:
    body = {"code": code, "message": message, "request_id": REQUEST_ID, "data": data}
    return Answer.json(body)
