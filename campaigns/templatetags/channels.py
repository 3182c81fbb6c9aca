"""Names of channels on pages."""

from __future__ import annotations

from django import template

from campaigns.selectors.channels import Channels

register = template.Library()


@register.filter
def channel_label(slug: str, channels: Channels) -> str:
    """What the workspace calls a channel."""
    return channels.label(slug)
