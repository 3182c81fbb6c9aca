"""What arrives: each message once, with its sender, in the conversation that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from inbox.engine.placing import Known, Letter, place
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
    Team,
)
from inbox.selectors.automation import opening_posture
from inbox.selectors.references import last_to, named_by
from inbox.services.drafting import void_overtaken
from inbox.services.filing import rows_of, store
from inbox.services.incoming import Incoming, points_of, writer_of
from inbox.services.media import rows_of_media
from inbox.services.restating import restate
from inbox.services.topics import MACHINE, TOPIC
from outreach.models import ContactPoint, OutreachMessage
from workspaces.models import Workspace
from workspaces.services.live import bump
from workspaces.services.locks import lock_names

_SUBJECT_LENGTH: Final = 300
#: What was not touched for so long is not gone on with, unless a message names it.
_LOOKS_BACK: Final = timedelta(days=60)
#: With more ids at a time the planner may read the table instead of the index.
_CHUNK: Final = 50


def take(
    *, workspace: Workspace, incoming: Sequence[Incoming], now: datetime
) -> list[CustomerResponse]:
    """Keep what was not kept yet; returns that, in the order in which it was written.

    Somebody whom nobody knows becomes a contact. An answer wakes what was snoozed, goes on with
    what waited for it, and opens again what was closed. What is told again is not kept again, but
    what follows of it is made up for: whoever kept it may have died before.
    """
    if not incoming:
        return []
    store(workspace, [file for one in incoming for file in one.files])
    responses, known = _kept(workspace, incoming, now)
    # After the transaction: the gate locks proposals before conversations. Until then it sees by
    # itself that a draft answers something older.
    void_overtaken(responses, now=now)
    void_overtaken(known, now=now, before=max((_arrived(one) for one in known), default=now))
    if responses:
        bump(workspace.pk, TOPIC)
    return responses


def rows_told(workspace: Workspace, incoming: Sequence[Incoming]) -> list[CustomerResponse]:
    """Messages as they are kept, whoever kept them and when, in the order in which they came."""
    wanted = {(one.channel, one.external_id) for one in incoming}
    rows = [
        row
        for some in batched(sorted(wanted), _CHUNK)
        for row in _named(workspace, some).select_related("workspace", "point")
        if (row.channel, row.external_id) in wanted
    ]
    return sorted(rows, key=lambda one: (one.at, one.pk))


def batched(names: Sequence[tuple[str, str]], size: int) -> Iterator[Sequence[tuple[str, str]]]:
    """Some at a time."""
    return (names[place : place + size] for place in range(0, len(names), size))


def _arrived(row: CustomerResponse) -> datetime:
    return row.received_at or row.at


def _kept(
    workspace: Workspace, incoming: Sequence[Incoming], now: datetime
) -> tuple[list[CustomerResponse], list[CustomerResponse]]:
    """Keep what is new; returns that, and what was kept before."""
    with transaction.atomic():
        # Messages of one sender are kept one after the other, by whichever way they come.
        lock_names([f"inbox:{workspace.pk}:{':'.join(one.sender)}" for one in incoming])
        known = rows_told(workspace, incoming)
        new = _new(incoming, known)
        if not new:
            return [], known
        points = points_of(workspace, new, now)
        shelf = _Shelf(workspace, points, new, now)
        responses = [shelf.add(one, now) for one in new]
        shelf.save(now)
        CustomerResponse.objects.bulk_create(responses)
        files = [
            row
            for response, one in zip(responses, new, strict=True)
            for row in (*rows_of(response, one.files), *rows_of_media(response, one.media, now))
        ]
        if files:
            Attachment.objects.bulk_create(files)
        restate({one.conversation_id for one in responses}, now=now)
    return responses, known


def _named(workspace: Workspace, names: Sequence[tuple[str, str]]) -> QuerySet[CustomerResponse]:
    """Messages of some ids on some channels: by the index that keeps each once, so no more than a
    few at a time, and none without an id.
    """
    rows = CustomerResponse.objects.filter(
        workspace=workspace, channel__in=sorted({channel for channel, _ in names}),
        external_id__in=sorted({name for _, name in names}),
    )  # fmt: skip
    return rows.exclude(external_id="")


def _new(incoming: Sequence[Incoming], known: Sequence[CustomerResponse]) -> list[Incoming]:
    """Those that are not kept yet, each once, in the order in which they were written."""
    once = {(one.channel, one.external_id): one for one in reversed(incoming)}
    for row in known:
        once.pop((InboxChannel(row.channel), row.external_id), None)
    return sorted(once.values(), key=lambda one: (one.at, one.external_id))


class _Shelf:
    """Conversations of the senders of a batch: where each message goes, and what it opens."""

    def __init__(
        self,
        workspace: Workspace,
        points: Mapping[tuple[str, str], ContactPoint],
        incoming: Sequence[Incoming],
        now: datetime,
    ) -> None:
        self._workspace = workspace
        self._points = points
        self._named = named_by(workspace, {ref for one in incoming for ref in one.thread_ids})
        self._rows = self._standing(incoming, now)
        self._last = last_to(workspace, points.values(), now)
        self._woken: dict[int, Conversation] = {}
        self._opened: list[Conversation] = []
        self._events: list[ConversationEvent] = []

    def _standing(self, incoming: Sequence[Incoming], now: datetime) -> dict[int, Conversation]:
        """What these people and we wrote before, locked in the order of keys."""
        contacts = {point.contact_id for point in self._points.values()}
        refers = {(one.channel, ref) for one in incoming for ref in one.thread_ids}
        self._by_id = {
            ref: conversation
            for some in batched(sorted(refers), _CHUNK)
            for ref, conversation in _named(self._workspace, some).values_list(
                "external_id", "conversation_id"
            )
        }
        spoken_of = {self._conversation_of(ref) for _, ref in refers}
        lately = Q(contact__in=contacts, last_message_at__gt=now - _LOOKS_BACK)
        rows = (
            Conversation.objects.select_for_update(of=("self",))
            .select_related("contact")
            .filter(
                lately | Q(pk__in=spoken_of - {None}),
                workspace=self._workspace, merged_into=None, archived_at=None,
            )
            .order_by("pk")
        )  # fmt: skip
        return {row.pk: row for row in rows}

    def add(self, one: Incoming, now: datetime) -> CustomerResponse:
        """Find its conversation, or open one, and make the message's row."""
        point = self._points[one.sender]
        conversation = self._place(one, point) or self._open(one, point, now)
        if one.at > conversation.last_message_at:
            conversation.last_message_at = one.at
        if conversation.pk is not None:
            self._woken[conversation.pk] = conversation
        doubt = one.doubt or _stranger_words(conversation, point)
        return CustomerResponse(
            workspace=self._workspace, conversation=conversation, arrived_in=conversation,
            channel=one.channel, direction=Direction.IN, point=point,
            external_id=one.external_id, thread_ids=list(one.thread_ids),
            sender_address=one.address, sender_name=one.name[:200], subject=one.subject[:998],
            text=one.text, media=[*one.media], quoted=one.quoted, html=one.html,
            at=min(one.at, now), received_at=now,
            is_auto=one.is_auto, delivery=Delivery.NONE, is_flagged=bool(doubt),
            flag_reason=doubt[:200],
        )  # fmt: skip

    def _place(self, one: Incoming, point: ContactPoint) -> Conversation | None:
        if one.doubt:
            return None
        letter = Letter(
            at=one.at, channel=one.channel, subject=one.subject,
            conversations=tuple(
                found for ref in one.thread_ids if (found := self._conversation_of(ref))
            ),
        )  # fmt: skip
        known = [
            Known(
                key=key, channel=row.channel, subject=row.subject,
                last_message_at=row.last_message_at, closed_at=row.closed_at,
                is_theirs=row.contact_id == point.contact_id,
            )
            for key, row in self._rows.items()
        ]  # fmt: skip
        found = place(letter, known)
        return self._rows[found] if found is not None else None

    def _conversation_of(self, reference: str) -> int | None:
        """Find the conversation of a message that something refers to, theirs or ours."""
        if reference in self._by_id:
            return self._by_id[reference]
        named = self._named.get(reference)
        answer = getattr(named, "inbox_response", None) if named else None
        return answer.conversation_id if answer else None

    def _open(self, one: Incoming, point: ContactPoint, now: datetime) -> Conversation:
        asked = self._asked(one, point) if not one.doubt else None
        row = Conversation(
            workspace=self._workspace, contact=writer_of(one, point, now), channel=one.channel,
            team=one.team or Team.SUPPORT,
            subject=one.subject[:_SUBJECT_LENGTH], opened_at=one.at, last_message_at=one.at,
            message=asked, campaign=asked.campaign if asked else None, posture=self._posture,
        )  # fmt: skip
        self._events.append(_event(row, HappenedKind.OPENED, one.at, {}))
        self._opened.append(row)
        # Until it has a key of its own.
        self._rows[-len(self._opened)] = row
        return row

    @cached_property
    def _posture(self) -> str:
        return opening_posture(self._workspace)

    def _asked(self, one: Incoming, point: ContactPoint) -> OutreachMessage | None:
        """Find the message of ours that it answers: the one it names, or the last one to them."""
        named = [self._named[ref] for ref in one.thread_ids if ref in self._named]
        if named:
            return named[0]
        last = self._last.get(point.pk)
        is_answer = last is not None and last.sent_at is not None and last.sent_at <= one.at
        return last if is_answer else None

    def save(self, now: datetime) -> None:
        """Write what was opened; open again what was closed, waited or slept."""
        Conversation.objects.bulk_create(self._opened)
        for row in sorted(self._woken.values(), key=lambda each: each.pk):
            before = row.status
            if before == ConversationStatus.OPEN:
                continue
            row.status, row.closed_at, row.snoozed_until = ConversationStatus.OPEN, None, None
            row.save(update_fields=["status", "closed_at", "snoozed_until", "updated_at"])
            kind = (
                HappenedKind.WOKEN
                if before == ConversationStatus.SNOOZED
                else HappenedKind.REOPENED
            )
            self._events.append(_event(row, kind, now, {"status": before}))
        ConversationEvent.objects.bulk_create(self._events)


def _stranger_words(conversation: Conversation, point: ContactPoint) -> str:
    """What to tell where somebody else than the conversation is with writes into it.

    A colleague may answer for them; or somebody to whom a mail was handed on. Answers to it go to
    who wrote it, so that is to be seen.
    """
    theirs, own = conversation.contact, point.contact
    if theirs.pk == own.pk or theirs.person_id == own.person_id:
        return ""
    return f"{own.name or point.address} wrote this, not {theirs.name or 'who began it'}"[:200]


def _event(
    row: Conversation, kind: HappenedKind, at: datetime, before: dict[str, str]
) -> ConversationEvent:
    return ConversationEvent(
        workspace_id=row.workspace_id, conversation=row, kind=kind, at=at, by_label=MACHINE,
        before=before, after={"status": row.status},
    )  # fmt: skip
