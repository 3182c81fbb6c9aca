"""What follows for an address that a provider refuses at the door, as if it was told later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach.engine.refusals import Refusal
from outreach.models import (
    ConsentSource,
    ContactPoint,
    EventKind,
    MessageChannel,
    MessageEvent,
    OutreachMessage,
    OutreachPolicy,
    SuppressionReason,
)
from outreach.services.consequences import SOFT_FOR, suppress_addresses, suppression_of
from outreach.services.leaving import stop
from workspaces.models import Workspace


@dataclass(frozen=True)
class Refused:
    """A message that did not go out, because of whom it was for."""

    message: OutreachMessage
    meaning: Refusal
    code: str
    words: str

    @property
    def evidence(self) -> dict[str, Any]:
        """What proves it."""
        message, words = str(self.message.public_id), self.words[:300]
        return {"message": message, "code": self.code, "reason": words, "as": self.meaning}


def bar(*, workspace: Workspace, refused: Sequence[Refused], now: datetime) -> None:
    """Write to these addresses no more; the caller has locked the messages.

    Nothing of them is out, so none counts as sent, bounced or unsubscribed.
    """
    if not refused:
        return
    _keep(workspace, refused, now)
    for one in refused:
        if one.meaning == Refusal.OPTED_OUT:
            _let_go(workspace, one, now)
    dead = [one for one in refused if one.meaning == Refusal.DEAD]
    closed = [one for one in refused if one.meaning == Refusal.CLOSED]
    rows = [suppression_of(one.message, SuppressionReason.BOUNCE, now) for one in dead]
    rows += [suppression_of(one.message, SuppressionReason.BOUNCE, now, SOFT_FOR) for one in closed]
    suppress_addresses(workspace, rows, now)
    for one in sorted(dead, key=lambda each: each.message.point_id):
        ContactPoint.objects.filter(pk=one.message.point_id).update(
            is_reachable=False, unreachable_reason=one.words[:200], last_hard_failure_at=now
        )


def _let_go(workspace: Workspace, one: Refused, now: datetime) -> None:
    message = one.message
    policy = OutreachPolicy.objects.filter(workspace=workspace).first()
    means_all = message.channel == MessageChannel.SMS and (policy is None or policy.stop_means_all)
    stop(
        contact=message.contact, channel=message.channel, at=now, is_everywhere=means_all,
        source=ConsentSource.STOP, evidence=one.evidence,
    )  # fmt: skip


def _keep(workspace: Workspace, refused: Sequence[Refused], now: datetime) -> None:
    MessageEvent.objects.bulk_create(
        (
            MessageEvent(
                workspace=workspace, message=one.message, kind=EventKind.FAILED, at=now,
                key=f"refused:{one.message.public_id}:{one.message.tries}", detail=one.evidence,
            )
            for one in refused
        ),
        ignore_conflicts=True,
    )  # fmt: skip
