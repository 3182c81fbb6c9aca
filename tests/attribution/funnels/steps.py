"""Websites with events, as the tests of funnels need them."""

from __future__ import annotations

from datetime import UTC, timedelta
from uuid import uuid4

from attribution.models import FunnelDefinition, WebEvent
from attribution.services.website.partitions import ensure_days
from attribution.services.website.sites import create_site


def make_site(workspace, name="Shop"):
    """A website."""
    return create_site(workspace=workspace, name=name, origins=["https://shop.example"])


def event(site, visitor, at, *, path="", name="", **fields):
    """A page view of a path, or an event of a name; not yet stored."""
    is_page = not name
    shown = {
        "type": "page_view" if is_page else "custom",
        "category": "navigation" if is_page else "engagement",
        "name": name or "page_view",
        "path": path,
        "properties": {},
        "event_id": uuid4(),
        "has_consent": True,
        "received_at": at,
        "is_tagged": False,
        "day": at.astimezone(UTC).date(),
        **fields,
    }
    return WebEvent(workspace_id=site.workspace_id, site=site, visitor_key=visitor, at=at, **shown)


def store(events):
    """Store events, with the partitions of their days."""
    ensure_days({one.day for one in events})
    return WebEvent.objects.bulk_create(events)


def walk(site, visitor, start, *paths, minutes=1, **fields):
    """Page views of a visitor, some minutes apart; a word without a slash is an event."""
    return [
        event(
            site, visitor, start + timedelta(minutes=minutes * number),
            **({"path": path} if "/" in path else {"name": path}), **fields,
        )
        for number, path in enumerate(paths)
    ]  # fmt: skip


def page(match, *where):
    """A matcher of pages."""
    return {"kind": "page", "match": match, "where": list(where)}


def act(match, *where):
    """A matcher of events."""
    return {"kind": "event", "match": match, "where": list(where)}


def document(*steps, exclusions=(), window=86_400, mode="ordered"):
    """A funnel; a step is a matcher or a list of them."""
    rows = [step if isinstance(step, list) else [step] for step in steps]
    return {
        "steps": [{"name": f"Step {n}", "any_of": row} for n, row in enumerate(rows, start=1)],
        "exclusions": list(exclusions),
        "window_seconds": window,
        "mode": mode,
    }


def counted_funnel(workspace, name="Shop", **fields):
    """A counted funnel of three steps: home, product, buy."""
    given = document(page("/"), page("/p/*"), act("buy"))
    facts = {"window_seconds": given.pop("window_seconds"), "mode": given.pop("mode"),
             "counted_version": 1, **fields}  # fmt: skip
    return FunnelDefinition.objects.create(
        workspace=workspace, name=name, definition=given, **facts
    )
