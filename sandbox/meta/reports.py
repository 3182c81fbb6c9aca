"""Asynchronous insights: start, poll, read."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sandbox.context import Context
from sandbox.entities import Account
from sandbox.meta.errors import graph_error, unknown_object
from sandbox.meta.insights import insight_rows, period
from sandbox.web import JsonObject

#: Report ids live in a range of their own, away from entities.
FIRST_ID = 6_000_000_000_000
#: A report is ready at the second poll: the first one shows it running, without any waiting.
POLLS_UNTIL_READY = 2


@dataclass(frozen=True, slots=True)
class Report:
    """A started report."""

    account: Account
    params: dict[str, str]
    polls: int


def start(context: Context, account: Account, params: dict[str, str]) -> JsonObject:
    """Keep the parameters under a new id."""
    kept = {name: value for name, value in params.items() if name != "access_token"}
    number = context.store.execute(
        "INSERT INTO report VALUES (NULL, ?, ?, ?, ?)",
        *(account.id, context.request.segments[1], json.dumps(kept), 0),
    )
    return {"report_run_id": str(FIRST_ID + number)}


def find(context: Context, accounts: list[Account], report_id: str) -> Report | None:
    """Return a report of one of these accounts, or nothing."""
    if not report_id.isdigit():
        return None
    rows = context.store.query("SELECT * FROM report WHERE id = ?", int(report_id) - FIRST_ID)
    account = next((a for a in accounts if rows and a.id == rows[0]["account_id"]), None)
    if account is None:
        return None
    params = json.loads(rows[0]["params"]) | {"__node": rows[0]["path"]}
    return Report(account, params, int(rows[0]["polls"]))


def answer(
    context: Context, accounts: list[Account], report_id: str, edge: str
) -> JsonObject | list[JsonObject]:
    """Return the report's state, or its rows."""
    report = find(context, accounts, report_id)
    if report is None or edge not in ("", "insights"):
        raise unknown_object(report_id)
    if edge == "insights":
        if report.polls < POLLS_UNTIL_READY:
            raise graph_error(
                2601, "Loading async report failed: report is not ready yet", subcode=1815107
            )
        node = report.params["__node"]
        entity = None if node.startswith("act_") else context.store.entity("meta", node)
        return insight_rows(context, report.account, entity, report.params)
    return _state(context, report, report_id)


def _state(context: Context, report: Report, report_id: str) -> JsonObject:
    polls = report.polls + 1
    number = int(report_id) - FIRST_ID
    context.store.execute("UPDATE report SET polls = ? WHERE id = ?", polls, number)
    first, last = period(context, report.account, report.params)
    is_ready = polls >= POLLS_UNTIL_READY
    return {
        "id": report_id,
        "account_id": report.account.id,
        "async_status": "Job Completed" if is_ready else "Job Running",
        "async_percent_completion": 100 if is_ready else 50,
        "date_start": first.isoformat(),
        "date_stop": last.isoformat(),
    }
