"""Carrying an ad change out on its platform: read, write, and what the answers mean.

Network only: nothing here opens a transaction. What must be written is in ``recording``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Any, Literal

from django.conf import settings

from campaigns.judging import ref_of
from campaigns.models import AdAccount
from campaigns.models import Platform as PlatformName
from campaigns.platforms.base import (
    Change,
    ChangeField,
    EntityState,
    LearningState,
    Platform,
    Receipt,
)
from campaigns.platforms.registry import build
from campaigns.selectors.policies import current_policy, limits_of
from workspaces.crypto import SecretUnreadableError, decrypt
from workspaces.gate import Outcome, PlanView, Reading
from workspaces.platforms.errors import ErrorKind, PlatformError, Usage

STOP_AT_PCT = 95.0
SLOW_AT_PCT = 75.0
THROTTLED_S = 300.0
SLOW_S = 60.0
AUTH_RETRY_S = 3600.0

# What each kind of error means for the gate; see the table in docs/platforms.md.
_MEANING = {
    ErrorKind.THROTTLED: "throttled",
    ErrorKind.TRANSIENT: "transient",
    ErrorKind.AUTH: "deferred",
    ErrorKind.PERMISSION: "refused",
    ErrorKind.INVALID: "refused",
    ErrorKind.ENTITY_LIMIT: "deferred",
    ErrorKind.GONE: "refused",
    ErrorKind.POLICY: "deferred",
    ErrorKind.UNKNOWN: "unknown",
}


_kept: ContextVar[dict[tuple[object, ...], Platform] | None] = ContextVar("kept", default=None)


@contextmanager
def kept_adapters() -> Iterator[None]:
    """Inside the block each account keeps one adapter, with its connection and what it learned."""
    adapters: dict[tuple[object, ...], Platform] = {}
    token = _kept.set(adapters)
    try:
        yield
    finally:
        _kept.reset(token)
        for adapter in adapters.values():
            adapter.close()


@contextmanager
def platform_of(account: AdAccount) -> Iterator[Platform]:
    """Adapter of an account's connection: the kept one, or one that is closed afterwards."""
    kept = _kept.get()
    if kept is None:
        adapter = _build(account)
        try:
            yield adapter
        finally:
            adapter.close()
        return
    connection = account.connection
    # New credentials or another address are another adapter, in the middle of a run too.
    key = (account.pk, connection and (connection.kind, connection.base_url, connection.secret))
    if key not in kept:
        kept[key] = _build(account)
    yield kept[key]


def _build(account: AdAccount) -> Platform:
    connection = account.connection
    if connection is None:
        raise PlatformError(
            ErrorKind.INVALID, f"{account.name} has no connection; connect it or do it by hand."
        )
    try:
        credentials = decrypt(connection.secret)
    except SecretUnreadableError as error:
        raise PlatformError(ErrorKind.AUTH, str(error)) from error
    return build(
        connection.kind,
        credentials=credentials,
        base_url=connection.base_url or None,
        allow_loopback=settings.ALLOW_SANDBOX,
    )


def account_of(plan: PlanView) -> AdAccount:
    """The ad account that a plan names."""
    named = plan.body["subject"]
    return AdAccount.objects.select_related("connection", "workspace").get(
        workspace=plan.workspace, platform=named["platform"], external_id=named["account"]
    )


def change_of(body: dict[str, Any]) -> Change:
    """The platform change of a plan: exactly the signed value."""
    field: ChangeField = body["operation"].removeprefix("set_")
    value = body["after"] if field == "status" else Decimal(body["after"])
    return Change(ref_of(body), field, value, body["currency"])


def send(plans: Sequence[PlanView]) -> list[Outcome]:
    """Write the signed values of one account, each once."""
    changes = [change_of(plan.body) for plan in plans]
    try:
        with platform_of(account_of(plans[0])) as adapter:
            answers = (
                adapter.apply_batch(changes) if len(changes) > 1 else [_apply(adapter, *changes)]
            )
    except PlatformError as error:
        # Nothing was sent: there is no adapter.
        return [outcome_of(error) for _ in plans]
    return [
        outcome_of(answer) if isinstance(answer, PlatformError) else _applied(answer)
        for answer in answers
    ]


def _apply(adapter: Platform, change: Change) -> Receipt | PlatformError:
    try:
        return adapter.apply(change)
    except PlatformError as error:
        return error


def _applied(receipt: Receipt) -> Outcome:
    facts = _usage_facts(receipt.usage)
    if receipt.effective_at:
        facts["effective_at"] = receipt.effective_at.isoformat()
    return Outcome(
        "applied",
        "The platform confirmed it.",
        request_id=receipt.request_id,
        response=dict(receipt.response),
        facts=facts,
    )


def outcome_of(error: PlatformError) -> Outcome:
    """What a platform's error means for the gate."""
    facts = _usage_facts(error.usage)
    if error.provider_code:
        facts["provider_code"] = f"{error.provider_code}/{error.provider_subcode}".rstrip("/")
    return Outcome(
        _MEANING[error.kind],  # type: ignore[arg-type]  # values are Outcome's words
        error.message,
        error_kind=error.kind.value,
        request_id=error.trace_id,
        response=error.response,
        retry_after_s=_wait(error),
        facts=facts,
    )


def _wait(error: PlatformError) -> float | None:
    if error.kind in (ErrorKind.AUTH, ErrorKind.POLICY):
        return AUTH_RETRY_S
    if error.kind in (ErrorKind.THROTTLED, ErrorKind.ENTITY_LIMIT):
        return error.retry_after_s or THROTTLED_S
    return error.retry_after_s


def _usage_facts(usage: Usage) -> dict[str, Any]:
    if usage.pct < SLOW_AT_PCT:
        return {}
    rest = usage.reset_after_s or (THROTTLED_S if usage.pct >= STOP_AT_PCT else SLOW_S)
    return {"usage_pct": f"{usage.pct:.1f}", "rest_s": rest}


def look(plans: Sequence[PlanView]) -> list[Reading]:
    """Read the live values of one account; hold each against its plan's 'before' and 'after'."""
    account = account_of(plans[0])
    changes = [change_of(plan.body) for plan in plans]
    try:
        with platform_of(account) as adapter:
            states = adapter.read_entities([change.ref for change in changes])
    except PlatformError as error:
        return [Reading("unknown", error=_read_error(error)) for _ in plans]
    limits = limits_of(current_policy(workspace=account.workspace, account=account))
    return [
        _reading(plan, change, state, limits.drift_pct)
        for plan, change, state in zip(plans, changes, states, strict=True)
    ]


def _reading(
    plan: PlanView, change: Change, state: EntityState | PlatformError, drift_pct: Decimal
) -> Reading:
    if isinstance(state, PlatformError):
        return Reading("unknown", error=_read_error(state))
    live = state.value_of(change.field)
    facts = {"learning": _learning_json(state.learning), "live": _text(live)}
    return Reading(
        _compare(plan, change, state, drift_pct),
        live={"value": _text(live)},
        facts=facts,
        words=_shown(plan, change, live),
    )


def _shown(plan: PlanView, change: Change, live: Decimal | str | None) -> str:
    """What the platform shows, in a sentence's beginning."""
    label = PlatformName(plan.body["subject"]["platform"]).label
    if live is None:
        return f"{label} shows no {change.field.replace('_', ' ')} now"
    currency = "" if change.field == "status" else f" {change.currency}"
    return f"{label} shows {_text(live)}{currency} now"


def _read_error(error: PlatformError) -> Outcome:
    outcome = outcome_of(error)
    if outcome.status != "unknown":
        return outcome
    # A read has no effect, so what is unclear about it is only worth another try.
    return Outcome("transient", outcome.message, outcome.error_kind, response=outcome.response)


def _compare(
    plan: PlanView, change: Change, state: EntityState, drift_pct: Decimal
) -> Literal["before", "after", "other"]:
    if state.holds(change):
        return "after"
    live, before = state.value_of(change.field), plan.body["before"]
    if change.field == "status" or live is None:
        return "before" if live == before else "other"
    expected = Decimal(before)
    drifted = abs(Decimal(live) - expected) * 100 > expected * drift_pct
    return "other" if drifted else "before"


def _text(value: Decimal | str | None) -> str | None:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _learning_json(learning: LearningState | None) -> dict[str, Any] | None:
    if learning is None:
        return None
    edited = learning.last_significant_edit_at
    return {
        "status": learning.status,
        "conversions": learning.conversions,
        "last_significant_edit_at": edited.isoformat() if edited else None,
    }
