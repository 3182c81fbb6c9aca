"""What a sync predicts: ROI of channels, their days one by one, and how to share a budget out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from campaigns.metrics import cpa
from mlops.engine.boards.plain_roi import RoiForecast, plain_roi
from mlops.engine.boards.score_split import split_by_score
from mlops.engine.boards.walk_forward import Walk, walk_forward
from mlops.models import ModelVersion
from mlops.selectors.board_days import SHOWN_DAYS, TYPICAL_DAYS, BoardDays
from mlops.services.boards.forecasting import forecast_of_model
from workspaces.formats import decimals_of
from workspaces.models import Workspace

FloatArray = npt.NDArray[np.float64]

#: What is shared out where nothing was spent.
USUAL_TOTAL: Final = Decimal(100_000)


@dataclass(frozen=True)
class Share:
    """A channel's part of the budget."""

    channel: int  # its place in the days
    roi: float
    conversion: float
    spend: Decimal
    acquisition_cost: Decimal | None
    recommended: Decimal


@dataclass(frozen=True)
class Predicted:
    """All that a batch says; ``channels`` are places in the days, the most spend first."""

    channels: tuple[int, ...]
    forecasts: Mapping[int, RoiForecast]
    model_version: ModelVersion | None
    roas: Walk
    conversion: Walk
    reach: Walk
    ctr: Walk
    shares: tuple[Share, ...]
    total: Decimal
    notes: tuple[str, ...]


def predict(*, workspace: Workspace, days: BoardDays, now: datetime) -> Predicted:
    """Predict from the days read, and from the model that forecasts ROI where one serves."""
    order = tuple(int(place) for place in np.argsort(-days.recent["spend"], kind="stable"))
    plain = _plain(days)
    version, modelled = forecast_of_model(workspace=workspace, now=now)
    forecasts = {place: modelled.get(days.channels[place], plain[place]) for place in order}
    roas = walk_forward(days.value, days.known_spend, judged=SHOWN_DAYS)
    conversion = walk_forward(days.conversions, days.known_clicks, judged=SHOWN_DAYS)
    shares, total, is_equal = _shares(workspace, days, order, forecasts, conversion)
    return Predicted(
        channels=order,
        forecasts={place: one for place, one in forecasts.items() if np.isfinite(one.roi)},
        model_version=version,
        roas=roas,
        conversion=conversion,
        reach=walk_forward(days.reach, (days.reach > 0).astype(np.float64), judged=SHOWN_DAYS),
        ctr=walk_forward(days.clicks, days.impressions, judged=SHOWN_DAYS),
        shares=shares,
        total=total,
        notes=_notes(days, shares, modelled, version, is_equal=is_equal),
    )


def _plain(days: BoardDays) -> list[RoiForecast]:
    recent = slice(-TYPICAL_DAYS, None)
    return [
        plain_roi(days.value[recent, place], days.known_spend[recent, place])
        for place in range(len(days.channels))
    ]


def _shares(
    workspace: Workspace,
    days: BoardDays,
    order: tuple[int, ...],
    forecasts: Mapping[int, RoiForecast],
    conversion: Walk,
) -> tuple[tuple[Share, ...], Decimal, bool]:
    """Share the spend of the last days out over the channels that it went to."""
    spend = days.recent["spend"]
    places = [place for place in order if spend[place] > 0] or list(order)
    step = Decimal(1).scaleb(-decimals_of(workspace.currency))
    own = {place: _money(spend[place], step) for place in places}
    total = sum(own.values(), Decimal(0)) or USUAL_TOTAL
    scores = [
        max(forecasts[place].roi + 1, 0.0) * float(conversion.ahead[place]) for place in places
    ]
    split = split_by_score(scores, total, step=step)
    shares = tuple(
        Share(
            channel=place,
            roi=forecasts[place].roi,
            conversion=float(conversion.ahead[place]),
            spend=own[place],
            acquisition_cost=_acquisition_cost(days, place, step),
            recommended=amount,
        )
        for place, amount in zip(places, split.amounts, strict=True)
    )
    return shares, total, split.is_equal


def _acquisition_cost(days: BoardDays, place: int, step: Decimal) -> Decimal | None:
    cost = cpa(float(days.recent["known_spend"][place]), float(days.recent["conversions"][place]))
    return None if cost is None else _money(cost, step)


def _money(amount: float, step: Decimal) -> Decimal:
    return Decimal(repr(float(amount))).quantize(step)


def _notes(
    days: BoardDays,
    shares: tuple[Share, ...],
    modelled: Mapping[str, RoiForecast],
    version: ModelVersion | None,
    *,
    is_equal: bool,
) -> tuple[str, ...]:
    notes = []
    if days.missing_rates:
        notes.append(
            f"Amounts in {', '.join(days.missing_rates)} are left out: no exchange rate is known."
        )
    unknown = [
        days.labels[share.channel]
        for share in shares
        if not np.isfinite(share.roi) or not np.isfinite(share.conversion)
    ]
    if is_equal:
        notes.append("No channel's return or conversions are known yet, so the shares are equal.")
    elif unknown:
        notes.append(f"{', '.join(unknown)}: too little is known, so they get the least share.")
    plain = [days.labels[share.channel] for share in shares
             if version is not None and days.channels[share.channel] not in modelled]  # fmt: skip
    if plain:
        notes.append(f"{', '.join(plain)}: the model knows no campaign there; plain mean instead.")
    return tuple(notes)
