"""A challenger beside the champion, on rows that neither learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mlops.engine.learning.metrics import normalised_gini
from mlops.engine.learning.shadow_rules import Rule
from mlops.engine.learning.shapes import FloatArray
from workspaces import formats

#: Intervals drawn from fewer campaigns are too narrow: of two versions that are equally good, one
#: of five campaigns alone would be found better 10 times in 100, of twenty 5 times.
LEAST_CAMPAIGNS: Final = 20
#: Of so many of the rows ranked highest, the effect is told.
TOP_SHARE: Final = 0.1
_ROUNDS: Final = 400
_SURE: Final = 1e-12


@dataclass(frozen=True)
class Interval:
    """A difference with its interval."""

    point: float
    low: float
    high: float


@dataclass(frozen=True)
class Gain:
    """What the challenger gains over the champion.

    Attributes
    ----------
    champion, challenger : the metric of each
    share : of the champion's figure that is gained, with its 95 % interval; above 0 is better
    top : more of what counts among the 100 of 1,000 rows ranked highest, with its 80 % interval;
        of campaigns how much less it errs, in %; ``None`` where neither is told
    confidence : share of the draws in which it is better
    campaigns : that the rows are of; ``None`` where rows stand for themselves
    """

    rows: int
    champion: float
    challenger: float
    share: Interval
    top: Interval | None
    confidence: float
    campaigns: int | None = None


def gain_of(
    rule: Rule, actual: FloatArray, champion: FloatArray, challenger: FloatArray, *, seed: int = 0
) -> Gain:
    """Tell the gain, and by a bootstrap over rows how sure it is.

    Parameters
    ----------
    actual : (n,) outcomes, n ≥ 2
    champion, challenger : (n,) predictions of each
    seed : of the rows drawn

    Raises
    ------
    ValueError : fewer than two rows, or arrays of other lengths
    """
    if actual.size < 2 or not actual.shape == champion.shape == challenger.shape:
        raise ValueError(
            f"actual: at least two rows and predictions of each are needed, not {actual.shape},"
            f" {champion.shape} and {challenger.shape}."
        )
    pair = _Pair(rule, actual, champion, challenger)
    rng = np.random.default_rng(seed)
    shares, tops = np.empty(_ROUNDS), np.empty(_ROUNDS)
    for number in range(_ROUNDS):
        drawn = pair.of(rng.integers(0, actual.size, actual.size))
        shares[number], tops[number] = drawn.share, drawn.top
    low, high = np.quantile(shares, [0.025, 0.975])
    before, now = pair.figures
    top = None
    if rule.top_label:
        ends = np.quantile(tops, [0.1, 0.9])
        top = Interval(pair.top, float(ends[0]), float(ends[1]))
    return Gain(
        rows=actual.size,
        champion=before,
        challenger=now,
        share=Interval(pair.share, float(low), float(high)),
        top=top,
        confidence=float(np.mean(shares > 0)),
    )


def gain_by_campaign(
    champion: FloatArray,
    challenger: FloatArray,
    weights: FloatArray,
    campaigns: npt.NDArray[np.int64],
    *,
    seed: int = 0,
) -> Gain:
    """Tell the gain of errors, and by a bootstrap over campaigns how sure it is.

    Days of one campaign are alike, and the weeks that start on them overlap: drawn one by one they
    would seem to know more than they do, so a campaign is drawn with all of its days.

    Parameters
    ----------
    champion, challenger : (n,) errors of rows, n ≥ 1; the sum over that of ``weights`` is the
        figure of each
    weights : (n,) how much each row counts
    campaigns : (n,) whose the rows are
    seed : of the campaigns drawn

    References
    ----------
    Cameron, Gelbach and Miller (2008), Bootstrap-based improvements for inference with clustered
    errors, Review of Economics and Statistics 90(3), 414-427.
    """
    if not champion.size or not champion.shape == challenger.shape == weights.shape:
        raise ValueError(
            f"champion: errors of at least one row and of each version are needed, not"
            f" {champion.shape}, {challenger.shape} and {weights.shape}."
        )
    _, place = np.unique(campaigns, return_inverse=True)
    before, now, total = (np.bincount(place, one) for one in (champion, challenger, weights))
    count = before.size
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(count, np.full(count, 1 / count), _ROUNDS).astype(np.float64)
    shares = _share_gained(draws @ before, draws @ now)
    point = float(_share_gained(before.sum(keepdims=True), now.sum(keepdims=True))[0])
    low, inner, outer, high = np.quantile(shares, [0.025, 0.1, 0.9, 0.975]).tolist()
    whole = float(total.sum()) or 1.0
    return Gain(
        rows=champion.size,
        champion=float(before.sum()) / whole,
        challenger=float(now.sum()) / whole,
        share=Interval(point, low, high),
        top=Interval(100 * point, 100 * inner, 100 * outer),
        confidence=float(np.mean(shares > 0)),
        campaigns=count,
    )


def _share_gained(before: FloatArray, now: FloatArray) -> FloatArray:
    # Both are divided by the same weights, which so cancel out.
    gained: FloatArray = np.divide(
        before - now, before, out=np.sign(before - now), where=before != 0
    )
    return gained


@dataclass(frozen=True)
class _Pair:
    rule: Rule
    actual: FloatArray
    champion: FloatArray
    challenger: FloatArray

    def of(self, drawn: npt.NDArray[np.intp]) -> _Pair:
        """Take some rows, some of them several times."""
        return _Pair(self.rule, self.actual[drawn], self.champion[drawn], self.challenger[drawn])

    @property
    def figures(self) -> tuple[float, float]:
        return self._figure(self.champion), self._figure(self.challenger)

    @property
    def share(self) -> float:
        before, now = self.figures
        better = now - before if self.rule.metric == "gini" else before - now
        return better / abs(before) if before else float(np.sign(better))

    @property
    def top(self) -> float:
        """More among the rows ranked highest, as if there were a thousand rows."""
        if not self.rule.top_label:
            return 0.0
        gap = self._top_sum(self.challenger) - self._top_sum(self.champion)
        return gap * 1_000 / self.actual.size

    def _figure(self, predicted: FloatArray) -> float:
        if self.rule.metric == "gini":
            return normalised_gini(self.actual, predicted)
        if self.rule.metric in ("absolute_error", "error_rate"):
            return float(np.mean(np.abs(self.actual - predicted)))
        sure = np.clip(predicted, _SURE, 1 - _SURE)
        return -float(np.mean(np.where(self.actual > 0, np.log(sure), np.log1p(-sure))))

    def _top_sum(self, predicted: FloatArray) -> float:
        count = max(1, round(TOP_SHARE * self.actual.size))
        return float(self.actual[np.argpartition(-predicted, count - 1)[:count]].sum())


@dataclass(frozen=True)
class Agreement:
    """How far two versions say the same.

    Attributes
    ----------
    rank_correlation : Spearman's; 0 where one of them says the same of every row
    same_decisions : share of rows of equal decisions; ``None`` where nothing is decided
    differing : places of rows of other decisions, the largest gap first; where nothing is decided,
        of all rows of which they say other things
    """

    rank_correlation: float
    same_decisions: float | None
    differing: npt.NDArray[np.intp]


def agreement_of(
    champion: FloatArray,
    challenger: FloatArray,
    *,
    thresholds: tuple[float, float] | None,
) -> Agreement:
    """Set what two versions say of the same rows side by side.

    Parameters
    ----------
    champion, challenger : (n,) predictions
    thresholds : from which on each decides "yes"
    """
    from scipy.stats import rankdata

    ranks = rankdata(champion), rankdata(challenger)
    spread = min((float(one.std()) for one in ranks), default=0.0) if champion.size else 0.0
    correlation = float(np.corrcoef(*ranks)[0, 1]) if spread else 0.0
    gap = np.abs(champion - challenger)
    if thresholds is None or not champion.size:
        return Agreement(correlation, None, _largest_first(gap, gap > 0))
    differs = (champion >= thresholds[0]) != (challenger >= thresholds[1])
    return Agreement(correlation, float(1 - differs.mean()), _largest_first(gap, differs))


def _largest_first(gap: FloatArray, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    places = np.flatnonzero(chosen)
    return places[np.argsort(-gap[places], kind="stable")]


def threshold_of(rule: Rule, card: Mapping[str, Any], scores: FloatArray) -> float | None:
    """Tell from which prediction on a version decides "yes"; ``None``: it decides nothing."""
    if not rule.decides or not scores.size:
        return None
    if rule.metric == "gini":
        return float(np.quantile(scores, 1 - TOP_SHARE))
    told = card.get("threshold", rule.threshold)
    return None if told is None else float(told)


@dataclass(frozen=True)
class Limits:
    """What a challenger must reach to be proposed by itself."""

    least_rows: int = 1_000
    least_gain: float = 0.05
    most_moved: float = 0.25


def limits_for(rule: Rule, limits: Limits) -> Limits:
    """Limits of a workspace, as far as rows of a kind can be had by the thousand."""
    return replace(limits, least_rows=rule.least_rows) if rule.least_rows else limits


def eligibility(
    rule: Rule,
    gain: Gain | None,
    rows: int,
    moved: float | None,
    limits: Limits,
    *,
    is_by_chance: bool = False,
) -> tuple[bool, str]:
    """Say whether a challenger may be proposed, or what is missing.

    Parameters
    ----------
    gain : ``None`` while there are too few rows to tell
    rows : whose outcome is known and that neither learnt from
    moved : the largest index of what it reads now against what it learnt from; ``None`` where
        rows are no sample of what comes
    is_by_chance : no index is larger than chance alone may make it
    """
    noun = "rows" if rule.subject == "user" else rule.rows_label
    if gain is None or rows < limits.least_rows:
        return False, (
            f"{rows:,} {noun} that neither learnt from have a known outcome; at least"
            f" {limits.least_rows:,} are needed."
        )
    if gain.campaigns is not None and gain.campaigns < LEAST_CAMPAIGNS:
        return False, (
            f"{rows:,} days that neither learnt from have a known outcome, but of"
            f" {gain.campaigns} campaigns only: how sure a gain is, is told by at least"
            f" {LEAST_CAMPAIGNS}, as the days of one campaign are alike."
        )
    among = f" of {gain.campaigns} campaigns" if gain.campaigns is not None else ""
    noun = "days" if among else noun
    told = (
        f"On {rows:,} {noun}{among} its {rule.metric_label} is {gain.challenger:.4f} against"
        f" {gain.champion:.4f}: {formats.signed_share(gain.share.point, 1)} (95 % interval"
        f" {formats.signed_share(gain.share.low, 1)} to"
        f" {formats.signed_share(gain.share.high, 1)})"
    )
    if gain.share.point < limits.least_gain:
        return False, (
            f"{told}, less than the {formats.share(limits.least_gain)} that are asked for."
        )
    if gain.share.low <= 0:
        return False, f"{told}, which may be chance."
    if moved is None:
        return True, f"{told}."
    if moved > limits.most_moved and not is_by_chance:
        return False, (
            f"{told}, but what it reads has moved by {moved:.2f} from what it learnt from (limit"
            f" {limits.most_moved:.2f}): train it on newer rows."
        )
    chance = ", no further than chance may move it" if moved > limits.most_moved else ""
    return True, f"{told}, and what it reads has moved by {moved:.2f} at most{chance}."
