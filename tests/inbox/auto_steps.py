"""Short ways to what speaks for automatic answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inbox.models import AIClassification, AuditedReply, CustomerResponse, ReplyDraft
from inbox.models import ResponseTemplate as Template
from outreach.models import Contact
from tests.inbox.steps import NOW, conversation_of, response_of
from workspaces.models import Proposal, User, Workspace

WORDS = "Hello Ann, it is on its way."


def template_of(workspace: Workspace, approver: User, **values: Any) -> Template:
    """An approved answer that needs no further approval."""
    own: dict[str, Any] = {
        "name": "Where", "body": "Hello {{ first_name }}, it is on its way.",
        "approved_by": approver, "approved_at": NOW, "requires_approval": False,
    }  # fmt: skip
    return Template.objects.create(workspace=workspace, **own | values)


def read_as(response: CustomerResponse, **values: Any) -> AIClassification:
    """A message that a machine may answer."""
    own: dict[str, Any] = {
        "intent": "question", "confidence": 0.95, "sentiment": 0.0, "urgency": "low",
        "sentiment_label": "neutral", "model": "words", "ms": 1, "read_at": NOW,
    }  # fmt: skip
    made, _ = AIClassification.objects.update_or_create(
        response=response, defaults={"workspace": response.workspace, **own, **values}
    )
    return made


def drafts_of(workspace: Workspace, count: int, **values: Any) -> list[ReplyDraft]:
    """So many drafts about one conversation, past the gate: rows only."""
    known = Contact.objects.filter(workspace=workspace).first()
    conversation = conversation_of(workspace, contact=known, subject="Long ago")
    asked = response_of(conversation)
    read_as(asked)
    first = Proposal.objects.count()
    proposals = Proposal.objects.bulk_create(
        Proposal(
            workspace=workspace, kind="inbox.reply", subject_key=f"many:{first + number}",
            subject_label="A reply", summary="Answer", reason="They asked.", proposer_type="rule",
            proposer_key="rule:inbox", proposer_label="inbox", created_at=NOW,
        )
        for number in range(count)
    )  # fmt: skip
    own: dict[str, Any] = {"source": "template", "text": WORDS, "intent": "question",
                           "confidence": 0.95}  # fmt: skip
    return ReplyDraft.objects.bulk_create(
        ReplyDraft(
            proposal=one, workspace=workspace, conversation=conversation, answers=asked,
            **own | values,
        )
        for one in proposals
    )  # fmt: skip


def judged(
    workspace: Workspace, by: User, *, good: int = 0, bad: int = 0, at: datetime = NOW
) -> None:
    """Drafts that people said so of."""
    drafts = drafts_of(workspace, good + bad)
    AuditedReply.objects.bulk_create(
        AuditedReply(
            workspace=workspace, draft=draft, intent="question", was_auto=False,
            drawn_on=at.date(), verdict="bad" if number < bad else "good", judged_by=by,
            judged_at=at,
        )
        for number, draft in enumerate(drafts)
    )  # fmt: skip


def asked_about(workspace: Workspace, count: int = 1, *, was_auto: bool = True) -> list[Any]:
    """Drafts that wait to be judged."""
    return AuditedReply.objects.bulk_create(
        AuditedReply(
            workspace=workspace,
            draft=draft,
            intent="question",
            was_auto=was_auto,
            drawn_on=NOW.date(),
        )
        for draft in drafts_of(workspace, count, was_auto=was_auto)
    )
