"""The safety policy: saved as versions, and confirmed by a second person where it loosens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from campaigns.models import AdAccount, SafetyPolicy
from campaigns.selectors.policies import current_policy, limits_of
from workspaces.gate import NotAllowedError, RequestError, StateError
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.selectors import effective_rank
from workspaces.services.live import bump
from workspaces.services.locks import lock_names

# The direction in which a field allows more.
_LOOSER_UP = frozenset({
    "rate_campaign_hour", "rate_workspace_day", "platform_rate_hour", "velocity_pct",
    "max_daily_budget", "max_workspace_daily_total", "max_change_pct", "learning_edit_pct",
    "freshness_h", "drift_pct", "auto_max_change_pct", "auto_max_increase", "auto_max_result",
    "four_eyes_result", "high_pause_spend", "high_change_pct", "medium_change_pct", "expiry_h",
    "kill_pipeline_roas", "max_budget_change", "auto_approve_enabled", "fuzz_pct",
})  # fmt: skip
_LOOSER_DOWN = frozenset({
    "jitter_min_ms", "jitter_max_ms", "velocity_window_h", "min_daily_budget",
    "auto_min_confidence", "medium_confidence", "ignorance_zone_days", "ignorance_zone_spend",
    "min_spend_for_kill", "confidence_threshold", "scale_pipeline_roas",
})  # fmt: skip
_FIXED = frozenset({
    "id", "workspace", "account", "version", "why", "created_by", "created_at", "loosens",
    "confirmed_by", "effective_at", "withdrawn_at",
})  # fmt: skip

EDITABLE = tuple(
    field.name for field in SafetyPolicy._meta.concrete_fields if field.name not in _FIXED
)


def save_policy(
    *,
    workspace: Workspace,
    values: Mapping[str, Any],
    by: User,
    now: datetime,
    account: AdAccount | None = None,
    why: str = "",
) -> SafetyPolicy:
    """Save a new version with some fields changed; a stricter or equal one holds at once.

    Raises
    ------
    NotAllowedError : only admins set policy
    RequestError : a field is unknown or its value impossible; nothing is saved
    """
    _require(by, workspace, Role.ADMIN, now, "Setting the safety policy needs the role of admin.")
    with transaction.atomic():
        lock_names([f"policy:{workspace.pk}"])
        policy = draft_policy(workspace=workspace, account=account, values=values)
        before = current_policy(workspace=workspace, account=account)
        policy.version = _next_version(workspace, account)
        policy.why = why[:300]
        policy.created_by = by
        policy.created_at = now
        policy.loosens = loosened(before, policy)
        policy.effective_at = None if policy.loosens else now
        policy.save(force_insert=True)
        bump(workspace.pk, "policy")
    return policy


def draft_policy(
    *, workspace: Workspace, values: Mapping[str, Any], account: AdAccount | None = None
) -> SafetyPolicy:
    """Unsaved policy with some fields changed, checked like one that is saved."""
    if account is not None and account.workspace_id != workspace.pk:
        raise RequestError("account", "There is no such ad account in this workspace.")
    standing = current_policy(workspace=workspace, account=account)
    policy = SafetyPolicy(
        workspace=workspace,
        account=account,
        version=standing.version,
        **{name: getattr(standing, name) for name in EDITABLE},
    )
    for name, value in values.items():
        if name not in EDITABLE:
            raise RequestError(name, "The safety policy has no such field.")
        setattr(policy, name, _emptied(name, value))
    _check(policy)
    return policy


def _emptied(name: str, value: Any) -> Any:
    """Take a form's empty text for 'no limit' where a field knows none."""
    is_open = SafetyPolicy._meta.get_field(name).null
    return None if is_open and isinstance(value, str) and not value.strip() else value


def _check_blackouts(policy: SafetyPolicy) -> None:
    try:
        for day, start, end in policy.blackout_weekly:
            if int(day) not in range(7):
                raise ValueError(day)
            time.fromisoformat(start), time.fromisoformat(end)
    except (TypeError, ValueError) as error:
        example = '[[5, "22:00", "06:00"]], where 0 is Monday'
        raise RequestError("blackout_weekly", f"Write windows as {example}.") from error
    try:
        for written in policy.blackout_dates:
            date.fromisoformat(written)
    except (TypeError, ValueError) as error:
        raise RequestError("blackout_dates", 'Write dates as ["2026-12-24"].') from error


def _check(policy: SafetyPolicy) -> None:
    _check_blackouts(policy)
    try:
        policy.clean_fields(exclude=[*_FIXED])
        policy.validate_constraints(exclude=[*_FIXED])
        limits_of(policy)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise RequestError(field.replace("__all__", "policy"), " ".join(messages)) from error
    except (ValueError, TypeError) as error:
        field = str(error).split(maxsplit=1)[0].rstrip(":")
        raise RequestError(field if field in EDITABLE else "policy", str(error)) from error


def _next_version(workspace: Workspace, account: AdAccount | None) -> int:
    newest = (
        SafetyPolicy.objects.filter(workspace=workspace, account=account)
        .order_by("-version")
        .first()
    )
    return newest.version + 1 if newest else 1


def loosened(before: SafetyPolicy, after: SafetyPolicy) -> list[str]:
    """Fields in which ``after`` allows more than ``before``."""
    return [
        name for name in EDITABLE if _is_looser(name, getattr(before, name), getattr(after, name))
    ]


def _is_looser(name: str, old: Any, new: Any) -> bool:
    if old == new:
        return False
    if name in ("blackout_weekly", "blackout_dates"):
        return any(window not in new for window in old)
    if name in ("learning_mode", "ignorance_rule"):
        return bool(new in ("warning", "and"))
    if name in _LOOSER_UP:
        return _above(new, old)
    if name in _LOOSER_DOWN:
        return _above(old, new)
    return False


def _above(left: Decimal | int | None, right: Decimal | int | None) -> bool:
    """Whether a limit is higher; none at all is the highest."""
    if left is None or right is None:
        return left is None
    return left > right


def confirm_policy(*, policy: SafetyPolicy, by: User, now: datetime) -> SafetyPolicy:
    """Put a loosening version in force: a second admin or approver agrees.

    Raises
    ------
    StateError : it holds already, was withdrawn, or a newer version exists
    NotAllowedError : rank too low, or the person who made it
    """
    _require(
        by, policy.workspace, Role.APPROVER, now, "Confirming a policy needs the role of approver."
    )
    with transaction.atomic():
        lock_names([f"policy:{policy.workspace_id}"])
        policy = SafetyPolicy.objects.select_related("workspace").get(pk=policy.pk)
        if policy.effective_at or policy.withdrawn_at:
            raise StateError("This version was decided already.")
        if policy.created_by_id == by.pk:
            raise NotAllowedError("You made this version, so another person has to confirm it.")
        if policy.version != _next_version(policy.workspace, policy.account) - 1:
            raise StateError("A newer version exists; look at that one.")
        policy.confirmed_by = by
        policy.effective_at = now
        policy.save(update_fields=["confirmed_by", "effective_at"])
        bump(policy.workspace_id, "policy")
    return policy


def withdraw_policy(*, policy: SafetyPolicy, by: User, now: datetime) -> SafetyPolicy:
    """Drop a version that waits for confirmation."""
    _require(by, policy.workspace, Role.APPROVER, now, "This needs the role of approver.")
    changed = SafetyPolicy.objects.filter(
        pk=policy.pk, effective_at=None, withdrawn_at=None
    ).update(withdrawn_at=now)
    if not changed:
        raise StateError("This version was decided already.")
    policy.refresh_from_db()
    return policy


def _require(by: User, workspace: Workspace, role: Role, now: datetime, message: str) -> None:
    if effective_rank(user=by, workspace=workspace, now=now) < role.rank:
        raise NotAllowedError(message)
