"""Walk through the days of a workspace as they came, and keep one finding for each event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from campaigns.engine.signals.history import BoolArray, FloatArray, History
from campaigns.engine.signals.lens import (
    LEAST_GAP,
    NEAR,
    STEADY,
    WIDE,
    Lens,
    Look,
    channel_measures,
    log_of,
    log_ratio,
    look_at,
)
from campaigns.engine.signals.robust import LEAST_DAYS, change_point, seasonal_baseline
from campaigns.engine.signals.rules import CHANNEL_RULES, off_plan, sudden_spend, synergy, viral
from campaigns.engine.signals.view import Change, Hit, View, change_of

# How far back an event may have begun before it was seen.
SEARCH_DAYS: Final = 14
# It is over when its newest days are less than this share of its largest size.
RETURNED: Final = 0.5
RETURN_DAYS: Final = 3
# Much larger than when it was seen.
WORSE: Final = 1.5
# What is common to fewer channels may be one channel's own.
LEAST_CHANNELS: Final = 3
COSTS: Final = ("cpi", "cpm", "spend")
# What comes back within a week was not over.
REOPEN_DAYS: Final = 7
# A change that lasts this long is how things are now.
SETTLED_DAYS: Final = 35
# What is off its plan may be what one usually spends: such days count as usual.
PLAN: Final = "plan"
# Without a plan, what was spent for a week is what one spends.
PACE_DAYS: Final = 7


@dataclass(frozen=True)
class Finding:
    """One event; days are indices of the scanned days.

    Attributes
    ----------
    type : of the signal
    scope : key of the channel; empty for the whole workspace
    began, detected : first day of the change, and the day on which it was seen
    ended : day on which the data had returned; ``None`` while it lasts
    is_settled : whether it ended because it has become usual
    hit : as it was seen first
    changes : as they stand on the newest day of it
    worsened : day on which it had become half as large again as it was when it was seen
    """

    type: str
    scope: str
    began: int
    detected: int
    hit: Hit
    changes: Mapping[str, Change]
    ended: int | None = None
    is_settled: bool = False
    worsened: int | None = None


@dataclass
class _Open:
    finding: Finding
    look: Look
    looks: Mapping[str, Look]
    peak: float
    seen_size: float


@dataclass
class _Scope:
    """A channel, or one question about the workspace."""

    key: str
    series: dict[str, FloatArray]
    raw: Mapping[str, FloatArray]
    usable: BoolArray
    rules: tuple[Callable[[View], Hit | None], ...]
    lens: Lens = WIDE
    settled_days: int = SETTLED_DAYS
    turns: bool = False
    open: _Open | None = None
    done: list[Finding] = field(default_factory=list)


def scan(history: History) -> list[Finding]:
    """Find the events of a history, each as it would have been seen on its day.

    Day after day, every rule sees the days up to that day only, against the 28 days before that
    belong to no event. An event stays one finding until its data has returned.

    Parameters
    ----------
    history : consecutive days; nothing is found in the first three weeks

    Returns
    -------
    findings by day of detection
    """
    channels = [_channel_scope(history, place) for place in range(len(history.channels))]
    pace, organic, halo = _pace_scope(history), _organic_scope(history), _halo_scope(history)
    for at in range(LEAST_DAYS + LEAST_GAP, history.days):
        _see_common(pace, channels, history, at)
        _step(pace, history, at)
        _step(organic, history, at)
        halo.usable[:at] &= organic.usable[:at]
        _step(halo, history, at)
        if pace.open is not None:
            _take_out_common(channels, pace.open.finding, history, at)
        for scope in channels:
            _step(scope, history, at)
    scopes = (*channels, pace, organic, halo)
    found = [finding for scope in scopes for finding in scope.done]
    found += [scope.open.finding for scope in scopes if scope.open]
    return sorted(found, key=lambda one: (one.detected, one.scope, one.type))


def _see_common(pace: _Scope, channels: list[_Scope], history: History, at: int) -> None:
    """See what most channels share: the median of their distances from what is usual."""
    first = at if pace.open is not None else 0
    for name, of in (("common", "spend"), ("cost", "cpi")):
        looks = [
            look_at(scope.raw[of], history.weekdays, scope.usable, at, NEAR) for scope in channels
        ]
        aways = [look.away[first:] for look in looks if look is not None]
        if len(aways) >= LEAST_CHANNELS:
            pace.series[name][first : at + 1] = np.median(aways, axis=0)


def _take_out_common(channels: list[_Scope], overrun: Finding, history: History, at: int) -> None:
    """Take out of the channels' costs what happens to all of them, so that none is blamed for it.

    The days since the overrun began lose the median over the channels of their distance from what
    was usual before it.
    """
    first = overrun.began if at == overrun.detected else at
    aways = []
    for scope in channels:
        usable = scope.usable.copy()
        usable[overrun.began :] = False
        baseline = seasonal_baseline(scope.series["cpi"], history.weekdays, usable)
        if baseline is not None:
            days = slice(first, at + 1)
            aways.append(baseline.away(scope.series["cpi"][days], history.weekdays[days]))
    if len(aways) < LEAST_CHANNELS:
        return
    common = np.nanmedian(aways, axis=0)
    for scope in channels:
        for name in COSTS:
            scope.series[name][first : at + 1] -= common


def _channel_scope(history: History, place: int) -> _Scope:
    channel = history.channels[place]
    rules = tuple(lambda view, rule=rule: rule(view, channel) for rule in CHANNEL_RULES)
    usable = np.ones(history.days, dtype=np.bool_)
    raw = channel_measures(channel)
    series = {name: values.copy() for name, values in raw.items()}
    return _Scope(channel.key, series, raw, usable, rules)


def _pace_scope(history: History) -> _Scope:
    spend = sum((channel.spend for channel in history.channels), np.zeros(history.days))
    usable = np.ones(history.days, dtype=np.bool_)
    series = {name: np.full(history.days, np.nan) for name in ("common", "cost")}
    series["pace"] = log_of(spend)
    plans = [channel.planned_spend for channel in history.channels]
    is_planned = bool(plans) and all(plan.size for plan in plans)
    series["plan"] = (
        log_ratio(spend, np.sum(plans, axis=0)) if is_planned else series["cost"].copy()
    )
    return _Scope("", series, {}, usable, (off_plan, sudden_spend), NEAR, PACE_DAYS, turns=True)


def _organic_scope(history: History) -> _Scope:
    series = {"organic": log_of(history.organic), "mentions": log_of(history.mentions)}
    return _Scope("", series, {}, np.ones(history.days, dtype=np.bool_), (viral,), NEAR)


def _halo_scope(history: History) -> _Scope:
    organic, halo = log_of(history.organic), np.full(history.days, np.nan)
    if history.halo_share.size:
        paid = np.sum([channel.installs for channel in history.channels], axis=0)
        halo = log_ratio(history.halo_share * history.organic, paid)
    activities = {
        channel.key: log_of(channel.installs if channel.installs.any() else channel.clicks)
        for channel in history.channels
    }
    series = {"halo": halo, "organic": organic}
    usable = np.ones(history.days, dtype=np.bool_)
    rules: tuple[Callable[[View], Hit | None], ...] = (lambda view: synergy(view, activities),)
    return _Scope("", series, {}, usable, rules, STEADY, PACE_DAYS * 2)


def _step(scope: _Scope, history: History, at: int) -> None:
    if scope.open is not None:
        _follow(scope, scope.open, history, at)
        # What turns into its opposite is over: money that was left yesterday runs out today.
        if scope.open is None or not scope.turns:
            return
    view = View(scope.series, history.weekdays, scope.usable, at, scope.lens)
    hits = (hit for rule in scope.rules if (hit := rule(view)) is not None)
    hit = next((hit for hit in hits if _is_news(scope, hit, at)), None)
    if hit is None:
        return
    before, scope.open = scope.open, None
    if before is not None:
        scope.done.append(replace(before.finding, ended=at))
    _begin(scope, view, hit, is_step=before is not None)


def _is_news(scope: _Scope, hit: Hit, at: int) -> bool:
    """Whether it is another event than the open one: its opposite, or a step upon it."""
    if scope.open is None or hit.sign != scope.open.finding.hit.sign:
        return True
    return hit.measure != PLAN and at + 1 - _lasted(hit) > scope.open.finding.detected


def _begin(scope: _Scope, view: View, hit: Hit, *, is_step: bool) -> None:
    at = view.at
    looks = {name: found for name in hit.changes if (found := view.look(name))}
    looks[hit.measure] = hit.look
    began = at + 1 - _lasted(hit)
    last = scope.done[-1] if scope.done else None
    if last and last.type == hit.type and not is_step and _goes_on(last, at):
        # It was not over: the same event goes on.
        finding = replace(scope.done.pop(), ended=None, hit=hit, changes=hit.changes)
    else:
        finding = Finding(hit.type, scope.key, began, at, hit, hit.changes)
    scope.open = _open(finding, looks)
    if hit.measure != PLAN:
        scope.usable[began : at + 1] = False


def _goes_on(last: Finding, at: int) -> bool:
    """Whether an event that seemed over was not; what had become usual is not news again."""
    return last.ended is not None and not last.is_settled and at - last.ended <= REOPEN_DAYS


def _open(finding: Finding, looks: Mapping[str, Look]) -> _Open:
    size = abs(finding.hit.look.shift(finding.hit.days))
    return _Open(finding, finding.hit.look, looks, size, size)


def _lasted(hit: Hit) -> int:
    """Days since the step that explains the newest days best."""
    newest = hit.sign * hit.look.away[-SEARCH_DAYS:]
    return newest.size - change_point(newest, least=min(hit.days, 2))


def _follow(scope: _Scope, event: _Open, history: History, at: int) -> None:
    """Measure an open event again against what was usual before it."""
    if event.finding.hit.measure != PLAN:
        scope.usable[at] = False
    looks = {
        name: Look(
            look.baseline,
            look.baseline.away(
                scope.series[name][max(0, at - 30) : at + 1],
                history.weekdays[max(0, at - 30) : at + 1],
            ),
        )
        for name, look in event.looks.items()
    }
    days = min(RETURN_DAYS, at - event.finding.detected + 1)
    size = event.finding.hit.sign * looks[event.finding.hit.measure].shift(days)
    event.peak = max(event.peak, size)
    hit, half = event.finding.hit, RETURNED * event.peak
    # A plan stays one, however long it is missed.
    settled_days = SETTLED_DAYS if hit.measure == PLAN else scope.settled_days
    is_settled = at - event.finding.detected >= settled_days
    is_over = size < (min(half, hit.least) if hit.fades else half)
    if is_over or is_settled:
        scope.done.append(replace(event.finding, ended=at, is_settled=is_settled))
        scope.open = None
        return
    changes = {name: change_of(looks[name], days) for name in hit.changes}
    worsened = event.finding.worsened
    if worsened is None and size > WORSE * event.seen_size:
        worsened = at
    event.finding = replace(event.finding, changes=changes, worsened=worsened)
