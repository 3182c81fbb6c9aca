"""The social board: posts, what people do, who speaks for us."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from outreach.models import (
    AdvocateTier,
    EngagementKind,
    InsightPeriod,
    SocialAdvocate,
    SocialPlatform,
)
from outreach.selectors.funnels import funnel_report, funnels_of, last_days
from outreach.selectors.social import (
    FEELINGS,
    SORTS,
    STANDINGS,
    accounts_of,
    advocates_of,
    engagements_of,
    insights_of,
    listed_funnels,
    posts_of,
)
from outreach.services.social.caring import keep_advocate
from outreach.services.social.syncing import job_name
from workspaces.gate import GateError, Proposer
from workspaces.models import Workspace
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role
from workspaces.starting import start_by

PAGE_ROWS: Final = 50
_Rows = Callable[[Workspace, Mapping[str, str]], QuerySet[Any]]
#: Tab → its label and its rows.
_TABS: Final[Mapping[str, tuple[str, _Rows]]] = MappingProxyType(
    {
        "posts": ("Posts", posts_of),
        "engagement": ("Engagement", engagements_of),
        "advocates": ("Advocates", advocates_of),
        "funnels": ("Funnels", listed_funnels),
        "insights": ("Insights", insights_of),
    }
)


@require_safe
@page(Role.VIEWER)
def social(request: PageRequest) -> HttpResponse:
    """One tab of the board, filtered and sorted."""
    tab = request.GET.get("tab", "")
    if tab not in _TABS:
        tab = "posts"
    given = request.GET.dict()
    rows = Paginator(_TABS[tab][1](request.workspace, given), PAGE_ROWS).get_page(
        request.GET.get("page", "")
    )
    begin, end = last_days(request.workspace, timezone.now())
    filters = ("q", "platform", "kind", "feeling", "tier", "standing", "period")
    context = {
        "title": "Social",
        "tab": tab,
        "tabs": [(name, label, 0) for name, (label, _) in _TABS.items()],
        "rows": rows,
        "accounts": accounts_of(request.workspace),
        "is_filtered": any(given.get(name) for name in filters),
        "platforms": SocialPlatform.choices,
        "kinds": EngagementKind.choices,
        "sorts": [(name, label) for name, (label, _) in SORTS.items()],
        "feelings": [(name, label) for name, (label, _) in FEELINGS.items()],
        "tiers": AdvocateTier.choices,
        "periods": InsightPeriod.choices,
        "standings": STANDINGS.items(),
        "may_write": has_role(request, Role.OPERATOR),
    }
    if tab == "funnels":
        context["report"] = funnel_report(workspace=request.workspace, starts_on=begin, ends_on=end)
    elif tab == "posts" and context["may_write"]:
        context["funnels"] = list(funnels_of(request.workspace))
    return show(request, "outreach/social/board.html", context)


@require_POST
@page(Role.OPERATOR)
def read_now(request: PageRequest, platform: str) -> HttpResponse:
    """Read a network in a moment."""
    if platform not in SocialPlatform.values:
        raise Http404("There is no such network.")
    label = SocialPlatform(platform).label
    start_by(request, job_name(platform), told=f"{label} is read in a moment.")
    return redirect("social")


@require_POST
@page(Role.OPERATOR)
def keep(request: PageRequest, public_id: UUID) -> HttpResponse:
    """Keep notes on an advocate, and whether they are a VIP."""
    rows = SocialAdvocate.objects.filter(workspace=request.workspace)
    try:
        kept = keep_advocate(
            advocate=get_object_or_404(rows, public_id=public_id),
            is_vip=request.POST.get("vip") == "yes",
            notes=request.POST.get("notes", ""),
            by=Proposer.person(request.user),
            now=timezone.now(),
        )
        messages.success(request, f"What you know of {kept.person} is kept.")
    except GateError as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('social')}?tab=advocates")
