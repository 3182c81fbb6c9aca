"""The attribution page's figures: models side by side, stored where they were run, else counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q

from attribution.models import AttributionCredit, AttributionModel, AttributionRun, CreditLevel
from attribution.selectors.credits import Ledger, Line, Unit
from attribution.selectors.journeys import count_journeys, load_journeys
from attribution.selectors.regions import regions_of
from workspaces.models import Workspace
from workspaces.periods import Period

# Counted while somebody waits; more are counted at night.
LIVE_JOURNEYS: Final = 50_000


class TooManyJourneysError(Exception):
    """The period is too large to be counted at once."""


@dataclass(frozen=True)
class Column:
    """What one model gives to everybody."""

    model: AttributionModel
    lines: dict[Unit, Line]


@dataclass(frozen=True)
class Board:
    """Models over one period at one level."""

    period: Period
    level: str
    conversion_type: str
    columns: list[Column]
    conversions: float
    revenue: Decimal
    cost: Decimal | None
    journeys: int
    without_rate: int
    mean_touches: float | None
    mean_hours: float | None
    ran_at: datetime | None = None
    shapes: dict[str, Any] = field(default_factory=dict)
    regions: list[dict[str, Any]] = field(default_factory=list)

    def column(self, model: AttributionModel) -> Column:
        """One model's."""
        return next(column for column in self.columns if column.model == model)

    @property
    def is_stored(self) -> bool:
        """Whether it was run, not counted for this answer; only runs have intervals."""
        return self.ran_at is not None


def models_of(workspace: Workspace) -> list[AttributionModel]:
    """Active models, in the order in which they were made."""
    rows = AttributionModel.objects.filter(workspace=workspace, is_active=True)
    return list(rows.order_by("pk"))


def board_of(
    *,
    workspace: Workspace,
    models: list[AttributionModel],
    period: Period,
    level: str = CreditLevel.CHANNEL,
    conversion_type: str = "",
    focus: AttributionModel | None = None,
    runs: Collection[AttributionRun] | None = None,
    names: dict[int, str] | None = None,
) -> Board:
    """Credits of models over a period; with shapes and regions where a model is in focus.

    ``runs`` (see ``runs_of``) and the ``names`` of channels are looked up unless they are known.

    Raises
    ------
    TooManyJourneysError : it was not run, and is too much to count while somebody waits
    """
    if runs is None:
        runs = runs_of(
            workspace=workspace, models=models, periods=[period], level=level,
            conversion_type=conversion_type,
        )  # fmt: skip
    stored = _stored(runs, models, period, focus)
    if stored is not None:
        return stored
    if count_journeys(workspace, period, conversion_type) > LIVE_JOURNEYS:
        raise TooManyJourneysError(
            "These are too many journeys to count at once. Choose the last 7, 30 or 90 days of all"
            " conversions, which are counted every night, or a shorter period."
        )
    journeys = load_journeys(workspace, period, conversion_type, names=names)
    ledger = Ledger(workspace, period, journeys)
    return _counted(ledger, models, level, conversion_type, focus)


def _counted(
    ledger: Ledger,
    models: list[AttributionModel],
    level: str,
    conversion_type: str,
    focus: AttributionModel | None,
) -> Board:
    journeys = ledger.journeys
    return Board(
        period=ledger.period,
        level=level,
        conversion_type=conversion_type,
        columns=[
            Column(model, {line.unit: line for line in ledger.lines(model, level)})
            for model in models
        ],
        conversions=float(journeys.conversions),
        revenue=ledger.revenue,
        cost=sum(ledger.spend.values(), Decimal(0)) if ledger.spend else None,
        journeys=len(journeys.converted),
        without_rate=journeys.without_rate,
        mean_touches=journeys.mean_touches,
        mean_hours=journeys.mean_hours,
        shapes=ledger.shapes if focus else {},
        regions=regions_of(ledger, focus) if focus else [],
    )


def runs_of(
    *,
    workspace: Workspace,
    models: list[AttributionModel],
    periods: Iterable[Period],
    level: str = CreditLevel.CHANNEL,
    conversion_type: str = "",
) -> list[AttributionRun]:
    """Newest run of each model over each of some periods."""
    asked = Q(*(Q(since=one.since, until=one.until) for one in periods), _connector=Q.OR)
    rows = AttributionRun.objects.filter(
        asked, workspace=workspace, conversion_type=conversion_type, level=level, model__in=models
    )
    one_each = ("model", "since", "until")
    return list(rows.order_by(*one_each, "-pk").distinct(*one_each))


def _stored(
    runs: Collection[AttributionRun],
    models: list[AttributionModel],
    period: Period,
    focus: AttributionModel | None,
) -> Board | None:
    """What runs found, ``None`` unless all models were run."""
    wanted = {model.pk for model in models}
    newest = {
        run.model_id: run
        for run in runs
        if run.model_id in wanted and (run.since, run.until) == (period.since, period.until)
    }
    if not newest or len(newest) < len(models):
        return None
    board = _of_run(max(newest.values(), key=lambda run: run.pk), _lines(newest, models))
    if focus is None:
        return board
    summary = dict(newest[focus.pk].summary)
    regions = summary.pop("regions", [])
    return replace(board, shapes=summary, regions=regions)


def _lines(newest: dict[int, AttributionRun], models: list[AttributionModel]) -> list[Column]:
    lines: dict[int, dict[Unit, Line]] = {run.pk: {} for run in newest.values()}
    rows = AttributionCredit.objects.filter(run__in=lines)
    for row in rows.order_by("-conversions", "pk"):
        line = _line(row)
        lines[row.run_id][line.unit] = line
    return [Column(model, lines[newest[model.pk].pk]) for model in models]


def _of_run(run: AttributionRun, columns: list[Column]) -> Board:
    return Board(
        period=Period(run.since, run.until),
        level=run.level,
        conversion_type=run.conversion_type,
        columns=columns,
        conversions=run.conversions,
        revenue=run.revenue,
        cost=run.cost,
        journeys=run.journeys,
        without_rate=run.without_rate,
        mean_touches=run.mean_touches,
        mean_hours=run.mean_hours,
        ran_at=run.ran_at,
    )


def _line(row: AttributionCredit) -> Line:
    return Line(
        unit=(row.channel_id, row.campaign_id or 0, row.ad_id or 0),
        conversions=row.conversions,
        revenue=row.revenue,
        cost=row.cost,
        share=row.share,
        conversions_low=row.conversions_low,
        conversions_high=row.conversions_high,
        revenue_low=row.revenue_low,
        revenue_high=row.revenue_high,
    )
