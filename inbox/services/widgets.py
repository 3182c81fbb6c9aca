"""The chat of a website, as people set it up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from attribution.models import Site
from inbox.engine.chat_texts import WORDS
from inbox.models import ChatWidget
from inbox.services.topics import TOPIC
from workspaces.gate import Proposer
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.permissions import require

FIELDS: Final = (
    "is_on", "title", "greeting", "offline_text", "asks_name", "asks_email", "team", "language",
    "accent", "consent_text",
)  # fmt: skip


def new_widget(site: Site) -> ChatWidget:
    """A chat as it is before anybody saved it: off, with the usual texts."""
    return ChatWidget(workspace_id=site.workspace_id, site=site)


@transaction.atomic
def save_widget(
    *, site: Site, values: Mapping[str, Any], by: Proposer, now: datetime
) -> ChatWidget:
    """Set the chat of a website up: `FIELDS`.

    Raises
    ------
    ValidationError : names every field that is wrong
    NotAllowedError : the person is no approver
    """
    workspace = site.workspace
    require(Role.APPROVER, by=by, workspace=workspace, now=now, what="Setting the chat up")
    Site.objects.select_for_update().get(pk=site.pk)  # two who save the first time
    rows = ChatWidget.objects.select_for_update().filter(workspace=workspace, site=site)
    widget = rows.first() or new_widget(site)
    for name in FIELDS:
        if name in values:
            value = values[name]
            setattr(widget, name, value.strip() if isinstance(value, str) else value)
    widget.accent = widget.accent.lower()
    _check(widget)
    widget.full_clean(exclude=["workspace", "site"])
    widget.save()
    bump(workspace.pk, TOPIC)
    return widget


def _check(widget: ChatWidget) -> None:
    wrong: dict[str, str] = {}
    if widget.language not in WORDS:
        wrong["language"] = f"Choose among {', '.join(WORDS)}."
    if widget.is_on and not widget.title:
        wrong["title"] = "Give the chat a title: people who cannot see it hear it by that."
    if wrong:
        raise ValidationError(wrong)
