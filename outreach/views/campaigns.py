"""The list of campaigns."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from outreach.models import CampaignType
from outreach.selectors.campaign_list import TABS, campaigns_of, counts_by_tab, page_of
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role


@require_safe
@page(Role.VIEWER)
def campaigns(request: PageRequest) -> HttpResponse:
    """Campaigns by where they stand, with what became of their messages."""
    counts = counts_by_tab(request.workspace)
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        tab = next((name for name in TABS if counts[name]), "running")
    found, rows = page_of(
        campaigns_of(request.workspace, {**request.GET.dict(), "tab": tab}),
        request.GET.get("page", ""),
    )
    context = {
        "title": "Campaigns",
        "tab": tab,
        "tabs": [(name, label, counts[name]) for name, (label, _) in TABS.items()],
        "has_any": any(counts.values()),
        "page_rows": found,
        "rows": rows,
        "types": CampaignType.choices,
        "may_write": has_role(request, Role.OPERATOR),
    }
    return show(request, "outreach/list.html", context)
