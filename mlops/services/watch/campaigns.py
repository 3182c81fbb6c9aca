"""Daily scores of campaigns: what versions say of their coming days, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from math import isnan
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.db.models import Max

from mlops.engine.learning.campaign_days import Panel, panel
from mlops.engine.learning.campaign_kinds import CAMPAIGN_KINDS, CampaignRows, Index
from mlops.engine.learning.columns import take
from mlops.engine.learning.shapes import FloatArray
from mlops.models import CampaignScore, ModelVersion
from mlops.selectors.watch import unseen_from, watched_versions
from mlops.services.registry.serving import shelf
from mlops.services.training.sources import FromWorkspace
from mlops.services.world.copying import copy_text
from workspaces.models import Workspace

#: Days of before are not scored: what they say is old.
SCORED: Final = timedelta(days=90)
#: Figures that come later than this do not bring a day's score back.
_LATE: Final = timedelta(days=7)
_DAY: Final = np.timedelta64(1, "D")
#: Rows of features in memory at once: some 140 columns of a forecast make 25 MB.
_AT_ONCE: Final = 20_000
_GIVEN: Final = "mlops_given_outcomes"
_MAKE: Final = f"""
    CREATE TEMPORARY TABLE {_GIVEN} (
        id bigint, outcomes double precision[], scales double precision[]
    ) ON COMMIT DROP
"""
_FILL_IN: Final = f"""
    UPDATE mlops_campaignscore s SET outcomes = g.outcomes, scales = g.scales
      FROM {_GIVEN} g WHERE g.id = s.id AND s.outcomes IS NULL
"""  # noqa: S608  # of our own texts


def campaign_panel(workspace: Workspace, now: datetime) -> Panel | None:
    """Days of the last year of campaigns, as a training reads them; ``None``: there are none."""
    days = FromWorkspace(workspace, now).campaign_days
    return panel(days) if len(days) else None


def rows_since(found: Panel, name: str, since: date) -> Iterator[CampaignRows]:
    """What is known of campaigns on the days from ``since`` to the one after the last, in parts."""
    first = int((np.datetime64(since) - found.days[0]) / _DAY)
    days = np.arange(max(first, 0), found.days.size + 1)
    step = max(1, _AT_ONCE // len(found))
    for start in range(0, days.size, step):
        yield CAMPAIGN_KINDS[name].rows(found, days[start : start + step])


def end_of(found: Panel) -> date:
    """The first day that nobody knows yet."""
    end: date = (found.days[-1] + _DAY).item()
    return end


def score_campaigns(*, workspace: Workspace, name: str, now: datetime) -> dict[str, int]:
    """Score campaigns' coming days by the versions of a name that are watched; returns counts.

    Days that a version did not learn from, each once by each version, however often this runs. One
    query reads the campaigns, whatever their number.
    """
    counts = {"scores": 0, "outcomes": 0}
    versions = watched_versions(workspace=workspace, name=name)
    found = campaign_panel(workspace, now) if versions else None
    if found is None:
        return counts
    today = now.astimezone(workspace.zone).date()
    for version in versions:
        counts["scores"] += _score(version, found, today=today, now=now)
        counts["outcomes"] += learn_campaign_outcomes(version=version, found=found)
    return counts


def learn_campaign_outcomes(*, version: ModelVersion, found: Panel) -> int:
    """Fill in what came of the days that a version spoke of and that are over; of how many rows."""
    horizon = timedelta(days=CAMPAIGN_KINDS[version.name].horizon)
    until = end_of(found) - horizon
    waiting = {
        (campaign, day): pk
        for pk, campaign, day in CampaignScore.objects.filter(
            version=version, outcomes=None, began_on__lte=until
        ).values_list("pk", "campaign_id", "began_on")
    }
    if not waiting:
        return 0
    learnt = 0
    for rows in rows_since(found, version.name, min(day for _, day in waiting)):
        keys = zip(found.keys[rows.series].tolist(), rows.origin.astype(object), strict=True)
        ids = np.array([waiting.get(key, 0) for key in keys], dtype=np.int64)
        if (ids > 0).any():
            learnt += _fill_in(ids[ids > 0], rows.came[ids > 0], rows.scale[ids > 0])
    return learnt


def _score(version: ModelVersion, found: Panel, *, today: date, now: datetime) -> int:
    model = shelf.take(version, now=now)
    if model is None:
        return 0
    since = max(unseen_from(version), end_of(found) - SCORED)
    scored = CampaignScore.objects.filter(version=version)
    last = scored.aggregate(last=Max("began_on"))["last"]
    if last is not None:
        since = max(since, last - _LATE)
    done = set(scored.filter(began_on__gte=since).values_list("campaign_id", "began_on"))
    made = 0
    for rows in rows_since(found, version.name, since):
        keys = list(zip(found.keys[rows.series].tolist(), rows.origin.astype(object), strict=True))
        is_new = np.array([key not in done for key in keys], dtype=bool)
        if is_new.any():
            figures = np.asarray(model.predict(take(rows.rows, is_new)), dtype=np.float64)
            new = [key for key, chosen in zip(keys, is_new, strict=True) if chosen]
            made += _keep(version, new, figures.reshape(len(new), -1), today)
    return made


def _keep(
    version: ModelVersion, keys: list[tuple[int, date]], figures: FloatArray, today: date
) -> int:
    CampaignScore.objects.bulk_create(
        [
            CampaignScore(
                workspace_id=version.workspace_id, version=version, campaign_id=campaign,
                began_on=day, scored_on=today, figures=said,
            )
            for (campaign, day), said in zip(keys, figures.tolist(), strict=True)
        ],
        batch_size=1_000,
        ignore_conflicts=True,
    )  # fmt: skip
    return len(keys)


@transaction.atomic
def _fill_in(ids: Index, came: FloatArray, scale: FloatArray) -> int:
    columns: dict[str, npt.NDArray[Any] | list[str]] = {
        "id": ids,
        "outcomes": _written(came),
        "scales": _written(scale),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)
        copy_text(_GIVEN, columns)
        cursor.execute(_FILL_IN)
        filled = int(cursor.rowcount)
        # Of this transaction, which may be a test's that learns twice.
        cursor.execute(f"DROP TABLE {_GIVEN}")
    return filled


def _written(values: FloatArray) -> list[str]:
    """Rows as PostgreSQL writes arrays; the unknown is empty."""
    return [
        "{" + ",".join("NULL" if isnan(one) else repr(one) for one in row) + "}"
        for row in values.tolist()
    ]
