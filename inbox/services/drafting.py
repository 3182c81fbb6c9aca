"""Drafts: written by machines and other systems, sent by people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np

from inbox.engine.filling import places_of
from inbox.engine.templates_choice import Template, Wanted, choose
from inbox.models import (
    AIClassification,
    CustomerResponse,
    DraftSource,
    InboxPolicy,
    ReplyDraft,
    ResponseTemplate,
)
from inbox.selectors.replies import KIND, filled_for, handling_of, is_over, newest_of, values_for
from outreach.engine.rendering import TemplateError
from workspaces.engine.embedding.choosing import recent_embedder
from workspaces.gate import GateError, Proposer
from workspaces.models import Proposal
from workspaces.services.proposing import propose
from workspaces.services.withdrawing import withdraw_all

DRAFTER: Final = "Answers from templates"
_MOST_TEMPLATES: Final = 200
#: Characters of a text that tell what it is about.
_LOOKED_AT: Final = 2_000


def propose_reply(
    *,
    to: CustomerResponse,
    text: str,
    by: Proposer,
    reason: str,
    now: datetime,
    subject: str = "",
    source: DraftSource = DraftSource.EXTERNAL,
    template: ResponseTemplate | UUID | None = None,
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
        "template": str(getattr(template, "public_id", template) or ""),
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
    except GateError:
        # A person's or a signed one is in the way, or the conversation was merged meanwhile.
        return None


def wants_draft(response: CustomerResponse) -> bool:
    """Whether a machine should draft an answer to a message."""
    if not handling_of(response).wants_draft:
        return False
    policy = InboxPolicy.objects.filter(workspace=response.workspace_id).first()
    return policy is None or policy.drafts_on


def draft_for(response: CustomerResponse, *, now: datetime) -> Proposal | None:
    """Draft an answer to a message that was just read, where an approved template has one.

    Nothing where a machine should not, where they wrote again meanwhile, or where no template is
    like the message or can be filled in.
    """
    if not wants_draft(response) or newest_of(response).pk != response.pk or is_over(response):
        return None
    template, why, similarity = _chosen(response)
    if template is None:
        return None
    AIClassification.objects.filter(response=response).update(template=template)
    proposal = draft_by_template(to=response, template=template, why=why, now=now)
    if proposal is not None:
        ReplyDraft.objects.filter(pk=proposal.pk).update(
            similarity=similarity, sources=sources_of(template)
        )
    return proposal


def sources_of(template: ResponseTemplate) -> list[dict[str, str]]:
    """What a draft of a template rests on, for people: the template, and what stands of whom."""
    places = places_of(subject=template.subject, body=template.body)
    told = [{"kind": "template", "label": template.name}]
    return told + [{"kind": "record", "label": one.replace("_", " ")} for one in places]


def template_for(response: CustomerResponse) -> tuple[ResponseTemplate | None, str]:
    """Approved template that answers a message best with nothing missing, and what speaks for it.

    Without one, the words say why.
    """
    template, why, _similarity = _chosen(response)
    return template, why


def _chosen(response: CustomerResponse) -> tuple[ResponseTemplate | None, str, float | None]:
    rows = {
        row.pk: row
        for row in ResponseTemplate.objects.filter(
            workspace=response.workspace_id, archived_at=None, approved_at__isnull=False
        ).order_by("pk")[:_MOST_TEMPLATES]
    }
    values = values_for(response)
    wanted = Wanted(
        intent=response.conversation.intent, channel=response.channel,
        language=response.conversation.language,
        known=frozenset(name for name, value in values.items() if value.strip()),
    )  # fmt: skip
    choice = choose(wanted, _candidates(response, list(rows.values())))
    if not choice.is_complete or choice.template is None:
        lacks = ", ".join(choice.missing)
        return None, f"It lacks {lacks}." if lacks else choice.reason, None
    row = rows[choice.template]
    return row, f"“{row}” is {choice.reason}", choice.similarity


def _candidates(response: CustomerResponse, rows: Sequence[ResponseTemplate]) -> list[Template]:
    if not rows:
        return []
    said = (response.text.strip() or response.subject.strip())[:_LOOKED_AT]
    # A picture is like no template: what it was read as decides.
    alike = np.zeros(len(rows))
    if said:
        vectors = recent_embedder().embed([said, *(_told(row) for row in rows)])
        alike = vectors[1:] @ vectors[0]
    return [
        Template(
            id=row.pk, is_approved=True, similarity=float(similarity),
            intents=frozenset(row.intents), channels=frozenset(row.channels),
            language=row.language, variables=places_of(subject=row.subject, body=row.body),
            satisfied=row.satisfied, rated=row.rated,
        )
        for row, similarity in zip(rows, alike, strict=True)
    ]  # fmt: skip


def _told(row: ResponseTemplate) -> str:
    """What a template is about: its name says the question, its body the answer."""
    return f"{row.name}. {row.body}"[:_LOOKED_AT]


def void_overtaken(
    responses: Sequence[CustomerResponse],
    *,
    now: datetime,
    why: str = "They wrote again.",
    before: datetime | None = None,
) -> int:
    """Withdraw drafts of conversations in which somebody wrote since; how many.

    ``before``: only those that were made until then.
    """
    if not responses:
        return 0
    workspace = responses[0].workspace
    drafts = ReplyDraft.objects.filter(
        workspace=workspace, conversation__in={one.conversation_id for one in responses}
    )
    waiting = Proposal.objects.filter(kind=KIND, pk__in=drafts.values("pk"))
    if before is not None:
        waiting = waiting.filter(created_at__lte=before)
    return withdraw_all(proposals=waiting, workspace=workspace, why=why, now=now)
