"""Google Ads REST and its token endpoint."""

from __future__ import annotations

import hashlib

from sandbox.context import Context, Refusal
from sandbox.entities import Account
from sandbox.faults import Rule
from sandbox.google import conversions, gaql
from sandbox.google.errors import REQUEST_ID, OperationError, refuse
from sandbox.google.mutate import COLLECTIONS, mutate
from sandbox.google.rows import Rows
from sandbox.web import Answer, JsonObject, Request

VERSIONS = ("v23", "v24", "v25", "v26")
PAGE_SIZE = 10_000
TOKEN_LIFETIME_S = 3599


def is_write(request: Request) -> bool:
    """Whether the call changes something; searches are POSTs too."""
    return request.path.endswith((":mutate", ":ingest", f":{conversions.ADJUST}"))


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as Google refuses
    """
    parts = context.request.segments
    if parts[-1] == "token":
        return _token(context)
    if conversions.is_path(parts):
        tokens = {access_token(account) for account in context.store.accounts("google")}
        return conversions.handle(context, tokens)
    if parts[0] in VERSIONS and len(parts) == 3 and parts[2].endswith(f":{conversions.ADJUST}"):
        customer = _account(context, parts[2].partition(":")[0])
        return Answer.json(conversions.adjust(context, customer.id))
    if parts[0] not in VERSIONS or len(parts) != 4 or ":" not in parts[3]:  # /v/customers/c/x:y
        raise Refusal(Answer.json({"error": _status(404, "NOT_FOUND", "Not found.")}, 404))
    account = _account(context, parts[2])
    collection, _, verb = parts[3].partition(":")
    try:
        body = context.request.json()
    except ValueError:
        raise refuse(OperationError("requestError", "UNKNOWN", "Invalid JSON payload.")) from None
    if verb == "mutate" and (collection in COLLECTIONS or collection == "googleAds"):
        reply: object = mutate(context, account, collection, body)
    elif parts[3] == "googleAds:search":
        reply = _search(context, account, body)
    elif parts[3] == "googleAds:searchStream":
        reply = [_batch(context, account, body)]
    else:
        raise Refusal(Answer.json({"error": _status(404, "NOT_FOUND", "Not found.")}, 404))
    return Answer.json(reply, headers={"request-id": REQUEST_ID})


def access_token(account: Account) -> str:
    """Return the access token that the account's refresh token buys."""
    digest = hashlib.sha256(f"access:{account.token}".encode()).hexdigest()
    return f"ya29.sandbox-{digest[:32]}"


def _token(context: Context) -> Answer:
    form = context.request.form()
    given = form.get("refresh_token", "")
    account = next((a for a in context.store.accounts("google") if a.token == given), None)
    if form.get("grant_type") != "refresh_token" or not form.get("client_id"):
        raise Refusal(Answer.json({"error": "invalid_request"}, 400))
    if account is None:
        raise Refusal(
            Answer.json({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
        )
    reply: JsonObject = {
        "access_token": access_token(account),
        "expires_in": TOKEN_LIFETIME_S,
        "scope": "https://www.googleapis.com/auth/adwords",
        "token_type": "Bearer",
    }
    return Answer.json(reply)


def _account(context: Context, customer_id: str) -> Account:
    token = context.request.bearer
    mine = [a for a in context.store.accounts("google") if access_token(a) == token]
    if not mine:
        raise refuse(
            OperationError("authenticationError", "OAUTH_TOKEN_INVALID", "The token is invalid.")
        )
    if not context.request.headers.get("developer-token"):
        raise refuse(
            OperationError(
                "authenticationError", "DEVELOPER_TOKEN_PARAMETER_MISSING", "developer-token"
            )
        )
    account = next((a for a in mine if a.id == customer_id), None)
    if account is None:
        raise refuse(
            OperationError("authorizationError", "USER_PERMISSION_DENIED", "No access to customer.")
        )
    return account


def _search(context: Context, account: Account, body: JsonObject) -> JsonObject:
    """Return one page; the token of the next one is its position."""
    reply = _batch(context, account, body)
    rows = reply.pop("results", [])
    given = str(body.get("pageToken", "") or "0")
    if not given.isdigit() or not isinstance(rows, list):
        raise refuse(OperationError("requestError", "INVALID_PAGE_TOKEN", "Bad page token."))
    start = int(given)
    size = _page_size(context)
    page = rows[start : start + size]
    if page:
        reply["results"] = page
    if start + size < len(rows):
        reply["nextPageToken"] = str(start + size)
    return reply


def _page_size(context: Context) -> int:
    """Google's page size is fixed; a test may make it small (`setting` of the store)."""
    return int(context.store.setting("google_page_size", str(PAGE_SIZE)))


def _batch(context: Context, account: Account, body: JsonObject) -> JsonObject:
    """Return all rows of a query; without rows Google leaves `results` out."""
    try:
        query = gaql.parse(str(body.get("query", "")))
        rows = gaql.apply(query, Rows(context, account).of(query))
    except OperationError as error:
        raise refuse(error) from error
    reply: JsonObject = {
        "fieldMask": ",".join(_camel_path(field) for field in query.fields),
        "requestId": REQUEST_ID,
    }
    if rows:
        reply["results"] = [_nested(row, query) for row in rows]
    return reply


def _nested(row: gaql.Row, query: gaql.Query) -> JsonObject:
    """Write the selected fields as nested JSON; each resource in it carries its name."""
    nested: JsonObject = {}
    heads = {field.split(".")[0] for field in query.fields} | {query.resource}
    names = [f"{head}.resource_name" for head in sorted(heads)]
    for field in (*names, *query.fields):
        if field not in row:
            continue
        *path, last = (gaql.camel(part) for part in field.split("."))
        at = nested
        for part in path:
            at = at.setdefault(part, {})  # type: ignore[assignment]  # only objects are put on paths
        at[last] = row[field]
    return nested


def _camel_path(field: str) -> str:
    return ".".join(gaql.camel(part) for part in field.split("."))


def _status(code: int, word: str, message: str) -> JsonObject:
    return {"code": code, "status": word, "message": message}


def fault_answer(rule: Rule) -> Answer | None:
    """Return the answer of a fault of this platform, or nothing for other faults."""
    if rule.kind != "google_error":
        return None
    group, _, code = rule.text("error", "quotaError.RESOURCE_TEMPORARILY_EXHAUSTED").partition(".")
    return refuse(OperationError(group, code, "The request failed.")).answer
