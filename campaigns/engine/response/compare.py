"""A plan beside the present one: per channel and in total, in units, money and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from campaigns.engine.response.levers import PRIORS, Effect, Target
from campaigns.engine.response.model import ResponseModel
from campaigns.engine.response.simulate import Band, Brought, Plan, bring
from campaigns.engine.response.transforms import FloatArray

INSTALLS, REVENUE = "installs", "revenue"
CERTAIN = 0.9
# Of the present figure; less is not worth a sentence.
LEAST_TOLD = 0.001


@dataclass(frozen=True)
class Versus:
    """One figure under the plan, under the present one, and the difference draw by draw."""

    plan: Band
    present: Band
    change: Band

    @classmethod
    def of(cls, plan: FloatArray, present: FloatArray) -> Versus:
        """Compare (n_draws,) with (n_draws,)."""
        with np.errstate(invalid="ignore"):
            return cls(Band.of(plan), Band.of(present), Band.of(plan - present))


@dataclass(frozen=True)
class Line:
    """A channel, or the total, over the horizon.

    Attributes
    ----------
    name : of the channel; "total" of the total
    spend, present_spend : money
    installs, revenue : units and money; of the total, what comes by itself included
    cost_per_install : money per install; of the total, per install of any source (blended CAC)
    roas : revenue over spend
    source : "fitted" where all of the channel's curves are, else "prior"

    What has no model is None.
    """

    name: str
    spend: float
    present_spend: float
    installs: Versus | None
    revenue: Versus | None
    cost_per_install: Versus | None
    roas: Versus | None
    source: str


@dataclass(frozen=True)
class Comparison:
    """A plan beside the present one.

    Attributes
    ----------
    lines : one per channel, in the order of the models
    total : all sources together
    more_likely : share of the draws in which the plan brings more, of the first outcome given
    app : DAU and D7 retention, times what they are now
    effects : of the levers, each with its source and reason
    """

    lines: tuple[Line, ...]
    total: Line
    more_likely: float
    app: Mapping[Target, Band]
    effects: tuple[Effect, ...]


def compare(
    models: Mapping[str, ResponseModel],
    plan: Plan,
    present: Plan,
    effects: tuple[Effect, ...] = PRIORS,
) -> Comparison:
    """Put a plan beside another over the same horizon.

    Parameters
    ----------
    models : by outcome, INSTALLS or REVENUE or both, of the same channels
    plan, present : budgets and levers; money in the currency of the models
    effects : of the levers

    Returns
    -------
    figures as P10, P50, P90 of the models' draws; differences are taken draw by draw

    Raises
    ------
    ValueError : no model, models of different channels, or plans of different horizons
    """
    _refuse(models, plan, present)
    first = next(iter(models.values()))
    both = {
        name: (bring(model, plan, effects), bring(model, present, effects))
        for name, model in models.items()
    }
    channels = range(len(first.channels))
    lines = tuple(_line(models, both, number, plan, present) for number in channels)
    after, before = next(iter(both.values()))
    return Comparison(
        lines=lines,
        total=_total(both, lines),
        more_likely=float((after.total > before.total).mean()),
        app={target: Band.of(draws) for target, draws in after.app.items()},
        effects=effects,
    )


def _refuse(models: Mapping[str, ResponseModel], plan: Plan, present: Plan) -> None:
    unknown = set(models) - {INSTALLS, REVENUE}
    if not models or unknown:
        raise ValueError(f"models has {sorted(models)}: give installs, revenue, or both")
    if len({model.channels for model in models.values()}) > 1:
        raise ValueError("The models have different channels: fit them on the same ones")
    if plan.horizon != present.horizon:
        raise ValueError(
            f"The plans run over {plan.horizon} and {present.horizon} steps: compare equal horizons"
        )


def _line(
    models: Mapping[str, ResponseModel],
    both: Mapping[str, tuple[Brought, Brought]],
    number: int,
    plan: Plan,
    present: Plan,
) -> Line:
    facts = [model.facts[number] for model in models.values()]
    units = {
        name: (after.paid[:, number], before.paid[:, number])
        for name, (after, before) in both.items()
    }
    money = tuple(float(p.budgets[number] * p.horizon) for p in (plan, present))
    is_fitted = all(fact.source == "fitted" for fact in facts)
    return _told(facts[0].name, units, money, "fitted" if is_fitted else "prior")


def _total(both: Mapping[str, tuple[Brought, Brought]], lines: tuple[Line, ...]) -> Line:
    units = {name: (after.total, before.total) for name, (after, before) in both.items()}
    after, before = next(iter(both.values()))
    is_fitted = all(line.source == "fitted" for line in lines)
    return _told("total", units, (after.cost, before.cost), "fitted" if is_fitted else "prior")


def _told(
    name: str,
    units: Mapping[str, tuple[FloatArray, FloatArray]],
    money: tuple[float, ...],
    source: str,
) -> Line:
    installs, revenue = units.get(INSTALLS), units.get(REVENUE)
    spend, present_spend = money
    with np.errstate(divide="ignore", invalid="ignore"):
        price = installs and Versus.of(spend / installs[0], present_spend / installs[1])
        roas = revenue and Versus.of(
            revenue[0] / np.float64(spend), revenue[1] / np.float64(present_spend)
        )
    return Line(
        name=name,
        spend=spend,
        present_spend=present_spend,
        installs=installs and Versus.of(*installs),
        revenue=revenue and Versus.of(*revenue),
        cost_per_install=price,
        roas=roas,
        source=source,
    )


def narrative(comparison: Comparison, counted: str = INSTALLS) -> tuple[str, ...]:
    """Say in a few sentences what a plan changes, how surely, and on what ground.

    Parameters
    ----------
    comparison : from `compare`
    counted : what its installs are called, where they are something else

    Returns
    -------
    sentences; amounts of money without a currency, names of channels in braces: who shows them
    knows what they are called
    """
    total = comparison.total
    name = INSTALLS if total.installs else REVENUE
    word = counted if name == INSTALLS else name
    said = [_money(total), _units(total, name, word, comparison.more_likely)]
    moved = [line for line in comparison.lines if line.spend != line.present_spend]
    said += [
        _channel(line, name, word) for line in sorted(moved, key=lambda one: -_size(one, name))[:2]
    ]
    guessed = [f"{{{line.name}}}" for line in comparison.lines if line.source == "prior"]
    if guessed:
        said.append(f"Little is known of {', '.join(guessed)}: the stated prior counts there.")
    return tuple(said)


def _money(total: Line) -> str:
    more = total.spend - total.present_spend
    if abs(more) < 0.005 * max(total.present_spend, 1.0):
        return f"The plan costs about what the present one does, {total.present_spend:,.0f}."
    way = "more" if more > 0 else "less"
    return f"The plan costs {total.spend:,.0f}, {abs(more):,.0f} {way} than the present one."


def _units(total: Line, name: str, word: str, more_likely: float) -> str:
    change = _versus(total, name).change
    if change.low is None or change.middle is None or change.high is None:
        return f"What it changes in {word} cannot be told."
    if abs(change.middle) < LEAST_TOLD * max(_versus(total, name).present.middle or 0.0, 1.0):
        return f"It changes next to nothing in {word}."
    sure = "surely" if max(more_likely, 1 - more_likely) >= CERTAIN else "perhaps"
    way = "more" if change.middle >= 0 else "fewer" if name == INSTALLS else "less"
    return (
        f"It brings {sure} {abs(change.middle):,.0f} {way} {word}"
        f" ({change.low:+,.0f} to {change.high:+,.0f} in eight of ten draws)."
    )


def _channel(line: Line, name: str, word: str) -> str:
    middle = _versus(line, name).change.middle or 0.0
    more = line.spend - line.present_spend
    return f"{{{line.name}}}: {more:+,.0f} in money, {middle:+,.0f} in {word}."


def _size(line: Line, name: str) -> float:
    return abs(_versus(line, name).change.middle or 0.0)


def _versus(line: Line, name: str) -> Versus:
    found = line.installs if name == INSTALLS else line.revenue
    if found is None:
        raise ValueError(f"{line.name} has no {name}")
    return found
