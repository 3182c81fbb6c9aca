"""A plain agent: looks at yesterday, and suggests budgets where that is worth it.

    COUNTERSIGN_URL=https://countersign.example COUNTERSIGN_KEY=… python budget_agent.py

Its key is of the kind *agent*, with the scopes changes:read, changes:propose and insight:read. What
it suggests becomes proposals that people sign. Run it once a day, by cron or as a loop: told again
the same day, a suggestion counts once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from countersign_client import Countersign
from countersign_client.api import types

AGENT_TYPE = "budget-agent"
STEP = Decimal("0.10")
#: A campaign whose ad sets spent so much of their budgets had no room left.
SPENT = Decimal("0.90")


def main() -> int:
    """Look, suggest, and tell what came of it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--day", type=date.fromisoformat, help="Instead of yesterday.")
    asked.add_argument("--target", type=Decimal, default=Decimal(3), help="Return to reach.")
    options = asked.parse_args()
    day = options.day or datetime.now(UTC).date() - timedelta(days=1)
    with Countersign(os.environ["COUNTERSIGN_URL"], os.environ["COUNTERSIGN_KEY"]) as api:
        found = list(ideas(api, day, options.target))
        for start in range(0, len(found), 100):
            answer = api.agents.agent_suggestions_create({
                "agent_type": AGENT_TYPE, "timestamp": datetime.now(UTC).isoformat(),
                "suggestions": found[start : start + 100],
            })  # fmt: skip
            for name in answer["accepted"]:
                sys.stdout.write(f"suggested {name}\n")
            for one in answer["refused"]:
                sys.stdout.write(f"refused {one['id']}: {one['reason']}\n")
    sys.stdout.write(f"{len(found)} ideas for {day}\n")
    return 0


def ideas(api: Countersign, day: date, target: Decimal) -> Iterator[dict[str, object]]:
    """One idea for each ad set of a campaign that did clearly well or badly."""
    rows = api.each(
        api.campaigns.performance_list, group="campaign", from_=str(day), to=str(day)
    )  # fmt: skip
    for row in rows:
        if row["roas"] is None:
            continue
        ad_sets = [
            one
            for one in api.each(
                api.campaigns.ad_sets_list, campaign=row["campaign"]["id"], status=["active"]
            )
            if one["daily_budget"]
        ]
        change = wish(row, ad_sets, target)
        if change:
            yield from (idea(row, one, change, day) for one in ad_sets)


def wish(
    row: types.PerformanceOut, ad_sets: list[types.AdSetOut], target: Decimal
) -> Decimal | None:
    """By which share budgets should change; nothing where the day says too little."""
    roas, cost = Decimal(str(row["roas"])), Decimal(row["cost"])
    budgets = sum((Decimal(one["daily_budget"] or 0) for one in ad_sets), Decimal(0))
    if roas >= target and cost >= SPENT * budgets:
        return STEP
    return -STEP if roas < target / 2 else None


def idea(
    row: types.PerformanceOut, ad_set: types.AdSetOut, change: Decimal, day: date
) -> dict[str, object]:
    """Put it as a suggestion with the change that it recommends."""
    budget = Decimal(ad_set["daily_budget"] or 0)
    value = (budget * (1 + change)).quantize(Decimal("0.01"))
    grows = change > 0
    why = "and the budget was spent" if grows else "less than half of what it should"
    return {
        "id": f"{day}/{ad_set['id']}",
        "type": "budget_change",
        "title": f"{ad_set['name']} {'has room to grow' if grows else 'costs more than it brings'}",
        "description": f"Its campaign returned {row['roas']:.2f} on {day}, {why}.",
        "priority": "medium" if grows else "high",
        "impact": {"roas": f"{row['roas']:.2f}", "cost": row["cost"], "currency": row["currency"]},
        "recommended_actions": [{
            "action_type": "change_budget",
            "parameters": {"entity_type": "adset", "entity": ad_set["id"], "value": str(value)},
        }],
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
