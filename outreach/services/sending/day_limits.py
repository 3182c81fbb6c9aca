"""What is over a channel's limit of the day waits for the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from outreach.engine.day_limits import next_day
from outreach.models import OutreachMessage
from outreach.selectors.day_limits import DayRoom, limit_of, used_today
from outreach.services.sending.judging import EXPIRED, Decision
from outreach.services.sending.lanes import Lane
from workspaces.services.locks import lock_names

REASON: Final = "daily_limit_reached"
WORDS: Final = "The channel sent as many as it may today."


def hold_back(
    lane: Lane, messages: Sequence[OutreachMessage], decisions: Sequence[Decision], now: datetime
) -> list[Decision]:
    """Let so many go as the day's limit leaves; the others wait. Answers to people always go.

    In the transaction that claims them: whoever claims next counts them as on their way.
    """
    limit = limit_of(lane.policy, now)
    goes = [one.what == "send" for one in decisions]
    if lane.is_by_hand or limit is None or not any(goes):
        return list(decisions)
    lock_names([f"outreach:day:{lane.policy.pk}"])
    left = DayRoom(limit, used_today(lane.workspace, now)[lane.channel]).left
    found = []
    for message, decision, is_going in zip(messages, decisions, goes, strict=True):
        if is_going and not message.is_reply:
            found.append(decision if left > 0 else _waits(lane, message, decision, now))
            left -= 1
        else:
            found.append(decision)
    return found


def _waits(lane: Lane, message: OutreachMessage, decision: Decision, now: datetime) -> Decision:
    at = next_day(message.send_at, now, lane.workspace.zone)
    if message.expires_at is not None and at >= message.expires_at:
        return replace(decision, what="drop", reason=REASON, words=f"{WORDS} {EXPIRED}")
    return Decision("wait", REASON, WORDS, at=at)
