"""How long is left to answer, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from inbox.models import Conversation, ConversationStatus, SlaState

_MINUTE_S: Final = 60
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_SOON: Final = timedelta(minutes=60)


@dataclass(frozen=True)
class Clock:
    """What the clock of a conversation says; ``state`` is ok, soon or over."""

    text: str
    state: str
    icon: str
    due_at: datetime


_ICONS: Final = {"ok": "schedule", "soon": "hourglass_bottom", "over": "error"}


def clock_of(conversation: Conversation, now: datetime) -> Clock | None:
    """The clock of the next answer; none where no answer is promised."""
    due = conversation.due_at
    if due is None or conversation.status == ConversationStatus.CLOSED:
        return None
    left = due - now
    if left <= timedelta(0):
        return Clock(f"{length(-left)} over", "over", _ICONS["over"], due)
    is_warned = conversation.sla_state == SlaState.WARNED or left <= _SOON
    state = "soon" if is_warned else "ok"
    return Clock(f"due in {length(left)}", state, _ICONS[state], due)


def length(span: timedelta) -> str:
    """A span in its two largest units, such as ``3 h 20 min``; under a minute is one."""
    minutes = max(int(span.total_seconds() // _MINUTE_S), 1)
    if minutes < _HOUR:
        return f"{minutes} min"
    if minutes < _DAY:
        return f"{minutes // _HOUR} h" + (f" {minutes % _HOUR} min" if minutes % _HOUR else "")
    hours = minutes % _DAY // _HOUR
    return f"{minutes // _DAY} d" + (f" {hours} h" if hours else "")
