"""Alerts: lines that figures crossed, told once, and the rules that draw the lines."""

from campaigns.services.alerts.checking import ALERTS_JOB, check_alerts, check_job
from campaigns.services.alerts.reading import mark_read, mark_unread
from campaigns.services.alerts.rules import RuleRefusedError, ensure_rules, first_rules, save_rule

__all__ = [
    "ALERTS_JOB",
    "RuleRefusedError",
    "check_alerts",
    "check_job",
    "ensure_rules",
    "first_rules",
    "mark_read",
    "mark_unread",
    "save_rule",
]
