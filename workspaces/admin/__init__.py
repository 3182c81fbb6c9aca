"""The admin of the ground floor."""

from workspaces.admin import (
    agents,
    gate,
    jobs,
    keys,
    notices,
    outside,
    people,
    settings,
    thirdparty,
)
from workspaces.eventadmin import register_events

register_events("workspaces")

__all__ = [
    "agents",
    "gate",
    "jobs",
    "keys",
    "notices",
    "outside",
    "people",
    "settings",
    "thirdparty",
]
