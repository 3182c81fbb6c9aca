"""Where conversions come from, by channel and country."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from attribution.engine.multi_touch import journeys_credit
from attribution.models import AttributionModel, CreditLevel
from attribution.selectors.credits import SEED, Ledger, options_of, rolled_up
from attribution.selectors.journeys import JourneySet, country_name

TOP_REGIONS: Final = 6


def regions_of(ledger: Ledger, model: AttributionModel) -> list[dict[str, Any]]:
    """Revenue, cost and ROAS by channel and country; the countries with most conversions.

    Platforms report no spend by country here, so a channel's cost is split by where its touches
    came from.
    """
    journeys = ledger.journeys
    codes, counts = np.unique(journeys.countries[journeys.converted > 0], return_counts=True)
    known = [(-count, code) for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
             if code]  # fmt: skip
    costs = rolled_up(ledger.spend, CreditLevel.CHANNEL)
    touched = _touches(journeys)
    rows = []
    for _, code in sorted(known)[:TOP_REGIONS]:
        here = journeys.only(journeys.countries == code)
        credited, units = here.at_level(CreditLevel.CHANNEL)
        table = journeys_credit(credited, model=model.method, seed=SEED, **options_of(model))
        local = _touches(here)
        for place, unit in enumerate(units):
            cost = costs.get(unit)
            share = local[unit[0]] / touched[unit[0]]
            rows.append({
                "region": country_name(code),
                "channel": journeys.names[unit[0]],
                "conversions": float(table["conversions"].iloc[place]),
                "revenue": float(table["value"].iloc[place]),
                "cost": None if cost is None else float(cost) * share,
            })  # fmt: skip
    return rows


def _touches(journeys: JourneySet) -> Mapping[int, int]:
    keys, counts = np.unique(journeys.channels, return_counts=True)
    return dict(zip(keys.tolist(), counts.tolist(), strict=True))
