"""What people have to do about messages."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from outreach.selectors.task_page import dead_letters_of, task_counts, tasks_of
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role


@require_safe
@page(Role.VIEWER)
def tasks(request: PageRequest) -> HttpResponse:
    """Messages to send by hand, unsure ones, and those that could not be sent."""
    now, workspace = timezone.now(), request.workspace
    counts = task_counts(workspace, now)
    tab = request.GET.get("tab", "")
    if tab not in {one.key for one in counts}:
        tab = next((one.key for one in counts if one.count), "hand")
    context = {
        "title": "Tasks",
        "tab": tab,
        "tabs": [(one.key, one.label, one.count) for one in counts],
        "tasks": () if tab == "failed" else tasks_of(workspace, tab),
        "dead": dead_letters_of(workspace, now) if tab == "failed" else (),
        "now": now,
        "may_write": has_role(request, Role.OPERATOR),
    }
    return show(request, "outreach/tasks.html", context)
