"""What providers of e-mail tell, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: anymail's types of events in ours; what is missing here tells nothing of a message.
_KINDS: Final[Mapping[str, str]] = {
    "queued": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "deferred": "deferred",
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
    "bounced": "bounced",
    "rejected": "failed",
    "failed": "failed",
}
#: Why a provider did not even try: an address that it knows to be dead is dead for us too.
_DEAD: Final = ("bounced", "invalid")


def is_for_now(provider: str, raw: Mapping[str, Any]) -> bool:
    """Whether a bounce is one that another try might not meet: a full mailbox, a busy server.

    Parameters
    ----------
    provider : its name in our connections
    raw : the event as the provider sent it
    """
    if provider == "postmark":
        return raw.get("Type") == "SoftBounce"
    if provider == "brevo":
        return raw.get("event") == "soft_bounce"
    if provider == "mandrill":
        return raw.get("event") == "soft_bounce"
    if provider == "sendgrid":
        return raw.get("event") == "bounce" and raw.get("type") == "blocked"
    if provider == "resend":
        bounce = _part(_part(raw, "data"), "bounce")
        return str(bounce.get("type", "")).lower() in ("transient", "temporary")
    return False


def _part(whole: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = whole.get(name)
    return part if isinstance(part, Mapping) else {}


def heard_as(kind: str, *, reject_reason: str | None, for_now: bool) -> str:
    """Return our kind of an event of anymail's; empty where it tells nothing."""
    if kind == "bounced" and for_now:
        return "soft_bounced"
    if kind == "rejected" and reject_reason in _DEAD:
        return "bounced"
    return _KINDS.get(kind, "")
