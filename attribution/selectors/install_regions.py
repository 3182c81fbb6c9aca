"""Where the installs of each channel came from, for the scan for signals."""

from __future__ import annotations

import numpy as np
from django.db.models import Count

from attribution.models import UserInstall
from campaigns.selectors.channel_days import ROLLS_UP
from campaigns.selectors.install_facts import RegionInstalls
from workspaces.models import Workspace
from workspaces.periods import Period


def installs_by_country(workspace: Workspace, period: Period) -> dict[str, RegionInstalls]:
    """Paid installs by channel, country and day; those of an unknown country are left out."""
    rows = (
        UserInstall.objects.filter(
            workspace=workspace,
            source="paid",
            installed_on__gte=period.since,
            installed_on__lte=period.until,
        )
        .exclude(country="")
        .values_list("channel", "country", "installed_on")
        .annotate(count=Count("pk"))
        .order_by()
    )
    counts: dict[str, dict[str, np.ndarray]] = {}
    for channel, country, day, count in rows:
        own = counts.setdefault(ROLLS_UP.get(channel, channel), {})
        days = own.setdefault(country, np.zeros(period.days))
        days[(day - period.since).days] += count
    return {
        channel: RegionInstalls(tuple(sorted(own)), np.array([own[name] for name in sorted(own)]))
        for channel, own in counts.items()
    }
