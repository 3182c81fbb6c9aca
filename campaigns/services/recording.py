"""What an attempt leaves behind: history, mirror, learning facts, the account's health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pgbulk

from campaigns.judging import change_type_of
from campaigns.models import (
    Ad,
    AdAccount,
    AdChangeHistory,
    AdSet,
    Campaign,
    ChangeType,
    PendingAdChange,
)
from campaigns.selectors.subjects import MODELS
from workspaces.gate import Outcome
from workspaces.models import Connection, ConnectionStatus, ExecutionAttempt

End = tuple[ExecutionAttempt, Outcome]
Recorded = tuple[PendingAdChange, ExecutionAttempt, Outcome]

BREAKER_AFTER = 5  # errors in a row
BREAKER_REST = timedelta(minutes=15)

_LEARNED = [
    "learning_before",
    "learning_after",
    "reset_learning",
    "platform_request_id",
    "error_class",
    "error_message",
]
_CONNECTION_STATE = {
    "auth": ConnectionStatus.NEEDS_LOGIN,
    "policy": ConnectionStatus.STOPPED,
}


def record(ends: Sequence[End], *, now: datetime) -> list[Recorded]:
    """Write the rows of settled attempts of one account, in the settling transaction."""
    proposals = [attempt.plan.proposal for attempt, _ in ends]
    changes = {
        change.proposal_id: change
        for change in PendingAdChange.objects.select_related("account").filter(
            proposal__in=proposals
        )
    }
    recorded = [(changes[attempt.plan.proposal_id], attempt, outcome) for attempt, outcome in ends]
    AdChangeHistory.objects.bulk_create(_history(*row, now) for row in recorded)
    for change, attempt, outcome in recorded:
        _learn(change, attempt.facts, outcome)
        if outcome.status == "applied":
            change.platform_request_id = outcome.request_id[:120]
        change.error_class = outcome.error_kind
        change.error_message = "" if outcome.status == "applied" else outcome.message
    pgbulk.update(PendingAdChange, [change for change, _, _ in recorded], _LEARNED)
    contents = (
        (change, attempt.plan.content)
        for change, attempt, outcome in recorded
        if outcome.status == "applied"
    )
    mirror_values([(change, body, str(body["after"])) for change, body in contents], now=now)
    _account_health(recorded[0][0].account, [outcome for _, outcome in ends], now=now)
    return recorded


def _history(
    change: PendingAdChange, attempt: ExecutionAttempt, outcome: Outcome, now: datetime
) -> AdChangeHistory:
    plan, proposal = attempt.plan, attempt.plan.proposal
    body = plan.content
    return AdChangeHistory(
        workspace_id=change.workspace_id,
        proposal=proposal,
        attempt=attempt,
        account=change.account,
        entity_type=change.entity_type,
        entity_id=change.entity_id,
        entity_external_id=change.entity_external_id,
        campaign_id=change.campaign_id,
        change_type=change.change_type,
        old_value=body["before"],
        new_value=body["after"],
        currency=change.currency,
        change_pct=change.change_pct,
        triggered_by=proposal.proposer_type,
        proposer=proposal.proposer_label,
        model_version=proposal.proposer_label[:80] if proposal.proposer_type == "model" else "",
        confidence=plan.confidence,
        reason=proposal.reason,
        verdict=[[check["name"], check["verdict"]] for check in plan.verdict],
        queued_at=proposal.created_at,
        started_at=attempt.started_at,
        call_sent_at=attempt.call_sent_at,
        completed_at=now,
        duration_ms=max(0, int((now - attempt.started_at).total_seconds() * 1000)),
        status=attempt.outcome,
        platform_response={"request_id": outcome.request_id, **_short(outcome.facts)},
        error="" if outcome.status == "applied" else outcome.message,
    )


def _short(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the few facts worth a history row; the whole answer stays with the attempt."""
    kept = ("provider_code", "usage_pct", "by_hand", "held_by")
    return {key: facts[key] for key in kept if key in facts}


def _learn(change: PendingAdChange, before: dict[str, Any], outcome: Outcome) -> None:
    """Keep the learning state around the call: whether it was reset is a measured fact."""
    after = outcome.facts.get("learning")
    known_before = before.get("learning_before")
    change.learning_before, change.learning_after = known_before, after
    if outcome.status != "applied" or not known_before or not after:
        return
    key = "last_significant_edit_at"
    change.reset_learning = (after[key] or "") > (known_before[key] or "")


def mirror_values(
    shown: Sequence[tuple[PendingAdChange, dict[str, Any], str]], *, now: datetime
) -> None:
    """Take values that the platform shows for changes over into our mirrors of the entities."""
    rows: dict[tuple[str, str], list[Campaign | AdSet | Ad]] = {}
    for change, body, value in shown:
        field = str(body["operation"]).removeprefix("set_")
        is_status = change_type_of(body) == ChangeType.STATUS
        new = {field: value if is_status else Decimal(value), "mirrored_at": now}
        if body["subject"]["level"] == "budget":
            Campaign.objects.filter(
                account=change.account, budget_external_id=body["subject"]["external_id"]
            ).update(**new)
        else:
            row = MODELS[change.entity_type](pk=change.entity_id, **new)
            rows.setdefault((change.entity_type, field), []).append(row)
    for (entity_type, field), mirrored in rows.items():
        pgbulk.update(MODELS[entity_type], mirrored, [field, "mirrored_at"])


def _account_health(account: AdAccount, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Throttling, usage headers and errors in a row rest the account; bad tokens the connection."""
    rests = [rest for outcome in outcomes if (rest := _rest_s(outcome))]
    if (
        not rests
        and not account.consecutive_errors
        and all(o.status == "applied" for o in outcomes)
    ):
        return
    account = AdAccount.objects.select_for_update().get(pk=account.pk)
    blocked_until = now + timedelta(seconds=max(rests)) if rests else None
    errors = account.consecutive_errors
    for outcome in outcomes:
        if state := _CONNECTION_STATE.get(outcome.error_kind):
            Connection.objects.filter(ad_accounts=account).update(
                status=state, last_error=outcome.message, last_error_at=now
            )
        if outcome.status == "applied":
            errors = 0
        elif outcome.status == "transient":
            errors += 1
        if errors >= BREAKER_AFTER:
            errors, blocked_until = 0, now + BREAKER_REST
    changes: dict[str, Any] = {}
    if blocked_until:
        changes["blocked_until"] = blocked_until
    if errors != account.consecutive_errors:
        changes["consecutive_errors"] = errors
    if changes:
        AdAccount.objects.filter(pk=account.pk).update(**changes)


def _rest_s(outcome: Outcome) -> float:
    if outcome.status == "throttled":
        return outcome.retry_after_s or 0.0
    return float(outcome.facts.get("rest_s") or 0)
