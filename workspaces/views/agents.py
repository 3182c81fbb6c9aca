"""Agents: what they suggest, and how all who propose fared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from workspaces.models import AgentSuggestion, ApiKey, KeyKind, Priority, SuggestionType, Workspace
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.periods import page_number
from workspaces.roles import Role
from workspaces.search import narrow, words_of
from workspaces.selectors_agents import NEWEST, scorecards_of
from workspaces.services import live
from workspaces.services.suggesting import TOPIC, dismiss, take_back

_ROWS: Final = 50
_STATES: Final = {"open": "Open", "dismissed": "Put aside", "all": "All"}
_WORDS: Final = words_of("title", "description", "agent_type")


@dataclass(frozen=True)
class _Asked:
    """What the list is narrowed to; what nobody can have asked for narrows nothing."""

    state: str
    type: str
    priority: str
    agent: str
    words: str

    @classmethod
    def of(cls, given: Mapping[str, str]) -> _Asked:
        """Read the address."""
        state = given.get("state", "")
        return cls(
            state=state if state in _STATES else "open",
            type=given.get("type", "") if given.get("type") in SuggestionType.values else "",
            priority=given.get("priority", "") if given.get("priority") in Priority.values else "",
            agent=given.get("agent", "")[:100],
            words=given.get("q", "").strip()[:100],
        )

    def rows(self, workspace: Workspace) -> QuerySet[AgentSuggestion]:
        """Suggestions of the workspace that fit, the newest first."""
        rows = AgentSuggestion.objects.filter(workspace=workspace).select_related(
            "agent", "dismissed_by"
        )
        if self.state != "all":
            rows = rows.filter(dismissed_at__isnull=self.state == "open")
        named = {"type": self.type, "priority": self.priority, "agent__prefix": self.agent}
        rows = rows.filter(**{name: value for name, value in named.items() if value})
        return narrow(rows, _WORDS, self.words) if self.words else rows


@require_GET
@page(Role.VIEWER)
def agents(request: PageRequest) -> HttpResponse:
    """What agents suggest, with what became of it."""
    version = live.version(request.workspace.pk, TOPIC)
    if request.htmx and request.GET.get("v") == str(version):
        return HttpResponse(status=204)
    asked = _Asked.of(request.GET.dict())
    rows = asked.rows(request.workspace).prefetch_related("actions__proposal").order_by("-pk")
    found = Paginator(rows, _ROWS).get_page(page_number(request.GET.get("page", "")))
    keys = ApiKey.objects.filter(workspace=request.workspace, kind=KeyKind.AGENT)
    context = {
        "title": "Agents",
        "asked": asked,
        "states": _STATES,
        "types": SuggestionType.choices,
        "priorities": Priority.choices,
        "agents": list(keys.order_by("name").values_list("prefix", "name")),
        "rows": found,
        "earlier": found.previous_page_number() if found.has_previous() else 0,
        "later": found.next_page_number() if found.has_next() else 0,
        "version": version,
        "may_act": has_role(request, Role.OPERATOR),
        "may_make_keys": has_role(request, Role.ADMIN),
    }
    template = "workspaces/agents.html"
    return show(request, f"{template}#list" if request.htmx else template, context)


@require_GET
@page(Role.VIEWER)
def scorecards(request: PageRequest) -> HttpResponse:
    """How proposals of agents, models, rules and people fared."""
    context = {
        "title": "Scorecards",
        "cards": scorecards_of(workspace=request.workspace),
        "newest": NEWEST,
    }
    return show(request, "workspaces/scorecards.html", context)


@require_POST
@page(Role.OPERATOR)
def put_aside(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Put one aside; its proposals stay in the queue."""
    row = _suggestion(request, public_id)
    dismiss(suggestion=row, by=request.user, now=timezone.now())
    return _row(request, row)


@require_POST
@page(Role.OPERATOR)
def put_back(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Take that back."""
    row = _suggestion(request, public_id)
    take_back(suggestion=row, by=request.user, now=timezone.now())
    return _row(request, row)


def _suggestion(request: PageRequest, public_id: UUID) -> AgentSuggestion:
    return get_object_or_404(
        AgentSuggestion.objects.select_related("workspace", "agent"),
        workspace=request.workspace, public_id=public_id,
    )  # fmt: skip


def _row(request: PageRequest, row: AgentSuggestion) -> HttpResponse:
    if not request.htmx:
        return redirect("agents")
    row.refresh_from_db()
    return show(request, "workspaces/_suggestion.html", {"row": row, "may_act": True})
