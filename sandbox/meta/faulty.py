"""The answers of injected Meta faults."""

from __future__ import annotations

import json

from sandbox.context import Refusal
from sandbox.faults import Rule
from sandbox.meta import errors
from sandbox.web import Answer, JsonObject


def fault_answer(rule: Rule) -> Answer | None:
    """Return the answer of a fault of this platform, or nothing for other faults."""
    refusal = _refusal(rule)
    return refusal.answer if refusal else None


def _refusal(rule: Rule) -> Refusal | None:
    if rule.kind == "meta_17":
        return errors.account_score()
    if rule.kind == "meta_613_budget":
        return errors.budget_rate()
    if rule.kind == "meta_100":
        return errors.invalid(rule.text("field", "daily_budget"), "The value is not valid.")
    if rule.kind == "meta_80004":
        headers = usage_headers(100, rule.number("minutes", 12))
        return errors.graph_error(80004, _TOO_MANY, subcode=2446079, headers=headers)
    if rule.kind == "meta_1":
        return errors.graph_error(1, "An unknown error occurred", is_transient=True, status=500)
    if rule.kind == "meta_code":
        subcode = rule.number("subcode", 0) or None
        return errors.graph_error(rule.number("code", 613), "Refused by rule.", subcode=subcode)
    if rule.kind in _PLAIN:
        code, subcode, message = _PLAIN[rule.kind]
        return errors.graph_error(code, message, subcode=subcode)
    return None


_TOO_MANY = "There have been too many calls to this ad-account."
_PLAIN = {
    "meta_613_score": (613, 1487742, _TOO_MANY),
    "meta_190": (190, 463, "Error validating access token: Session has expired."),
    "meta_368": (368, 1390008, "The action attempted has been deemed abusive."),
}


def usage_headers(pct: int, minutes: int = 0) -> dict[str, str]:
    """Return the usage headers at a chosen percentage."""
    use_case: JsonObject = {
        "type": "ads_management",
        "call_count": pct,
        "total_cputime": pct // 4,
        "total_time": pct // 4,
        "estimated_time_to_regain_access": minutes,
        "ads_api_access_tier": "full_access",
    }
    of_account = {"acc_id_util_pct": float(pct), "reset_time_duration": 60 * minutes}
    return {
        "X-Business-Use-Case-Usage": json.dumps({"0": [use_case]}),
        "X-Ad-Account-Usage": json.dumps(of_account),
    }
