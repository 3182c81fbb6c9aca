"""Rules of alerts: those that every workspace begins with, and how admins change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns.models import (
    AlertBasis,
    AlertMetric,
    AlertOperator,
    AlertRule,
    AlertScope,
    AlertSeverity,
    AlertType,
)
from workspaces.models import User, Workspace
from workspaces.services.accounts import require_admin
from workspaces.services.live import bump
from workspaces.services.refusals import RefusedError

TOPIC: Final = "alerts"
EDITABLE: Final = (
    "name", "type", "metric", "operator", "threshold", "basis", "lookback_days", "scope", "channel",
    "also_metric", "also_operator", "also_threshold", "severity", "cooldown_hours", "is_enabled",
)  # fmt: skip
_LT, _LTE, _GT, _GTE = AlertOperator.LT, AlertOperator.LTE, AlertOperator.GT, AlertOperator.GTE
_LOW, _MEDIUM = AlertSeverity.LOW, AlertSeverity.MEDIUM
_HIGH, _CRITICAL = AlertSeverity.HIGH, AlertSeverity.CRITICAL


@dataclass(frozen=True)
class Known:
    """A rule as it is shipped."""

    name: str
    type: AlertType
    metric: AlertMetric
    operator: AlertOperator
    threshold: Decimal
    severity: AlertSeverity
    lookback_days: int = 1
    basis: AlertBasis = AlertBasis.ABSOLUTE
    scope: AlertScope = AlertScope.CAMPAIGN
    also_metric: str = ""
    also_operator: str = ""
    also_threshold: Decimal | None = None
    is_enabled: bool = True


KNOWN: Final = (
    Known("ROI drop", AlertType.ROI_DROP, AlertMetric.ROAS, _LT, Decimal("1.5"), _HIGH, 7),
    Known("Cost spike", AlertType.COST_SPIKE, AlertMetric.SPEND, _GT, Decimal("500"), _MEDIUM),
    Known("Low conversion", AlertType.LOW_CONVERSION, AlertMetric.CVR, _LT, Decimal("0.03"),
          _MEDIUM, 7),
    Known("Clicks that do not convert", AlertType.ANOMALY, AlertMetric.CTR, _GT, Decimal("0.15"),
          _HIGH, 3, also_metric=AlertMetric.CVR, also_operator=_LT, also_threshold=Decimal("0.05")),
    Known("Engagement drop", AlertType.ENGAGEMENT_DROP, AlertMetric.ENGAGEMENT, _LTE,
          Decimal("0.7"), _LOW, 3, AlertBasis.OWN_MEAN),
    Known("Budget overrun", AlertType.BUDGET_OVERRUN, AlertMetric.TOTAL_BUDGET, _GT, Decimal("0.9"),
          _CRITICAL),
    Known("Budget running out", AlertType.BUDGET_OVERRUN, AlertMetric.TOTAL_BUDGET, _GTE,
          Decimal("0.8"), _MEDIUM, also_metric=AlertMetric.TOTAL_BUDGET, also_operator=_LTE,
          also_threshold=Decimal("0.9")),
    Known("Channel underperforms", AlertType.CHANNEL_UNDERPERFORM, AlertMetric.ROAS, _LT,
          Decimal("0.7"), _MEDIUM, 14, AlertBasis.PEER_MEAN, AlertScope.CHANNEL),
    Known("Low ROAS", AlertType.ROAS_LOW, AlertMetric.ROAS, _LT, Decimal("2"), _HIGH, 7),
    Known("ROAS to watch", AlertType.ROAS_WATCH, AlertMetric.ROAS, _LT, Decimal("3"), _MEDIUM, 7,
          is_enabled=False),
    Known("Low delivery", AlertType.LOW_DELIVERY, AlertMetric.DELIVERY, _LT, Decimal("1000"),
          _MEDIUM, is_enabled=False),
    Known("Daily budget spent", AlertType.BUDGET_EXHAUSTED, AlertMetric.DAILY_BUDGET, _GTE,
          Decimal("1"), _CRITICAL),
    Known("High cost per acquisition", AlertType.CPA_HIGH, AlertMetric.CPA, _GT, Decimal("100"),
          _HIGH, 7),
    Known("Ad disapproved", AlertType.AD_DISAPPROVED, AlertMetric.DISAPPROVED, _GTE, Decimal("1"),
          _CRITICAL),
    Known("CTR drop", AlertType.CTR_DROP, AlertMetric.CTR, _LTE, Decimal("0.8"), _MEDIUM, 3,
          AlertBasis.OWN_MEAN),
    Known("Conversion surge", AlertType.CONVERSION_SURGE, AlertMetric.CONVERSIONS, _GTE,
          Decimal("1.5"), _LOW, 1, AlertBasis.OWN_MEAN),
    Known("Prediction error", AlertType.PREDICTION_ERROR, AlertMetric.PREDICTION, _GTE,
          Decimal("0.3"), _LOW),
)  # fmt: skip


class RuleRefusedError(RefusedError):
    """A rule like that is not possible."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def ensure_rules(*, workspace: Workspace) -> dict[str, AlertRule]:
    """Make the shipped rules that a workspace lacks; returns all of its rules by name."""
    AlertRule.objects.bulk_create(
        [AlertRule(workspace=workspace, **asdict(known)) for known in KNOWN], ignore_conflicts=True
    )
    return {row.name: row for row in AlertRule.objects.filter(workspace=workspace)}


def first_rules(workspace: Workspace, by: User, now: datetime) -> None:
    """A new workspace begins with the shipped rules."""
    ensure_rules(workspace=workspace)


@transaction.atomic
def save_rule(
    *, workspace: Workspace, values: Mapping[str, Any], by: User, rule: AlertRule | None = None
) -> AlertRule:
    """Change a rule, or make one; what it says of open alerts is seen at the next check.

    Raises
    ------
    RuleRefusedError : a value is impossible; nothing is saved
    NotAllowedError : only admins set rules
    """
    require_admin(user=by, workspace=workspace)
    row = AlertRule(workspace=workspace)
    if rule is not None:
        row = AlertRule.objects.select_for_update().get(workspace=workspace, pk=rule.pk)
    for name, value in values.items():
        if name not in EDITABLE:
            raise RuleRefusedError("A rule has no such field.", name)
        setattr(row, name, value)
    _check(row)
    row.save()
    bump(workspace.pk, TOPIC)
    return row


def _check(row: AlertRule) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise RuleRefusedError(" ".join(messages), field.replace("__all__", "")) from None
