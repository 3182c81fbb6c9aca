"""The table, and its news for those who watch it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from workspaces.gate import RequestError
from workspaces.models import Proposal, SavedView, Status
from workspaces.pages import PageRequest, held_rank, page, refuse, show
from workspaces.roles import Role
from workspaces.selectors_proposal import detail_of, find_proposal
from workspaces.selectors_queue import PAGE_SIZE, gone_rows, queue_page, tab_counts
from workspaces.selectors_rows import Viewer, kind_labels
from workspaces.services import live
from workspaces.services.events import TOPIC
from workspaces.views.approvals.forms import FilterForm, tab_of

PAGE = "approvals"
TAB_LABELS = {
    "waiting": "Waiting",
    "scheduled": "Scheduled",
    "executing": "Executing",
    "failed": "Failed",
    "done": "Done",
}
_NOT_STATE = ("since", "shown", "open")


def viewer_of(request: PageRequest) -> Viewer:
    """Who looks, with the rank he holds now."""
    return Viewer(request.user, held_rank(request), kind_labels())


@require_GET
@never_cache
@page(Role.VIEWER)
def queue(request: PageRequest) -> HttpResponse:
    """The queue; ``?open=`` shows one proposal beside it."""
    try:
        context = _context(request)
    except RequestError as error:
        return refuse(request, str(error), status=error.status)
    if request.htmx:
        return show(request, "workspaces/approvals.html#queue", context)
    if opened := _opened(request):
        context["detail"] = detail_of(proposal=opened, viewer=context["viewer"], now=timezone.now())
    saved = SavedView.objects.filter(workspace=request.workspace, user=request.user, page=PAGE)
    context["saved_views"] = saved.order_by("name")
    return show(request, "workspaces/approvals.html", context)


@require_GET
@never_cache
@page(Role.VIEWER)
def changes(request: PageRequest) -> HttpResponse:
    """204 while nothing happened since ``?since=``, else the table with what left it and why."""
    version = live.version(request.workspace.pk, TOPIC)
    if request.GET.get("since") == str(version):
        return HttpResponse(status=204)
    try:
        context = _context(request)
    except RequestError as error:
        return refuse(request, str(error), status=error.status)
    context["gone"] = _gone(request, context)
    return show(request, "workspaces/approvals.html#changed", context)


def _context(request: PageRequest) -> dict[str, Any]:
    now = timezone.now()
    tab = tab_of(request.GET)
    form = FilterForm(request.GET, workspace=request.workspace, tab=tab)
    viewer = viewer_of(request)
    # Read before the rows: a change in between is then told again, never missed.
    version = live.version(request.workspace.pk, TOPIC)
    found = queue_page(
        workspace=request.workspace,
        viewer=viewer,
        filters=form.filters(),
        after=request.GET.get("after", ""),
        now=now,
    )
    counts = tab_counts(workspace=request.workspace, now=now)
    return {
        "title": "Approvals",
        "tab": tab,
        "tabs": [(key, label, counts.get(key, "")) for key, label in TAB_LABELS.items()],
        "form": form,
        "page": found,
        "version": version,
        "viewer": viewer,
        "is_filtered": any(form.data.get(name) for name in form.fields),
        "state": state_of(request.GET),
        "now": now,
        "can_sign": viewer.rank >= Role.APPROVER.rank,
        "can_propose": viewer.rank >= Role.OPERATOR.rank,
    }


def state_of(query: QueryDict) -> str:
    """The address's filters and page, without what belongs to one request only."""
    kept = query.copy()
    for name in _NOT_STATE:
        kept.pop(name, None)
    return kept.urlencode()


def _opened(request: PageRequest) -> Proposal | None:
    try:
        public_id = UUID(request.GET.get("open", ""))
    except ValueError:
        return None
    return find_proposal(workspace=request.workspace, public_id=public_id)


def _gone(request: PageRequest, context: dict[str, Any]) -> list[Proposal]:
    shown = []
    for text in request.GET.getlist("shown")[: 2 * PAGE_SIZE]:
        try:
            shown.append(UUID(text))
        except ValueError:
            continue
    kept = {row.proposal.public_id for row in context["page"].rows}
    rows = gone_rows(workspace=request.workspace, shown=shown, kept=kept)
    # One's own decisions are no news; what merely moved to another page is none either.
    return [
        row
        for row in rows
        if row.decided_by_id != request.user.pk
        and not (context["tab"] == "waiting" and row.status == Status.PENDING)
    ]
