"""The list of tests, and the queue of those that wait their turn."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from experiments.models import Surface
from experiments.selectors.agenda import agenda_of
from experiments.selectors.listing import TABS, counts_by_tab, page_of, tests_of
from workspaces.pages import PageRequest, has_role, page, show
from workspaces.roles import Role


@require_safe
@page(Role.VIEWER)
def experiments(request: PageRequest) -> HttpResponse:
    """Tests by where they stand; drafts with the queue."""
    now, workspace = timezone.now(), request.workspace
    counts = counts_by_tab(workspace)
    tab = request.GET.get("tab", "")
    if tab not in TABS:
        tab = next((name for name in TABS if counts[name]), "running")
    tests = tests_of(workspace, {**request.GET.dict(), "tab": tab})
    found, rows = page_of(tests, request.GET.get("page", ""), now)
    context = {
        "title": "Experiments",
        "tab": tab,
        "tabs": [(name, label, counts[name]) for name, (label, _) in TABS.items()],
        "has_any": any(counts.values()),
        "page_rows": found,
        "rows": rows,
        "surfaces": Surface.choices,
        "agenda": agenda_of(workspace, now) if tab == "drafts" else (),
        "may_write": has_role(request, Role.OPERATOR),
    }
    return show(request, "experiments/list.html", context)
