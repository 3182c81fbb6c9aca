"""Examples that the schema shows."""

from __future__ import annotations

from typing import Final

from drf_spectacular.utils import OpenApiExample

_HASH: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

PROPOSAL: Final = OpenApiExample(
    "Raise a daily budget",
    value={
        "kind": "ad_change",
        "request": {
            "entity_type": "adset",
            "entity": "23850000000000001",
            "change_type": "budget",
            "value": "138.00",
        },
        "reason": "Return of 3.4 over the last 14 days.",
    },
    request_only=True,
)
SUGGESTIONS: Final = OpenApiExample(
    "Suggest to raise a budget",
    value={
        "agent_type": "budget-watcher",
        "timestamp": "2026-11-23T08:00:00+01:00",
        "priority": "medium",
        "suggestions": [
            {
                "id": "2026-11-23/prospecting",
                "type": "budget_change",
                "title": "Prospecting has room",
                "description": "Return of 3.4 over 14 days, and its budget is spent by noon.",
                "impact": {"roas": "3.4"},
                "recommended_actions": [
                    {
                        "action_type": "change_budget",
                        "parameters": {
                            "entity_type": "adset",
                            "entity": "23850000000000001",
                            "value": "138.00",
                        },
                    }
                ],
            }
        ],
        "summary": {"counts": {"budget_change": 1}},
    },
    request_only=True,
)
EDIT: Final = OpenApiExample(
    "Ask for less",
    value={"request": {"value": "125.00"}, "why": "Closer to last month's."},
    request_only=True,
)
ACTIONS: Final[dict[str, list[OpenApiExample]]] = {
    "sign": [
        OpenApiExample(
            "Sign what was shown",
            value={"plan_sha256": _HASH, "why": "Agreed."},
            request_only=True,
        )
    ],
    "reject": [
        OpenApiExample(
            "Say no",
            value={"plan_sha256": _HASH, "why": "The campaign ends on Friday."},
            request_only=True,
        )
    ],
    "snooze": [
        OpenApiExample(
            "Until Monday", value={"until": "2026-11-23T08:00:00+01:00"}, request_only=True
        )
    ],
}
KILL_SWITCH: Final = OpenApiExample(
    "Stop everything",
    value={"on": True, "reason": "Spend looks wrong since 14:00."},
    request_only=True,
)
PROBLEM: Final = OpenApiExample(
    "A field is wrong",
    value={
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The request is not valid. Look at: reason.",
        "errors": [{"field": "reason", "message": "This field is required."}],
    },
    response_only=True,
    status_codes=["400"],
)
