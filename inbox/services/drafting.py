"""Drafts: written by machines and other systems, sent by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from inbox.models import CustomerResponse, DraftSource, InboxPolicy, ReplyDraft, ResponseTemplate
from inbox.selectors.replies import KIND, filled_for, handling_of
from outreach.engine.rendering import TemplateError
from workspaces.gate import Proposer
from workspaces.models import Proposal
from workspaces.models.gate import OPEN
from workspaces.services.proposing import SubjectBusyError, propose

DRAFTER: Final = "Answers from templates"


def propose_reply(
    *,
    to: CustomerResponse,
    text: str,
    by: Proposer,
    reason: str,
    now: datetime,
    subject: str = "",
    source: DraftSource = DraftSource.EXTERNAL,
    template: ResponseTemplate | None = None,
    idempotency_key: str = "",
) -> Proposal:
    """Propose an answer to a message of theirs; an agent signs it.

    Raises
    ------
    RequestError : a field is wrong
    SubjectBusyError : another draft of the conversation is a person's or signed
    """
    request: dict[str, Any] = {
        "answers": str(to.public_id), "text": text, "mail_subject": subject, "source": source,
        "template": str(template.public_id) if template else "",
    }  # fmt: skip
    return propose(
        workspace=to.workspace, kind=KIND, request=request, proposer=by, reason=reason, now=now,
        idempotency_key=idempotency_key,
    )  # fmt: skip


def draft_by_template(
    *, to: CustomerResponse, template: ResponseTemplate, why: str, now: datetime
) -> Proposal | None:
    """Draft an answer of an approved template; nothing where a place stays empty.

    A draft that a person wrote or signed stays as it is.
    """
    try:
        filled = filled_for(template, to)
    except TemplateError:
        return None
    if filled.missing:
        return None
    try:
        return propose_reply(
            to=to, text=filled.text, subject=filled.subject, by=Proposer.rule(DRAFTER),
            reason=why, now=now, source=DraftSource.TEMPLATE, template=template,
        )  # fmt: skip
    except SubjectBusyError:
        return None


def wants_draft(response: CustomerResponse) -> bool:
    """Whether a machine should draft an answer to a message."""
    policy = InboxPolicy.objects.filter(workspace=response.workspace_id).first()
    return (policy is None or policy.drafts_on) and handling_of(response).wants_draft


def open_drafts(conversations: Sequence[int]) -> Mapping[int, ReplyDraft]:
    """Drafts that wait, by conversation."""
    rows = ReplyDraft.objects.filter(
        conversation__in=conversations, proposal__status__in=OPEN
    ).select_related("proposal__current_plan", "template")
    return {row.conversation_id: row for row in rows}
