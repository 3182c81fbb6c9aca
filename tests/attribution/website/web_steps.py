"""Rows of websites as the jobs leave them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from attribution.models import PageView, Visitor, WebDay, WebEvent, WebSession
from attribution.services.website.partitions import ensure_days
from attribution.services.website.sites import create_site
from workspaces.ids import uuid7


def shop(workspace, name="Shop"):
    return create_site(workspace=workspace, name=name, origins=["https://shop.example"])


def counted(site, day, dimension="total", key="", **sums):
    """Figures of a day."""
    return WebDay.objects.create(
        workspace_id=site.workspace_id, site=site, day=day, dimension=dimension, key=key, **sums
    )


def visitor_of(site, at, **fields):
    facts = {"has_consent": True, "first_seen_at": at, "last_seen_at": at, **fields}
    return Visitor.objects.create(workspace_id=site.workspace_id, site=site, key=uuid4(), **facts)


def session_of(site, visitor, at, *, minutes=10, **fields):
    facts = {
        "source": "google", "medium": "organic", "channel": "organic", "landing_page": "/",
        "page_views": 1, "events": 0, "seconds": 1, "is_bounce": False,
        "furthest_stage": "home", "engagement_score": 50, **fields,
    }  # fmt: skip
    return WebSession.objects.create(
        workspace_id=site.workspace_id, site=site, public_id=uuid4(), visitor=visitor,
        visitor_key=visitor.key, chain_started_at=at, started_at=at,
        ended_at=at + timedelta(minutes=minutes), local_day=at.date(), **facts,
    )  # fmt: skip


def happened(site, visitor_key, at, type="page_view", **fields):
    ensure_days([at.date()])
    facts = {"has_consent": True, "category": "navigation", "is_tagged": False,
             "received_at": at, "name": type, **fields}  # fmt: skip
    return WebEvent.objects.create(
        workspace_id=site.workspace_id, site=site, event_id=uuid7(), day=at.date(), at=at,
        visitor_key=visitor_key, type=type, **facts,
    )  # fmt: skip


def seen(session, event, position=1, **fields):
    """The page view of an event."""
    facts = {"stage": "product", "seconds": 12, "scroll": 75, "interactions": 1, **fields}
    return PageView.objects.create(
        workspace_id=session.workspace_id, site_id=session.site_id, event_id=event.event_id,
        day=event.day, local_day=event.day, visitor_key=session.visitor_key, at=event.at,
        session_id=session.public_id, position=position, path=event.path,
        is_conversion_page=False, is_exit=False, **facts,
    )  # fmt: skip
