"""The ML dashboards as stored: which there are, the batch that people see, how the sync stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from django.db.models import DecimalField, Exists, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast
from django_celery_beat.models import PeriodicTask

from mlops.models import (
    BoardType,
    BudgetRecommendation,
    MLDashboard,
    ReachCTRTimeseries,
    ROIForecast,
    ROITimeseries,
    SyncRun,
    SyncState,
    Theme,
)
from workspaces.boards import Column
from workspaces.models import JobRun, JobState, Workspace

#: As ``config/schedule.py`` names it, and the job's name.
SCHEDULE: Final = "mlops: sync ML dashboards"
JOB: Final = "ml-dashboards"
OPEN: Final = (JobState.QUEUED, JobState.RUNNING, JobState.RETRY)
# Without a schedule a day is a long time.
_UNSCHEDULED: Final = timedelta(hours=12)


@dataclass(frozen=True)
class Board:
    """One of the four: its name in addresses, its table, what columns say and what JSON tells."""

    name: str
    table: type[Model]
    type: BoardType
    columns: tuple[Column, ...]
    fields: tuple[str, ...]
    has_days: bool = False

    @property
    def title(self) -> str:
        """Name for people."""
        return str(self.type.label)


_INTERVAL_HINT: Final = "of the 80 % interval"
_PREDICTED_HINT: Final = "from the days before it alone"
BOARDS: Final[Mapping[str, Board]] = MappingProxyType({
    board.name: board
    for board in (
        Board(
            "roi-forecast", ROIForecast, BoardType.ROI_FORECAST,
            (
                Column("roi_forecast", "Expected ROI", "share", hint="(value − spend) / spend"),
                Column("low", "Low", "share", hint=_INTERVAL_HINT),
                Column("high", "High", "share", hint=_INTERVAL_HINT),
            ),
            ("channel", "roi_forecast", "low", "high", "created_at"),
        ),
        Board(
            "roi-timeseries", ROITimeseries, BoardType.ROI_TIMESERIES,
            (
                Column("roi_actual", "ROI", "share"),
                Column("roi_pred", "ROI predicted", "share", hint=_PREDICTED_HINT),
                Column("conversion_actual", "Conversion rate", "share"),
                Column("conversion_pred", "Conversion rate predicted", "share",
                       hint=_PREDICTED_HINT),
            ),
            ("date", "channel", "roi_actual", "conversion_actual", "roi_pred", "conversion_pred",
             "created_at"),
            has_days=True,
        ),
        Board(
            "reach-ctr-timeseries", ReachCTRTimeseries, BoardType.REACH_CTR_TIMESERIES,
            (
                Column("reach_actual", "Reach", "count", hint="people reached by two campaigns"
                       " count twice"),
                Column("reach_pred", "Reach predicted", "count", hint=_PREDICTED_HINT),
                Column("ctr_actual", "CTR", "small_share"),
                Column("ctr_pred", "CTR predicted", "small_share", hint=_PREDICTED_HINT),
            ),
            ("date", "channel", "reach_actual", "ctr_actual", "reach_pred", "ctr_pred",
             "created_at"),
            has_days=True,
        ),
        Board(
            "budget-recommendations", BudgetRecommendation, BoardType.BUDGET_RECOMMENDATIONS,
            (
                Column("roi_pred", "Expected ROI", "share"),
                Column("conversion_pred", "Conversion rate predicted", "share"),
                Column("acquisition_cost", "Acquisition cost", "money",
                       hint="spend / conversions of the last 30 days"),
                Column("spend", "Spent in 30 days", "money"),
                Column("recommended_budget", "Recommended", "money"),
            ),
            ("channel", "roi_pred", "conversion_pred", "acquisition_cost", "recommended_budget",
             "total_budget", "currency", "created_at"),
        ),
    )
})  # fmt: skip


_MOST_COLUMNS: Final = max(len(board.columns) for board in BOARDS.values())


@dataclass(frozen=True)
class Standing:
    """How the sync of a workspace stands.

    ``current`` made what people see, ``newest`` is the last run begun, ``job`` the last one asked
    for, which may still wait.
    """

    current: SyncRun | None
    newest: SyncRun | None
    job: JobRun | None
    next_at: datetime | None
    every: timedelta | None
    now: datetime

    @property
    def is_open(self) -> bool:
        """Whether a run waits or works."""
        return self.job is not None and self.job.state in OPEN

    @property
    def failed(self) -> SyncRun | None:
        """The run that failed after what people see was made."""
        run = self.newest
        return run if run is not None and run.state == SyncState.FAILED else None

    @property
    def is_stale(self) -> bool:
        """Whether what people see is older than two rounds of the schedule."""
        limit = 2 * self.every if self.every else _UNSCHEDULED
        made_at = self.current.finished_at if self.current else None
        return made_at is not None and self.now - made_at > limit


def standing_of(workspace: Workspace, now: datetime) -> Standing:
    """Read it."""
    runs = SyncRun.objects.filter(workspace=workspace).select_related("model_version")
    jobs = JobRun.objects.filter(workspace=workspace, name=JOB)
    next_at, every = schedule_at(now)
    newest = runs.order_by("-started_at", "-pk")
    found = list(newest.filter(Q(is_current=True) | Q(pk=newest.values("pk")[:1])))
    return Standing(
        current=next((run for run in found if run.is_current), None),
        newest=next(iter(found), None),
        job=jobs.order_by("-queued_at", "-pk").first(),
        next_at=next_at,
        every=every,
        now=now,
    )


def current_of(workspace: Workspace) -> SyncRun | None:
    """The sync that made what people see."""
    return SyncRun.objects.filter(workspace=workspace, is_current=True).first()


def schedule_at(now: datetime) -> tuple[datetime | None, timedelta | None]:
    """Next moment of the schedule and, for plain intervals, the time between two."""
    rows = PeriodicTask.objects.select_related("interval").filter(name=SCHEDULE, enabled=True)
    row = rows.first()
    if row is None:
        return None, None
    left = row.schedule.remaining_estimate(row.last_run_at or now)
    every = row.interval.schedule.run_every if row.interval else None
    return now + max(left, timedelta(0)), every


def rows_of(workspace: Workspace, board: Board) -> QuerySet[Any]:
    """Rows of a board in the current batch, as they were stored."""
    rows: QuerySet[Any] = board.table._default_manager.filter(
        workspace=workspace, run__is_current=True
    )
    return rows.order_by("pk")


@dataclass(frozen=True)
class ShownRow:
    """A row behind a card; its figures by the names of the board's columns."""

    channel: str
    date: date | None
    figures: Mapping[str, Decimal | None]

    def __getattr__(self, name: str) -> Decimal | None:
        try:
            return self.figures[name]
        except KeyError:
            raise AttributeError(name) from None


def shown_rows(workspace: Workspace, run: SyncRun) -> dict[str, list[ShownRow]]:
    """Rows behind the cards by board, of days the newest alone; one query for all tables."""
    first, *others = (_shown(workspace, board, run) for board in BOARDS.values())
    found: dict[str, list[ShownRow]] = {name: [] for name in BOARDS}
    for name, _pk, channel, *figures in first.union(*others, all=True).order_by("board", "pk"):
        board = BOARDS[name]
        known = dict(zip((column.name for column in board.columns), figures, strict=False))
        found[name].append(ShownRow(channel, run.figures_until if board.has_days else None, known))
    return found


def _shown(workspace: Workspace, board: Board, run: SyncRun) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = rows_of(workspace, board).order_by()
    if board.has_days:
        rows = rows.filter(date=run.figures_until)
    number = DecimalField(max_digits=38, decimal_places=10)
    names = [column.name for column in board.columns]
    figures = {
        f"figure_{place}": Cast(names[place] if place < len(names) else Value(None), number)
        for place in range(_MOST_COLUMNS)
    }
    told: QuerySet[Any, Any] = rows.annotate(board=Value(board.name), **figures)
    return told.values_list("board", "pk", "channel", *figures)


def pictures_of(workspace: Workspace) -> dict[tuple[str, str], MLDashboard]:
    """Pictures of the current batch without their bytes, by type and theme."""
    rows = MLDashboard.objects.filter(workspace=workspace, run__is_current=True).defer("data")
    return {(row.type, row.theme): row for row in rows}


def picture_of(workspace: Workspace, board: Board, theme: Theme) -> MLDashboard | None:
    """One of them, without its bytes."""
    rows = MLDashboard.objects.filter(workspace=workspace, run__is_current=True).defer("data")
    return rows.filter(type=board.type, theme=theme).first()


def workspaces_without_boards(*, since: datetime) -> QuerySet[Workspace]:
    """Workspaces where no sync ended well since a moment."""
    fresh = SyncRun.objects.filter(
        workspace=OuterRef("pk"), is_current=True, finished_at__gte=since
    )
    return Workspace.objects.open().filter(~Exists(fresh)).order_by("pk")
