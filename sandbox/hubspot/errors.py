"""HubSpot's refusals, its rate limits and the headers that tell of them."""

from __future__ import annotations

from sandbox.context import Context, Refusal
from sandbox.entities import Account
from sandbox.faults import Rule
from sandbox.hubspot.records import milliseconds
from sandbox.web import Answer, JsonObject, as_object

CORRELATION = "5a4d0b0e-0000-4000-8000-000000000001"
WINDOW_MS, SEARCH_WINDOW_MS = 10_000, 1_000
PER_WINDOW, SEARCHES_PER_WINDOW, PER_DAY = 190, 5, 625_000


def refuse(message: str, *, status: int = 400, category: str = "VALIDATION_ERROR") -> Refusal:
    """Build an error answer to raise."""
    return Refusal(Answer.json(_body(message, category=category), status))


def _body(message: str, **more: object) -> JsonObject:
    return {"status": "error", "message": message, "correlationId": CORRELATION, **more}


def throttled(policy: str, headers: dict[str, str] | None = None) -> Answer:
    """Answer 429; when to come back is not said, as HubSpot does not promise to."""
    body = _body(
        f"You have reached your {policy.lower()} limit.",
        errorType="RATE_LIMIT",
        policyName=policy,
    )
    return Answer.json(body, 429, headers)


def counted(context: Context, account: Account, *, is_search: bool) -> dict[str, str]:
    """Count a call against the limits of its portal; the headers that show them.

    Raises
    ------
    Refusal : too many calls
    """
    store, now_ms = context.store, milliseconds(context.now)
    store.execute("DELETE FROM crm_call WHERE at <= ?", now_ms - 24 * 3600 * 1000)
    if is_search and _calls(context, account, SEARCH_WINDOW_MS, only_searches=True) >= _limit(
        account, "searches_per_second", SEARCHES_PER_WINDOW
    ):
        raise Refusal(throttled("SECONDLY"))
    most, day_most = _limit(account, "per_10_s", PER_WINDOW), _limit(account, "per_day", PER_DAY)
    left = most - _calls(context, account, WINDOW_MS) - 1
    day_left = day_most - _calls(context, account, 24 * 3600 * 1000) - 1
    headers = {
        "X-HubSpot-RateLimit-Max": str(most),
        "X-HubSpot-RateLimit-Remaining": str(max(left, 0)),
        "X-HubSpot-RateLimit-Interval-Milliseconds": str(WINDOW_MS),
        "X-HubSpot-RateLimit-Daily": str(day_most),
        "X-HubSpot-RateLimit-Daily-Remaining": str(max(day_left, 0)),
    }
    if left < 0 or day_left < 0:
        raise Refusal(throttled("TEN_SECONDLY_ROLLING" if left < 0 else "DAILY", headers))
    store.execute("INSERT INTO crm_call VALUES (?, ?, ?)", account.id, now_ms, is_search)
    # Search answers carry no limits.
    return {} if is_search else headers


def _limit(account: Account, name: str, usual: int) -> int:
    given = as_object(account.extra.get("limits")).get(name, usual)
    return given if isinstance(given, int) else usual


def _calls(
    context: Context, account: Account, window_ms: int, *, only_searches: bool = False
) -> int:
    rows = context.store.query(
        "SELECT count(*) AS calls FROM crm_call WHERE account_id = ? AND at > ? AND is_search >= ?",
        *(account.id, milliseconds(context.now) - window_ms, only_searches),
    )
    return int(rows[0]["calls"])


def fault_answer(rule: Rule) -> Answer | None:
    """Return the answer of a fault of this platform, or nothing for other faults."""
    seconds = rule.number("retry_after_s", 0)
    headers = {"Retry-After": str(seconds)} if seconds else {}
    if rule.kind == "hubspot_429":
        return throttled(rule.text("policy", "TEN_SECONDLY_ROLLING"), headers)
    if rule.kind == "hubspot_status":
        return Answer.json(_body("Locked or busy."), rule.number("code", 423), headers)
    return None
