"""Rows of campaigns, read as facts, series and subjects."""

from campaigns.selectors.money import budgets_total, exchange_rate
from campaigns.selectors.policies import current_policy, limits_of
from campaigns.selectors.series import OwnerSeries, owner_series, performance_known_until
from campaigns.selectors.situation import Situation
from campaigns.selectors.subjects import Subject, find_subject, subject_of

__all__ = [
    "OwnerSeries",
    "Situation",
    "Subject",
    "budgets_total",
    "current_policy",
    "exchange_rate",
    "find_subject",
    "limits_of",
    "owner_series",
    "performance_known_until",
    "subject_of",
]
