"""One proposal, beside the queue or as a page of its own."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from workspaces.models import Proposal
from workspaces.pages import PageRequest, page, show
from workspaces.roles import Role
from workspaces.selectors_proposal import detail_of, execution_state, find_proposal
from workspaces.views.approvals.listing import viewer_of

TEMPLATE = "workspaces/approval.html"


def own_proposal(request: PageRequest, public_id: UUID) -> Proposal:
    """Proposal of the request's workspace; 404 for anyone else's."""
    proposal = find_proposal(workspace=request.workspace, public_id=public_id)
    if proposal is None:
        raise Http404("There is no such proposal in this workspace.")
    return proposal


@require_GET
@never_cache
@page(Role.VIEWER)
def proposal(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Everything a person reads before signing."""
    return draw(request, own_proposal(request, public_id))


def draw(
    request: PageRequest,
    proposal: Proposal,
    *,
    error: str = "",
    done: str = "",
    status: int = 200,
) -> HttpResponse:
    """Draw a proposal: panel and changed row for HTMX, the whole page otherwise."""
    now = timezone.now()
    viewer = viewer_of(request)
    detail = detail_of(proposal=proposal, viewer=viewer, now=now)
    context = {
        "title": "Approvals",
        "detail": detail,
        "row": detail.row,
        "viewer": viewer,
        "error": error,
        "done": done,
        "now": now,
        "is_answer": bool(error or done),
    }
    if not request.htmx:
        return show(request, TEMPLATE, context, status=status)
    is_row = (request.htmx.target or "").startswith("row-")
    part = "#row" if is_row else "#panel"
    return show(request, f"{TEMPLATE}{part}", context, status=status)


@require_GET
@never_cache
@page(Role.VIEWER)
def execution(request: PageRequest) -> HttpResponse:
    """What is running, what waits and why, what failed."""
    context = {
        "title": "Execution",
        "execution": execution_state(workspace=request.workspace),
        "now": timezone.now(),
    }
    part = "#panel" if request.htmx else ""
    return show(request, f"workspaces/approvals_execution.html{part}", context)
