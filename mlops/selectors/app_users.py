"""What is known of an app's users after their first week, and what became of them then.

Features are of days 0 to 6 alone and targets of later days alone, so a model that learns from them
can serve as soon as a user's first week is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import Max

from attribution.models import UserInstall, UserSession
from mlops.engine.learning.shapes import Rows
from mlops.selectors.copying import copied
from workspaces.models import Workspace

FEATURE_DAYS: Final = 7
#: Who has no session in the week after his first is taken to have left.
AFTER_DAYS: Final = 14
CATEGORIES: Final = (
    "channel", "source", "device_type", "device_model", "os_version", "country",
)  # fmt: skip

_FIRST_WEEK: Final = """
SELECT s.install_id,
       count(*) AS sessions,
       count(*) FILTER (WHERE s.day = i.installed_on) AS sessions_day_0,
       count(*) FILTER (WHERE s.day - i.installed_on >= 4) AS sessions_late,
       bit_or(1 << (s.day - i.installed_on)) AS days,
       sum(s.seconds) / 60.0 AS minutes,
       max(s.seconds) / 60.0 AS longest_minutes,
       coalesce(sum(s.seconds) FILTER (WHERE s.day = i.installed_on), 0) / 60.0 AS minutes_day_0,
       coalesce(sum(s.seconds) FILTER (WHERE s.day - i.installed_on >= 4), 0) / 60.0
           AS minutes_late,
       avg(s.quality) AS quality,
       sum(s.revenue) AS revenue,
       max(s.revenue) AS largest_purchase,
       count(*) FILTER (WHERE s.revenue > 0) AS purchases,
       min(s.day - i.installed_on) FILTER (WHERE s.revenue > 0) AS first_purchase_day
  FROM attribution_usersession s
  JOIN attribution_userinstall i ON i.id = s.install_id
 WHERE s.workspace_id = %(workspace)s
   AND i.installed_on BETWEEN %(since)s AND %(until)s
   AND s.day BETWEEN %(since)s AND %(until)s::date + 6
   AND s.day - i.installed_on BETWEEN 0 AND 6
 GROUP BY s.install_id
"""
#: Those who came back in the week after their first.
CAME_BACK: Final = """
SELECT DISTINCT s.install_id
  FROM attribution_usersession s
  JOIN attribution_userinstall i ON i.id = s.install_id
 WHERE s.workspace_id = %(workspace)s
   AND i.installed_on BETWEEN %(since)s AND %(until)s
   AND s.day BETWEEN %(since)s::date + 7 AND %(until)s::date + 13
   AND s.day - i.installed_on BETWEEN 7 AND 13
"""
_USERS: Final = f"""
SELECT i.id, i.installed_on, i.channel, i.source, i.device_type, i.device_model, i.os_version,
       i.country, extract(isodow FROM i.installed_on) AS weekday,
       coalesce(w.sessions, 0) AS sessions, coalesce(w.sessions_day_0, 0) AS sessions_day_0,
       coalesce(w.sessions_late, 0) AS sessions_late, coalesce(w.days, 0) AS days,
       coalesce(w.minutes, 0) AS minutes, coalesce(w.longest_minutes, 0) AS longest_minutes,
       coalesce(w.minutes_day_0, 0) AS minutes_day_0, coalesce(w.minutes_late, 0) AS minutes_late,
       w.quality, coalesce(w.revenue, 0) AS revenue,
       coalesce(w.largest_purchase, 0) AS largest_purchase,
       coalesce(w.purchases, 0) AS purchases, w.first_purchase_day,
       i.ltv_180_days - i.ltv_7_days AS later_value, (a.install_id IS NOT NULL)::int AS came_back
  FROM attribution_userinstall i
  LEFT JOIN ({_FIRST_WEEK}) w ON w.install_id = i.id
  LEFT JOIN ({CAME_BACK}) a ON a.install_id = i.id
 WHERE i.workspace_id = %(workspace)s AND i.installed_on BETWEEN %(since)s AND %(until)s
 ORDER BY i.installed_on, i.id
"""  # noqa: S608  # of our own texts
# The very same figures of some users alone.
_SOME_USERS: Final = _USERS.replace(
    "WHERE s.workspace_id = %(workspace)s",
    "WHERE s.workspace_id = %(workspace)s AND s.install_id = ANY(%(installs)s)",
).replace(
    "WHERE i.workspace_id = %(workspace)s",
    "WHERE i.workspace_id = %(workspace)s AND i.id = ANY(%(installs)s)",
)
_NUMBERS: Final = (
    "weekday", "sessions", "sessions_day_0", "sessions_late", "minutes", "longest_minutes",
    "minutes_day_0", "minutes_late", "quality", "revenue", "largest_purchase", "purchases",
    "first_purchase_day",
)  # fmt: skip
_TYPES: Final = (
    {"id": "int64", "installed_on": "date32", "days": "int64"}
    | dict.fromkeys(CATEGORIES, "string")
    | dict.fromkeys([*_NUMBERS, "later_value", "came_back"], "float64")
)


@dataclass(frozen=True)
class AppUsers:
    """Users in the order of their installs; arrays are (users,).

    Attributes
    ----------
    keys : of their installs
    rows : features by name; text or numbers, NaN where unknown
    installed_on : days
    later_value : money of days 7 to 180 in the workspace's currency; NaN where not known
    has_left : no session on days 7 to 13; says nothing before these are over
    sha256 : of all of them
    """

    keys: npt.NDArray[np.int64]
    rows: dict[str, npt.NDArray[Any]]
    installed_on: npt.NDArray[np.datetime64]
    later_value: npt.NDArray[np.float64]
    has_left: npt.NDArray[np.bool_]
    sha256: str

    def __len__(self) -> int:
        return len(self.has_left)


def app_users(workspace: Workspace, *, since: date, until: date) -> AppUsers:
    """Read those who installed from ``since`` to ``until``, whose first week is over.

    One query: what is needed of a week's sessions is added up where they are.
    """
    asked = {"workspace": workspace.pk, "since": since, "until": until}
    columns, digest = copied(_USERS, asked, _TYPES)
    return AppUsers(
        keys=columns["id"],
        rows=_features(columns),
        installed_on=columns["installed_on"].astype("datetime64[D]"),
        later_value=columns["later_value"].clip(min=0),
        has_left=columns["came_back"] == 0,
        sha256=digest,
    )


def features_of(workspace: Workspace, installs: Sequence[UserInstall]) -> Rows:
    """Features of some users as ``app_users`` gives them, in the order that is asked for."""
    days = [install.installed_on for install in installs]
    asked: dict[str, Any] = {
        "workspace": workspace.pk, "since": min(days), "until": max(days),
        "installs": [install.pk for install in installs],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SOME_USERS, asked)
        names = [column.name for column in cursor.description]
        found = {row[0]: row for row in cursor.fetchall()}
    rows = [found[install.pk] for install in installs]
    columns = {
        name: _plain_column(name, [row[at] for row in rows]) for at, name in enumerate(names)
    }
    return _features(columns)


def users_by_id(workspace: Workspace, user_ids: Sequence[str]) -> dict[str, UserInstall]:
    """Users of the workspace by the names that their app gives them."""
    rows = UserInstall.objects.filter(workspace=workspace, user_id__in=user_ids)
    return {row.user_id: row for row in rows.only("id", "user_id", "installed_on")}


def newest_known_user(workspace: Workspace, today: date) -> UserInstall | None:
    """The newest user whose first week is over."""
    rows = UserInstall.objects.filter(
        workspace=workspace, installed_on__lte=today - timedelta(days=FEATURE_DAYS)
    )
    return rows.only("id", "user_id", "installed_on").order_by("-installed_on", "-pk").first()


def known_until(workspace: Workspace, today: date) -> date:
    """The last day of installs whose first two weeks are over, as far as sessions have come in.

    Who installed shortly before sessions end would seem to have left.
    """
    return _sessions_end(workspace, today) - timedelta(days=AFTER_DAYS)


def readable_until(workspace: Workspace, today: date) -> date:
    """The last day of installs whose first week is over, as far as sessions have come in."""
    return _sessions_end(workspace, today) - timedelta(days=FEATURE_DAYS)


def _sessions_end(workspace: Workspace, today: date) -> date:
    sessions = UserSession.objects.filter(workspace=workspace)
    newest: date | None = sessions.aggregate(newest=Max("day"))["newest"]
    return today if newest is None else min(today, newest + timedelta(days=1))


def _plain_column(name: str, values: list[Any]) -> npt.NDArray[Any]:
    if name in CATEGORIES:
        return np.array(values, dtype=object)
    if name in _NUMBERS:
        return np.array([np.nan if value is None else float(value) for value in values])
    return np.array([0 if value is None else value for value in values])


def _features(columns: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    days = columns["days"].astype(np.int64)
    seen = (days[:, None] >> np.arange(FEATURE_DAYS)) & 1
    rows: dict[str, npt.NDArray[Any]] = {name: columns[name].astype(str) for name in CATEGORIES} | {
        name: columns[name] for name in _NUMBERS
    }
    rows["active_days"] = seen.sum(axis=1).astype(np.float64)
    rows |= {f"active_on_day_{day}": seen[:, day].astype(np.float64) for day in range(1, 7)}
    last = np.where(days > 0, FEATURE_DAYS - 1 - seen[:, ::-1].argmax(axis=1), np.nan)
    rows["last_active_day"] = last
    rows["minutes_per_session"] = rows["minutes"] / np.maximum(rows["sessions"], 1)
    return rows
