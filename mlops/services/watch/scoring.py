"""Daily scores: the champion and its shadow say the same users' future, and time tells."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from mlops.models import CampaignScore, ModelStage, ModelVersion, ScoreDay, UserScore
from mlops.selectors.app_users import AppUsers, app_users, known_until, readable_until
from mlops.selectors.watch import unseen_from, watched_versions
from mlops.services.registry.serving import shelf
from mlops.services.training.sources import LONGEST
from mlops.services.watch.outcomes import learn_outcomes
from mlops.services.world.copying import copy_text
from workspaces.models import Workspace

#: A version that was put away may come back by one click; its scores wait so long.
KEPT: Final = timedelta(days=90)
_GIVEN: Final = "mlops_given_scores"
_MAKE: Final = f"""
    CREATE TEMPORARY TABLE {_GIVEN} (install_id bigint, began_on date, score double precision)
        ON COMMIT DROP
"""
_TAKE: Final = f"""
    INSERT INTO mlops_userscore (workspace_id, version_id, install_id, began_on, scored_on, score)
    SELECT %(workspace)s, %(version)s, install_id, began_on, %(today)s, score
      FROM {_GIVEN} ORDER BY began_on, install_id
        ON CONFLICT (install_id, version_id) DO NOTHING
"""  # noqa: S608  # of our own texts
_ADD_UP: Final = """
    INSERT INTO mlops_scoreday (workspace_id, version_id, began_on, users, total)
    SELECT workspace_id, version_id, began_on, count(*), sum(score) FROM mlops_userscore
     WHERE version_id = %(version)s AND began_on >= %(since)s
     GROUP BY workspace_id, version_id, began_on
        ON CONFLICT (version_id, began_on)
        DO UPDATE SET users = excluded.users, total = excluded.total
"""
_FIRST_WITHOUT: Final = """
    SELECT min(i.installed_on) FROM attribution_userinstall i
     WHERE i.workspace_id = %(workspace)s AND i.installed_on BETWEEN %(since)s AND %(until)s
       AND NOT EXISTS (
           SELECT FROM mlops_userscore s WHERE s.install_id = i.id AND s.version_id = %(version)s
       )
"""


def score_users(*, workspace: Workspace, name: str, now: datetime) -> dict[str, int]:
    """Score who has no score yet by the versions of a name that are watched; returns counts.

    The champion scores the users of a year, a shadow those whom it did not learn from. Each user
    once by each version, however often this runs.
    """
    today = now.astimezone(workspace.zone).date()
    until, known = readable_until(workspace, today), known_until(workspace, today)
    counts = {"scores": 0, "outcomes": 0}
    starts = {
        version: start
        for version in watched_versions(workspace=workspace, name=name)
        if (start := _first_without(version, until)) is not None
    }
    if starts:
        users = app_users(workspace, since=min(starts.values()), until=until)
        for version, since in starts.items():
            counts["scores"] += _score(version, users, since, today=today, now=now)
    for version in watched_versions(workspace=workspace, name=name):
        counts["outcomes"] += learn_outcomes(version=version, until=known)
    return counts


def forget_scores(*, workspace: Workspace, now: datetime) -> int:
    """Delete scores of versions that have not stood beside anything for long; returns how many.

    What was found with them stands in their reports.
    """
    old = ModelVersion.objects.filter(
        workspace=workspace, stage=ModelStage.ARCHIVED, archived_at__lt=now - KEPT
    )
    ScoreDay.objects.filter(workspace=workspace, version__in=old).delete()
    scores = (UserScore, CampaignScore)
    return sum(
        table._default_manager.filter(workspace=workspace, version__in=old).delete()[0]
        for table in scores
    )


def _first_without(version: ModelVersion, until: date) -> date | None:
    """The first day of installs with a user whom the version should score, and did not."""
    since = until - LONGEST
    if version.stage != ModelStage.CHAMPION:
        since = max(since, unseen_from(version))
    asked: dict[str, Any] = {
        "workspace": version.workspace_id,
        "version": version.pk,
        "since": since,
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_WITHOUT, asked)
        found: date | None = cursor.fetchone()[0]
    return found


def _score(
    version: ModelVersion, users: AppUsers, since: date, *, today: date, now: datetime
) -> int:
    model = shelf.take(version, now=now)
    chosen = users.installed_on >= np.datetime64(since)
    if model is None or not chosen.any():
        return 0
    rows = {name: values[chosen] for name, values in users.rows.items()}
    columns = {
        "install_id": users.keys[chosen],
        "began_on": users.installed_on[chosen],
        "score": model.predict(rows),
    }
    return _store(version, columns, since, today)


@transaction.atomic
def _store(
    version: ModelVersion, columns: dict[str, npt.NDArray[Any]], since: date, today: date
) -> int:
    asked: dict[str, Any] = {
        "workspace": version.workspace_id,
        "version": version.pk,
        "today": today,
        "since": since,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MAKE)
        copy_text(_GIVEN, columns)
        cursor.execute(_TAKE, asked)
        made = int(cursor.rowcount)
        # Of this transaction, which may be a test's that scores twice.
        cursor.execute(f"DROP TABLE {_GIVEN}")
        cursor.execute(_ADD_UP, asked)
    return made
