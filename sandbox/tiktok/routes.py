"""TikTok Marketing API v1.3."""

from __future__ import annotations

from sandbox.context import Context
from sandbox.entities import Account
from sandbox.tiktok import conversions, reading, videos, writing
from sandbox.tiktok.envelope import BAD_PARAMETER, BAD_TOKEN, NO_PERMISSION, fail, reply
from sandbox.web import Answer, JsonObject, Request

ROOT = ["open_api", "v1.3"]


def is_write(request: Request) -> bool:
    """Whether the call changes something."""
    return request.method == "POST" and request.segments[0] != "v2"  # which lists by POST


def handle(context: Context) -> Answer:
    """Answer one call; the HTTP status is 200 whatever happens.

    Raises
    ------
    Refusal : as TikTok refuses
    """
    parts = context.request.segments
    if parts[0] == "v2":
        return videos.answer(context)
    if parts[:2] != ROOT:
        raise fail(BAD_PARAMETER, "This version is not offered.")
    path, accounts = "/".join(parts[2:]), _accounts(context)
    if path == "advertiser/info":
        return reply(reading.advertisers(context, accounts))
    body: JsonObject = {}
    if context.request.method == "POST":
        try:
            body = context.request.json()
        except ValueError:
            raise fail(BAD_PARAMETER, "The body must be JSON.") from None
    if (context.request.method, path) == ("POST", "event/track"):
        return reply(conversions.take(context, body))  # a token opens it, whichever its advertiser
    given = body.get("advertiser_id") or context.request.query.get("advertiser_id", "")
    account = next((account for account in accounts if account.id == str(given)), None)
    if account is None:
        raise fail(NO_PERMISSION)
    return reply(_route(context, account, path, body))


def _accounts(context: Context) -> list[Account]:
    token = context.request.headers.get("access-token", "")
    found = [account for account in context.store.accounts("tiktok") if account.token == token]
    if not found:
        raise fail(BAD_TOKEN)
    return found


def _route(context: Context, account: Account, path: str, body: JsonObject) -> JsonObject:
    method = context.request.method
    node, _, verb = path.partition("/")
    if method == "GET" and path == "report/integrated/get":
        return reading.report(context, account)
    if node in reading.NODES:
        if (method, verb) == ("GET", "get"):
            return reading.entities(context, account, node)
        if (method, verb) == ("POST", "update"):
            return writing.update(context, account, node, body)
        if (method, verb) == ("POST", "status/update"):
            return writing.update_status(context, account, node, body)
        if (method, path) == ("POST", "adgroup/budget/update"):
            return writing.update_budgets(context, account, body)
    raise fail(BAD_PARAMETER, f"{method} {path} is not offered.")
