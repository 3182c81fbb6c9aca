"""Figures of websites that can be asked what changed them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attribution.models import Site
from attribution.selectors.website.columns import COLUMNS
from attribution.selectors.website.figures import by_day
from workspaces.ledger import Days, Metric, Scoped, register_metrics
from workspaces.models import Workspace

#: Those that the website's page draws, by the names of its charts; conversions are those of ads.
_NAMES: Final = ("visitors", "sessions", "page_views")


def names_of() -> Sequence[tuple[str, str]]:
    """What is counted of visits."""
    return [(name, f"{COLUMNS[name].label} (websites)") for name in _NAMES]


def figure_of(workspace: Workspace, name: str, _scoped: Scoped, days: Days) -> Metric | None:
    """One of them by day, of all websites together."""
    sites = list(Site.objects.filter(workspace=workspace).values_list("pk", flat=True))
    found = by_day(sites, *days)
    return Metric(
        name=name, title=dict(names_of())[name], days=list(found),
        values=[float(getattr(figures, name)) for figures in found.values()],
    )  # fmt: skip


def register() -> None:
    """Make them known."""
    register_metrics(names_of, figure_of)
