"""The admin of attribution."""

from attribution.admin import (
    click_reports,
    clicks,
    credits,
    crm,
    funnels,
    identity,
    installs,
    outgoing,
    revenue,
    website,
)
from workspaces.eventadmin import register_events

__all__ = [
    "click_reports",
    "clicks",
    "credits",
    "crm",
    "funnels",
    "identity",
    "installs",
    "outgoing",
    "revenue",
    "website",
]

register_events("attribution")
