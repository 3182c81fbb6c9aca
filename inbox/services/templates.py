"""Answers written beforehand: checked before they are kept, approved by whoever signs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Lower

from inbox.engine.filling import check
from inbox.models import InboxChannel, Intent, ResponseTemplate
from outreach.engine.rendering import TemplateError
from workspaces.gate import Proposer
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.locks import lock_names
from workspaces.services.permissions import require
from workspaces.services.refusals import RefusedError

PARTS: Final = (
    "name", "category", "intents", "channels", "language", "subject", "body", "requires_approval",
)  # fmt: skip
#: What a person approved; other words are approved anew.
_WORDS: Final = frozenset({"intents", "channels", "language", "subject", "body"})


class ResponseTemplateError(RefusedError):
    """The template cannot be had like that."""


def create_template(
    *, workspace: Workspace, values: Mapping[str, Any], by: Proposer, now: datetime
) -> ResponseTemplate:
    """Keep a new answer; drafts are made of it once it is approved.

    Raises
    ------
    NotAllowedError : the person is no agent
    ValidationError : names what is wrong with it
    """
    require(Role.AGENT, by=by, workspace=workspace, now=now, what="Writing a template")
    template = ResponseTemplate(workspace=workspace, created_by_label=by.label[:150])
    with transaction.atomic():
        return _keep(template, values)


def change_template(
    *, template: ResponseTemplate, values: Mapping[str, Any], by: Proposer, now: datetime
) -> ResponseTemplate:
    """Change an answer; with other words it has to be approved again.

    Raises
    ------
    NotAllowedError : the person is no agent
    ResponseTemplateError : it is archived
    ValidationError : names what is wrong with it
    """
    require(Role.AGENT, by=by, workspace=template.workspace, now=now, what="Writing a template")
    with transaction.atomic():
        row = _locked(template)
        if any(name in _WORDS and getattr(row, name) != values[name] for name in values):
            row.approved_by = row.approved_at = None
        return _keep(row, values)


def approve_template(
    *, template: ResponseTemplate, by: Proposer, now: datetime
) -> ResponseTemplate:
    """Let drafts be made of an answer.

    Raises
    ------
    NotAllowedError : the person is no approver
    ResponseTemplateError : it is archived, or nobody stands behind the approval
    """
    require(Role.APPROVER, by=by, workspace=template.workspace, now=now, what="Approving")
    if by.user is None:
        raise ResponseTemplateError("A person approves; use a key that is bound to one.")
    with transaction.atomic():
        row = _locked(template)
        if row.approved_at is None:
            row.approved_by, row.approved_at = by.user, now
            row.save(update_fields=["approved_by", "approved_at", "updated_at"])
    return row


def archive_template(
    *, template: ResponseTemplate, by: Proposer, now: datetime
) -> ResponseTemplate:
    """Put an answer away: its name is free, and no draft is made of it any more."""
    require(Role.AGENT, by=by, workspace=template.workspace, now=now, what="Archiving")
    with transaction.atomic():
        row = _locked(template)
        row.archived_at = now
        row.save(update_fields=["archived_at", "updated_at"])
    return row


def _locked(template: ResponseTemplate) -> ResponseTemplate:
    row = ResponseTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
    if row.archived_at is not None:
        raise ResponseTemplateError("It is archived; write a new one.")
    return row


def _keep(template: ResponseTemplate, values: Mapping[str, Any]) -> ResponseTemplate:
    for name in PARTS:
        if name in values:
            setattr(template, name, values[name])
    # Of two of one name at once the second one is told, too.
    lock_names([f"inbox-templates:{template.workspace_id}"])
    _refuse_wrong(template)
    template.full_clean(exclude=["workspace", "approved_by"])
    template.save()
    return template


def _refuse_wrong(template: ResponseTemplate) -> None:
    wrong: dict[str, list[str]] = {}
    known: dict[str, tuple[list[str], list[str]]] = {
        "intents": (template.intents, Intent.values),
        "channels": (template.channels, InboxChannel.values),
    }
    for name, (given, choices) in known.items():
        if set(given) - set(choices):
            wrong[name] = [f"Choose among {', '.join(choices)}."]
    if _is_taken(template):
        wrong["name"] = ["Another template has this name."]
    if not template.body.strip():
        wrong["body"] = ["Write the answer."]
    for part, text in problems_of(template.subject, template.body):
        wrong.setdefault(part, []).append(text)
    if wrong:
        raise ValidationError(wrong)


def _is_taken(template: ResponseTemplate) -> bool:
    others = ResponseTemplate.objects.filter(workspace=template.workspace_id, archived_at=None)
    same = others.exclude(pk=template.pk).alias(spelled=Lower("name"))
    return same.filter(spelled=Lower(Value(template.name))).exists()


def problems_of(subject: str, body: str) -> list[tuple[str, str]]:
    """What keeps an answer from being filled in: the field, and a sentence."""
    try:
        check(subject=subject, body=body)
    except TemplateError as error:
        names = {"subject": "subject"}
        return [(names.get(one.part, "body"), str(one)) for one in error.problems]
    return []
