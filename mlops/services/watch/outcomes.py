"""Kinds of models that say something of each user, and how what came of it is learnt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from django.db import connection
from django.db.models import Min

from mlops.models import ModelVersion, UserScore
from mlops.selectors.app_users import CAME_BACK

#: Fills outcomes of one version in, of users who installed ``since`` … ``until``: those whose
#: second week is over.
OUTCOMES: Final[Mapping[str, str]] = {
    "churn": f"""
        UPDATE mlops_userscore u SET outcome = (a.install_id IS NULL)::int
          FROM mlops_userscore s LEFT JOIN ({CAME_BACK}) a ON a.install_id = s.install_id
         WHERE u.id = s.id AND s.version_id = %(version)s AND s.outcome IS NULL
           AND s.began_on BETWEEN %(since)s AND %(until)s
    """,  # noqa: S608  # of our own texts
    # Value is counted once 180 days are over; until then it is empty there, too.
    "ltv": """
        UPDATE mlops_userscore u SET outcome = greatest(i.ltv_180_days - i.ltv_7_days, 0)
          FROM attribution_userinstall i
         WHERE i.id = u.install_id AND u.version_id = %(version)s AND u.outcome IS NULL
           AND u.began_on BETWEEN %(since)s AND %(until)s AND i.ltv_180_days IS NOT NULL
    """,
}


def learn_outcomes(*, version: ModelVersion, until: date) -> int:
    """Fill in what is known by now of the users whom a version scored; returns of how many."""
    waiting = UserScore.objects.filter(version=version, outcome=None)
    since = waiting.aggregate(first=Min("began_on"))["first"]
    if since is None:
        return 0
    asked = {
        "workspace": version.workspace_id,
        "version": version.pk,
        "since": since,
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES[version.name], asked)
        return int(cursor.rowcount)
