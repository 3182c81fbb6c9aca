"""Drift: what the platform does now against what people signed last."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from campaigns.models import (
    AdChangeHistory,
    AdSet,
    Campaign,
    ChangeType,
    EntityType,
    Resolution,
    SignalSeverity,
    SignalType,
)
from campaigns.services.signals.seen import Seen
from workspaces.models import Workspace
from workspaces.selectors import rates_of

# A change that nobody asked about for longer has been lived with.
SINCE: Final = timedelta(days=30)
CRITICAL_PCT: Final = 25


def drifts(workspace: Workspace, *, today: date) -> list[Seen]:
    """Campaigns and ad sets whose budget or status is not what was last signed and sent.

    One signal per campaign, which names its largest difference. The platform must have been read
    since the change was made.
    """
    found: dict[int, tuple[Decimal, AdChangeHistory, Any]] = {}
    entities = _entities(workspace, today)
    rates = rates_of(
        workspace=workspace, currencies={row.currency for row, _ in entities}, on=today
    )
    for row, entity in entities:
        live = _live(row, entity)
        if live is None or _equal(live, row.new_value):
            continue
        money = _money(row, live, rates)
        if row.campaign_id not in found or money > found[row.campaign_id][0]:
            found[row.campaign_id] = (money, row, live)
    return [_as_seen(money, row, live, today) for money, row, live in found.values()]


def _entities(workspace: Workspace, today: date) -> list[tuple[AdChangeHistory, Campaign | AdSet]]:
    """The newest applied change of each entity and field, with the entity as it was read since."""
    rows = (
        AdChangeHistory.objects.filter(
            workspace=workspace,
            status="applied",
            change_type__in=(ChangeType.BUDGET, ChangeType.STATUS),
            entity_type__in=(EntityType.CAMPAIGN, EntityType.ADSET),
            completed_at__date__gte=today - SINCE,
        )
        .select_related("proposal__current_plan")
        .order_by("entity_type", "entity_id", "change_type", "-completed_at", "-pk")
        .distinct("entity_type", "entity_id", "change_type")
    )
    changes = list(rows)
    owners: dict[tuple[str, int], Campaign | AdSet] = {}
    for kind, model in ((EntityType.CAMPAIGN, Campaign), (EntityType.ADSET, AdSet)):
        ids = [row.entity_id for row in changes if row.entity_type == kind]
        for entity in model._default_manager.filter(workspace=workspace, pk__in=ids):
            owners[kind, entity.pk] = entity
    pairs = [(row, owners.get((row.entity_type, row.entity_id))) for row in changes]
    return [
        (row, entity)
        for row, entity in pairs
        if entity is not None and entity.mirrored_at and entity.mirrored_at > row.completed_at
    ]


def _live(row: AdChangeHistory, entity: Campaign | AdSet) -> Decimal | str | None:
    if row.change_type == ChangeType.STATUS:
        return str(entity.status)
    plan = row.proposal.current_plan
    operation = plan.content["operation"] if plan else "set_daily_budget"
    value: Decimal | None = getattr(entity, str(operation).removeprefix("set_"), None)
    return value


def _equal(live: Decimal | str, signed: Any) -> bool:
    return live == signed if isinstance(live, str) else live == Decimal(str(signed))


def _money(row: AdChangeHistory, live: Decimal | str, rates: dict[str, Decimal]) -> Decimal:
    """Difference a week in the workspace's money; a switched status has none of its own."""
    rate = rates.get(row.currency)
    if isinstance(live, str) or rate is None:
        return Decimal(0)
    return abs(live - Decimal(str(row.new_value))) * rate * 7


def _as_seen(money: Decimal, row: AdChangeHistory, live: Decimal | str, today: date) -> Seen:
    unit = "" if isinstance(live, str) else f" {row.currency}"
    shown = live if isinstance(live, str) else f"{live.normalize():f}"
    name, field = row.proposal.subject_label, row.get_change_type_display().lower()
    text = (
        f"{name}: the {field} stands at {shown}{unit} on the platform; {row.new_value}{unit} was"
        f" signed and sent on {row.completed_at:%Y-%m-%d}."
    )
    return Seen(
        type=SignalType.DRIFT,
        severity=SignalSeverity.CRITICAL if _is_large(live, row) else SignalSeverity.WARNING,
        channel="",
        campaign_id=row.campaign_id,
        began_on=today,
        detected_on=today,
        seen_on=today,
        ended_on=None,
        resolution=Resolution.RETURNED,
        title=f"{name[:140]}: {field} is not what was signed",
        description=text,
        metrics={
            "entity_type": row.entity_type,
            "entity_id": row.entity_id,
            "change_type": row.change_type,
            "signed": row.new_value,
            "live": shown,
            "proposal": str(row.proposal.public_id),
        },
        action="Find out who changed it. To go back, propose the signed value again.",
        impact={},
        money=None if isinstance(live, str) else money,
        confidence=1.0,
    )


def _is_large(live: Decimal | str, row: AdChangeHistory) -> bool:
    if isinstance(live, str):
        return True
    signed = Decimal(str(row.new_value))
    return signed <= 0 or abs(live / signed - 1) * 100 > CRITICAL_PCT
