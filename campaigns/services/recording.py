"""What an attempt leaves behind: history, mirror, learning facts, the account's health."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F

from campaigns.judging import change_type_of
from campaigns.models import AdAccount, AdChangeHistory, Campaign, ChangeType, PendingAdChange
from campaigns.selectors.subjects import MODELS
from workspaces.gate import Outcome
from workspaces.models import Connection, ConnectionStatus, ExecutionAttempt, Proposal

BREAKER_AFTER = 5  # errors in a row
BREAKER_REST = timedelta(minutes=15)

_LEARNED = (
    "learning_before",
    "learning_after",
    "reset_learning",
    "platform_request_id",
    "error_class",
    "error_message",
)
_CONNECTION_STATE = {
    "auth": ConnectionStatus.NEEDS_LOGIN,
    "policy": ConnectionStatus.STOPPED,
}


def record(attempt: ExecutionAttempt, outcome: Outcome, *, now: datetime) -> PendingAdChange:
    """Write the rows of a settled attempt, in the settling transaction."""
    proposal = attempt.plan.proposal
    change = PendingAdChange.objects.select_related("account").get(proposal=proposal)
    body = attempt.plan.content
    _history(attempt, change, proposal, outcome, now)
    _learn(change, attempt.facts, outcome)
    if outcome.status == "applied":
        mirror_value(change, body, str(body["after"]), now=now)
        change.platform_request_id = outcome.request_id[:120]
    change.error_class = outcome.error_kind
    change.error_message = "" if outcome.status == "applied" else outcome.message
    change.save(update_fields=_LEARNED)
    _account_health(change.account, outcome, now=now)
    return change


def _history(
    attempt: ExecutionAttempt,
    change: PendingAdChange,
    proposal: Proposal,
    outcome: Outcome,
    now: datetime,
) -> None:
    plan = attempt.plan
    AdChangeHistory.objects.create(
        workspace_id=change.workspace_id,
        proposal=proposal,
        attempt=attempt,
        account=change.account,
        entity_type=change.entity_type,
        entity_id=change.entity_id,
        entity_external_id=change.entity_external_id,
        campaign_id=change.campaign_id,
        change_type=change.change_type,
        old_value=plan.content["before"],
        new_value=plan.content["after"],
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


def mirror_value(
    change: PendingAdChange, body: dict[str, Any], value: str, *, now: datetime
) -> None:
    """Take a value that the platform shows over into our mirror of the entity."""
    change_type = change_type_of(body)
    field = str(body["operation"]).removeprefix("set_")
    new: Decimal | str = value if change_type == ChangeType.STATUS else Decimal(value)
    update = {field: new, "mirrored_at": now}
    if body["subject"]["level"] == "budget":
        Campaign.objects.filter(
            account=change.account, budget_external_id=body["subject"]["external_id"]
        ).update(**update)
    else:
        MODELS[change.entity_type]._default_manager.filter(pk=change.entity_id).update(**update)


def _account_health(account: AdAccount, outcome: Outcome, *, now: datetime) -> None:
    """Throttling, usage headers and errors in a row rest the account; bad tokens the connection."""
    if state := _CONNECTION_STATE.get(outcome.error_kind):
        Connection.objects.filter(ad_accounts=account).update(
            status=state, last_error=outcome.message, last_error_at=now
        )
    rest_s = outcome.facts.get("rest_s")
    if outcome.status == "throttled":
        rest_s = outcome.retry_after_s
    changes: dict[str, Any] = {}
    if rest_s:
        changes["blocked_until"] = now + timedelta(seconds=float(rest_s))
    if outcome.status == "applied" and account.consecutive_errors:
        changes["consecutive_errors"] = 0
    elif outcome.status == "transient":
        changes["consecutive_errors"] = F("consecutive_errors") + 1
        if account.consecutive_errors + 1 >= BREAKER_AFTER:
            changes["blocked_until"] = now + BREAKER_REST
            changes["consecutive_errors"] = 0
    if changes:
        AdAccount.objects.filter(pk=account.pk).update(**changes)
