"""The Graph API: paths, tokens, paging."""

from __future__ import annotations

import json
import re

from sandbox.context import Context
from sandbox.entities import Account, Entity, Kind
from sandbox.meta import batch, conversions, pages, reports
from sandbox.meta.errors import bad_token, graph_error, invalid, unknown_object
from sandbox.meta.fields import Nodes, parse_fields, show_account
from sandbox.meta.insights import insight_rows
from sandbox.meta.limits import charge_account, usage_headers
from sandbox.meta.paging import page_of, slice_of
from sandbox.meta.writes import update
from sandbox.web import Answer, JsonObject, Request

VERSIONS = range(21, 27)
EDGES: dict[str, Kind] = {"campaigns": "campaign", "adsets": "adset", "ads": "ad"}
#: What an edge leaves out unless `effective_status` asks for it.
HIDDEN = ("ARCHIVED", "DELETED")


def is_write(request: Request) -> bool:
    """Whether the call changes something; an asynchronous report or a batch of reads does not."""
    if request.method == "DELETE":
        return True
    if request.method != "POST" or request.segments[-1:] == ["insights"]:
        return False
    return len(request.segments) != 1 or not batch.only_reads(request.form().get("batch", ""))


def handle(context: Context) -> Answer:
    """Answer one call.

    Raises
    ------
    Refusal : as Meta refuses
    """
    version, *parts = context.request.segments
    found = re.fullmatch(r"v(\d+)\.(\d+)", version)
    if not found or int(found[1]) not in VERSIONS:
        raise graph_error(2635, f"You are calling a deprecated version ({version}) of the Ads API.")
    params = context.request.query | (
        context.request.form() if context.request.method == "POST" else {}
    )
    if not parts and "batch" in params:
        return batch.run(context, params, handle)
    accounts = _accounts(context, params)
    own_page = next((account for account in accounts if pages.is_page(account)), None)
    if own_page is not None:
        return pages.answer(context, own_page, parts, params)
    if parts in (["me"], ["debug_token"], ["me", "adaccounts"]):
        return Answer.json(_of_token(context, parts, accounts, params))
    if not parts or len(parts) > 2:  # /{id} or /{id}/{edge}
        raise unknown_object("/".join(parts))
    if context.request.method == "POST" and parts[1:] == ["events"] and parts[0].isdigit():
        return Answer.json(conversions.take(context, parts[0], params))
    return _node_call(context, accounts, parts, params)


def _accounts(context: Context, params: dict[str, str]) -> list[Account]:
    token = context.request.bearer or params.get("access_token", "")
    found = [account for account in context.store.accounts("meta") if account.token == token]
    if not token or not found:
        raise bad_token()
    return found


def _of_token(
    context: Context, parts: list[str], accounts: list[Account], params: dict[str, str]
) -> JsonObject:
    if parts == ["me"]:
        return {"id": "100000000000001", "name": "Sandbox system user"}
    if parts == ["me", "adaccounts"]:
        selection = parse_fields(params.get("fields", ""))
        return {"data": [show_account(context, account, selection) for account in accounts]}
    asked = params.get("input_token", "")
    is_valid = any(account.token == asked for account in context.store.accounts("meta"))
    data: JsonObject = {
        "app_id": "1000000000000",
        "type": "SYSTEM_USER",
        "application": "Sandbox",
        "is_valid": is_valid,
        "expires_at": 0,
        "scopes": ["ads_management", "ads_read", "business_management"] if is_valid else [],
        "user_id": "100000000000001",
    }
    return {"data": data}


def _node_call(
    context: Context, accounts: list[Account], parts: list[str], params: dict[str, str]
) -> Answer:
    node_id, edge = parts[0], parts[1] if len(parts) > 1 else ""
    account, entity = _find(context, accounts, node_id)
    if account is None:
        report = reports.find(context, accounts, node_id)
        if report is None:
            raise unknown_object(node_id)
        account = report.account
    pct = charge_account(context, account, write=is_write(context.request))
    headers = usage_headers(account, pct)
    if entity is None and not node_id.startswith("act_"):
        body = reports.answer(context, accounts, node_id, edge)
        return Answer.json(
            page_of(context, body, params) if isinstance(body, list) else body, headers=headers
        )
    body = _node(context, account, entity, edge, params)
    return Answer.json(body, headers=headers)


def _find(
    context: Context, accounts: list[Account], node_id: str
) -> tuple[Account | None, Entity | None]:
    entity = None if node_id.startswith("act_") else context.store.entity("meta", node_id)
    account_id = entity.account_id if entity else node_id.removeprefix("act_")
    if entity is None and not node_id.startswith("act_"):
        return None, None
    return next((a for a in accounts if a.id == account_id), None), entity


def _node(
    context: Context, account: Account, entity: Entity | None, edge: str, params: dict[str, str]
) -> JsonObject:
    selection = parse_fields(params.get("fields", ""))
    if edge == "insights":
        rows = insight_rows(context, account, entity, params)
        if context.request.method == "POST":
            return reports.start(context, account, params)
        return page_of(context, rows, params)
    if context.request.method == "POST":
        if edge or entity is None:
            raise invalid("edge", "Only updates of campaigns, ad sets and ads are offered here.")
        return update(context, account, entity, params)
    if edge in EDGES:
        return _edge(context, account, entity, edge, params)
    if edge:
        raise graph_error(100, f"Tried accessing nonexisting field ({edge})")
    if entity is None:
        return show_account(context, account, selection)
    return Nodes(context, account).show(entity, selection)


def _edge(
    context: Context, account: Account, parent: Entity | None, edge: str, params: dict[str, str]
) -> JsonObject:
    nodes, selection = Nodes(context, account), parse_fields(params.get("fields", ""))
    every = {entity.id: entity for entity in context.store.entities(account)}
    wanted = _wanted_statuses(params)
    found = []
    for entity in every.values():
        if entity.kind != EDGES[edge] or not (parent is None or _is_below(entity, parent, every)):
            continue
        status = nodes.effective_status(entity)
        if status in wanted if wanted else status not in HIDDEN:
            found.append(entity)
    page = page_of(context, list(found), params)
    page["data"] = [nodes.show(entity, selection) for entity in found[slice_of(params)]]
    return page


def _wanted_statuses(params: dict[str, str]) -> list[str]:
    try:
        wanted = json.loads(params.get("effective_status", "[]"))
    except ValueError:
        raise invalid("effective_status", "effective_status must be a JSON list.") from None
    return [str(word) for word in wanted]


def _is_below(entity: Entity, parent: Entity, every: dict[str, Entity]) -> bool:
    above = every.get(entity.parent_id)
    while above is not None:
        if above.id == parent.id:
            return True
        above = every.get(above.parent_id)
    return False
