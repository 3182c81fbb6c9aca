"""What an alert says to people."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from campaigns.models import AlertBasis, AlertMetric, AlertOperator, AlertRule
from campaigns.selectors.alert_books import Subject
from workspaces.formats import money, plain, times
from workspaces.models import Workspace
from workspaces.models.workspace import BusinessMode

_SHARES: Final = frozenset({
    AlertMetric.CTR, AlertMetric.CVR, AlertMetric.ENGAGEMENT, AlertMetric.TOTAL_BUDGET,
    AlertMetric.DAILY_BUDGET, AlertMetric.PREDICTION,
})  # fmt: skip
_MONEY: Final = frozenset({AlertMetric.SPEND, AlertMetric.CPA})
_OF_NOW: Final = frozenset({AlertMetric.TOTAL_BUDGET, AlertMetric.PREDICTION})


def message_of(
    rule: AlertRule, subject: Subject, value: float, limit: float, workspace: Workspace
) -> str:
    """One sentence: who, what was measured over which days, and the line that it crossed."""
    if rule.metric == AlertMetric.DISAPPROVED:
        count = round(value)
        return f"{subject.label}: {count} running ad{'s are' if count > 1 else ' is'} disapproved"
    side, currency = AlertOperator(rule.operator).label, workspace.currency
    measured = f"{_label(rule.metric, workspace)}{_days(rule)}"
    text = (
        f"{subject.label}: {measured} is {figure(rule.metric, value, currency)},"
        f" {side} {figure(rule.metric, limit, currency)}"
    )
    if rule.basis == AlertBasis.OWN_MEAN:
        return f"{text} ({float(rule.threshold):g} times its own mean of 14 days)"
    if rule.basis == AlertBasis.PEER_MEAN:
        return f"{text} ({float(rule.threshold):g} times the mean of all)"
    return text


def line_of(*, rule: AlertRule, workspace: Workspace) -> str:
    """What has to be so for a rule to be crossed."""
    currency = workspace.currency
    side = AlertOperator(rule.operator).label
    limit = figure(rule.metric, rule.threshold, currency)
    if rule.basis != AlertBasis.ABSOLUTE:
        mean = "its own mean of 14 days" if rule.basis == AlertBasis.OWN_MEAN else "the mean of all"
        limit = f"{float(rule.threshold):g} times {mean}"
    text = f"{_label(rule.metric, workspace)}{_days(rule)} {side} {limit}"
    if rule.also_threshold is None:
        return text
    also = figure(rule.also_metric, rule.also_threshold, currency)
    side = AlertOperator(rule.also_operator).label
    label = _label(rule.also_metric, workspace)
    # CTR stays CTR within a sentence.
    label = label if label[1].isupper() else label[0].lower() + label[1:]
    return f"{text}, and {label} {side} {also}"


def _label(metric: str, workspace: Workspace) -> str:
    if metric == AlertMetric.ROAS and workspace.mode == BusinessMode.PIPELINE:
        return "Pipeline ROAS"
    return str(AlertMetric(metric).label)


def _days(rule: AlertRule) -> str:
    if rule.lookback_days == 1 or rule.metric in _OF_NOW:
        return ""
    return f" of {rule.lookback_days} days"


def figure(metric: str, value: float | Decimal, currency: str) -> str:
    """Value of a metric as people read it."""
    if metric in _SHARES:
        return f"{float(value) * 100:.1f} %"
    if metric == AlertMetric.ROAS:
        return times(float(value))
    amount = Decimal(str(round(float(value), 2)))
    return money(amount, currency) if metric in _MONEY else plain(amount)
