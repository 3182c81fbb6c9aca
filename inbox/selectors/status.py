"""How far a message of theirs is, in one word: derived from conversation, drafts and people.

Once as an expression, so that lists filter by it, and once over loaded rows; a test holds that both
say the same.
"""

from __future__ import annotations

from typing import Final

from django.db.models import (
    Case,
    CharField,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    TextChoices,
    When,
)
from django.db.models import Value as V

from inbox.models import ConversationStatus, CustomerResponse, Delivery, ReplyDraft
from workspaces.models import Status
from workspaces.search import among


class ResponseStatus(TextChoices):
    """How far a message of theirs is. The first that holds, from below, is told."""

    NEW = "new", "New"
    ASSIGNED = "assigned", "Assigned"
    IN_PROGRESS = "in_progress", "Opened by whom it is assigned to"
    DRAFT_READY = "ai_draft_ready", "A draft can go out with one click"
    AWAITING = "awaiting_approval", "A draft waits for a person"
    APPROVED = "approved", "An answer is about to go out"
    SENT = "sent", "Answered"
    CLOSED = "closed", "Closed"
    ARCHIVED = "archived", "Archived"


#: Signed, and no answer yet: from then on the answer tells, also if it was taken back or failed.
_SIGNED: Final = (Status.APPROVED, Status.EXECUTING)
#: Written, and not out yet.
_LEAVING: Final = (Delivery.SCHEDULED, Delivery.BY_HAND)

#: Few have a draft that stands so: they are looked up, and no other is asked.
_OF_FEW: Final = {
    ResponseStatus.APPROVED: _SIGNED,
    ResponseStatus.AWAITING: (Status.PENDING,),
    ResponseStatus.DRAFT_READY: (Status.PENDING,),
}

_IS_GIVEN: Final = Q(conversation__assignee__isnull=False)
#: What people have to do, where no draft and no answer says more.
_OF_PEOPLE: Final = {
    ResponseStatus.NEW: ~_IS_GIVEN,
    ResponseStatus.ASSIGNED: _IS_GIVEN & Q(first_viewed_at=None),
    ResponseStatus.IN_PROGRESS: _IS_GIVEN & Q(first_viewed_at__isnull=False),
}


def with_status(rows: QuerySet[CustomerResponse]) -> QuerySet[CustomerResponse]:
    """Messages with their ``status``."""
    drafts = _drafts()
    waiting = drafts.filter(proposal__status=Status.PENDING)
    words = Case(
        When(conversation__archived_at__isnull=False, then=V(ResponseStatus.ARCHIVED)),
        When(conversation__status=ConversationStatus.CLOSED, then=V(ResponseStatus.CLOSED)),
        When(Exists(_leaving()), then=V(ResponseStatus.APPROVED)),
        When(answered_at__isnull=False, then=V(ResponseStatus.SENT)),
        When(Exists(drafts.filter(proposal__status__in=_SIGNED)), then=V(ResponseStatus.APPROVED)),
        When(Exists(waiting.exclude(why_person="")), then=V(ResponseStatus.AWAITING)),
        When(Exists(waiting), then=V(ResponseStatus.DRAFT_READY)),
        When(_IS_GIVEN & Q(first_viewed_at__isnull=False), then=V(ResponseStatus.IN_PROGRESS)),
        When(_IS_GIVEN, then=V(ResponseStatus.ASSIGNED)),
        default=V(ResponseStatus.NEW),
        output_field=CharField(),
    )
    return rows.annotate(status=words)


def _drafts() -> QuerySet[ReplyDraft]:
    return ReplyDraft.objects.filter(answers=OuterRef("pk"))


def _leaving() -> QuerySet[CustomerResponse]:
    # An answer stands where the message stands: their conversation has an index, what they answer
    # has none.
    return CustomerResponse.objects.filter(
        conversation=OuterRef("conversation"), answers=OuterRef("pk"), delivery__in=_LEAVING,
        is_auto=False,
    )  # fmt: skip


def of_status(
    rows: QuerySet[CustomerResponse], status: ResponseStatus
) -> QuerySet[CustomerResponse]:
    """Messages that are so far; what is plain of them is asked first, by itself."""
    is_closed = Q(conversation__status=ConversationStatus.CLOSED)
    is_kept = Q(conversation__archived_at=None)
    plain = {
        ResponseStatus.ARCHIVED: ~is_kept,
        ResponseStatus.CLOSED: is_kept & is_closed,
        ResponseStatus.SENT: is_kept & ~is_closed & Q(answered_at__isnull=False),
        ResponseStatus.APPROVED: is_kept & ~is_closed,
    }
    waiting = is_kept & ~is_closed & Q(answered_at=None)
    some = rows.filter(plain.get(status, waiting))
    if status in _OF_PEOPLE:
        # Said row by row: of the word alone the planner would think that hardly any message has it.
        of_drafts = _drafts().filter(proposal__status__in=(Status.PENDING, *_SIGNED))
        return some.filter(_OF_PEOPLE[status], ~Exists(_leaving()), ~Exists(of_drafts))
    if status in _OF_FEW:
        drafts = ReplyDraft.objects.filter(proposal__status__in=_OF_FEW[status])
        leaving = CustomerResponse.objects.filter(delivery__in=_LEAVING, is_auto=False)
        parts = drafts.values_list("answers")
        if status == ResponseStatus.APPROVED:
            parts = parts.union(leaving.values_list("answers"), all=True)
        some = some.filter(among(parts))
    far = with_status(some)
    return far.filter(status=status)  # type: ignore[misc]  # annotated


def with_parts(rows: QuerySet[CustomerResponse]) -> QuerySet[CustomerResponse]:
    """Messages with what ``status_of`` looks at."""
    drafts = ReplyDraft.objects.select_related("proposal").order_by("pk")
    return rows.select_related("conversation").prefetch_related(
        Prefetch("drafts", queryset=drafts), "answered_by"
    )


def status_of(response: CustomerResponse) -> ResponseStatus:
    """How far a loaded message is; see ``with_parts``."""
    conversation = response.conversation
    if conversation.archived_at is not None:
        return ResponseStatus.ARCHIVED
    if conversation.status == ConversationStatus.CLOSED:
        return ResponseStatus.CLOSED
    if any(one.delivery in _LEAVING and not one.is_auto for one in response.answered_by.all()):
        return ResponseStatus.APPROVED
    if response.answered_at is not None:
        return ResponseStatus.SENT
    return _of_draft(response) or _of_people(response)


def _of_draft(response: CustomerResponse) -> ResponseStatus | None:
    drafts = list(response.drafts.all())
    waiting = [one for one in drafts if one.proposal.status == Status.PENDING]
    if any(one.proposal.status in _SIGNED for one in drafts):
        return ResponseStatus.APPROVED
    if any(one.why_person for one in waiting):
        return ResponseStatus.AWAITING
    return ResponseStatus.DRAFT_READY if waiting else None


def _of_people(response: CustomerResponse) -> ResponseStatus:
    if response.conversation.assignee_id is None:
        return ResponseStatus.NEW
    if response.first_viewed_at is not None:
        return ResponseStatus.IN_PROGRESS
    return ResponseStatus.ASSIGNED
