"""Hours at which people are there, by what their networks tell: a start for who is little known."""

from __future__ import annotations

import numpy as np

from outreach.engine.channels import HOURS, FloatArray
from outreach.engine.send_time import LEAST_SEGMENT
from outreach.models import InsightPeriod, InsightType, PlatformInsight
from workspaces.models import Workspace


def hours_of_networks(workspace: Workspace) -> FloatArray:
    """Looks by local hour that the newest insights stand for.

    Each network counts as many looks as its insight is sure, at most twice what a segment needs to
    be told; so a sure one speaks for a segment that nobody wrote to yet, and fades with each look.

    Returns
    -------
    (24,) looks; zeros where no insight is
    """
    rows = (
        PlatformInsight.objects.filter(
            workspace=workspace, type=InsightType.TIMING, period=InsightPeriod.MONTHLY
        )
        .order_by("platform", "-date")
        .distinct("platform")
    )
    found: FloatArray = np.zeros(HOURS)
    for one in rows:
        shares = np.array(one.data.get("hours") or [0.0] * HOURS, np.float64)
        if shares.shape == (HOURS,) and one.data.get("hour") is not None:
            found += 2 * LEAST_SEGMENT * one.confidence * shares
    return found
