"""Millions of waiting changes and of history, in a workspace of their own, to measure pages on.

Rows go in by ``COPY`` and meet every constraint and trigger of the tables. Each batch is one
transaction; a run that was stopped goes on where it ended.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction

from campaigns.models import AdAccount, AdChangeHistory, AdSet, Campaign, PendingAdChange
from workspaces.gate import canonical, digest
from workspaces.ids import uuid7
from workspaces.models import ExecutionAttempt, Plan, Proposal, Workspace

SLUG = "loadset"
NAME = "Load set (made by a command)"
CAMPAIGNS, AD_SETS = 100, 1000
BATCH = 10_000
ATTEMPTS_EACH = 10  # history rows of one proposal
_HISTORY_DAYS = 900
# Measured, indexes included.
_BYTES_A_PROPOSAL, _BYTES_A_HISTORY_ROW = 5_000, 1_000

Progress = Callable[[str, int, int], None]
Row = Sequence[object]


class LoadsetError(Exception):
    """It cannot be built here, with a sentence that says why."""


@dataclass(frozen=True)
class _Entities:
    workspace: Workspace
    account: AdAccount
    ad_sets: list[AdSet]


def load(
    *, proposals: int, history: int, now: datetime, tell: Progress = lambda *_: None
) -> Workspace:
    """Fill the workspace up to so many pending proposals and history rows.

    Raises
    ------
    LoadsetError : the slug belongs to a workspace of people, sizes do not fit, no room on disk
    """
    if history > proposals * ATTEMPTS_EACH:
        raise LoadsetError(
            f"Each proposal takes {ATTEMPTS_EACH} history rows: ask for at least "
            f"{-(-history // ATTEMPTS_EACH):,} proposals."
        )
    entities = _entities()
    made, written = _counts(entities.workspace)
    _require_room(max(0, proposals - made), max(0, history - written))
    for start, size in _batches(made, proposals):
        with transaction.atomic():
            _proposals(entities, start, size, now)
        tell("proposals", start + size, proposals)
    plans = _PlanIds(entities.workspace, proposals)
    for start, size in _batches(written, history):
        with transaction.atomic():
            _history(entities, plans, start, size, now)
        tell("history rows", start + size, history)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(m._meta.db_table for m in _TABLES)}")  # names of ours
    return entities.workspace


_TABLES = (Proposal, Plan, PendingAdChange, ExecutionAttempt, AdChangeHistory)


def _batches(made: int, wanted: int) -> Iterator[tuple[int, int]]:
    for start in range(made, wanted, BATCH):
        yield start, min(BATCH, wanted - start)


def _entities() -> _Entities:
    workspace, is_new = Workspace.objects.get_or_create(slug=SLUG, defaults={"name": NAME})
    if workspace.name != NAME:
        raise LoadsetError(
            f"The workspace {SLUG!r} is “{workspace.name}” and not one of this command. "
            "Nothing was written; use another database."
        )
    if is_new or not AdAccount.objects.filter(workspace=workspace).exists():
        with transaction.atomic():
            _make_entities(workspace)
    account = AdAccount.objects.get(workspace=workspace, external_id=SLUG)
    ad_sets = list(AdSet.objects.filter(account=account).order_by("pk"))
    return _Entities(workspace, account, ad_sets)


def _make_entities(workspace: Workspace) -> None:
    account = AdAccount.objects.create(
        workspace=workspace, platform="meta", external_id=SLUG, name="Load", currency="USD"
    )
    campaigns = Campaign.objects.bulk_create(
        Campaign(workspace=workspace, account=account, external_id=f"c{i}", name=f"Campaign {i}")
        for i in range(CAMPAIGNS)
    )
    AdSet.objects.bulk_create(
        AdSet(
            workspace=workspace,
            account=account,
            campaign=campaigns[i % CAMPAIGNS],
            external_id=f"s{i}",
            name=f"Ad set {i}",
            daily_budget=Decimal(100),
        )
        for i in range(AD_SETS)
    )


def _counts(workspace: Workspace) -> tuple[int, int]:
    return (
        Proposal.objects.filter(workspace=workspace).count(),
        AdChangeHistory.objects.filter(workspace=workspace).count(),
    )


def _require_room(proposals: int, history: int) -> None:
    """Refuse before the disk is full; a server on another machine cannot be asked."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        directory = Path(cursor.fetchone()[0])
    if not directory.exists():
        return
    needed = proposals * _BYTES_A_PROPOSAL + history * _BYTES_A_HISTORY_ROW
    free = shutil.disk_usage(directory).free
    # The write-ahead log and whatever else lives there need room too.
    if free < needed * 1.5 + 2 * 1024**3:
        raise LoadsetError(
            f"It needs about {needed / 1e9:.1f} GB and half as much to work with; "
            f"{directory} has {free / 1e9:.1f} GB free. Ask for fewer rows, or make room."
        )


def _proposals(entities: _Entities, start: int, size: int, now: datetime) -> None:
    ids, plan_ids = _new_ids(Proposal, size), _new_ids(Plan, size)
    numbered = list(zip(range(start, start + size), ids, plan_ids, strict=True))
    _copy(Proposal, _PROPOSAL, (_proposal(entities, *row[:2], now) for row in numbered))
    _copy(Plan, _PLAN, (_plan(entities, *row, now) for row in numbered))
    # A proposal is born without a plan, so it learns of its own afterwards.
    with connection.cursor() as cursor:
        cursor.execute(_NAME_PLANS, [ids, plan_ids])
    _copy(PendingAdChange, _PENDING, (_pending(entities, *row[:2]) for row in numbered))


_NAME_PLANS = """
UPDATE workspaces_proposal p SET current_plan_id = own.plan_id
  FROM unnest(%s::bigint[], %s::bigint[]) AS own (id, plan_id) WHERE p.id = own.id
"""
_PROPOSAL = (
    "id", "public_id", "workspace_id", "kind", "subject_key", "subject_label", "summary", "reason",
    "status", "risk", "money_at_stake", "proposer_type", "proposer_key", "proposer_label",
    "idempotency_key", "request", "created_at", "expires_at", "reminders_sent",
    "decision_reason", "waiting_for", "attempts", "lane", "claimed_by", "last_error", "updated_at",
)  # fmt: skip
_PLAN = (
    "id", "proposal_id", "version", "body", "sha256", "policy_version", "verdict", "risk",
    "rank_required", "signatures_required", "policy_may_sign", "is_blocked", "editor_may_sign",
    "predicted", "confidence", "evidence", "why", "created_at",
)  # fmt: skip
_PENDING = (
    "proposal_id", "workspace_id", "account_id", "entity_type", "entity_id", "entity_external_id",
    "entity_name", "campaign_id", "change_type", "current_value", "requested_value", "final_value",
    "currency", "change_pct", "fuzz_pct", "platform_request_id", "error_class", "error_message",
)  # fmt: skip
_ATTEMPT = (
    "id", "plan_id", "number", "worker", "started_at", "call_sent_at", "settled_at", "outcome",
    "error_kind", "error", "request_id", "response", "facts",
)  # fmt: skip
_HISTORY = (
    "workspace_id", "proposal_id", "attempt_id", "account_id", "entity_type", "entity_id",
    "entity_external_id", "campaign_id", "change_type", "old_value", "new_value", "currency",
    "change_pct", "triggered_by", "proposer", "model_version", "confidence", "reason", "verdict",
    "override", "queued_at", "started_at", "call_sent_at", "completed_at", "duration_ms", "status",
    "platform_response", "error",
)  # fmt: skip
_VERDICT = json.dumps(
    [
        {"name": name, "verdict": "passed", "why": "Within the limit.", "not_before": None}
        for name in ("rate", "velocity", "bounds", "learning", "freshness")
    ]
)
_RISKS = ("low", "low", "low", "medium", "medium", "high")


def _after(number: int) -> Decimal:
    return Decimal(100) + Decimal(1 + number % 2000) / 100


def _proposal(entities: _Entities, number: int, pk: int, now: datetime) -> Row:
    ad_set, after = entities.ad_sets[number % AD_SETS], _after(number)
    summary = f"{ad_set.name}: budget 100 → {after} USD (+{after - 100} %)."
    return (
        pk, uuid7(), entities.workspace.pk, "ad_change", f"meta:{SLUG}:adset:{number}:budget",
        ad_set.name, summary, "It pays.", "pending", _RISKS[number % 6], after - 100, "model",
        "model:loadset", "loadset v1", "", "{}", now,
        now + timedelta(hours=24, seconds=number % 86_400), 0, "", "", 0, "", "", "", now,
    )  # fmt: skip


def _plan(entities: _Entities, number: int, proposal_id: int, pk: int, now: datetime) -> Row:
    ad_set, after = entities.ad_sets[number % AD_SETS], _after(number)
    body = canonical(
        {
            "handler_version": 1,
            "kind": "ad_change",
            "workspace": SLUG,
            "subject": {
                "id": str(ad_set.public_id),
                "type": "adset",
                "platform": "meta",
                "account": SLUG,
                "level": "adset",
                "external_id": ad_set.external_id,
            },
            "operation": "set_daily_budget",
            "before": "100",
            "after": str(after),
            "currency": "USD",
            "not_before": None,
        }
    )
    predicted = {
        "metric": "revenue",
        "delta": "12.50",
        "low": "-3.10",
        "high": "28.90",
        "horizon_days": 7,
        "currency": "USD",
    }
    return (
        pk, proposal_id, 1, body, digest(body), "safety policy v0", _VERDICT, _RISKS[number % 6],
        "approver", 1, "f", "f", "f", json.dumps(predicted), "0.8000", "{}", "", now,
    )  # fmt: skip


def _pending(entities: _Entities, number: int, proposal_id: int) -> Row:
    ad_set, after = entities.ad_sets[number % AD_SETS], _after(number)
    value = json.dumps(str(after))
    return (
        proposal_id, entities.workspace.pk, entities.account.pk, "adset", ad_set.pk,
        ad_set.external_id, ad_set.name, ad_set.campaign_id, "budget", '"100"', value, value,
        "USD", after - 100, 0, "", "", "",
    )  # fmt: skip


class _PlanIds:
    """Proposals with their plans, by position."""

    def __init__(self, workspace: Workspace, count: int) -> None:
        rows = Proposal.objects.filter(workspace=workspace).order_by("pk")
        self._pairs = list(rows.values_list("pk", "current_plan_id")[:count])

    def of(self, number: int) -> tuple[int, int]:
        """Proposal and plan that a history row is about."""
        proposal_id, plan_id = self._pairs[number // ATTEMPTS_EACH]
        return proposal_id, plan_id or 0


def _history(entities: _Entities, plans: _PlanIds, start: int, size: int, now: datetime) -> None:
    numbered = list(zip(range(start, start + size), _new_ids(ExecutionAttempt, size), strict=True))
    _copy(ExecutionAttempt, _ATTEMPT, (_attempt(plans, *row, now) for row in numbered))
    _copy(AdChangeHistory, _HISTORY, (_past(entities, plans, *row, now) for row in numbered))


def _moment(number: int, now: datetime) -> datetime:
    """Spread over years, so that no window of a limit holds more than it could in life."""
    age_s = 86_400 + (number * 7919) % (_HISTORY_DAYS * 86_400)
    return now - timedelta(seconds=age_s)


def _attempt(plans: _PlanIds, number: int, pk: int, now: datetime) -> Row:
    _, plan_id = plans.of(number)
    at = _moment(number, now)
    return (
        pk, plan_id, number % ATTEMPTS_EACH + 1, "loadset", at, at, at, "applied", "", "", "",
        "{}", "{}",
    )  # fmt: skip


def _past(entities: _Entities, plans: _PlanIds, number: int, attempt_id: int, now: datetime) -> Row:
    proposal_id, _ = plans.of(number)
    ad_set, at = entities.ad_sets[number % AD_SETS], _moment(number, now)
    return (
        entities.workspace.pk, proposal_id, attempt_id, entities.account.pk, "adset", ad_set.pk,
        ad_set.external_id, ad_set.campaign_id, "budget", '"100"', f'"{_after(number)}"', "USD",
        "5.00", "model", "loadset v1", "", "0.8000", "It pays.", '[["rate","passed"]]', "", at, at,
        at, at, 412, "applied", "{}", "",
    )  # fmt: skip


def _new_ids(model: type[Proposal | Plan | ExecutionAttempt], count: int) -> list[int]:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _copy(model: type, columns: Sequence[str], rows: Iterable[Row]) -> None:
    table = model._meta.db_table  # type: ignore[attr-defined]  # a Django model
    text = io.StringIO()
    text.writelines("\t".join(map(_field, row)) + "\n" for row in rows)
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", text)


def _field(value: object) -> str:
    """Text form of COPY. Nothing here holds a tab or a line end; JSON may hold backslashes."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value).replace("\\", "\\\\")
