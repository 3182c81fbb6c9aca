"""What the deals of a workspace say their stages are worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from attribution.engine.learned_values import LearnedValue, Walk, learned_values
from attribution.engine.synthetic_revenue import StageValues
from attribution.models import Deal
from attribution.selectors.revenue import counted, stage_keys
from workspaces.models import Workspace

# Newest first: what a page can read while somebody waits, and more than an interval needs.
MOST_DEALS: Final = 20_000
# A deal that stands still for longer than so many sales cycles is taken as lost.
IDLE_CYCLES: Final = 3
LEAST_IDLE: Final = timedelta(days=30)


def learned_stage_values(
    *, workspace: Workspace, values: StageValues, now: datetime
) -> dict[str, LearnedValue]:
    """Learned value by stage, for the stages that enough deals have left.

    Money is in the workspace's currency; a won deal without an amount brings the average deal.
    """
    won = next((stage.key for stage in values.stages if stage.outcome == "won"), None)
    if won is None:
        return {}
    lost = frozenset(stage.key for stage in values.stages if stage.outcome == "lost")
    idle = max(LEAST_IDLE, IDLE_CYCLES * timedelta(days=float(values.sales_cycle_days)))
    return learned_values(
        list(_walks(workspace, values, ends=lost | {won}, idle_since=now - idle)),
        won=won,
        lost=lost | {_IDLE},
        usual_amount=float(values.average_deal_value),
    )


_IDLE: Final = ""  # no stage of ours has this key


def _walks(
    workspace: Workspace, values: StageValues, *, ends: frozenset[str], idle_since: datetime
) -> Iterator[Walk]:
    own = [stage.key for stage in values.stages]
    known = set(own)
    keys: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    deals = counted(workspace).filter(moved_at__isnull=False).order_by("-moved_at", "-pk")
    for deal in deals.prefetch_related("stage_changes")[:MOST_DEALS]:
        origin = (deal.source, deal.portal)
        if origin not in keys:
            keys[origin] = stage_keys(
                workspace=workspace, source=deal.source, portal=deal.portal, keys=own
            )
        stages = [stage for stage in _stages(deal, keys[origin]) if stage in known]
        if not stages:
            continue
        if stages[-1] not in ends and deal.moved_at is not None and deal.moved_at < idle_since:
            stages.append(_IDLE)
        yield Walk(tuple(stages), None if deal.amount is None else float(deal.amount))


def _stages(deal: Deal, keys: dict[tuple[str, str], str]) -> list[str]:
    """Our stages of a deal in the order of time; unmapped ones are passed over."""
    moves = sorted(deal.stage_changes.all(), key=lambda row: (row.at, row.source_event))
    return [keys.get((move.pipeline, move.stage), "") for move in moves]
