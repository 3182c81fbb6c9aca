"""What to change on websites, most recoverable conversions first; people decide."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from attribution.models import AdviceStatus
from attribution.selectors.advice import advice_counts, advice_of, searched
from attribution.services.funnels.advising import AdviceError, decide
from workspaces.ideas import ideas_of
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role

_PER_PAGE: Final = 20


@require_GET
@page(Role.VIEWER)
def recommendations(request: PageRequest) -> HttpResponse:
    """Those that wait, or those of another state."""
    counts = advice_counts(request.workspace)
    tab = request.GET.get("tab", "")
    tab = tab if tab in AdviceStatus.values else AdviceStatus.PENDING.value
    words = request.GET.get("q", "").strip()[:200]
    found = searched(advice_of(request.workspace).filter(status=tab), words)
    rows_shown = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": "Recommendations",
        "tabs": [(one.value, one.label, counts[one.value]) for one in AdviceStatus],
        "tab": tab,
        "q": words,
        "rows": rows_shown,
        "earlier": rows_shown.previous_page_number() if rows_shown.has_previous() else 0,
        "later": rows_shown.next_page_number() if rows_shown.has_next() else 0,
        "may_decide": has_role(request, Role.OPERATOR),
        "ideas": ideas_of(
            request.workspace, [f"funnel:{row.public_id}" for row in rows_shown.object_list]
        ),
    }
    return show(request, "attribution/funnels/recommendations.html", context)


@require_POST
@page(Role.OPERATOR)
def decide_recommendation(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Accept, reject, or say that it was done."""
    row = get_object_or_404(advice_of(request.workspace), public_id=public_id)
    given = request.POST.get("status", "")
    try:
        if given not in AdviceStatus.values:
            raise AdviceError("Choose: accept, reject or done.")
        row = decide(
            recommendation=row,
            status=AdviceStatus(given),
            by=request.user,
            now=timezone.now(),
        )
    except AdviceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{row.get_status_display()}: {row.area}.")
    return redirect("recommendations")
