"""What somebody did in a session, page by page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from attribution.models import EventType, PageView, Visitor, WebEvent, WebSession
from workspaces.models import Workspace

MOST_STEPS: Final = 500
OTHERS: Final = 10
_ICONS: Final = {
    EventType.CLICK: "touch_app",
    EventType.FORM_SUBMIT: "edit_note",
    EventType.CUSTOM: "bolt",
    EventType.IDENTIFY: "badge",
}


@dataclass(frozen=True)
class Step:
    """Something that was done on a page."""

    at: datetime
    icon: str
    text: str
    is_conversion: bool


@dataclass
class Stop:
    """A page that was seen, and what was done on it."""

    at: datetime
    view: PageView | None
    path: str
    title: str
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class Timeline:
    """A session with its pages in order, and the visitor's others."""

    session: WebSession
    stops: list[Stop]
    others: list[WebSession]
    is_cut: bool


def session_of(workspace: Workspace, public_id: UUID) -> WebSession | None:
    """A session of a workspace, with its visitor and site."""
    rows = WebSession.objects.filter(workspace=workspace, public_id=public_id)
    return rows.select_related("visitor", "site", "workspace").first()


def visitor_of(workspace: Workspace, public_id: UUID) -> Visitor | None:
    """A visitor of a workspace, with his site."""
    rows = Visitor.objects.filter(workspace=workspace, public_id=public_id)
    return rows.select_related("site", "workspace").first()


def sessions_of(visitor: Visitor, *, limit: int) -> list[WebSession]:
    """His newest sessions."""
    rows = WebSession.objects.filter(workspace=visitor.workspace_id, visitor=visitor)
    related = rows.select_related("visitor", "site", "workspace")
    return list(related.order_by("-started_at", "-pk")[:limit])


def views_of(session: WebSession) -> list[PageView]:
    """Pages of a session in order."""
    rows = PageView.objects.filter(
        site_id=session.site_id,
        visitor_key=session.visitor_key,
        at__gte=session.started_at,
        at__lte=session.ended_at,
        session_id=session.public_id,
        **_days_around(session),
    )
    return list(rows.order_by("position")[:MOST_STEPS])


def events_of(session: WebSession) -> list[WebEvent]:
    """Events of a session in order, without those that only measure time."""
    rows = WebEvent.objects.filter(
        site_id=session.site_id,
        visitor_key=session.visitor_key,
        at__gte=session.started_at,
        at__lte=session.ended_at,
        **_days_around(session),
    ).exclude(type=EventType.ENGAGEMENT)
    return list(rows.order_by("at", "event_id")[: MOST_STEPS + 1])


def timeline_of(session: WebSession) -> Timeline:
    """Everything of a session, and the visitor's newest other ones."""
    views = {view.event_id: view for view in views_of(session)}
    events = events_of(session)
    others = WebSession.objects.filter(
        workspace=session.workspace_id, visitor=session.visitor_id
    ).exclude(pk=session.pk)
    return Timeline(
        session=session,
        stops=_stops(events[:MOST_STEPS], views),
        others=list(others.order_by("-started_at", "-pk")[:OTHERS]),
        is_cut=len(events) > MOST_STEPS,
    )


def _days_around(session: WebSession) -> dict[str, object]:
    """Partitions to look into: the id's day is by the browser's clock, which may be a day off."""
    day = timedelta(days=1)
    return {
        "day__gte": (session.started_at - day).date(),
        "day__lte": (session.ended_at + day).date(),
    }


def _stops(events: list[WebEvent], views: dict[UUID, PageView]) -> list[Stop]:
    stops: list[Stop] = []
    pages: dict[UUID, Stop] = {}
    for event in events:
        if event.type == EventType.PAGE_VIEW:
            stop = Stop(event.at, views.get(event.event_id), event.path, event.title)
            pages[event.event_id] = stop
            stops.append(stop)
        elif event.type != EventType.SCROLL:
            place = pages.get(event.page_id) if event.page_id else None
            if place is None:
                if not stops:
                    # Its page was seen before this session, as after a long pause in one tab.
                    stops.append(Stop(event.at, None, event.path, ""))
                place = stops[-1]
            place.steps.append(_step(event))
    return stops


def _step(event: WebEvent) -> Step:
    kind = EventType(event.type)
    return Step(
        at=event.at,
        icon=_ICONS.get(kind, "circle"),
        text=_words(event, kind),
        is_conversion=event.category == "conversion",
    )


def _words(event: WebEvent, kind: EventType) -> str:
    name: str = event.name
    what = event.element_text or event.element_id or event.element_type
    if kind == EventType.CLICK:
        text = f"Clicked {_quoted(what) or 'something'}"
        return f"{text}, to {event.href}" if event.href else text
    if kind == EventType.FORM_SUBMIT:
        return f"Sent the form {_quoted(what)}".rstrip()
    if kind == EventType.IDENTIFY:
        return f"Is your user {event.user_id}"
    if event.value is not None and event.value:
        return f"{name}: {event.value.normalize():f} {event.currency}".rstrip()
    return name


def _quoted(text: str) -> str:
    return f"“{text}”" if text else ""
