"""What a plan will bring, from what past campaigns brought, with 80 % intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from django.db.models import Sum

from outreach.models import MessageDay, OutreachCampaign
from workspaces.gate import Json

#: Campaigns of a channel that are looked back at, the newest ones.
_CAMPAIGNS: Final = 50
_COUNTS: Final = ("sent", "delivered", "opened", "clicked", "complained")
#: The same figures for the same past.
_SEED: Final = 20_261_122


def expected_of(campaign: OutreachCampaign, messages: Mapping[str, int]) -> Json:
    """Deliveries, opens, clicks and complaints of so many messages by channel, as texts.

    ``predicted`` is the share of clicks, in the gate's form: what is measured a week after.
    """
    # SciPy stands behind it, which nothing else here needs.
    from outreach.engine.forecast import NO_PAST, Part, Past, forecast

    sent = {channel: count for channel, count in messages.items() if count}
    if not sent:
        return {}
    past = _past(campaign, list(sent))
    parts = [
        Part(channel, count, Past(**past[channel]) if channel in past else NO_PAST)
        for channel, count in sent.items()
    ]
    found = forecast(parts, seed=_SEED)
    total = {name: _texts(one) for name, one in found.total.items()}
    clicked, delivered = found.total["clicked"], found.total["delivered"]
    share = 100 / max(delivered.mean, 1.0)
    return {
        "total": total,
        "channels": {
            part.channel: {name: _texts(one) for name, one in some.items()}
            for part, some in zip(parts, found.parts, strict=True)
        },
        "predicted": {
            "metric": "clicks, % of delivered",
            "delta": f"{clicked.mean * share:.2f}",
            "low": f"{clicked.low * share:.2f}",
            "high": f"{clicked.high * share:.2f}",
            "per": "",
            "horizon_days": 7,
        },
    }


def _texts(one: Any) -> dict[str, str]:
    return {name: f"{getattr(one, name):.1f}" for name in ("mean", "low", "high")}


def _past(campaign: OutreachCampaign, channels: list[str]) -> dict[str, dict[str, Any]]:
    """Counts of past campaigns by channel; none counts more than there were messages."""
    rows: Any = (
        MessageDay.objects.filter(
            workspace=campaign.workspace_id, channel__in=channels, campaign__isnull=False
        )
        .values("channel", "campaign")
        .annotate(
            sent_sum=Sum("sent"),
            delivered_sum=Sum("delivered"),
            opened_sum=Sum("opened"),
            clicked_sum=Sum("clicked"),
            complained_sum=Sum("complained"),
        )
        .filter(sent_sum__gt=0)
        .order_by("channel", "-campaign")
    )
    found: dict[str, list[list[int]]] = {}
    for row in rows:
        sent = row["sent_sum"]
        delivered = min(sent, row["delivered_sum"])
        others = [min(delivered, row[f"{name}_sum"]) for name in _COUNTS[2:]]
        found.setdefault(row["channel"], []).append([sent, delivered, *others])
    return {
        channel: dict(zip(_COUNTS, np.array(counts[:_CAMPAIGNS], np.int64).T, strict=True))
        for channel, counts in found.items()
    }
