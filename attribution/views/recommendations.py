"""What to change on websites, most recoverable conversions first; people decide."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from attribution.models import AdviceStatus, OptimizationRecommendation
from attribution.services.funnels.advising import AdviceError, decide
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role

_PER_PAGE: Final = 20


@require_GET
@page(Role.VIEWER)
def recommendations(request: PageRequest) -> HttpResponse:
    """Those that wait, or those of another state."""
    rows = OptimizationRecommendation.objects.filter(workspace=request.workspace)
    counts = rows.aggregate(**{one: Count("pk", Q(status=one)) for one in AdviceStatus.values})
    tab = request.GET.get("tab", "")
    tab = tab if tab in AdviceStatus.values else AdviceStatus.PENDING.value
    shown = rows.filter(status=tab).select_related("funnel", "reviewed_by")
    if words := request.GET.get("q", "").strip()[:200]:
        shown = shown.filter(Q(area__icontains=words) | Q(problem__icontains=words))
    found = Paginator(shown.order_by("-expected_gain", "pk"), _PER_PAGE)
    rows_shown = found.get_page(request.GET.get("page"))
    context = {
        "title": "Recommendations",
        "tabs": [(one.value, one.label, counts[one.value]) for one in AdviceStatus],
        "tab": tab,
        "q": words,
        "rows": rows_shown,
        "earlier": rows_shown.previous_page_number() if rows_shown.has_previous() else 0,
        "later": rows_shown.next_page_number() if rows_shown.has_next() else 0,
        "may_decide": has_role(request, Role.OPERATOR),
    }
    return show(request, "attribution/funnels/recommendations.html", context)


@require_POST
@page(Role.OPERATOR)
def decide_recommendation(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Accept, reject, or say that it was done."""
    rows = OptimizationRecommendation.objects.filter(workspace=request.workspace)
    row = get_object_or_404(rows, public_id=public_id)
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
