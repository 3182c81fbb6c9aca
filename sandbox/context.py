"""What a platform's code is handed for one call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandbox.entities import Account, Platform
from sandbox.faults import Rule
from sandbox.store import Store
from sandbox.traffic import Traffic
from sandbox.web import Answer, Request


@dataclass(frozen=True, slots=True)
class Context:
    """One call: the state, the clock, and the fault that was drawn for it, if any."""

    store: Store
    traffic: Traffic
    request: Request
    #: Sandbox time in unix seconds.
    now: float
    fault: Rule | None

    def fault_is(self, kind: str) -> bool:
        """Whether this call was drawn to fail in this way."""
        return self.fault is not None and self.fault.kind == kind

    def left_out(self, kind: str) -> int:
        """Return the place in a batch that a fault of this kind leaves out; -1 without one."""
        fault = self.fault if self.fault_is(kind) else None
        return fault.number("index", 0) if fault else -1

    def local_time(self, account: Account) -> datetime:
        """Sandbox time on the account's clock."""
        return datetime.fromtimestamp(self.now, ZoneInfo(account.timezone))


class Refusal(Exception):  # an answer that travels as an exception
    """A call that the platform refuses; nothing of it is kept, unless it says so (a block)."""

    def __init__(self, answer: Answer, *, keep: bool = False) -> None:
        super().__init__(answer.body.decode("utf-8", "replace"))
        self.answer = answer
        self.keep = keep


def utc_text(at: float, form: str = "%Y-%m-%dT%H:%M:%S+0000") -> str:
    """Write unix seconds as text in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime(form)


def platform_of(request: Request) -> Platform | None:
    """Return the platform whose path this is, or nothing."""
    parts = request.segments
    if not parts:
        return None
    messaging = _messaging(parts)
    if messaging is not None:
        return messaging
    if parts[0] == "open_api":
        return "tiktok"
    if parts[0] == "rest":
        return "linkedin"
    if parts[0] == "crm" or parts[:3] == ["oauth", "v2", "private-apps"]:
        return "hubspot"
    if parts[0] == "v1":  # the Data Manager API; Meta's versions have two numbers
        return "google"
    if parts in (["token"], ["oauth2", "token"]) or (len(parts) > 1 and parts[1] == "customers"):
        return "google"
    is_version = parts[0].startswith("v") and parts[0][1:2].isdigit()
    return "meta" if is_version else None


def _messaging(parts: list[str]) -> Platform | None:
    if parts[0] == "v3":  # Meta's versions have two numbers
        return _VERSION_3.get(parts[1] if len(parts) > 1 else "", "mailgun")
    if parts[:2] == ["api", "chat.postMessage"]:
        return "slack"
    return _FIRST.get(parts[0])


#: Three providers share `/v3/`; what is left there begins with a domain.
_VERSION_3: dict[str, Platform] = {
    "mail": "sendgrid",
    "scopes": "sendgrid",
    "smtp": "brevo",
    "account": "brevo",
}
#: The first part of the paths of who sends messages.
_FIRST: dict[str, Platform] = {
    "email": "postmark",
    "messages": "postmark",
    "server": "postmark",
    "emails": "resend",
    "domains": "resend",
    "api": "mandrill",
    "2010-04-01": "twilio",
    "2": "x",
    "v2": "tiktok",
    "services": "slack",
}
