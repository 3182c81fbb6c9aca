"""Channels that every workspace knows from the start."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from campaigns.models import ChannelKind, MarketingChannel, Platform
from campaigns.selectors.channel_days import ROLLS_UP
from workspaces.models import User, Workspace

PAID, ORGANIC, OWNED = ChannelKind.PAID, ChannelKind.ORGANIC, ChannelKind.OWNED
# slug: label, kind, platform
KNOWN: Final[dict[str, tuple[str, ChannelKind, str]]] = {
    "meta": ("Meta", PAID, Platform.META),
    "facebook": ("Facebook", PAID, Platform.META),
    "instagram": ("Instagram", PAID, Platform.META),
    "google_ads": ("Google Ads", PAID, Platform.GOOGLE),
    "youtube": ("YouTube", PAID, Platform.GOOGLE),
    "tiktok": ("TikTok", PAID, Platform.TIKTOK),
    "linkedin": ("LinkedIn", PAID, Platform.LINKEDIN),
    "microsoft_ads": ("Microsoft Ads", PAID, Platform.MICROSOFT),
    "twitter": ("X (Twitter)", PAID, Platform.OTHER),
    "pinterest": ("Pinterest", PAID, Platform.OTHER),
    "programmatic": ("Programmatic", PAID, Platform.OTHER),
    "email": ("E-mail", OWNED, ""),
    "whatsapp": ("WhatsApp", OWNED, ""),
    "sms": ("SMS", OWNED, ""),
    "chat": ("Chat", OWNED, ""),
    "referral": ("Referral", ORGANIC, ""),
    "direct": ("Direct", ORGANIC, ""),
    "organic": ("Organic", ORGANIC, ""),
}


@transaction.atomic
def ensure_channels(*, workspace: Workspace) -> dict[str, MarketingChannel]:
    """Make the known channels that a workspace lacks; returns all of its channels by slug."""
    MarketingChannel.objects.bulk_create(
        [
            MarketingChannel(
                workspace=workspace, slug=slug, label=label, kind=kind, platform=platform
            )
            for slug, (label, kind, platform) in KNOWN.items()
        ],
        ignore_conflicts=True,
    )
    channels = {row.slug: row for row in MarketingChannel.objects.filter(workspace=workspace)}
    for part, whole in ROLLS_UP.items():
        if channels[part].rolls_up_to_id is None:
            channels[part].rolls_up_to = channels[whole]
            channels[part].save(update_fields=["rolls_up_to", "updated_at"])
    return channels


def first_channels(workspace: Workspace, by: User, now: datetime) -> None:
    """A new workspace begins with the known channels."""
    ensure_channels(workspace=workspace)
