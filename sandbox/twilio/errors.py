"""Twilio's refusals."""

from __future__ import annotations

from sandbox.context import Refusal
from sandbox.faults import Rule
from sandbox.web import Answer

#: HTTP status of a code where it is not 400.
_STATUS = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503}
MESSAGES = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid 'From' Phone Number",
    21602: "Message body is required.",
    21603: "A 'From' or 'MessagingServiceSid' parameter is required.",
    21604: "A 'To' phone number is required.",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The concatenated message body exceeds the 1600 character limit.",
    21655: "The ContentSid is Invalid",
    21656: "The ContentVariables Parameter is invalid",
    21703: "The Messaging Service does not have a phone number available to send a message.",
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30007: "Message filtered",
    63016: "Failed to send freeform message because you are outside the allowed window.",
    63032: "This message cannot be sent to this user because of WhatsApp limitations.",
    63049: "Meta chose not to deliver this WhatsApp marketing message.",
}


def fail(code: int, more: str = "", retry_after_s: int = 0) -> Refusal:
    """Build an error answer to raise."""
    status = _STATUS.get(code, 400)
    message = MESSAGES.get(code, "The request was refused")
    body = {
        "code": code,
        "message": f"{message}: {more}" if more else message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
    return Refusal(Answer.json(body, status, headers))


def fault_answer(rule: Rule) -> Answer | None:
    """Return the answer of a fault of this platform, or nothing for other faults."""
    if rule.kind != "twilio_code":
        return None
    code, seconds = rule.number("code", 20429), rule.number("retry_after_s", 0)
    return fail(code, retry_after_s=seconds).answer
