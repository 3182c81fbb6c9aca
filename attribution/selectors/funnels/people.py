"""The people behind a bar, with where to read more about each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from attribution.models import Visitor, WebSession
from attribution.selectors.funnels.board import duration
from attribution.selectors.funnels.filters import FunnelQuery, label_of
from attribution.selectors.funnels.results import PAGE_SIZE, bars_of, people_of
from attribution.selectors.funnels.shapes import Walker
from workspaces.boards import Place


@dataclass(frozen=True)
class WalkerRow:
    """Somebody behind the bar."""

    walker: Walker
    visitor: int | None
    session: UUID | None
    step: str
    took: str
    source: str
    customer_type: str


@dataclass(frozen=True)
class PeoplePage:
    """One page of them, newest first."""

    rows: list[WalkerRow]
    step: str
    before: str
    place: Place


def people_page_of(query: FunnelQuery) -> PeoplePage:
    """Those who reached a step, or were lost on the way to it."""
    view, step = query.view, query.step
    bar = bars_of(view).steps[step - 1]
    people = bar.dropped if query.is_lost else bar.reached
    place = Place.of(query.number, size=PAGE_SIZE, total=people)
    walkers = people_of(view, step, dropped=query.is_lost, page=place.number)
    keys = [walker.visitor_key for walker in walkers]
    workspace = view.funnel.workspace_id
    visitors = Visitor.objects.filter(workspace=workspace, key__in=keys)
    by_key = dict(visitors.order_by("-pk").values_list("key", "pk"))
    sessions = WebSession.objects.filter(workspace=workspace, visitor_key__in=keys)
    newest = dict(sessions.order_by("started_at", "pk").values_list("visitor_key", "public_id"))
    names = view.funnel.step_names
    return PeoplePage(
        rows=[
            WalkerRow(
                walker=walker,
                visitor=by_key.get(walker.visitor_key),
                session=newest.get(walker.visitor_key),
                step=names[walker.level - 1],
                took=duration(walker.seconds),
                source=label_of("source", walker.source),
                customer_type=label_of("customer_type", walker.customer_type),
            )
            for walker in walkers
        ],
        step=bar.name,
        before=names[max(step - 2, 0)],
        place=place,
    )
