"""The safety policy in force."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from decimal import Decimal

from campaigns.engine.limits import Limits
from campaigns.models import AdAccount, SafetyPolicy
from workspaces.models import Workspace

_SHARES = ("auto_min_confidence", "medium_confidence", "confidence_threshold", "max_budget_change")
_NUMBERS = (
    "ignorance_zone_days", "kill_pipeline_roas", "scale_pipeline_roas", "roas_threshold",
)  # fmt: skip


def current_policy(*, workspace: Workspace, account: AdAccount | None = None) -> SafetyPolicy:
    """Newest policy in force for an account, else for its workspace; the defaults before any."""
    policies = SafetyPolicy.objects.filter(workspace=workspace, effective_at__isnull=False)
    scopes = [account, None] if account is not None else [None]
    for scope in scopes:
        if found := policies.filter(account=scope).order_by("-version").first():
            return found
    return SafetyPolicy(workspace=workspace, version=0)


def limits_of(policy: SafetyPolicy) -> Limits:
    """Plain values of a policy for the engine."""
    values = {field.name: getattr(policy, field.name) for field in fields(Limits)}
    for name in (*_SHARES, *_NUMBERS):
        values[name] = float(values[name])
    for name in ("velocity_window_h", "freshness_h", "expiry_h"):
        values[name] = Decimal(values[name])
    values["blackout_weekly"] = tuple(
        (int(day), dt.time.fromisoformat(start), dt.time.fromisoformat(end))
        for day, start, end in policy.blackout_weekly
    )
    values["blackout_dates"] = tuple(dt.date.fromisoformat(day) for day in policy.blackout_dates)
    return Limits(**values)
