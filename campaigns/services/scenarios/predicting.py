"""A plan is tried on the curves that serve: what it brings beside the present one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import numpy as np

from campaigns.engine.response.compare import (
    INSTALLS,
    REVENUE,
    Comparison,
    Line,
    Versus,
    compare,
    narrative,
)
from campaigns.engine.response.levers import Target
from campaigns.engine.response.model import ResponseModel
from campaigns.engine.response.optimum import Bounds, best_split
from campaigns.engine.response.simulate import Band, Plan
from campaigns.models import ResponseFit
from campaigns.selectors.scenarios import models_of, present_of
from campaigns.services.scenarios.inputs import SPLIT, InputError, Inputs, SplitLimits

# How far the best split goes where nobody says: further out, curves are guesses.
_LEAST_SHARE: Final = 0.5
_MOST_SHARE: Final = 2.0
_FIGURES: Final = ("installs", "revenue", "cost_per_install", "roas")
_DECIMALS: Final = 4
Results = dict[str, Any]


def predict(*, fit: ResponseFit, inputs: Inputs) -> Results:
    """Say what a plan brings beside the present one, by 1,000 draws of the curves of a fit.

    Nothing is fitted here, and nothing is stored.

    Returns
    -------
    plain values, as pages, JSON and files show them and as a scenario keeps them
    """
    models = models_of(fit)
    first = next(iter(models.values()))
    present = present_of(fit)
    seen = compare(
        models,
        _plan(first, inputs.budgets, inputs),
        Plan(_in_order(first, present), inputs.horizon_days),
    )
    moved = _moved(inputs)
    return {
        "fit": str(fit.public_id),
        "engine_version": fit.engine_version,
        "fitted_on": {"since": fit.since.isoformat(), "until": fit.until.isoformat()},
        "currency": fit.currency,
        "unit": fit.unit,
        "value_name": fit.name_of(REVENUE),
        "horizon_days": inputs.horizon_days,
        "lines": [_line(line) for line in seen.lines],
        "total": _line(seen.total),
        "more_likely": round(seen.more_likely, _DECIMALS),
        "app": _app(fit, seen),
        "effects": [
            {**asdict(effect), "lever": str(effect.lever), "target": str(effect.target)}
            for effect in seen.effects
            if effect.lever in moved
        ],
        "narrative": list(narrative(seen, fit.unit)),
    }


def _plan(model: ResponseModel, budgets: dict[str, float], inputs: Inputs) -> Plan:
    return Plan(_in_order(model, budgets), inputs.horizon_days, inputs.settings)


def _in_order(model: ResponseModel, budgets: dict[str, float]) -> np.ndarray[Any, Any]:
    return np.array([budgets[channel] for channel in model.channels])


def _moved(inputs: Inputs) -> set[str]:
    """Names of the levers that do not stand where they are now."""
    neutral, settings = asdict(Inputs({}).settings), asdict(inputs.settings)
    return {name for name, value in settings.items() if value != neutral[name]}


def _line(line: Line) -> Results:
    told: Results = {
        "channel": line.name,
        "source": line.source,
        "spend": round(line.spend, 2),
        "present_spend": round(line.present_spend, 2),
    }
    return told | {name: _versus(getattr(line, name)) for name in _FIGURES}


def _versus(found: Versus | None) -> Results | None:
    if found is None:
        return None
    return {name: _band(getattr(found, name)) for name in ("plan", "present", "change")}


def _band(band: Band) -> Results:
    pairs = (("p10", band.low), ("p50", band.middle), ("p90", band.high),
             ("mean", band.mean))  # fmt: skip
    return {name: None if value is None else round(value, _DECIMALS) for name, value in pairs}


def _app(fit: ResponseFit, seen: Comparison) -> Results:
    """Figures of the app now and under the plan; MAU is held, so DAU/MAU moves as DAU does."""
    known = fit.app
    told = {
        "dau": (known.get("dau"), seen.app[Target.DAU]),
        "dau_mau": (_share(known.get("dau"), known.get("mau")), seen.app[Target.DAU]),
        "d7_retention": (known.get("d7_retention"), seen.app[Target.D7_RETENTION]),
    }
    return {
        name: {"now": now, "plan": _band(_times(factor, now))}
        for name, (now, factor) in told.items()
        if now
    }


def _share(part: float | None, whole: float | None) -> float | None:
    return round(part / whole, _DECIMALS) if part and whole else None


def _times(band: Band, now: float) -> Band:
    ends = (band.low, band.middle, band.high, band.mean)
    return Band(*(None if one is None else one * now for one in ends))


def suggest(*, fit: ResponseFit, inputs: Inputs, limits: SplitLimits) -> Results:
    """Find the best split of a plan's money, by revenue where it is known.

    Raises
    ------
    InputError : the limits cannot be kept
    """
    models = models_of(fit)
    outcome = REVENUE if REVENUE in models else INSTALLS
    model = models[outcome]
    present = _in_order(model, present_of(fit))
    total = limits.total if limits.total is not None else sum(inputs.budgets.values())
    if not total > 0:
        raise InputError(f"{SPLIT}.total", "Give a total above 0, or budgets that add up to one.")
    # A total that is smaller than now leaves room below half of now.
    room = min(1.0, total / max(float(present.sum()), 0.01))
    least = _limited(model, _LEAST_SHARE * room * present, limits.least)
    most = _limited(model, np.maximum(_MOST_SHARE * present, least), limits.most)
    try:
        found = best_split(model, Bounds(total, least, most))
    except ValueError as error:
        raise InputError(f"{SPLIT}.least", str(error)) from error
    return {
        "outcome": fit.name_of(outcome),
        "budgets": {
            channel: round(float(amount), 2)
            for channel, amount in zip(model.channels, found.budgets, strict=True)
        },
        "gain_a_day": _band(found.gain),
        "better": round(found.better, _DECIMALS),
        "unallocated": round(found.unallocated, 2),
        "at_least": list(found.at_least),
        "at_most": list(found.at_most),
    }


def _limited(
    model: ResponseModel, usual: np.ndarray[Any, Any], named: dict[str, float]
) -> np.ndarray[Any, Any]:
    pairs = zip(model.channels, usual, strict=True)
    return np.array([named.get(channel, float(amount)) for channel, amount in pairs])
