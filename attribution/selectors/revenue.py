"""Stage values in force, and what deals are worth by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import cast

from django.db.models import Count, QuerySet, Sum

from attribution.engine.synthetic_revenue import (
    Increment,
    Move,
    Outcome,
    Stage,
    StageValues,
    increments_of,
)
from attribution.models import Deal, StageMapping, SyntheticRevenueConfig
from workspaces.gate import GateError
from workspaces.models import Workspace

ZERO = Decimal(0)


class NoStageValuesError(GateError):
    """The workspace has not said yet what its stages are worth."""

    def __init__(self) -> None:
        super().__init__(
            "This workspace has no stage values yet. Propose some, or start from a template, under"
            " Stage values."
        )


def current_config(*, workspace: Workspace, now: datetime) -> SyntheticRevenueConfig | None:
    """Newest version of the stage values in effect."""
    return (
        SyntheticRevenueConfig.objects.filter(workspace=workspace, effective_at__lte=now)
        .prefetch_related("stages")
        .order_by("-version")
        .first()
    )


def values_of(config: SyntheticRevenueConfig) -> StageValues:
    """Stage values of a version, in order."""
    rows = sorted(config.stages.all(), key=lambda row: row.order)
    return StageValues(
        stages=tuple(
            Stage(
                row.key,
                row.label,
                row.order,
                row.value,
                row.confidence,
                row.description,
                cast(Outcome, row.outcome),
            )
            for row in rows
        ),
        average_deal_value=config.average_deal_value,
        sales_cycle_days=config.sales_cycle_days,
        win_rate=config.win_rate,
    )


def current_values(*, workspace: Workspace, now: datetime) -> StageValues:
    """Stage values in force.

    Raises
    ------
    NoStageValuesError : there are none yet; another workspace's never stand in
    """
    config = current_config(workspace=workspace, now=now)
    if config is None:
        raise NoStageValuesError
    return values_of(config)


def stage_keys(
    *, workspace: Workspace, source: str, portal: str, keys: Iterable[str]
) -> dict[tuple[str, str], str]:
    """Our stage of each of a CRM's (pipeline, stage), where somebody mapped it.

    ``keys`` are our own stages: a source that uses them needs no mapping.
    """
    rows = StageMapping.objects.filter(workspace=workspace, source=source, portal=portal)
    mapped = {(row.pipeline, row.stage): row.stage_key for row in rows}
    return {**{("", key): key for key in keys}, **mapped}


def increments_of_deal(deal: Deal, values: StageValues) -> list[Increment]:
    """Increments of a deal from its ledger; they add up to its present value."""
    keys = stage_keys(
        workspace=deal.workspace,
        source=deal.source,
        portal=deal.portal,
        keys=[stage.key for stage in values.stages],
    )
    return increments_of(values, _moves(deal, keys))


def _moves(deal: Deal, keys: Mapping[tuple[str, str], str]) -> list[Move]:
    return [
        Move(
            stage=keys.get((row.pipeline, row.stage)) or row.stage,
            at=row.at,
            source_event=row.source_event,
            deal_amount=deal.amount,
        )
        for row in deal.stage_changes.all()
    ]


def credited_between(
    *, workspace: Workspace, values: StageValues, since: datetime, until: datetime
) -> dict[int, Decimal]:
    """Pipeline value that each ad gained (or lost) in a time: increments of deals credited to it.

    ``until`` is exclusive.
    """
    own = [stage.key for stage in values.stages]
    deals = (
        counted(workspace)
        .filter(ad__isnull=False, moved_at__gte=since)
        .prefetch_related("stage_changes")
        .order_by("pk")
    )
    keys: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    gained: dict[int, Decimal] = {}
    for deal in deals.iterator(chunk_size=2000):
        origin = (deal.source, deal.portal)
        if origin not in keys:
            keys[origin] = stage_keys(
                workspace=workspace, source=deal.source, portal=deal.portal, keys=own
            )
        moves = sorted(_moves(deal, keys[origin]), key=lambda move: (move.at, move.source_event))
        for move, increment in zip(moves, increments_of(values, moves), strict=True):
            if since <= move.at < until and deal.ad_id is not None:
                gained[deal.ad_id] = gained.get(deal.ad_id, ZERO) + increment.amount
    return gained


def counted(workspace: Workspace) -> QuerySet[Deal]:
    """Deals that count: neither deleted nor merged into another."""
    return Deal.objects.filter(workspace=workspace, merged_into=None, deleted_at=None)


Stock = dict[str, tuple[int, int, Decimal]]


def credited_stock(workspace: Workspace, deals: QuerySet[Deal] | None = None) -> dict[int, Stock]:
    """Deals credited to each ad by stage: how many, how many of known amount, and its sum.

    ``deals`` narrows them, to one CRM's for instance.
    """
    rows = (
        (counted(workspace) if deals is None else deals)
        .filter(ad__isnull=False)
        .values("ad_id", "stage")
        .annotate(deals=Count("pk"), known=Count("amount"), amount=Sum("amount"))
        .order_by()
    )
    found: dict[int, Stock] = {}
    for row in rows:
        stock = found.setdefault(row["ad_id"], {})
        stock[row["stage"]] = (row["deals"], row["known"], row["amount"] or ZERO)
    return found


def stock_value(stock: Mapping[str, tuple[int, int, Decimal]], values: StageValues) -> Decimal:
    """Present value of a stock of deals: what the increments of each of them add up to."""
    total = ZERO
    for key, (deals, known, amount) in stock.items():
        stage = values.stage(key)
        if stage is None:
            continue
        is_won = stage.outcome == "won"
        total += amount + (deals - known) * stage.value if is_won else deals * stage.value
    return total
