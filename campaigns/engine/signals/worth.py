"""What a finding is worth: severity, confidence, money at stake, and its place in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy import special

from campaigns.engine.signals import rules
from campaigns.engine.signals.history import FloatArray
from campaigns.engine.signals.scan import Finding
from campaigns.engine.signals.view import Z_80, Change

Severity = Literal["info", "warning", "critical"]

WEIGHTS: Final = {"severity": 40, "money": 30, "confidence": 20, "recency": 10}
GRADES: Final[dict[str, float]] = {"info": 1 / 3, "warning": 2 / 3, "critical": 1.0}
HORIZON_DAYS: Final = 7
RECENT_DAYS: Final = 14
# A cost that has risen twice as far as the rule asks, or a month's plan missed by a quarter.
CRITICAL_COST: Final = 1.40
CRITICAL_PACE: Final = 0.25
GOOD: Final = frozenset({rules.BREAKTHROUGH, rules.VIRAL, rules.SYNERGY})


@dataclass(frozen=True)
class Worth:
    """Money over the next 7 days, if it goes on like this, with an interval of 80 %.

    Positive is gained, negative is lost, in the currency of the figures.
    """

    mean: float
    low: float
    high: float


def severity_of(finding: Finding) -> Severity:
    """How much it presses: good news inform; costs and spend warn, and are critical when large."""
    if finding.type in GOOD:
        return "info"
    measure = "pace" if finding.hit.measure in {"plan", "common"} else finding.hit.measure
    ratio = finding.changes[measure].ratio if measure in finding.changes else 1.0
    if finding.type in {rules.OVERRUN, rules.UNDERRUN}:
        return "critical" if abs(ratio - 1) > CRITICAL_PACE else "warning"
    return "critical" if ratio >= CRITICAL_COST else "warning"


def confidence_of(finding: Finding) -> float:
    """Probability that the change is as large as its rule asks, given what was measured."""
    change = _main(finding)
    if change is None:
        return float(special.ndtr(finding.hit.score))
    error = (np.log(change.high) - np.log(change.low)) / (2 * Z_80)
    size = finding.hit.sign * float(np.log(change.ratio))
    return float(special.ndtr((size - finding.hit.least) / max(error, 1e-9)))


def _main(finding: Finding) -> Change | None:
    name = "pace" if finding.hit.measure in {"plan", "common"} else finding.hit.measure
    return finding.changes.get(name)


def worth_of(finding: Finding, *, spend: float, paid_cpi: float) -> Worth | None:
    """Money of a week: what dearer installs cost, cheaper ones save, free ones would have cost.

    Parameters
    ----------
    spend : mean daily spend of the finding's scope on its newest days
    paid_cpi : what an install costs through ads now

    Returns
    -------
    ``None`` where the finding has no measure that means money
    """
    change = _main(finding)
    if change is None:
        return None
    ratios = np.array([change.ratio, change.low, change.high])
    if finding.type == rules.VIRAL:
        value = (ratios - 1) * change.before * paid_cpi
    else:
        # The same installs would cost spend / ratio at the old cost; less spend for dearer ones.
        value = spend * (1 / ratios - 1)
    return _ordered(HORIZON_DAYS * value)


def _ordered(values: FloatArray) -> Worth:
    return Worth(float(values[0]), float(values.min()), float(values.max()))


def priorities(
    *,
    severities: Sequence[str],
    money: FloatArray,
    confidences: FloatArray,
    ages: FloatArray,
) -> FloatArray:
    """Places in a list: 40·severity + 30·rank of money + 20·confidence + 10·recency.

    Parameters
    ----------
    severities : of n signals; information counts a third, a warning two, critical all
    money : (n,) amounts at stake, either sign; unknown is NaN and ranks last
    confidences : (n,) in [0, 1]
    ages : (n,) days since they were last seen; two weeks old is not recent at all

    Returns
    -------
    (n,) from 0 to 100; the rank is the share of the others that is not larger, 1 for a single one
    """
    known = np.where(np.isfinite(money), np.abs(money), -1.0)
    rank = np.ones(known.size)
    if known.size > 1:
        rank = np.array([(known < own).sum() + ((known == own).sum() - 1) / 2 for own in known])
        rank /= known.size - 1
    rank = np.where(known < 0, 0.0, rank)
    grades = np.array([GRADES[severity] for severity in severities])
    recency = np.clip(1 - ages / RECENT_DAYS, 0, 1)
    parts = {"severity": grades, "money": rank, "confidence": confidences, "recency": recency}
    total: FloatArray = np.asarray(sum(WEIGHTS[name] * part for name, part in parts.items()))
    return total
