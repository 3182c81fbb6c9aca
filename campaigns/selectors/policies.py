"""The safety policy in force."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from decimal import Decimal
from typing import get_type_hints

from django.db.models import F, Q

from campaigns.engine.limits import Limits
from campaigns.models import AdAccount, SafetyPolicy
from workspaces.models import Workspace

# How the engine wants each number, whatever type the row or a default has.
_NUMBERS: dict[str, type[Decimal] | type[float]] = {
    name: Decimal if "Decimal" in str(hint) else float
    for name, hint in get_type_hints(Limits).items()
    if "Decimal" in str(hint) or hint is float
}


def current_policy(*, workspace: Workspace, account: AdAccount | None = None) -> SafetyPolicy:
    """Newest policy in force for an account, else for its workspace; the defaults before any."""
    policies = SafetyPolicy.objects.filter(workspace=workspace, effective_at__isnull=False)
    scope = Q(account=None) if account is None else Q(account=None) | Q(account=account)
    # An override of the account, however old, stands before the workspace's policy.
    found = policies.filter(scope).order_by(F("account").asc(nulls_last=True), "-version").first()
    return found or SafetyPolicy(workspace=workspace, version=0)


def limits_of(policy: SafetyPolicy) -> Limits:
    """Plain values of a policy for the engine."""
    values = {field.name: getattr(policy, field.name) for field in fields(Limits)}
    for name, kind in _NUMBERS.items():
        values[name] = None if values[name] is None else kind(values[name])
        if isinstance(values[name], Decimal):
            values[name] = values[name].normalize()  # 100, not 100.000000, in sentences
    values["blackout_weekly"] = tuple(
        (int(day), dt.time.fromisoformat(start), dt.time.fromisoformat(end))
        for day, start, end in policy.blackout_weekly
    )
    values["blackout_dates"] = tuple(dt.date.fromisoformat(day) for day in policy.blackout_dates)
    return Limits(**values)
