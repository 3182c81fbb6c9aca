"""Days of channels: what was sent, what it brought, what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
from django.db import transaction
from django.db.models import F

from attribution.engine.multi_touch import JOURNEY_MODELS
from attribution.engine.positional import touch_shares
from attribution.models import AttributionModel, ChannelPerformance, CreditLevel, Method
from attribution.selectors.credits import spend_by_day
from attribution.selectors.journeys import JourneySet, day_of, load_journeys
from attribution.services.touches import channel_key, channels_of
from campaigns.models import Campaign
from workspaces.models import Workspace
from workspaces.periods import Period
from workspaces.services.refusals import RefusedError

COUNTS: Final = ("sent", "delivered", "opened", "clicked", "replied")
_STEP = Decimal("0.000001")
_WRITTEN = ("conversions", "revenue", "attributed_conversions", "attributed_revenue",
            "model_name", "cost")  # fmt: skip
Key = tuple[date, int, int]


class CountError(RefusedError):
    """Counts that cannot be taken."""


@transaction.atomic
def count_messages(
    *,
    workspace: Workspace,
    day: date,
    channel: str,
    counts: Mapping[str, int],
    campaign: Campaign | None = None,
    customer_segment: str = "",
) -> None:
    """Add messages of a day: sent, delivered, opened, clicked, replied.

    Raises
    ------
    CountError : a name that is not counted, or a campaign of another workspace
    """
    if unknown := sorted(set(counts) - set(COUNTS)):
        raise CountError(f"Not counted: {', '.join(unknown)}. Counted: {', '.join(COUNTS)}.")
    if campaign is not None and campaign.workspace_id != workspace.pk:
        raise CountError("The campaign must be of this workspace.")
    own = channels_of(workspace=workspace, names=[channel])[channel_key(channel)]
    key = {
        "workspace": workspace, "day": day, "channel": own, "campaign": campaign,
        "customer_segment": customer_segment,
    }  # fmt: skip
    ChannelPerformance.objects.bulk_create([ChannelPerformance(**key)], ignore_conflicts=True)
    ChannelPerformance.objects.filter(**key).update(
        **{name: F(name) + amount for name, amount in counts.items()}
    )


@transaction.atomic
def fill_channel_days(*, workspace: Workspace, period: Period) -> int:
    """Write conversions, money and cost of each day, channel and campaign; returns how many rows.

    Conversions count for their last touch, attributed ones are shared out by the workspace's
    default model, or linearly where that learns from all journeys at once and so has no days.
    """
    chosen = AttributionModel.objects.filter(workspace=workspace, is_default=True).first()
    days = _credited(load_journeys(workspace, period), chosen)
    name = chosen.name if chosen and _has_days(chosen) else Method.LINEAR.label
    rows = {key: dict(zip(_WRITTEN, (*given, name, None), strict=True)) for key, given in
            days.items()}  # fmt: skip
    for key, cost in _costs(workspace, period).items():
        rows.setdefault(key, dict(zip(_WRITTEN, (0, 0, 0.0, 0, name, None), strict=True)))
        rows[key]["cost"] = cost
    old = ChannelPerformance.objects.filter(
        workspace=workspace, day__gte=period.since, day__lte=period.until
    )
    old.update(conversions=0, revenue=0, attributed_conversions=0, attributed_revenue=0,
               model_name=name, cost=None)  # fmt: skip
    segments = dict(
        Campaign.objects.filter(workspace=workspace).values_list("pk", "customer_segment")
    )
    ChannelPerformance.objects.bulk_create(
        (
            ChannelPerformance(
                workspace=workspace, day=day, channel_id=channel, campaign_id=campaign or None,
                customer_segment=segments.get(campaign, ""), **values,
            )
            for (day, channel, campaign), values in sorted(rows.items())
        ),
        update_conflicts=True,
        unique_fields=["workspace", "day", "channel", "campaign", "customer_segment"],
        update_fields=_WRITTEN,
        batch_size=2_000,
    )  # fmt: skip
    return len(rows)


def _has_days(model: AttributionModel) -> bool:
    return model.method in (*JOURNEY_MODELS, Method.W_SHAPED, Method.LAST_NON_DIRECT)


def _credited(
    given: JourneySet, model: AttributionModel | None
) -> dict[Key, tuple[int, Decimal, float, Decimal]]:
    """Conversions, revenue, and both as attributed, by day, channel and campaign."""
    found = given.only(given.converted > 0)
    if not len(found.converted):
        return {}
    journeys, units = found.at_level(CreditLevel.CAMPAIGN)
    has_days = model is not None and _has_days(model)
    shares = touch_shares(
        journeys,
        model=model.method if model and has_days else Method.LINEAR,
        half_life_days=model.half_life_days if model else 7.0,
        weights=(model.weights or None) if model else None,
    )
    place = np.repeat(found.days, found.lengths) * len(units) + journeys.channels
    last = np.zeros(len(place))
    last[journeys.ends] = 1.0
    keys, at = np.unique(place, return_inverse=True)
    worth = np.repeat(found.micros, found.lengths).astype(np.float64)
    sums = [np.bincount(at, weight) for weight in (last, last * worth, shares, shares * worth)]
    return {
        (day_of(key // len(units)), *units[key % len(units)][:2]): (
            int(sums[0][row]), _money(sums[1][row]), float(sums[2][row]), _money(sums[3][row]),
        )
        for row, key in enumerate(keys.tolist())
    }  # fmt: skip


def _money(micros: float) -> Decimal:
    return Decimal(round(float(micros))) * _STEP


def _costs(workspace: Workspace, period: Period) -> dict[Key, Decimal]:
    costs: dict[Key, Decimal] = {}
    for (day, (channel, campaign, _)), amount in spend_by_day(workspace, period).items():
        key = (day, channel, campaign)
        costs[key] = costs.get(key, Decimal(0)) + amount
    return costs
