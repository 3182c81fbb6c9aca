"""What beat starts, and how often. Operators change intervals as rows in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

from config.env import integer


def _start(name: str, schedule: timedelta | crontab) -> dict[str, Any]:
    """A job of every workspace that has it switched on."""
    return {
        "task": "workspaces.start_job",
        "kwargs": {"name": name},
        "schedule": schedule,
        "options": {"expires": 3600},
    }


BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "gate: execute what is due": {
        "task": "workspaces.execute_due",
        "schedule": timedelta(seconds=5),
        "options": {"queue": "gate", "expires": 5},
    },
    "gate: settle lapsed leases": {
        "task": "workspaces.reap_lapsed",
        "schedule": timedelta(seconds=5),
        "options": {"queue": "gate", "expires": 5},
    },
    "gate: expire and remind": {
        "task": "workspaces.expire_proposals",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "gate: measure effects": {
        "task": "workspaces.measure_effects",
        "schedule": crontab(minute="15"),
        "options": {"expires": 3600},
    },
    "notices: deliver": {
        "task": "workspaces.deliver_notices",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "outreach: make messages of plans": {
        "task": "outreach.materialise_due",
        "schedule": timedelta(seconds=30),
        "options": {"queue": "outreach", "expires": 30},
    },
    "outreach: send what is due": {
        "task": "outreach.dispatch_due",
        "schedule": timedelta(seconds=2),
        "options": {"queue": "outreach", "expires": 2},
    },
    "outreach: finish what workers left": {
        "task": "outreach.recover",
        "schedule": timedelta(seconds=15),
        "options": {"queue": "outreach", "expires": 15},
    },
    "outreach: use the next channel": {
        "task": "outreach.fall_back",
        "schedule": timedelta(minutes=10),
        "options": {"queue": "outreach", "expires": 600},
    },
    "webhooks: deliver": {
        "task": "workspaces.deliver_webhooks",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    "webhooks: treat what came in": {
        "task": "workspaces.sweep_inbound",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "heartbeat": {
        "task": "workspaces.heartbeat",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "notices: daily digest": {
        "task": "workspaces.send_digests",
        "schedule": crontab(minute="5"),
        "options": {"expires": 3600},
    },
    "campaigns: import what waits": {
        "task": "campaigns.run_waiting_imports",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "campaigns: sync performance": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "actuals-sync"},
        "schedule": crontab(minute="20"),
        "options": {"expires": 3600},
    },
    "campaigns: predict returns": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "predictions"},
        "schedule": crontab(minute="40"),
        "options": {"expires": 3600},
    },
    "campaigns: derive life states and scores": {
        "task": "campaigns.refresh_derived",
        "schedule": crontab(minute="10"),
        "options": {"expires": 3600},
    },
    # Once the day of the westernmost workspaces has ended, and its figures were read.
    "campaigns: recommend": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "recommendations"},
        "schedule": crontab(minute="5", hour="6"),
        "options": {"expires": 3600},
    },
    # After the sync of the hour.
    "campaigns: detect signals": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "signals"},
        "schedule": crontab(minute="30"),
        "options": {"expires": 3600},
    },
    # After the sync of the hour; it fits only when a new day has come.
    "campaigns: fit response curves": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "response-curves"},
        "schedule": crontab(minute="50"),
        "options": {"expires": 3600},
    },
    # Cheap, and what runs over must not wait for an hour.
    "campaigns: check alerts": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "alerts"},
        "schedule": crontab(minute="*/15"),
        "options": {"expires": 900},
    },
    "attribution: sync CRM deals": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "crm-sync"},
        "schedule": crontab(minute="25"),
        "options": {"expires": 3600},
    },
    "attribution: ask CRMs without webhooks": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "crm-polling"},
        "schedule": timedelta(minutes=5),
        "options": {"expires": 300},
    },
    "attribution: match conversions": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "attribution-matching"},
        "schedule": timedelta(minutes=5),
        "options": {"expires": 300},
    },
    "attribution: purge raw clicks": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "click-purge"},
        "schedule": crontab(minute="35", hour="3"),
        "options": {"expires": 3600},
    },
    # Every six hours: each workspace's day ends at an hour of its own.
    "attribution: run models": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "attribution-models"},
        "schedule": crontab(minute="25", hour="5,11,17,23"),
        "options": {"expires": 3600},
    },
    # After the last sessions of the day before, wherever a workspace lies.
    "attribution: count funnels": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "funnels"},
        "schedule": crontab(minute="45", hour="1,13"),
        "options": {"expires": 3600},
    },
    "attribution: send conversions back": {
        "task": "attribution.send_conversions",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "attribution: make sessions": {
        "task": "attribution.sessionise_waiting",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "attribution: keep website events up": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "website-upkeep"},
        "schedule": crontab(minute="15", hour="3"),
        "options": {"expires": 3600},
    },
    "experiments: count": {
        "task": "experiments.count_waiting",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "outreach: watch over sends": {
        "task": "outreach.watch_sends",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "experiments: check sums": _start("experiment-recount", crontab(minute="5", hour="3")),
    # After midnight wherever a workspace lies: time alone changes who has left.
    "attribution: derive users of apps": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "app-users"},
        "schedule": crontab(minute="55", hour="2,14"),
        "options": {"expires": 3600},
    },
    # A test that does harm must not wait for an hour.
    "experiments: decide": _start("experiment-decisions", crontab(minute="4,19,34,49")),
    "experiments: share bandits out": _start("experiment-bandits", crontab(minute="28")),
    "outreach: count segments": _start("contact-standing", crontab(minute="15", hour="3")),
    "outreach: read files of contacts": {
        "task": "outreach.import_waiting",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "outreach: end old files of contacts": _start(
        "contact-import-sweep", crontab(minute="25", hour="4")
    ),
    # Harm to a domain grows by the minute.
    "outreach: watch over mail": _start("deliverability", timedelta(minutes=5)),
    "outreach: note conversions": _start("message-conversions", crontab(minute="*/15")),
    **{
        f"outreach: read {name}": _start(f"social-{name}", crontab(minute=str(minute)))
        for name, minute in zip(
            ("instagram", "facebook", "linkedin", "twitter", "tiktok"),
            (8, 18, 36, 46, 56),
            strict=True,
        )
    },
    "outreach: score advocates": _start("social-advocates", crontab(minute="50", hour="4")),
    "mlops: propose budgets": {
        "task": "workspaces.start_job",
        "kwargs": {"name": "budget-optimization"},
        "schedule": crontab(minute="40", hour="*/6"),
        "options": {"expires": 3600},
    },
    # After the night's figures of ads are in.
    "experiments: judge practices": _start("best-practices", crontab(minute="40", hour="5")),
    "mlops: sync ML dashboards": _start(
        "ml-dashboards", timedelta(minutes=max(1, integer("SYNC_INTERVAL_MINUTES", 30)))
    ),
    "mlops: score users": _start("score-users", crontab(minute="10", hour="4")),
    "mlops: watch for drift": _start("model-drift", crontab(minute="40", hour="4")),
    # Churn and campaigns move by the day. Value changes slowly: it is known after 180 days.
    "mlops: train churn": _start("train-churn", crontab(minute="20", hour="4")),
    "mlops: train ROI": _start("train-roi", crontab(minute="50", hour="4")),
    "mlops: train forecast": _start("train-forecast", crontab(minute="0", hour="5")),
    "mlops: train lifetime value": _start(
        "train-ltv", crontab(minute="20", hour="5", day_of_week="sunday")
    ),
    "mlops: train budget policy": _start(
        "train-budget", crontab(minute="50", hour="5", day_of_week="sunday")
    ),
    # After the sync of the hour.
    "mlops: collect winners": _start("winners", crontab(minute="35", hour="*/6")),
    # For what no message told of. Beat cannot send to all workers at once: one of them hears it.
    "mlops: keep models loaded": {
        "task": "mlops.warm_up",
        "schedule": timedelta(minutes=1),
        "options": {"queue": "infer", "expires": 50},
    },
    # One query while none runs.
    "mlops: watch canaries": {
        "task": "mlops.watch_canaries",
        "schedule": timedelta(minutes=5),
        "options": {"expires": 300},
    },
    "mlops: purge old predictions": _start("prediction-purge", crontab(minute="25", hour="3")),
    "jobs: send lost runs again": {
        "task": "workspaces.sweep_jobs",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "workspaces: clear what has expired": {
        "task": "workspaces.clear_expired",
        "schedule": crontab(minute="50", hour="3"),
        "options": {"expires": 3600},
    },
}
