"""Recommendations that may become tests."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

from workspaces.ideas import Idea

register = template.Library()


@register.simple_tag
def idea_of(ideas: Mapping[str, Idea], *parts: object) -> Idea | None:
    """Return the idea that these parts name: its kind, an id, a place."""
    return ideas.get(":".join(map(str, parts))) if ideas else None
