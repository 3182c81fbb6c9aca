"""The admin of the ground floor."""

from workspaces.admin import audit, gate, jobs, keys, notices, outside, people, settings, thirdparty

__all__ = [
    "audit",
    "gate",
    "jobs",
    "keys",
    "notices",
    "outside",
    "people",
    "settings",
    "thirdparty",
]
