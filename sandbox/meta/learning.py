"""The learning phase of ad sets, with a documented rule in place of Meta's unpublished one.

A significant edit sets `last_sig_edit_ts` and the state to LEARNING:
- always: another bid strategy; switching on again after at least seven days off;
- by size: a budget or bid that moves by more than the ad set's own threshold. Meta publishes no
  figure, so each ad set has one between 18 % and 30 %, fixed by the seed and its id.
A change of a campaign budget counts for each of its ad sets.

LEARNING ends with 50 conversions since the edit (SUCCESS), or seven days after it (FAIL; SUCCESS
where the account has no simulated traffic to learn from).
"""

from __future__ import annotations

import zlib
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sandbox.context import Context
from sandbox.entities import Account, Entity
from sandbox.web import JsonObject, as_object

CONVERSIONS, DAYS = 50, 7
DAY_S = 86_400
LOWEST, SPAN = Decimal("0.18"), 13


def threshold(seed: int, adset: Entity) -> Decimal:
    """Return the relative change beyond which this ad set learns anew: 0.18 … 0.30."""
    return LOWEST + Decimal(zlib.crc32(f"{seed}:{adset.id}".encode()) % SPAN) / 100


def is_significant(context: Context, adset: Entity, changed: Entity, before: Entity) -> bool:
    """Whether a change of the ad set or of its campaign makes the ad set learn anew."""
    if changed.bid_strategy != before.bid_strategy:
        return True
    if before.status == "paused" and changed.status == "active":
        return context.now - _switched_at(context, changed) >= DAYS * DAY_S
    limit = threshold(context.store.seed, adset)
    return any(
        _moved(getattr(before, name), getattr(changed, name)) > limit
        for name in ("daily_budget", "lifetime_budget", "bid")
    )


def reset(context: Context, adset: Entity) -> None:
    """Start the learning phase of an ad set now."""
    adset.extra["learning"] = {"status": "LEARNING", "last_sig_edit_ts": int(context.now)}
    context.store.save(adset)


def learning_stage(context: Context, account: Account, adset: Entity) -> JsonObject:
    """Return `learning_stage_info` of an ad set."""
    state = as_object(adset.extra.get("learning"))
    edited_at = int(str(state.get("last_sig_edit_ts", int(adset.created_at))))
    conversions = _conversions_since(context, account, adset, edited_at)
    status = str(state.get("status", "LEARNING"))
    if status == "LEARNING":
        status = _outcome(context, account, conversions, edited_at)
    return {
        "status": status,
        "conversions": conversions,
        "last_sig_edit_ts": edited_at,
        "attribution_windows": ["1d_view", "7d_click"],
        "dynamic_lp_conversions_threshold": CONVERSIONS,
        "dynamic_lp_days_threshold": DAYS,
        "dynamic_lp_status": status,
    }


def _outcome(context: Context, account: Account, conversions: int, edited_at: int) -> str:
    if conversions >= CONVERSIONS:
        return "SUCCESS"
    if context.now - edited_at < DAYS * DAY_S:
        return "LEARNING"
    return "FAIL" if account.extra.get("traffic") else "SUCCESS"


def _conversions_since(context: Context, account: Account, adset: Entity, edited_at: int) -> int:
    """Conversions in the days after the edit, at most `DAYS` of them."""
    zone = ZoneInfo(account.timezone)
    first = datetime.fromtimestamp(edited_at, zone).date()
    last = datetime.fromtimestamp(min(context.now, edited_at + DAYS * DAY_S), zone).date()
    rows = context.traffic.rows(account, first, last, context.now)
    return sum(row.conversions for row in rows if row.adset_id == adset.id)


def _moved(before: Decimal | None, after: Decimal | None) -> Decimal:
    if not before or after is None:
        return Decimal(0)
    return abs(after - before) / before


def _switched_at(context: Context, entity: Entity) -> float:
    """When the entity was last switched off; its beginning if never."""
    rows = context.store.query(
        "SELECT max(at) AS at FROM history WHERE platform = ? AND kind = ? AND entity_id = ?"
        " AND field = 'status' AND value = 'paused'",
        *(entity.platform, entity.kind, entity.id),
    )
    return float(rows[0]["at"] or entity.created_at)
