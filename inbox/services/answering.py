"""Answers: written by a person or signed by one, to the address that wrote, with time to undo."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.dateparse import parse_datetime

from inbox.models import (
    Attachment,
    Conversation,
    ConversationEvent,
    ConversationStatus,
    CustomerResponse,
    Delivery,
    Direction,
    HappenedKind,
    InboxChannel,
    InboxPolicy,
)
from inbox.selectors.replies import OWN_CHANNELS, SAID, newest_of, why_not
from inbox.services.drafting import void_overtaken
from inbox.services.filing import place_of, rows_of, store
from inbox.services.restating import restate
from inbox.services.topics import MACHINE, TOPIC
from inbox.services.wording import (
    AnswerError,
    Words,
    check_files,
    subject_of_answer,
    text_of,
    written,
)
from outreach.services.sending.replying import recall, schedule_reply
from outreach.services.sending.single import Text
from workspaces.gate import GateError, Proposer
from workspaces.ids import uuid7
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require

__all__ = [
    "AnswerError",
    "NewerMessageError",
    "Words",
    "answer",
    "answer_by_machine",
    "policy_of",
    "subject_of_answer",
    "take_back",
    "thread_of",
]

_MOST_REFERENCES: Final = 20
_CHAT_UNDO_S: Final = 2


class NewerMessageError(GateError):
    """Something was said since the answer was begun: by them, or by a colleague."""

    status = 409

    def __init__(self, missed: Sequence[CustomerResponse]) -> None:
        self.missed, self.newer = missed, missed[-1]
        ours = self.newer.direction == Direction.OUT
        who = f"{self.newer.author_label or 'Somebody'} answered" if ours else "They wrote again"
        super().__init__(f"{who} meanwhile. Read it, then send.")


def answer(
    *,
    to: CustomerResponse,
    words: Words,
    by: Proposer,
    now: datetime,
    seen: CustomerResponse | None = None,
    send_at: datetime | None = None,
    key: str = "",
    proof: Mapping[str, Any] | None = None,
    is_signed: bool = False,
) -> CustomerResponse:
    """Answer a message, to the address that wrote it; until ``send_at`` it can be taken back.

    ``seen`` is what came last, of theirs or ours, that the writer had before him; with something
    newer nothing is sent. Without it the message has to be the last that was said. The same ``key``
    of the same person is the same answer, sent once. Without ``send_at`` it waits for as long as
    the policy lets people undo. What is signed was checked by the gate; whether it may go is asked
    once more when it goes.

    Raises
    ------
    NotAllowedError : the person is no agent
    AnswerError : there is nothing to send, or nobody may write to that address now
    NewerMessageError : they wrote again, or somebody answered
    """
    workspace = to.workspace
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Answering")
    text = text_of(words) if is_signed else written(to, words, by.user)
    _make_ready(to, words, send_at, now)
    public_id = uuid5(workspace.public_id, f"{by.key}:{key}") if key else uuid7()
    with transaction.atomic():
        conversation = _locked(to)
        if key and (earlier := _sent_already(conversation, public_id)):
            return earlier
        _refuse_newer(conversation, to, seen)
        if not is_signed and (words_against := why_not(to, now)):
            raise AnswerError("channel", words_against)
        row = _row(to, conversation, words, text, now)
        row.public_id, row.author, row.author_label = public_id, by.user, by.label[:150]
        row.send_at = send_at or now + _undo_for(to)
        _let_go(row, to, words, dict(proof or {"by": by.label[:150]}), now)
        Attachment.objects.bulk_create(rows_of(row, words.files))
        _wait(conversation, row, by, now)
        restate([conversation.pk], now=now)
    if not is_signed:
        # After the transaction: the gate locks proposals before conversations.
        void_overtaken([row], now=now, why="It was answered.")
    bump(workspace.pk, TOPIC)
    return row


def answer_by_machine(*, to: CustomerResponse, text: str, now: datetime) -> CustomerResponse:
    """Answer a message at once in the machine's name, and say so; in the transaction of whoever
    locked its conversation.
    """
    words = Words(text)
    row = _row(to, to.conversation, words, text, now)
    row.author_label, row.is_auto, row.send_at = MACHINE, True, now
    _let_go(row, to, words, {"by": MACHINE, "auto_replied": True}, now)
    return row


@transaction.atomic
def take_back(*, response: CustomerResponse, by: Proposer, now: datetime) -> CustomerResponse:
    """Take an answer back before it goes out.

    Raises
    ------
    NotAllowedError : the person is no agent
    AnswerError : it is on its way, or was taken back
    """
    require(Role.AGENT, by=by, workspace=response.workspace, now=now, what="Taking back")
    asked_at = time.monotonic()
    conversation = _locked_with(response)
    row = CustomerResponse.objects.select_for_update(of=("self",)).get(pk=response.pk)
    # It may have gone out while this waited for whoever else works in the conversation.
    now += timedelta(seconds=time.monotonic() - asked_at)
    if row.delivery != Delivery.SCHEDULED:
        raise AnswerError("response", f"It is {row.get_delivery_display().lower()} already.")
    if row.message is None and (row.send_at is None or row.send_at <= now):
        raise AnswerError("response", "It is out already.")
    if row.message is not None and not recall(message=row.message):
        raise AnswerError("response", "It is on its way already.")
    row.delivery = Delivery.CANCELLED
    row.save(update_fields=["delivery"])
    restate([conversation.pk], now=now)
    conversation.refresh_from_db()
    _put_back(conversation, row, now)
    bump(conversation.workspace_id, TOPIC)
    return row


def policy_of(workspace: Workspace) -> InboxPolicy:
    """Rules of the inbox; the shipped ones where a workspace has none."""
    found = InboxPolicy.objects.filter(workspace=workspace).first()
    return found or InboxPolicy(workspace=workspace)


def _undo_for(to: CustomerResponse) -> timedelta:
    """How long an answer waits, to be taken back. In a chat somebody sits there and waits."""
    seconds = policy_of(to.workspace).undo_s
    return timedelta(seconds=min(seconds, _CHAT_UNDO_S) if to.channel in OWN_CHANNELS else seconds)


def _make_ready(
    to: CustomerResponse, words: Words, send_at: datetime | None, now: datetime
) -> None:  # fmt: skip
    if send_at is not None and send_at < now:
        raise AnswerError("send_at", "Choose a moment to come.")
    check_files(to, words.files)
    # A row never names a file that is not there.
    store(to.workspace, words.files)


def _row(
    to: CustomerResponse, conversation: Conversation, words: Words, text: str, now: datetime
) -> CustomerResponse:
    return CustomerResponse(
        workspace=to.workspace, conversation=conversation, arrived_in=conversation,
        channel=to.channel, direction=Direction.OUT, point=to.point, answers=to,
        subject=subject_of_answer(to, words), text=text, at=now, delivery=Delivery.SCHEDULED,
        first_viewed_at=now,
    )  # fmt: skip


def _locked(to: CustomerResponse) -> Conversation:
    """Lock the conversation in which the message stands now."""
    if to.direction != Direction.IN:
        raise AnswerError("answers", "Only what somebody wrote can be answered.")
    conversation = Conversation.objects.select_for_update().get(pk=to.conversation_id)
    to.refresh_from_db(fields=["conversation"])
    if to.conversation_id != conversation.pk or conversation.merged_into_id is not None:
        raise AnswerError("answers", "This message was moved meanwhile. Open it again.")
    return conversation


def _sent_already(conversation: Conversation, public_id: UUID) -> CustomerResponse | None:
    """The same answer, asked for once more: by a second click, or a page that was sent again."""
    row = CustomerResponse.objects.filter(public_id=public_id).first()
    if row is None:
        return None
    if row.conversation_id != conversation.pk or row.delivery == Delivery.CANCELLED:
        raise AnswerError("key", "This answer was taken back or moved. Write it anew.")
    return row


def _refuse_newer(
    conversation: Conversation, to: CustomerResponse, seen: CustomerResponse | None
) -> None:
    """Refuse what goes past something that the writer did not see, by the order of arrival."""
    rows = conversation.responses.filter(SAID).order_by("pk")
    if seen is None and (newest := newest_of(to)).pk != to.pk:
        raise NewerMessageError([newest])
    if missed := list(rows.filter(pk__gt=(seen or to).pk)):
        raise NewerMessageError(missed)


def _let_go(
    row: CustomerResponse,
    to: CustomerResponse,
    words: Words,
    proof: dict[str, Any],
    now: datetime,
) -> None:
    """Keep what goes out; outreach carries it, for it knows how to send each thing once.

    A chat shows what is kept, and `commenting` writes below posts.
    """
    if row.channel not in OWN_CHANNELS and row.channel != InboxChannel.COMMENT:
        files = [
            {"place": place_of(row.workspace, one), "name": one.name, "type": one.content_type}
            for one in words.files
        ]
        row.message = schedule_reply(
            point=row.point, text=Text(subject=row.subject, text=row.text), key=str(row.public_id),
            proof=proof, thread_ids=thread_of(to), send_at=row.send_at or now, now=now,
            files=files,
        )  # fmt: skip
    row.save()


def thread_of(to: CustomerResponse) -> list[str]:
    """Ids that a mail names: what it answers, and what that referred to."""
    if to.channel != InboxChannel.EMAIL:
        return []
    named = [one for one in (to.external_id, *to.thread_ids) if _is_message_id(one)]
    return [one if one.startswith("<") else f"<{one}>" for one in named][:_MOST_REFERENCES]


def _locked_with(response: CustomerResponse) -> Conversation:
    """Lock the conversation in which a message of ours stands now: it may have been merged."""
    stands = CustomerResponse.objects.values_list("conversation", flat=True)
    conversation = Conversation.objects.select_for_update().get(pk=stands.get(pk=response.pk))
    if stands.get(pk=response.pk) != conversation.pk:
        raise AnswerError("response", "It was moved just now. Try again.")
    return conversation


def _wait(
    conversation: Conversation, row: CustomerResponse, by: Proposer, now: datetime
) -> None:  # fmt: skip
    """Let the conversation wait for them, and note how it stood: who takes back puts that back."""
    before = {
        "status": conversation.status,
        "snoozed_until": conversation.snoozed_until and conversation.snoozed_until.isoformat(),
    }
    if conversation.status != ConversationStatus.CLOSED:
        _move(conversation, ConversationStatus.WAITING)
    ConversationEvent.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, at=now,
        kind=HappenedKind.ANSWERED, by=by.user, by_label=by.label[:150], before=before,
        after={"status": conversation.status, "response": row.pk},
    )  # fmt: skip


def _put_back(conversation: Conversation, row: CustomerResponse, now: datetime) -> None:
    """Let a conversation stand as before an answer, where it waits for that one alone."""
    later = conversation.responses.filter(SAID, direction=Direction.OUT, pk__gt=row.pk)
    if conversation.status != ConversationStatus.WAITING or later.exists():
        return
    told = ConversationEvent.objects.filter(
        workspace=conversation.workspace_id, kind=HappenedKind.ANSWERED,
        after__response__lte=row.pk, conversation__in=[conversation.pk, row.arrived_in_id],
    ).order_by("-after__response")  # fmt: skip
    last_in = conversation.responses.filter(direction=Direction.IN).order_by("-pk").first()
    ours = conversation.responses.filter(SAID, direction=Direction.OUT)
    if last_in is not None and not ours.filter(pk__gt=last_in.pk).exists():
        # They wait for us, whatever other answers were taken back before.
        told = told.exclude(before__status=ConversationStatus.WAITING)
    before: dict[str, Any] = next((one.before for one in told[:1]), {})
    status = before.get("status", ConversationStatus.OPEN)
    until = parse_datetime(before.get("snoozed_until") or "")
    if status == ConversationStatus.SNOOZED and (until is None or until <= now):
        status = ConversationStatus.OPEN
    if status in (ConversationStatus.OPEN, ConversationStatus.SNOOZED):
        _move(conversation, status, until if status == ConversationStatus.SNOOZED else None)


def _is_message_id(name: str) -> bool:
    """Whether a mail bears it; one without an id is known by its bytes."""
    return "@" in name and not any(letter.isspace() for letter in name)


def _move(
    conversation: Conversation, status: ConversationStatus, until: datetime | None = None
) -> None:
    conversation.status, conversation.snoozed_until = status, until
    conversation.save(update_fields=["status", "snoozed_until", "updated_at"])
