"""Texts: made, written in versions that never change, put into use, copied and put away."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from outreach.engine.rendering import TemplateError, compile_template
from outreach.models import (
    CampaignStatus,
    ChannelTemplate,
    Markup,
    MessageChannel,
    StepText,
    TemplateCategory,
    TemplateStatus,
    TemplateVersion,
)
from outreach.selectors.text_looks import PARTS, Draft, known_variables, look_at
from workspaces.gate import Proposer
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require
from workspaces.services.refusals import RefusedError

MOST_VARIABLES: Final = 50
DETAILS: Final = ("name", "category", "provider_key")
_LONGEST: Final = {"subject": 300, "preheader": 200, "text": 200_000, "body": 200_000}


class TextRefusedError(RefusedError):
    """The state of a text does not allow it; ``field`` is empty, for no value is wrong."""

    field = ""


@transaction.atomic
def create_text(
    *, workspace: Workspace, values: Mapping[str, Any], by: Proposer, now: datetime
) -> ChannelTemplate:
    """Make a draft; with any of `PARTS` among the values it gets its first version.

    Raises
    ------
    NotAllowedError : the person may not
    ValidationError : names every field that is wrong
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="To write texts")
    template = ChannelTemplate(
        workspace=workspace, channel=values.get("channel", ""), created_by_label=by.label[:150]
    )
    _put_details(template, {"name": "", **values})
    template.save()
    if any(values.get(part) for part in PARTS):
        save_version(template=template, values=values, by=by, now=now)
    return template


@transaction.atomic
def change_details(
    *, template: ChannelTemplate, values: Mapping[str, Any], by: Proposer, now: datetime
) -> ChannelTemplate:
    """Change the name, what it is for, or its id at the provider; what it says stays.

    Raises
    ------
    NotAllowedError : the person may not
    TextRefusedError : it is archived, or it is in use and would be for something else
    ValidationError : names the field that is wrong
    """
    require(Role.OPERATOR, by=by, workspace=template.workspace, now=now, what="To change texts")
    locked = _locked(template)
    was = locked.category
    _put_details(locked, values)
    if was != locked.category and locked.status == TemplateStatus.ACTIVE:
        _refuse_faulty(locked, locked.current)
    locked.save(update_fields=[*DETAILS, "updated_at"])
    return locked


@transaction.atomic
def save_version(
    *,
    template: ChannelTemplate,
    values: Mapping[str, Any],
    by: Proposer,
    now: datetime,
    based_on: int | None = None,
) -> TemplateVersion:
    """Keep what was written as the next version; the same words again make none.

    A part that is not given stays as it is in the newest version. New sends go on with the version
    in use until another is put into use. ``based_on`` is the version that the writer had in front.

    Raises
    ------
    NotAllowedError : the person may not
    TextRefusedError : it is archived, or somebody else wrote meanwhile
    ValidationError : names every part that cannot be read, with its line
    """
    require(Role.OPERATOR, by=by, workspace=template.workspace, now=now, what="To write texts")
    locked = _locked(template)
    newest = locked.versions.order_by("-number").first()
    number = newest.number if newest else 0
    if based_on is not None and based_on != number:
        raise TextRefusedError(
            f"Meanwhile version {number} was saved. Copy your words, reload, and put them in."
        )
    parts = {name: getattr(newest or TemplateVersion(), name) for name in PARTS}
    parts |= {name: values[name] for name in PARTS if name in values}
    refuse_unreadable(locked, parts)
    sha256 = digest_of(parts)
    if newest and newest.sha256 == sha256:
        return newest
    return TemplateVersion.objects.create(
        workspace=locked.workspace, template=locked, number=number + 1, sha256=sha256,
        by_label=by.label[:150], **parts,
    )  # fmt: skip


@transaction.atomic
def activate_text(
    *, template: ChannelTemplate, version: TemplateVersion | None, by: Proposer, now: datetime
) -> ChannelTemplate:
    """Let new sends use a version, by default the newest; an older one takes a change back.

    What was planned and signed keeps the version it was signed with.

    Raises
    ------
    NotAllowedError : the person may not
    TextRefusedError : archived, or nothing is written yet
    ValidationError : the text has errors; names the parts
    """
    require(
        Role.OPERATOR, by=by, workspace=template.workspace, now=now, what="To put texts into use"
    )
    locked = _locked(template)
    chosen = version or locked.versions.order_by("-number").first()
    if chosen is None or chosen.template_id != locked.pk:
        raise TextRefusedError("Write a text before it is used.")
    _refuse_faulty(locked, chosen)
    locked.current, locked.status = chosen, TemplateStatus.ACTIVE
    locked.save(update_fields=["current", "status", "updated_at"])
    return locked


@transaction.atomic
def archive_text(*, template: ChannelTemplate, by: Proposer, now: datetime) -> ChannelTemplate:
    """Put a text away; not while a campaign that is not over uses it.

    A draft without words is deleted.

    Raises
    ------
    NotAllowedError : the person may not
    TextRefusedError : it is used, or archived already
    """
    require(Role.OPERATOR, by=by, workspace=template.workspace, now=now, what="To archive texts")
    locked = _locked(template)
    uses = StepText.objects.filter(template=locked).exclude(
        step__campaign__status=CampaignStatus.COMPLETED
    )
    names = list(dict.fromkeys(uses.order_by("pk").values_list("step__campaign__name", flat=True)))
    if names:
        told = ", ".join(f"“{one}”" for one in names[:3])
        raise TextRefusedError(f"It is used in {told}; change that first.")
    newest = locked.versions.order_by("-number").first()
    if newest is None:
        locked.delete()
        return template
    locked.current = locked.current or newest
    locked.status = TemplateStatus.ARCHIVED
    locked.save(update_fields=["current", "status", "updated_at"])
    return locked


@transaction.atomic
def copy_text(
    *, template: ChannelTemplate, by: Proposer, now: datetime, name: str = ""
) -> ChannelTemplate:
    """Make a draft that says the same, from the newest version; also of an archived one.

    Raises
    ------
    NotAllowedError : the person may not
    ValidationError : the name is taken
    """
    newest = template.versions.order_by("-number").first()
    parts = {part: getattr(newest, part) for part in PARTS} if newest else {}
    return create_text(
        workspace=template.workspace,
        values={
            "name": name.strip() or _free_name(template),
            "channel": template.channel,
            "category": template.category,
            **parts,
        },
        by=by,
        now=now,
    )


def refuse_unreadable(template: ChannelTemplate, parts: Mapping[str, Any]) -> None:
    """Refuse a text that cannot be read; it may be unfinished.

    Raises
    ------
    ValidationError : names every part that cannot be read, with its line
    """
    wrong = _misshapen(template, parts)
    if wrong:
        raise ValidationError(wrong)
    draft = Draft(template.channel, template.category, **parts)
    try:
        compile_template(draft.source, known_variables(draft.variables))
    except TemplateError as error:
        for problem in error.problems:
            where = f"Line {problem.line}: " if problem.line else ""
            wrong.setdefault(problem.part, []).append(f"{where}{problem.text}")
        raise ValidationError(wrong) from error


def digest_of(parts: Mapping[str, Any]) -> str:
    """Digest of what a text says; two texts of the same words have the same."""
    document = {name: parts[name] for name in PARTS}
    canonical = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _locked(template: ChannelTemplate) -> ChannelTemplate:
    locked = ChannelTemplate.objects.select_for_update(of=("self",)).select_related(
        "workspace", "current"
    ).get(pk=template.pk)  # fmt: skip
    if locked.status == TemplateStatus.ARCHIVED:
        raise TextRefusedError("This text is archived. Make a copy and go on with that.")
    return locked


def _put_details(template: ChannelTemplate, values: Mapping[str, Any]) -> None:
    wrong: dict[str, str] = {}
    for name in DETAILS:
        if name in values:
            setattr(template, name, str(values[name] or "").strip())
    if not 1 <= len(template.name) <= 120:
        wrong["name"] = "Give it a name of 1 to 120 characters."
    elif _is_taken(template):
        wrong["name"] = "There is a text of this name on this channel already."
    if template.channel not in MessageChannel.values:
        wrong["channel"] = f"Choose among {', '.join(MessageChannel.values)}."
    if template.category not in TemplateCategory.values:
        wrong["category"] = f"Choose among {', '.join(TemplateCategory.values)}."
    if len(template.provider_key) > 80:
        wrong["provider_key"] = "Use at most 80 characters."
    if wrong:
        raise ValidationError(wrong)


def _is_taken(template: ChannelTemplate) -> bool:
    others = ChannelTemplate.objects.filter(
        workspace=template.workspace, channel=template.channel, name=template.name
    ).exclude(status=TemplateStatus.ARCHIVED)
    return others.exclude(pk=template.pk).exists()


def _free_name(template: ChannelTemplate) -> str:
    names = set(
        ChannelTemplate.objects.filter(workspace=template.workspace, channel=template.channel)
        .exclude(status=TemplateStatus.ARCHIVED)
        .values_list("name", flat=True)
    )
    base = template.name[:110]
    tries = (f"{base} (copy{f' {n}' if n > 1 else ''})" for n in range(1, len(names) + 3))
    return next(one for one in tries if one not in names)


def _misshapen(template: ChannelTemplate, parts: Mapping[str, Any]) -> dict[str, list[str]]:
    """What no column takes, by part."""
    wrong: dict[str, list[str]] = {}
    for name, most in _LONGEST.items():
        value = parts[name]
        if not isinstance(value, str) or "\x00" in value:
            wrong[name] = ["Give a text."]
        elif len(value) > most:
            wrong[name] = [f"Use at most {most:,} characters."]
    if parts["markup"] not in Markup.values:
        wrong["markup"] = [f"Choose among {', '.join(Markup.values)}."]
    elif template.channel != MessageChannel.EMAIL and parts["markup"] != Markup.NONE:
        wrong["markup"] = ["Only e-mail has a page; other channels have text."]
    if "\\u0000" in json.dumps(parts["variables"]):
        wrong["variables"] = ["A sample holds control characters."]
    elif isinstance(parts["variables"], list) and len(parts["variables"]) > MOST_VARIABLES:
        wrong["variables"] = [f"Use at most {MOST_VARIABLES}."]
    return wrong


def _refuse_faulty(template: ChannelTemplate, version: TemplateVersion | None) -> None:
    """Refuse what a recipient must not get: blanks without samples, and errors of the checks."""
    look = look_at(Draft.of(template, version), workspace=template.workspace)
    wrong: dict[str, list[str]] = {}
    for problem in look.problems:
        wrong.setdefault(problem.part, []).append(problem.text)
    for one in look.findings:
        if one.severity == "error":
            wrong.setdefault(_part_of(one.place, version), []).append(one.advice)
    if wrong:
        raise ValidationError(wrong)


def _part_of(place: str, version: TemplateVersion | None) -> str:
    """Name of the part that a finding speaks of."""
    part = place.split(":")[0]
    has_page = version is not None and version.markup != Markup.NONE
    return {"html": "body" if has_page else "text"}.get(part, part)
