"""The chat of websites as approvers set it up: its words, its look, and what to paste."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from attribution.models import Site
from experiments.forms import problems_of
from inbox.engine.chat_texts import ACCENT, LANGUAGES
from inbox.models import ChatWidget, Team
from inbox.selectors.chat import chats_of
from inbox.services.widgets import FIELDS, new_widget, save_widget
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role
from workspaces.services.refusals import RefusedError

_SWITCHES = ("is_on", "asks_name", "asks_email")


@require_safe
@page(Role.APPROVER)
def chat(request: PageRequest) -> HttpResponse:
    """The chat of one website, with links to the others."""
    rows = chats_of(request.workspace, timezone.now())
    asked = request.GET.get("site", "")
    if asked and asked not in {str(row.site.public_id) for row in rows}:
        raise Http404("There is no such website.")
    chosen = next(
        (row for row in rows if str(row.site.public_id) == asked), rows[0] if rows else None
    )
    return show(request, "inbox/chat.html", _context(rows, chosen))


@require_POST
@page(Role.APPROVER)
def save(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Set the chat of a website up; what is wrong is named, and what was typed stays."""
    site = Site.objects.filter(
        workspace=request.workspace, public_id=public_id, is_active=True
    ).first()
    if site is None:
        raise Http404("There is no such website.")
    values = _values(request)
    try:
        widget = save_widget(
            site=site, values=values, by=Proposer.person(request.user), now=timezone.now()
        )
    except ValidationError as error:
        rows = chats_of(request.workspace, timezone.now())
        chosen = next(row for row in rows if row.site == site)
        typed = ChatWidget.objects.filter(site=site).first() or new_widget(site)
        for name, value in values.items():
            setattr(typed, name, value)
        context = _context(rows, chosen) | {"widget": typed, "problems": problems_of(error)}
        return show(request, "inbox/chat.html", context, status=400)
    except (GateError, RefusedError) as error:
        messages.error(request, str(error))
    else:
        state = "on" if widget.is_on else "off"
        messages.success(request, f"The chat of {site.name} is saved and {state}.")
    return redirect(f"{reverse('inbox-chat')}?site={site.public_id}")


def _values(request: PageRequest) -> dict[str, Any]:
    return {
        name: bool(request.POST.get(name)) if name in _SWITCHES else request.POST.get(name, "")
        for name in FIELDS
    }


def _context(rows: list[Any], chosen: Any) -> dict[str, Any]:
    context: dict[str, Any] = {"title": "Website chat", "rows": rows, "chosen": chosen}
    if chosen is None:
        return context
    widget = chosen.widget or new_widget(chosen.site)
    return context | {
        "site": chosen.site,
        "widget": widget,
        "base": settings.PUBLIC_BASE_URL,
        "teams": Team.choices,
        "languages": LANGUAGES,
        "accent": ACCENT,
        "version": int(widget.updated_at.timestamp()) if widget.pk else 0,
    }
