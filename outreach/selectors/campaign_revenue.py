"""What a campaign's messages earned, as an attribution model shares conversions out.

The touches of a campaign carry its key, so they are a unit of their own among the channels of each
journey. Models that look at one journey at a time read only journeys with such a touch; those that
learn from all of them read all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db import connection

from attribution.engine.journeys import Journeys
from attribution.engine.multi_touch import LEARNED_MODELS, journeys_credit
from attribution.models import AttributionModel
from attribution.selectors.board import models_of
from attribution.selectors.credits import SEED, options_of
from outreach.models import OutreachCampaign

#: How long after the last message a conversion may come.
AFTER: Final = timedelta(days=90)
#: More touches than this are not read while somebody waits.
MOST_TOUCHES: Final = 500_000
_STEP: Final = Decimal("0.01")
_ROWS: Final = """
SELECT s.journey_id, s.channel_id, t.message_key LIKE %(key)s, t.message_key,
       extract(epoch FROM j.ended_at - s.at) / 86400, (j.conversion_id IS NOT NULL)::int,
       coalesce(j.value, 0)
  FROM attribution_journey j
  JOIN attribution_journeytouch s ON s.journey_id = j.id
  JOIN customer_touchpoint t ON t.id = s.touch_id
 WHERE j.workspace_id = %(workspace)s AND j.ended_at >= %(since)s AND j.ended_at < %(until)s
   AND (%(all)s OR j.id IN (
        SELECT o.journey_id FROM customer_touchpoint k
          JOIN attribution_journeytouch o ON o.touch_id = k.id
         WHERE k.workspace_id = %(workspace)s AND k.at >= %(since)s AND k.at < %(until)s
           AND k.message_key LIKE %(key)s))
 ORDER BY s.journey_id, s.position
 LIMIT %(most)s
"""


@dataclass(frozen=True)
class Earned:
    """Conversions and money that a model gives to a campaign, and to each part of it."""

    model: AttributionModel
    conversions: float
    revenue: Decimal
    parts: tuple[tuple[str, float, Decimal], ...] = ()
    is_cut: bool = False


def chosen_model(campaign: OutreachCampaign, method: str) -> tuple[Any, list[AttributionModel]]:
    """The model that was asked for, else the workspace's own; and all there are."""
    models = models_of(campaign.workspace)
    usual = next((one for one in models if one.is_default), models[0] if models else None)
    return next((one for one in models if one.method == method), usual), models


def earned_by(
    campaign: OutreachCampaign, model: AttributionModel, names: dict[str, str], now: datetime
) -> Earned:
    """Give a campaign its share; ``names`` are those of its steps, by their ids as text."""
    rows = _read(campaign, is_learned=model.method in LEARNED_MODELS, now=now)
    units, journeys = _journeys(rows)
    if journeys is None or not any(isinstance(one, str) for one in units):
        return Earned(model, 0.0, Decimal(0))
    table = journeys_credit(journeys, model=model.method, seed=SEED, **options_of(model))
    given = zip(units, table["conversions"].tolist(), table["value"].tolist(), strict=True)
    parts = tuple(
        (_named(unit, names), conversions, Decimal(repr(value)).quantize(_STEP))
        for unit, conversions, value in given
        if isinstance(unit, str)
    )
    return Earned(
        model,
        sum(part[1] for part in parts),
        sum((part[2] for part in parts), Decimal(0)),
        parts,
        is_cut=len(rows) >= MOST_TOUCHES,
    )


def _read(campaign: OutreachCampaign, *, is_learned: bool, now: datetime) -> list[Any]:
    if campaign.launched_at is None:
        return []
    given: dict[str, Any] = {
        "workspace": campaign.workspace_id,
        "key": f"campaign:{campaign.public_id}:%",
        "since": campaign.launched_at,
        "until": min(now, (campaign.ended_at or now) + AFTER),
        "all": is_learned,
        "most": MOST_TOUCHES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, given)
        return list(cursor.fetchall())


def _journeys(rows: list[Any]) -> tuple[list[int | str], Journeys | None]:
    """Rows as the engine takes them; a unit is a channel's id, or a key of the campaign's."""
    if not rows:
        return [], None
    keys: list[int | str] = [key if ours else channel for _, channel, ours, key, *_ in rows]
    units = list(dict.fromkeys(keys))
    place = {unit: number for number, unit in enumerate(units)}
    ids = np.array([row[0] for row in rows])
    starts = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    converted = np.array([rows[at][5] for at in starts], dtype=np.float64)
    return units, Journeys(
        names=tuple(map(str, units)),
        offsets=np.r_[starts, len(rows)].astype(np.intp),
        channels=np.array([place[key] for key in keys], dtype=np.intp),
        conversions=converted,
        nulls=1 - converted,
        values=np.array([float(rows[at][6]) for at in starts]),
        ages=np.array([max(0.0, float(row[4])) for row in rows]),
    )


def _named(key: str, names: dict[str, str]) -> str:
    """``campaign:…:7:b`` → ``2. Reminder, b``."""
    _, _, step, variant = key.split(":", 3)
    label = names.get(step, "Step")
    return f"{label}, {variant}" if variant else label
