"""Meta's quotas: the score per ad account, and four budget changes per ad set and hour."""

from __future__ import annotations

import json

from sandbox.context import Context
from sandbox.entities import Account, Entity
from sandbox.meta.errors import account_score, budget_rate

READ_SCORE, WRITE_SCORE = 1, 3
#: Access tier → (highest score, seconds of block beyond it).
TIERS = {"limited": (60, 300), "full": (9000, 60)}
DECAY_S = 300
BUDGET_CHANGES_PER_HOUR = 4
HOUR_S = 3600


def charge_account(context: Context, account: Account, *, write: bool) -> float:
    """Count a call against the account's score; the percentage used after it.

    The score falls evenly, from full to nothing in `DECAY_S`.

    Raises
    ------
    Refusal : 17/2446079 while the account is blocked
    """
    highest, block_s = TIERS[_tier(account)]
    score, blocked_until = _score(context, account, highest)
    if context.now < blocked_until:
        raise account_score()
    score += WRITE_SCORE if write else READ_SCORE
    if score > highest:
        _store(context, account, highest, context.now + block_s)
        raise account_score()
    _store(context, account, score, 0)
    return 100 * score / highest


def _score(context: Context, account: Account, highest: int) -> tuple[float, float]:
    rows = context.store.query(
        "SELECT * FROM usage WHERE platform = 'meta' AND account_id = ?", account.id
    )
    if not rows:
        return 0.0, 0.0
    fallen = highest * max(context.now - rows[0]["at"], 0) / DECAY_S
    return max(rows[0]["score"] - fallen, 0.0), float(rows[0]["blocked_until"])


def _store(context: Context, account: Account, score: float, blocked_until: float) -> None:
    context.store.execute(
        "INSERT OR REPLACE INTO usage VALUES ('meta', ?, ?, ?, ?)",
        *(account.id, score, context.now, blocked_until),
    )


def usage_headers(account: Account, pct: float) -> dict[str, str]:
    """Return the two usage headers of an answer about this account."""
    tier = f"{_tier(account)}_access"
    use_case = {
        "type": "ads_management",
        "call_count": round(pct),
        "total_cputime": round(pct / 4),
        "total_time": round(pct / 4),
        "estimated_time_to_regain_access": 5 if pct >= 100 else 0,  # per cent
        "ads_api_access_tier": tier,
    }
    of_account = {
        "acc_id_util_pct": round(pct, 2),
        "reset_time_duration": DECAY_S,
        "ads_api_access_tier": tier,
    }
    return {
        "X-Business-Use-Case-Usage": json.dumps({account.id: [use_case]}),
        "X-Ad-Account-Usage": json.dumps(of_account),
    }


def check_budget_rate(context: Context, adset: Entity) -> None:
    """Refuse the fifth budget change of an ad set within an hour, and all for an hour after it.

    Raises
    ------
    Refusal : 613/1487632
    """
    store, now = context.store, context.now
    blocked = store.query(
        "SELECT 1 FROM budget_block WHERE platform = 'meta' AND entity_id = ? AND until > ?",
        *(adset.id, now),
    )
    changes = store.query(
        "SELECT 1 FROM effect WHERE platform = 'meta' AND entity_id = ? AND source = 'api'"
        " AND field IN ('daily_budget', 'lifetime_budget') AND old <> new AND at > ?",
        *(adset.id, now - HOUR_S),
    )
    if not blocked and len(changes) < BUDGET_CHANGES_PER_HOUR:
        return
    if not blocked:
        store.execute(
            "INSERT OR REPLACE INTO budget_block VALUES ('meta', ?, ?)", adset.id, now + HOUR_S
        )
    raise budget_rate()


def _tier(account: Account) -> str:
    tier = account.extra.get("tier", "full")
    return tier if tier in TIERS and isinstance(tier, str) else "full"
