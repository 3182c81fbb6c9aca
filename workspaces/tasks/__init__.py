"""Celery entry points of the ground floor."""

from workspaces.tasks import counting
from workspaces.tasks.gate import execute_due, expire_proposals, measure_effects, reap_lapsed
from workspaces.tasks.heartbeat import heartbeat
from workspaces.tasks.inbound import process_inbound, sweep_inbound
from workspaces.tasks.jobs import request_and_send, run_job, send_soon, start_job, sweep_jobs
from workspaces.tasks.notices import (
    clear_expired,
    deliver_notices,
    deliver_webhooks,
    send_digests,
)

__all__ = [
    "clear_expired",
    "counting",
    "deliver_notices",
    "deliver_webhooks",
    "execute_due",
    "expire_proposals",
    "heartbeat",
    "measure_effects",
    "process_inbound",
    "reap_lapsed",
    "request_and_send",
    "run_job",
    "send_digests",
    "send_soon",
    "start_job",
    "sweep_inbound",
    "sweep_jobs",
]
