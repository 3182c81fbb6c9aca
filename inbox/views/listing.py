"""The list beside its views, and its news for those who watch it."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from inbox.models import Conversation, InboxChannel, Intent, Team, Urgency
from inbox.selectors.clock import clock_of
from inbox.selectors.filters import (
    ME,
    NOBODY,
    ORDERS,
    SLA_CHOICES,
    VIEWS,
    ListFilters,
    filters_of,
)
from inbox.selectors.lists import default_order, order_of, page_of
from inbox.selectors.naming import name_them
from inbox.services.counting import counts_of
from inbox.services.topics import TOPIC
from workspaces.gate import RequestError
from workspaces.models import SavedView
from workspaces.pages import PageRequest, has_role, page, refuse, show
from workspaces.roles import Role
from workspaces.services import live

PAGE: Final = "inbox"
_NOT_STATE: Final = ("since", "seen", "shown", "open", "before", "done", "signed", "panes", "again")
ICONS: Final = {
    "email": "mail", "sms": "sms", "whatsapp": "chat", "instagram": "photo_camera",
    "facebook": "groups", "linkedin": "work", "twitter": "tag", "chat": "forum",
    "comment": "comment",
}  # fmt: skip


@require_GET
@never_cache
@page(Role.VIEWER)
def inbox(request: PageRequest) -> HttpResponse:
    """The list; nothing is open beside it."""
    try:
        context = list_of(request)
    except RequestError as error:
        return refuse(request, str(error), status=error.status)
    if request.htmx and not request.htmx.history_restore_request:
        # The views beside it: which one is shown, and what "Save this view" keeps.
        return show(request, "inbox/inbox.html#changed", {**context, **views_of(request)})
    return show(request, "inbox/inbox.html", {**context, **views_of(request)})


@require_GET
@never_cache
@page(Role.VIEWER)
def changes(request: PageRequest) -> HttpResponse:
    """204 while nothing happened since ``?since=``, else the list and the views anew."""
    version = live.version(request.workspace.pk, TOPIC)
    if request.GET.get("since") == str(version):
        return HttpResponse(status=204)
    try:
        context = list_of(request)
    except RequestError as error:
        return refuse(request, str(error), status=error.status)
    answer = show(request, "inbox/inbox.html#changed", {**context, **views_of(request)})
    # What is open beside the list looks for its own news then.
    answer["HX-Trigger-After-Settle"] = "inbox-news"
    return answer


def list_of(request: PageRequest) -> dict[str, Any]:
    """One page of the list that the address asks for.

    Raises
    ------
    RequestError : the address asks for something that there is not
    """
    workspace, user, now = request.workspace, request.user, timezone.now()
    filters = filters_of(request.GET)
    usual = default_order(workspace)
    # Read before the rows: a change in between is then told again, never missed.
    version = live.version(workspace.pk, TOPIC)
    found = page_of(
        workspace, filters, user=user, now=now, after=request.GET.get("after", ""), usual=usual
    )
    name_them(found.rows)
    return {
        "title": "Inbox",
        "filters": filters,
        "order": order_of(filters, usual),
        "rows": [(row, clock_of(row, now), ICONS[row.channel]) for row in found.rows],
        "next_cursor": found.next_cursor,
        "heading": _heading(filters),
        "version": version,
        "state": state_of(request.GET),
        "may_act": has_role(request, Role.AGENT),
        "choices": _choices(request),
        "now": now,
    }


def _heading(filters: ListFilters) -> str:
    words = [VIEWS[filters.view]]
    if filters.channel and filters.view == "open":
        words = [InboxChannel(filters.channel).label]
    elif filters.team and filters.view == "open":
        words = [Team(filters.team).label]
    return f"Found in {words[0].lower()}" if filters.text else words[0]


def _choices(request: PageRequest) -> list[tuple[str, str, Any, str]]:
    asked = [
        ("channel", "Channel", InboxChannel.choices),
        ("team", "Team", Team.choices),
        ("intent", "Intent", Intent.choices),
        ("urgency", "Urgency", Urgency.choices),
        ("assignee", "Whose", ((ME, "Mine"), (NOBODY, "Nobody's"))),
        ("sla", "Promise", SLA_CHOICES),
        ("order", "Order", ORDERS),
    ]
    return [(name, label, choices, request.GET.get(name, "")) for name, label, choices in asked]


def views_of(request: PageRequest) -> dict[str, Any]:
    """The views with their counts, and the person's own."""
    workspace, user = request.workspace, request.user
    counts = counts_of(workspace=workspace, user=user, now=timezone.now())
    saved = SavedView.objects.filter(workspace=workspace, user=user, page=PAGE)
    return {
        "views": [(key, label, counts.get(key, "")) for key, label in VIEWS.items()],
        "channels": [
            (key, label, counts[f"channel:{key}"], ICONS[key])
            for key, label in InboxChannel.choices if f"channel:{key}" in counts
        ],
        "teams": Team.choices,
        "saved_views": saved.order_by("name"),
        "is_empty": not counts and not Conversation.objects.filter(workspace=workspace).exists(),
    }  # fmt: skip


def state_of(query: QueryDict) -> str:
    """The address's filters and page, without what belongs to one request only."""
    kept = query.copy()
    for name in list(kept):
        if name in _NOT_STATE or not kept[name]:
            kept.pop(name)
    return kept.urlencode()
