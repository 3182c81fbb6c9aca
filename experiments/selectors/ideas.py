"""Recommendations of lower apps as what a draft of a test needs of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from attribution.models import AdviceKind, OptimizationRecommendation
from attribution.selectors.advice import advice_of
from campaigns.selectors.advice import Advice, Outcome, recommendations_of
from experiments.models import ABTest, ABTestType, Surface
from workspaces.ideas import MadeTest
from workspaces.models import Workspace

FUNNEL: Final = "funnel"
ADVICE: Final = "advice"
_TARGETED: Final = {"device": "devices", "customer_type": "customer_types"}


@dataclass(frozen=True)
class IdeaTold:
    """What a draft takes over: its first values, where it stands, and the row it came from."""

    values: Mapping[str, Any]
    url: str
    label: str
    recommendation: OptimizationRecommendation | None = field(default=None)


def idea_told(workspace: Workspace, name: str) -> IdeaTold | None:
    """Read a recommendation by its name; ``None`` where the workspace has none of it."""
    kind, _, rest = name.partition(":")
    reader = _READERS.get(kind)
    return reader(workspace, rest) if reader else None


def tests_made(workspace: Workspace, names: Sequence[str]) -> dict[str, MadeTest]:
    """Tests that were made of recommendations, by their names: one query."""
    rows = ABTest.objects.filter(workspace=workspace, origin__in=names, archived_at=None)
    return {
        row.origin: MadeTest(row.name, reverse("experiment", args=[row.public_id])) for row in rows
    }


def origin_of(test: ABTest) -> IdeaTold | None:
    """The recommendation that a test was made of."""
    return idea_told(test.workspace, test.origin) if test.origin else None


def _funnel(workspace: Workspace, rest: str) -> IdeaTold | None:
    asked = _uuid(rest)
    if asked is None:
        return None
    row = advice_of(workspace).select_related("funnel__site").filter(public_id=asked).first()
    if row is None:
        return None
    values: dict[str, Any] = {
        "name": f"{row.area}: {row.get_kind_display().lower()}"[:120],
        "hypothesis": f"{row.problem} {row.impact} {row.change}",
        "type": ABTestType.LAYOUT,
        "targeting": _targeting(row),
    }
    if row.funnel.site is not None:
        values["website"] = {
            "site": str(row.funnel.site.public_id),
            "page_pattern": _page(row),
        }
    url = f"{reverse('recommendations')}?tab={row.status}#advice-{row.public_id}"
    return IdeaTold(values, url, row.area, row)


def _page(row: OptimizationRecommendation) -> str:
    path = row.evidence.get("path", "") if row.kind == AdviceKind.LANDING_BOUNCE else ""
    return path if isinstance(path, str) and path.startswith("/") and len(path) <= 200 else "*"


def _targeting(row: OptimizationRecommendation) -> dict[str, list[str]]:
    """Those whom a gap is about, where a test can be kept to them."""
    name = _TARGETED.get(str(row.evidence.get("dimension", "")))
    segment = row.evidence.get("segment")
    return {name: [str(segment)]} if name and segment else {}


def _advice(workspace: Workspace, rest: str) -> IdeaTold | None:
    public_id, _, place = rest.partition(":")
    asked = _uuid(public_id)
    if asked is None or not (place.isascii() and place.isdecimal()):
        return None
    row = recommendations_of(workspace).filter(public_id=asked).first()
    if row is None:
        return None
    actions = Advice(row, Outcome()).actions
    if int(place) >= len(actions):
        return None
    action = actions[int(place)]
    values = {
        "name": action[:120],
        "hypothesis": f"{action} Recommended on {row.created_at:%d %b %Y}: {row.summary}",
        "type": ABTestType.COPY,
        "surface": Surface.AD,
    }
    return IdeaTold(values, f"{reverse('overview')}#advice", "Recommendation on the overview")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_READERS: Final[Mapping[str, Callable[[Workspace, str], IdeaTold | None]]] = {
    FUNNEL: _funnel,
    ADVICE: _advice,
}
