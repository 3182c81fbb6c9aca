"""What people do with messages: send by hand, decide on unsure ones, send failed ones again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from outreach.models import MessageStatus, OutreachMessage, OutreachTask, TaskReason
from outreach.services.sending.settling import mark_sent, note_sent, reschedule
from workspaces.gate import Proposer, StateError
from workspaces.roles import Role
from workspaces.services.permissions import require

_SAVED = ["status", "sent_at", "claimed_by", "lease_until", "is_unsure", "error", "error_kind"]


@transaction.atomic
def mark_done(*, task: OutreachTask, by: Proposer, now: datetime) -> OutreachTask:
    """Note that a message went out: sent by hand, or found where nobody could tell.

    Raises
    ------
    StateError : the task is done, or the message went out meanwhile
    NotAllowedError : the person is no operator
    """
    locked, message = _open(task, by, now)
    if message.status == MessageStatus.PENDING:
        # Through the states that every message takes.
        for status in (MessageStatus.SCHEDULED, MessageStatus.SENDING):
            message.status, message.lease_until = status, now
            message.save(update_fields=["status", "lease_until"])
        message.provider = "by hand"
    mark_sent(message, now)
    message.save(update_fields=[*_SAVED, "provider"])
    note_sent(message.workspace, [message], now=now)
    return _close(locked, by, now, is_sent=True)


@transaction.atomic
def dismiss(*, task: OutreachTask, by: Proposer, now: datetime) -> OutreachTask:
    """Leave it unsent. Of one that nobody can tell of: it did not go out, and shall not.

    Raises
    ------
    StateError : the task is done, or the message went out meanwhile
    NotAllowedError : the person is no operator
    """
    locked, message = _open(task, by, now)
    message.refusal_reason = f"Dismissed by {by.label}."[:300]
    message.is_unsure, message.status = False, MessageStatus.CANCELLED
    message.claimed_by, message.lease_until = "", None
    message.save(update_fields=[*_SAVED, "refusal_reason"])
    return _close(locked, by, now, is_sent=False)


@transaction.atomic
def send_again(*, task: OutreachTask, by: Proposer, now: datetime) -> OutreachTask:
    """Send what nobody can tell of once more; a person says that it did not arrive.

    Raises
    ------
    StateError : the task is of another kind, or done
    NotAllowedError : the person is no operator
    """
    locked, message = _open(task, by, now)
    if locked.reason != TaskReason.UNSURE:
        raise StateError("Only what nobody can tell of is sent again; this one was never sent.")
    message.is_unsure, message.call_sent_at, message.tries = False, None, 0
    reschedule(message, now)
    message.save(update_fields=[*_SAVED, "call_sent_at", "tries", "send_at"])
    # The task belongs to the message; if it gets lost once more, it is needed again.
    locked.delete()
    return locked


@transaction.atomic
def replay(*, message: OutreachMessage, by: Proposer, now: datetime) -> OutreachMessage:
    """Send a message that failed again, judged anew.

    Raises
    ------
    StateError : it did not fail, or another channel took its turn
    NotAllowedError : the person is no operator
    """
    require(
        Role.OPERATOR, by=by, workspace=message.workspace, now=now, what="Sending a message again"
    )
    locked = OutreachMessage.objects.select_for_update(of=("self",)).get(pk=message.pk)
    if locked.status != MessageStatus.FAILED or locked.sent_at is not None:
        raise StateError("Only a message that failed before it went out is sent again.")
    if locked.fallback_messages.exists():
        raise StateError("Another channel took its turn already.")
    locked.tries, locked.failed_at = 0, None
    locked.error = locked.error_kind = ""
    reschedule(locked, now)
    locked.save(update_fields=[*_SAVED, "tries", "failed_at", "send_at"])
    return locked


def _open(task: OutreachTask, by: Proposer, now: datetime) -> tuple[OutreachTask, OutreachMessage]:
    require(Role.OPERATOR, by=by, workspace=task.workspace, now=now, what="Deciding on a message")
    # First the message, as those who settle do.
    message = (
        OutreachMessage.objects.select_for_update(of=("self",))
        .select_related("workspace", "point", "contact__person", "campaign")
        .get(pk=task.message_id)
    )
    locked = OutreachTask.objects.select_for_update(of=("self",)).get(pk=task.pk)
    if locked.done_at is not None:
        raise StateError("This was decided already.")
    is_open = message.status == MessageStatus.PENDING or message.is_unsure
    if not is_open:
        raise StateError(f"The message is {message.get_status_display().lower()} already.")
    return locked, message


def _close(task: OutreachTask, by: Proposer, now: datetime, *, is_sent: bool) -> OutreachTask:
    task.done_at, task.is_sent, task.done_by_label = now, is_sent, by.label[:150]
    task.save(update_fields=["done_at", "is_sent", "done_by_label"])
    return task
