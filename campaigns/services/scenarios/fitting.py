"""Response curves are fitted on a workspace's own days, by a worker: a fit takes seconds."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import numpy as np

from campaigns.engine.response.fit import fit_response
from campaigns.engine.response.model import VERSION, ResponseModel
from campaigns.engine.response.quality import ChannelCurve, curves_with_data
from campaigns.engine.response.transforms import FloatArray
from campaigns.models import ResponseFit
from campaigns.selectors.app_facts import app_facts
from campaigns.selectors.response import ResponseDays, response_days
from campaigns.selectors.scenarios import serving_fit
from workspaces.models import Workspace
from workspaces.services.jobs import Progress

CURVES_JOB: Final = "response-curves"
# Of the days behind a curve; more would be a cloud.
CHART_DAYS: Final = 120
_DIGITS: Final = 5
# Fits of a workspace that are kept beside those that scenarios stand on; one is about a megabyte.
KEPT_FITS: Final = 14


def fit_job(progress: Progress) -> None:
    """Body of the job: once for each new day, and whenever a person asks."""
    days = response_days(progress.workspace, progress.now)
    if days is None or not days.outcomes:
        progress.step("There is no spend with an outcome yet, so no curve can be fitted")
        return
    if progress.run.started_by_id is None and not is_due(progress.workspace, days):
        progress.step("The curves know all days up to yesterday")
        return
    made = fit_curves(workspace=progress.workspace, now=progress.now, days=days, progress=progress)
    progress.count(
        days=made.days, channels=len(days.channels), removed=thin_fits(workspace=made.workspace)
    )


def is_due(workspace: Workspace, days: ResponseDays) -> bool:
    """Whether days have come, or the engine has changed, since the curves that serve."""
    fit = serving_fit(workspace)
    return fit is None or fit.until < days.period.until or fit.engine_version != VERSION


def fit_curves(
    *, workspace: Workspace, now: datetime, days: ResponseDays, progress: Progress | None = None
) -> ResponseFit:
    """Fit every outcome that there is and store the curves; they serve from now on.

    Where days are too thin the curves are the stated priors, and ``quality`` says why.
    """
    models: dict[str, ResponseModel] = {}
    for place, outcome in enumerate(days.outcomes):
        if progress:
            progress.step(f"Fitting {outcome}", done=place, total=len(days.outcomes))
        models[outcome] = fit_response(days.series(outcome), seed=place)
    return ResponseFit.objects.create(
        workspace=workspace,
        fitted_at=now,
        since=days.period.since,
        until=days.period.until,
        engine_version=VERSION,
        currency=days.currency,
        unit=days.unit,
        curves={outcome: model.to_json() for outcome, model in models.items()},
        charts={
            outcome: [_chart(curve) for curve in curves_with_data(model, days.series(outcome))]
            for outcome, model in models.items()
        },
        quality={
            "notes": list(days.notes),
            "value_name": days.value_name,
            "outcomes": {outcome: _quality(model) for outcome, model in models.items()},
        },
        app=app_facts(workspace, days.period),
        uses_priors=any(
            fact.source == "prior" for model in models.values() for fact in model.facts
        ),
    )


def thin_fits(*, workspace: Workspace) -> int:
    """Delete fits but the newest and those that a scenario stands on; returns how many."""
    rows = ResponseFit.objects.filter(workspace=workspace)
    newest = rows.order_by("-pk").values("pk")[:KEPT_FITS]
    old = rows.filter(scenarios=None).exclude(pk__in=newest)
    return old.only("pk").delete()[0]


def _quality(model: ResponseModel) -> dict[str, Any]:
    return {
        **asdict(model.quality),
        "source": model.source,
        "reasons": list(model.reasons),
        "channels": [asdict(fact) for fact in model.facts],
    }


def _chart(curve: ChannelCurve) -> dict[str, Any]:
    drawn = ("spend", "low", "middle", "high")
    return {
        "channel": curve.channel,
        **{name: _plain(getattr(curve, name)) for name in drawn},
        "data_spend": _plain(curve.data_spend[-CHART_DAYS:]),
        "data_units": _plain(curve.data_units[-CHART_DAYS:]),
    }


def _plain(values: FloatArray) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in np.asarray(values)]
