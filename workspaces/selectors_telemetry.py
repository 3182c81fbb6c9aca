"""Figures of the gate, jobs, doors and the database for the operator's monitoring.

Nothing is counted beyond ``CAP`` rows: a look every 15 seconds must cost next to nothing on
millions of them, and whoever sees that figure knows enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from workspaces.telemetry import CAP, Measure, Reading, Source, rows_of

_RECENT: Final = 1000

CONNECTIONS = Measure("countersign_database_connections", "Connections to the database.")
CONNECTIONS_MOST = Measure(
    "countersign_database_connections_most", "Connections that the server allows."
)
DATABASE_BYTES = Measure("countersign_database_bytes", "Size of the database.")

PROPOSALS = Measure(
    "countersign_proposals_open",
    f"Open proposals; of each status {CAP} are counted at most.",
    ("kind", "status"),
)

DUE = Measure("countersign_executor_due", f"Signed changes that are due, {CAP} at most.")
DUE_AGE = Measure("countersign_executor_oldest_due_seconds", "Age of the oldest one that is due.")
CLAIMED = Measure("countersign_executor_claimed", "Changes that workers hold.")
LAPSED = Measure("countersign_executor_lapsed", "Of these, those whose lease has run out.")
EXECUTIONS = Measure(
    "countersign_executions_recent",
    f"Executions settled within 5 minutes, of the newest {_RECENT}.",
    ("kind", "outcome"),
)
RECEIPT = Measure(
    "countersign_receipt_seconds",
    "From the moment a signed change might run to its receipt, within 5 minutes.",
    ("kind", "quantile"),
)

JOB_AGE = Measure(
    "countersign_job_age_seconds",
    "Since a job that is switched on last ended well, of the workspace where it is longest ago.",
    ("job",),
)
JOBS_FAILING = Measure(
    "countersign_job_failing_workspaces", "Workspaces where its newest run failed.", ("job",)
)

DELIVERIES = Measure(
    "countersign_webhook_deliveries", f"Deliveries not made yet, {CAP} at most.", ("state",)
)
ENDPOINTS_OFF = Measure(
    "countersign_webhook_endpoints_off", "Endpoints switched off because nothing got through."
)
INBOUND = Measure(
    "countersign_inbound_events", f"Events that came in within a day and wait, {CAP} at most.",
    ("state",),
)  # fmt: skip
OUTSIDE = Measure(
    "countersign_connections", "Connections to other systems.", ("kind", "status")
)  # fmt: skip


def _database(now: datetime) -> Iterator[Reading]:
    sql = """
        SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
               current_setting('max_connections')::int, pg_database_size(current_database())
    """
    (used, most, size), *_ = rows_of(sql, {})
    yield CONNECTIONS, (), used
    yield CONNECTIONS_MOST, (), most
    yield DATABASE_BYTES, (), size


def _gate(now: datetime) -> Iterator[Reading]:
    sql = """
        WITH due AS (
            SELECT greatest(p.execute_after, p.next_attempt_at) AS since
            FROM workspaces_proposal p JOIN workspaces_workspace w ON w.id = p.workspace_id
            WHERE p.status = 'approved' AND p.execute_after <= %(now)s AND NOT w.kill_switch
              AND (p.next_attempt_at IS NULL OR p.next_attempt_at <= %(now)s)
            ORDER BY p.execute_after LIMIT %(cap)s
        ), held AS (
            SELECT kind, status, lease_until FROM workspaces_proposal
            WHERE status = 'executing' LIMIT %(cap)s
        ), open AS (
            (SELECT kind, status FROM workspaces_proposal WHERE status = 'pending' LIMIT %(cap)s)
            UNION ALL
            (SELECT kind, status FROM workspaces_proposal WHERE status = 'approved' LIMIT %(cap)s)
            UNION ALL
            SELECT kind, status FROM held
        )
        SELECT (SELECT coalesce(json_agg(json_build_array(kind, status, number)), '[]')
                FROM (SELECT kind, status, count(*) AS number
                      FROM open GROUP BY kind, status) told),
               (SELECT count(*) FROM due),
               (SELECT coalesce(extract(epoch FROM %(now)s - min(since)), 0) FROM due),
               (SELECT count(*) FROM held),
               (SELECT count(*) FROM held WHERE lease_until < %(now)s)
    """
    (waiting, due, age_s, held, lapsed), *_ = rows_of(sql, {"now": now, "cap": CAP})
    for kind, status, number in waiting:
        yield PROPOSALS, (kind, status), number
    yield DUE, (), due
    yield DUE_AGE, (), age_s
    yield CLAIMED, (), held
    yield LAPSED, (), lapsed


def _executions(now: datetime) -> Iterator[Reading]:
    sql = """
        SELECT p.kind, a.outcome, count(*),
               percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM
                   a.settled_at - greatest(p.decided_at, p.execute_after)))
        FROM (SELECT plan_id, outcome, settled_at FROM workspaces_executionattempt
              ORDER BY id DESC LIMIT %(newest)s) a
        JOIN workspaces_plan ON workspaces_plan.id = a.plan_id
        JOIN workspaces_proposal p ON p.id = workspaces_plan.proposal_id
        WHERE a.settled_at > %(now)s - interval '5 minutes'
        GROUP BY p.kind, a.outcome
    """
    for kind, outcome, number, waited_s in rows_of(sql, {"now": now, "newest": _RECENT}):
        yield EXECUTIONS, (kind, outcome), number
        if outcome == "applied" and waited_s:
            for quantile, seconds in zip(("0.5", "0.99"), waited_s, strict=True):
                yield RECEIPT, (kind, quantile), seconds


def _jobs(now: datetime) -> Iterator[Reading]:
    sql = """
        SELECT c.name, extract(epoch FROM %(now)s - min(well.finished_at)),
               count(*) FILTER (WHERE newest.state IN ('failed', 'expired'))
        FROM job_config c
        LEFT JOIN LATERAL (
            SELECT r.state FROM workspaces_jobrun r
            WHERE r.workspace_id = c.workspace_id AND r.name = c.name
              AND r.state IN ('completed', 'failed', 'expired')
            ORDER BY r.queued_at DESC LIMIT 1) newest ON true
        LEFT JOIN LATERAL (
            SELECT r.finished_at FROM workspaces_jobrun r
            WHERE r.workspace_id = c.workspace_id AND r.name = c.name AND r.state = 'completed'
            ORDER BY r.queued_at DESC LIMIT 1) well ON true
        WHERE c.is_enabled GROUP BY c.name
    """
    for name, age_s, failing in rows_of(sql, {"now": now}):
        yield JOBS_FAILING, (name,), failing
        if age_s is not None:
            yield JOB_AGE, (name,), age_s


def _doors(now: datetime) -> Iterator[Reading]:
    sql = """
        WITH out AS (
            SELECT d.attempts FROM workspaces_webhookdelivery d
            WHERE d.delivered_at IS NULL AND d.failed_at IS NULL LIMIT %(cap)s
        ), came AS (
            SELECT attempts FROM workspaces_inboundevent
            WHERE state = 'received' AND received_at > %(now)s - interval '1 day' LIMIT %(cap)s
        )
        SELECT (SELECT coalesce(json_agg(json_build_array(kind, status, number)), '[]')
                FROM (SELECT kind, status, count(*) AS number
                      FROM workspaces_connection GROUP BY kind, status) told),
               (SELECT count(*) FROM out WHERE attempts = 0),
               (SELECT count(*) FROM out WHERE attempts > 0),
               (SELECT count(*) FROM workspaces_webhookendpoint
                WHERE NOT is_enabled AND disabled_reason <> ''),
               (SELECT count(*) FROM came WHERE attempts = 0),
               (SELECT count(*) FROM came WHERE attempts > 0)
    """
    (outside, first, again, off, waiting, retrying), *_ = rows_of(sql, {"now": now, "cap": CAP})
    for kind, status, number in outside:
        yield OUTSIDE, (kind, status), number
    yield DELIVERIES, ("waiting",), first
    yield DELIVERIES, ("retrying",), again
    yield ENDPOINTS_OFF, (), off
    yield INBOUND, ("waiting",), waiting
    yield INBOUND, ("retrying",), retrying


SOURCES: Final = (
    Source("database", (CONNECTIONS, CONNECTIONS_MOST, DATABASE_BYTES), _database),
    Source("executor", (PROPOSALS, DUE, DUE_AGE, CLAIMED, LAPSED), _gate),
    Source("executions", (EXECUTIONS, RECEIPT), _executions),
    Source("jobs", (JOB_AGE, JOBS_FAILING), _jobs),
    Source("doors", (OUTSIDE, DELIVERIES, ENDPOINTS_OFF, INBOUND), _doors),
)
