"""LinkedIn's versioned Marketing API under `/rest/`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from urllib.parse import unquote

from sandbox.context import Context
from sandbox.entities import Account
from sandbox.linkedin import analytics, conversions, reading, social, writing
from sandbox.linkedin.errors import bad_query, fail
from sandbox.linkedin.restli import SyntaxProblem, read_query
from sandbox.web import Answer, JsonObject, Request

PROTOCOL = "2.0.0"
#: A version lives until the middle of its month a year later.
LAST_DAY = 15
_VERSION = re.compile(r"20\d\d(0[1-9]|1[0-2])")


def is_write(request: Request) -> bool:
    """Whether the call changes something."""
    return request.method == "POST"


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as LinkedIn refuses
    """
    _check_headers(context)
    accounts = _accounts(context)
    try:
        query = read_query(context.request.raw_query)
    except SyntaxProblem as problem:
        raise bad_query(f"Invalid query parameters passed to request: {problem}") from None
    match context.request.method, [unquote(part) for part in context.request.segments[1:]]:
        case "GET", ["adAccounts"]:
            return reading.account_page(context, accounts, query)
        case "GET", ["adAccounts", account_id]:
            return Answer.json(reading.shown_account(_one(accounts, account_id)))
        case "GET", ["adAccounts", account_id, node] if node in reading.NODES:
            return reading.page(context, _one(accounts, account_id), node, query)
        case "GET", ["adAccounts", account_id, node, entity_id] if node in reading.NODES:
            return reading.one(context, _one(accounts, account_id), node, entity_id)
        case "POST", ["adAccounts", account_id, node, entity_id] if node in reading.NODES:
            account = _one(accounts, account_id)
            return writing.partial_update(context, account, node, entity_id, _body(context))
        case "POST", ["conversionEvents"]:
            return conversions.take(context, _body(context))
        case "GET", [node, *rest] if node in social.NODES:
            return social.answer(context, accounts, [node, *rest], query)
        case "GET", ["adAnalytics"]:
            return Answer.json(analytics.report(context, accounts, query))
    raise fail(404, "RESOURCE_NOT_FOUND", f"No virtual resource found: {context.request.path}")


def is_alive(version: str, today: date) -> bool:
    """Whether a version is out and not yet retired."""
    if not _VERSION.fullmatch(version):
        return False
    year, month = int(version[:4]), int(version[4:])
    return date(year, month, 1) <= today <= date(year + 1, month, LAST_DAY)


def _check_headers(context: Context) -> None:
    headers = context.request.headers
    version = headers.get("linkedin-version", "")
    if not version:
        raise fail(
            400,
            "VERSION_MISSING",
            "A version must be present. Please specify a version by adding the LinkedIn-Version"
            " header.",
        )
    if not is_alive(version, datetime.fromtimestamp(context.now, UTC).date()):
        raise fail(426, "NONEXISTENT_VERSION", f"Requested version {version}01 is not active")
    if headers.get("x-restli-protocol-version") != PROTOCOL:
        raise bad_query(f"X-Restli-Protocol-Version must be {PROTOCOL}")


def _accounts(context: Context) -> list[Account]:
    token = context.request.bearer
    found = [account for account in context.store.accounts("linkedin") if account.token == token]
    if not found:
        raise fail(401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600)
    return found


def _one(accounts: list[Account], account_id: str) -> Account:
    for account in accounts:
        if account.id == account_id:
            return account
    raise fail(403, "ACCESS_DENIED", f"Not enough permissions to access: {account_id}", 100)


def _body(context: Context) -> JsonObject:
    try:
        return context.request.json()
    except ValueError:
        raise bad_query("The body must be a JSON object") from None
