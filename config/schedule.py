"""What beat starts, and how often. Operators change intervals as rows in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

from config.env import integer


def _run(
    task: str, schedule: timedelta | crontab, *, expires_s: int, queue: str = ""
) -> dict[str, Any]:
    """A task; one that no worker takes in time is dropped, for the next one does its work."""
    options = {"expires": expires_s, **({"queue": queue} if queue else {})}
    return {"task": task, "schedule": schedule, "options": options}


def _start(name: str, schedule: timedelta | crontab, *, expires_s: int = 3600) -> dict[str, Any]:
    """A job of every workspace that has it switched on."""
    return {**_run("workspaces.start_job", schedule, expires_s=expires_s), "kwargs": {"name": name}}


BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "gate: execute what is due": _run(
        "workspaces.execute_due", timedelta(seconds=5), expires_s=5, queue="gate"
    ),
    "gate: settle lapsed leases": _run(
        "workspaces.reap_lapsed", timedelta(seconds=5), expires_s=5, queue="gate"
    ),
    "gate: expire and remind": _run(
        "workspaces.expire_proposals", timedelta(minutes=1), expires_s=60
    ),
    "gate: measure effects": _run(
        "workspaces.measure_effects", crontab(minute="15"), expires_s=3600
    ),
    "notices: deliver": _run("workspaces.deliver_notices", timedelta(seconds=10), expires_s=10),
    "outreach: make messages of plans": _run(
        "outreach.materialise_due", timedelta(seconds=30), expires_s=30, queue="outreach"
    ),
    "outreach: send what is due": _run(
        "outreach.dispatch_due", timedelta(seconds=2), expires_s=2, queue="outreach"
    ),
    "outreach: finish what workers left": _run(
        "outreach.recover", timedelta(seconds=15), expires_s=15, queue="outreach"
    ),
    "outreach: use the next channel": _run(
        "outreach.fall_back", timedelta(minutes=10), expires_s=600, queue="outreach"
    ),
    "inbox: note what went out": _run(
        "inbox.settle_answers", timedelta(seconds=2), expires_s=2, queue="outreach"
    ),
    "inbox: read what arrived": _run(
        "inbox.read_new", timedelta(seconds=2), expires_s=2, queue="infer"
    ),
    "inbox: look into mailboxes": _run(
        "inbox.poll_mailboxes", timedelta(seconds=30), expires_s=30, queue="outreach"
    ),
    "inbox: fetch pictures and files": _run(
        "inbox.fetch_media", timedelta(seconds=10), expires_s=10, queue="slow"
    ),
    "inbox: clear files never sent": _run(
        "inbox.clear_uploads", crontab(minute="55", hour="4"), expires_s=3600
    ),
    "inbox: adapt drafts": _run(
        "inbox.adapt_drafts", timedelta(seconds=10), expires_s=10, queue="slow"
    ),
    "inbox: group drafts": _run(
        "inbox.cluster_drafts", timedelta(seconds=20), expires_s=20, queue="infer"
    ),
    "inbox: take comments": _run(
        "inbox.comments", timedelta(seconds=5), expires_s=5, queue="outreach"
    ),
    "inbox: answer comments": _run(
        "inbox.answer_comments", timedelta(seconds=5), expires_s=5, queue="outreach"
    ),
    "inbox: watch promises": _run(
        "inbox.watch_promises", timedelta(seconds=30), expires_s=30, queue="outreach"
    ),
    # Each workspace has a night of its own.
    "inbox: find who may be one person": _start("people-finder", crontab(minute="40", hour="4")),
    "inbox: draw drafts to judge": _start("reply-audit", crontab(minute="12", hour="*/3")),
    "inbox: give and close what waits": _run(
        "inbox.tend", timedelta(minutes=1), expires_s=60, queue="outreach"
    ),
    "inbox: ask how it was": _run(
        "inbox.ask_how_it_was", timedelta(minutes=5), expires_s=300, queue="outreach"
    ),
    "inbox: value what is open": _run(
        "inbox.value_open", crontab(minute="50", hour="3"), expires_s=3600, queue="outreach"
    ),
    "webhooks: deliver": _run("workspaces.deliver_webhooks", timedelta(seconds=5), expires_s=5),
    "webhooks: treat what came in": _run(
        "workspaces.sweep_inbound", timedelta(seconds=10), expires_s=10
    ),
    "heartbeat": _run("workspaces.heartbeat", timedelta(minutes=1), expires_s=60),
    "notices: daily digest": _run("workspaces.send_digests", crontab(minute="5"), expires_s=3600),
    "campaigns: import what waits": _run(
        "campaigns.run_waiting_imports", timedelta(minutes=1), expires_s=60
    ),
    "campaigns: sync performance": _start("actuals-sync", crontab(minute="20")),
    "campaigns: predict returns": _start("predictions", crontab(minute="40")),
    "campaigns: derive life states and scores": _run(
        "campaigns.refresh_derived", crontab(minute="10"), expires_s=3600
    ),
    # Once the day of the westernmost workspaces has ended, and its figures were read.
    "campaigns: recommend": _start("recommendations", crontab(minute="5", hour="6")),
    # After the sync of the hour.
    "campaigns: detect signals": _start("signals", crontab(minute="30")),
    # After the sync of the hour; it fits only when a new day has come.
    "campaigns: fit response curves": _start("response-curves", crontab(minute="50")),
    # Cheap, and what runs over must not wait for an hour.
    "campaigns: check alerts": _start("alerts", crontab(minute="*/15"), expires_s=900),
    "attribution: sync CRM deals": _start("crm-sync", crontab(minute="25")),
    "attribution: ask CRMs without webhooks": _start(
        "crm-polling", timedelta(minutes=5), expires_s=300
    ),
    "attribution: match conversions": _start(
        "attribution-matching", timedelta(minutes=5), expires_s=300
    ),
    "attribution: purge raw clicks": _start("click-purge", crontab(minute="35", hour="3")),
    # Every six hours: each workspace's day ends at an hour of its own.
    "attribution: run models": _start(
        "attribution-models", crontab(minute="25", hour="5,11,17,23")
    ),
    # After the last sessions of the day before, wherever a workspace lies.
    "attribution: count funnels": _start("funnels", crontab(minute="45", hour="1,13")),
    "attribution: send conversions back": _run(
        "attribution.send_conversions", timedelta(minutes=1), expires_s=60
    ),
    "attribution: make sessions": _run(
        "attribution.sessionise_waiting", timedelta(minutes=1), expires_s=60
    ),
    "attribution: keep website events up": _start("website-upkeep", crontab(minute="15", hour="3")),
    "experiments: count": _run("experiments.count_waiting", timedelta(minutes=1), expires_s=60),
    "outreach: watch over sends": _run("outreach.watch_sends", timedelta(minutes=1), expires_s=60),
    "experiments: check sums": _start("experiment-recount", crontab(minute="5", hour="3")),
    # After midnight wherever a workspace lies: time alone changes who has left.
    "attribution: derive users of apps": _start("app-users", crontab(minute="55", hour="2,14")),
    # A test that does harm must not wait for an hour.
    "experiments: decide": _start("experiment-decisions", crontab(minute="4,19,34,49")),
    "experiments: share bandits out": _start("experiment-bandits", crontab(minute="28")),
    "outreach: count segments": _start("contact-standing", crontab(minute="15", hour="3")),
    "outreach: read files of contacts": _run(
        "outreach.import_waiting", timedelta(minutes=1), expires_s=60
    ),
    "outreach: end old files of contacts": _start(
        "contact-import-sweep", crontab(minute="25", hour="4")
    ),
    "outreach: answer comments": {
        "task": "outreach.answer_comments",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
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
    "outreach: learn from posts": _start("social-insights", crontab(minute="55", hour="4")),
    "outreach: score advocates": _start("social-advocates", crontab(minute="50", hour="4")),
    "mlops: propose budgets": _start("budget-optimization", crontab(minute="40", hour="*/6")),
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
    # It waits by itself for enough new corrections, or for a week.
    "mlops: train intent of messages": _start(
        "train-message-intent", crontab(minute="10", hour="5")
    ),
    "mlops: train lifetime value": _start(
        "train-ltv", crontab(minute="20", hour="5", day_of_week="sunday")
    ),
    "mlops: train budget policy": _start(
        "train-budget", crontab(minute="50", hour="5", day_of_week="sunday")
    ),
    # After the sync of the hour.
    "mlops: collect winners": _start("winners", crontab(minute="35", hour="*/6")),
    # For what no message told of. Beat cannot send to all workers at once: one of them hears it.
    "mlops: keep models loaded": _run(
        "mlops.warm_up", timedelta(minutes=1), expires_s=50, queue="infer"
    ),
    # One query while none runs.
    "mlops: watch canaries": _run("mlops.watch_canaries", timedelta(minutes=5), expires_s=300),
    "mlops: purge old predictions": _start("prediction-purge", crontab(minute="25", hour="3")),
    "jobs: send lost runs again": _run("workspaces.sweep_jobs", timedelta(minutes=1), expires_s=60),
    "workspaces: clear what has expired": _run(
        "workspaces.clear_expired", crontab(minute="50", hour="3"), expires_s=3600
    ),
}
