"""All jobs of a workspace at a glance: last run, next run, how long, how often they fail."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from cron_descriptor import ExpressionDescriptor, Options
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q
from django.db.models.aggregates import Aggregate
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from workspaces.models import JobConfig, JobRun, JobState, Workspace
from workspaces.selectors import newest_runs
from workspaces.services.jobs import Job, jobs

WEEK: Final = timedelta(days=7)
START_TASK: Final = "workspaces.start_job"


class Median(Aggregate):
    """Half lie below it."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class Plan:
    """When beat starts a job."""

    pk: int
    words: str
    is_on: bool
    next_at: datetime | None


@dataclass(frozen=True)
class Row:
    """One job of the workspace."""

    job: Job
    is_on: bool
    run: JobRun | None
    plans: tuple[Plan, ...]
    median: timedelta | None
    failures: int

    @property
    def next_at(self) -> datetime | None:
        """When the next run is due; ``None``: not by schedule."""
        times = [plan.next_at for plan in self.plans if plan.next_at]
        if self.run is not None and self.run.state == JobState.RETRY and self.run.next_attempt_at:
            times.append(self.run.next_attempt_at)
        return min(times, default=None) if self.is_on else None

    @property
    def median_words(self) -> str:
        """How long half of the runs take at most."""
        if self.median is None:
            return "–"
        seconds = self.median.total_seconds()
        if seconds < 60:
            return f"{seconds:.1f} s"
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s"


def schedule_of(workspace: Workspace, *, now: datetime) -> list[Row]:
    """All jobs by label, in four queries."""
    known = sorted(jobs(), key=lambda job: job.label)
    off = set(
        JobConfig.objects.filter(workspace=workspace, is_enabled=False).values_list(
            "name", flat=True
        )
    )
    runs = newest_runs(workspace, [job.name for job in known])
    figures, plans = _figures(workspace, now), _plans(workspace.zone, now)
    return [
        Row(
            job=job,
            is_on=job.name not in off,
            run=runs.get(job.name),
            plans=tuple(plans[job.name]),
            median=figures.get(job.name, {}).get("median"),
            failures=figures.get(job.name, {}).get("failures", 0),
        )
        for job in known
    ]


def _figures(workspace: Workspace, now: datetime) -> dict[str, dict[str, Any]]:
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    done = Q(state=JobState.DONE, started_at__isnull=False)
    found = (
        JobRun.objects.filter(workspace=workspace, queued_at__gte=now - WEEK)
        .values("name")
        .annotate(
            median=Median(took, filter=done),
            failures=Count("pk", filter=Q(state__in=[JobState.FAILED, JobState.EXPIRED])),
        )
    )
    return {row["name"]: dict(row) for row in found}


def _plans(zone: ZoneInfo, now: datetime) -> dict[str, list[Plan]]:
    rows = PeriodicTask.objects.filter(task=START_TASK).select_related(
        "interval", "crontab", "solar", "clocked"
    )
    found: dict[str, list[Plan]] = defaultdict(list)
    for row in rows.order_by("pk"):
        found[_job_of(row)].append(_plan(row, zone, now))
    return found


def _plan(row: PeriodicTask, zone: ZoneInfo, now: datetime) -> Plan:
    """A row of beat in words.

    ``is_due`` counts from the last start; a row that never started is counted from now.
    """
    words = _words(row, zone, now)
    if not row.enabled:
        return Plan(row.pk, words, is_on=False, next_at=None)
    state = row.schedule.is_due(row.last_run_at or now)
    wait = 0.0 if state.is_due else max(0.0, state.next)
    return Plan(row.pk, words, is_on=True, next_at=now + timedelta(seconds=wait))


def _words(row: PeriodicTask, zone: ZoneInfo, now: datetime) -> str:
    if row.crontab:
        return _at_times(row.crontab, zone, now)
    seconds = row.interval.schedule.run_every.total_seconds() if row.interval else 0
    # Whole seconds are what beat makes of an interval that it is given.
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            count = int(seconds // size)
            return f"every {unit}" if count == 1 else f"every {count} {unit}s"
    return str(row.scheduler)


def _at_times(row: CrontabSchedule, zone: ZoneInfo, now: datetime) -> str:
    """Times of the day as the workspace's clock shows them now, where a day is like another.

    Else, and where its clock is not whole hours from beat's, those of beat's own zone.
    """
    weekdays = row.schedule.day_of_week  # numbers, whatever the row calls them
    days = (
        str(row.day_of_month), str(row.month_of_year),
        "*" if len(weekdays) == 7 else ",".join(str(one) for one in sorted(weekdays)),
    )  # fmt: skip
    ahead = _ahead(row, zone, now)
    hour, told = str(row.hour), str(row.timezone)
    if days == ("*", "*", "*") and ahead is not None:
        hours = row.schedule.hour
        hour, told = ",".join(str(one) for one in sorted((one + ahead) % 24 for one in hours)), ""
        hour, told = ("*", "") if len(hours) == 24 else (hour, str(zone))
    options = Options()
    options.use_24hour_time_format = True
    words = str(ExpressionDescriptor(" ".join([str(row.minute), hour, *days]), options))
    return f"{words} {told}".rstrip()


def _ahead(row: CrontabSchedule, zone: ZoneInfo, now: datetime) -> int | None:
    """Hours from beat's clock to the workspace's; none where they are not whole."""
    offsets = [now.astimezone(one).utcoffset() or timedelta() for one in (zone, row.timezone)]
    hours, rest = divmod(offsets[0] - offsets[1], timedelta(hours=1))
    return None if rest else hours


def _job_of(row: PeriodicTask) -> str:
    try:
        return str(json.loads(row.kwargs).get("name", ""))
    except (ValueError, AttributeError):
        return ""
