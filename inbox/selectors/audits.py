"""What a person who judges drafts sees: nothing that tells whether one went out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from django.db.models import QuerySet, TextField
from django.db.models.functions import MD5, Cast

from inbox.models import AuditedReply, CustomerResponse, Delivery, ReplyDraft
from workspaces.models import Workspace

_BEFORE: Final = 8


@dataclass(frozen=True)
class Asked:
    """A draft to judge, with what was said until it was made."""

    row: AuditedReply
    draft: ReplyDraft
    message: CustomerResponse
    before: tuple[CustomerResponse, ...]  # the oldest first
    subject: str
    text: str


@dataclass(frozen=True)
class Progress:
    """How many were judged today, and how many wait."""

    judged: int
    waiting: int

    @property
    def total(self) -> int:
        """Judged and waiting."""
        return self.judged + self.waiting


def asked_of(rows: QuerySet[AuditedReply]) -> Asked | None:
    """The next one of those that wait: the oldest night first, then in an order of no meaning."""
    row = (
        rows.annotate(ticket=MD5(Cast("pk", TextField())))
        .select_related(
            "draft__proposal", "draft__answers__point__contact", "draft__answers__conversation"
        )
        .order_by("drawn_on", "ticket")
        .first()
    )
    if row is None:
        return None
    message = row.draft.answers
    return Asked(row, row.draft, message, _said_before(message), *_first_words(row.draft))


def _said_before(message: CustomerResponse) -> tuple[CustomerResponse, ...]:
    rows = CustomerResponse.objects.filter(
        conversation=message.conversation_id, at__lte=message.at
    ).exclude(pk=message.pk)
    # What we said in the same moment or later would tell what became of the draft.
    told = rows.exclude(delivery=Delivery.CANCELLED).exclude(answers=message)
    return tuple(reversed(told.order_by("-at", "-pk")[:_BEFORE]))


def _first_words(draft: ReplyDraft) -> tuple[str, str]:
    """The draft as the machine wrote it, whatever people made of it."""
    plan = draft.proposal.plans.order_by("version").first()
    body = plan.content if plan else {}
    return body.get("mail_subject", draft.subject), body.get("text", draft.text)


def progress_of(workspace: Workspace, now: datetime) -> Progress:
    """How far it is; what was said by signing was never asked, and lies before today."""
    midnight = datetime.combine(now.astimezone(workspace.zone).date(), time(), workspace.zone)
    rows = AuditedReply.objects.filter(workspace=workspace)
    waiting = rows.filter(verdict="").exclude(draft__text="").count()
    return Progress(rows.filter(judged_at__gte=midnight).count(), waiting)
