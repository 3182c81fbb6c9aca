"""Texts that a workspace begins with, as drafts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from outreach.engine.starter_texts import STARTERS, Starter
from outreach.models import ChannelTemplate, TemplateVersion
from outreach.selectors.text_looks import PARTS
from outreach.services.texts.writing import digest_of
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.services.permissions import require

_LABEL = "Countersign"


def seed_new(workspace: Workspace, _by: User, _now: datetime) -> None:
    """Give a workspace that is being made its first drafts."""
    seed_starters(workspace)


def add_starters(*, workspace: Workspace, by: Proposer, now: datetime) -> int:
    """Put the starters that are missing beside what is there; how many are new.

    Raises
    ------
    NotAllowedError : the person may not
    """
    require(Role.OPERATOR, by=by, workspace=workspace, now=now, what="To add texts")
    return seed_starters(workspace)


@transaction.atomic
def seed_starters(workspace: Workspace) -> int:
    """Add the starters whose names are free; how many are new. A name once used is not taken."""
    taken = set(ChannelTemplate.objects.filter(workspace=workspace).values_list("channel", "name"))
    fresh = [one for one in STARTERS if (one.channel, one.name) not in taken]
    templates = ChannelTemplate.objects.bulk_create(
        ChannelTemplate(
            workspace=workspace, name=one.name, channel=one.channel, category=one.category,
            created_by_label=_LABEL,
        )
        for one in fresh
    )  # fmt: skip
    TemplateVersion.objects.bulk_create(
        TemplateVersion(
            workspace=workspace, template=template, number=1, by_label=_LABEL, **_parts(one)
        )
        for template, one in zip(templates, fresh, strict=True)
    )
    return len(fresh)


def _parts(starter: Starter) -> dict[str, object]:
    said = asdict(starter)
    parts = {name: said[name] for name in PARTS}
    parts["variables"] = list(starter.variables)
    return {**parts, "sha256": digest_of(parts)}
