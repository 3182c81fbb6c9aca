"""What people have to do about messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from outreach.models import OutreachTask, TaskReason
from outreach.selectors.task_page import dead_letters_of, task_counts, tasks_of
from outreach.services.sending.by_hand import dismiss, mark_done, send_again
from outreach.services.sending.by_hand import replay as send_failed_again
from outreach.views.log import own_message
from workspaces.gate import GateError, Proposer
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role

#: What is done with a task, and what is said then.
_ACTS: Final[Mapping[str, tuple[Callable[..., Any], str]]] = MappingProxyType(
    {
        "done": (mark_done, "Noted: it was sent."),
        "dismiss": (dismiss, "It stays unsent."),
        "again": (send_again, "It is sent once more."),
    }
)


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


@require_POST
@page(Role.OPERATOR)
def act(request: PageRequest, public_id: UUID, action: str) -> HttpResponse:
    """Say what became of a task."""
    rows = OutreachTask.objects.select_related("workspace")
    task = rows.filter(workspace=request.workspace, public_id=public_id).first()
    if task is None or action not in _ACTS:
        raise Http404("There is no such task or action.")
    do, told = _ACTS[action]
    try:
        do(task=task, by=Proposer.person(request.user), now=timezone.now())
        messages.success(request, told)
    except GateError as error:
        messages.error(request, str(error))
    return _back("unsure" if task.reason == TaskReason.UNSURE else "hand")


@require_POST
@page(Role.OPERATOR)
def replay(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Send a message that failed once more, judged anew."""
    message = own_message(request, public_id)
    try:
        send_failed_again(message=message, by=Proposer.person(request.user), now=timezone.now())
        messages.success(request, "It is tried again, by the facts of now.")
    except GateError as error:
        messages.error(request, str(error))
    return _back("failed")


def _back(tab: str) -> HttpResponse:
    answer = redirect("outreach-tasks")
    answer["Location"] += f"?{urlencode({'tab': tab})}"
    return answer
