"""Clearing what has served its time, in batches so that no lock is held for long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import (
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce

from workspaces.models import (
    ExecutionAttempt,
    IdempotencyRecord,
    InboundEvent,
    JobConfig,
    JobRun,
    Notification,
    Session,
)

IDEMPOTENCY_LIFE: Final = timedelta(hours=24)  # promised by the API, so it is no setting
BATCH: Final = 1000
_DAY: Final = timedelta(days=1)


def clear_expired(*, now: datetime, batch: int = BATCH) -> dict[str, int]:
    """Delete expired rows and empty answers that are kept no longer; returns how many of each."""
    deleted = {name: _delete(rows, batch=batch) for name, rows in _expired(now)}
    return {**deleted, "answers of platforms": _empty_responses(now, batch=batch)}


def _expired(now: datetime) -> Iterable[tuple[str, QuerySet[Any]]]:
    yield (
        "idempotency records",
        IdempotencyRecord.objects.filter(created_at__lt=now - IDEMPOTENCY_LIFE),
    )
    yield "sessions", Session.objects.filter(expire_date__lt=now)
    read = now - settings.READ_NOTICE_KEEP_DAYS * _DAY
    yield "read notices", Notification.objects.filter(read_at__lt=read)
    # Whatever became of it: it is somebody else's data, and a failed one was told of weeks ago.
    received = now - settings.INBOUND_KEEP_DAYS * _DAY
    yield "inbound events", InboundEvent.objects.filter(received_at__lt=received)
    yield "job runs", _old_runs(now)


def _old_runs(now: datetime) -> QuerySet[JobRun]:
    """Ended runs past the history of their job, but those that other records stand on."""
    config = JobConfig.objects.filter(workspace=OuterRef("workspace"), name=OuterRef("name"))
    days = Coalesce(Subquery(config.values("history_days")[:1]), settings.JOB_RUN_KEEP_DAYS)
    age = ExpressionWrapper(F("keep_days") * Value(_DAY), DurationField())
    ends = ExpressionWrapper(Value(now) - age, DateTimeField())
    rows = JobRun.objects.annotate(keep_days=days).filter(finished_at__lt=ends)
    # An import, say, shows its run; which apps do that is not known down here.
    unused = {f"{relation.name}__isnull": True for relation in JobRun._meta.related_objects}
    return rows.filter(**unused)


def _delete(rows: QuerySet[Any], *, batch: int) -> int:
    total = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:batch]):
        total += rows.model._default_manager.filter(pk__in=keys).delete()[0]
    return total


def _empty_responses(now: datetime, *, batch: int) -> int:
    """Empty what platforms answered long ago. The attempt itself stays for good."""
    before = now - settings.EXECUTION_RESPONSE_KEEP_DAYS * _DAY
    old = ExecutionAttempt.objects.filter(settled_at__lt=before).exclude(response={})
    total = last = 0
    # From key to key, so that the table is read once and not once a batch.
    while keys := list(old.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:batch]):
        total += ExecutionAttempt.objects.filter(pk__in=keys).update(response={})
        last = keys[-1]
    return total
