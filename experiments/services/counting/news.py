"""The counting's queue: which units have news that no sum holds yet.

A row is written in the transaction that writes what it tells of, and the counting reads events
only after it took the row, in a statement of its own. So it finds whatever the row tells of, in
whatever order transactions commit, and what it does not find yet has a row that is still to come.
Nothing is asked here of who is exposed: that may be just about to be committed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.db import connection

from attribution.services.news import PeopleNews
from workspaces.models import Workspace

# Whether a test may still want what happened then. Drafts do: they may start any moment.
_WANTED: Final = """
       NOT b.is_imported AND (b.ended_at IS NULL OR {since} < b.ended_at + coalesce((
           SELECT max(m.window_h) FROM experiments_abtestmetric u
             JOIN experiments_metric m ON m.id = u.metric_id WHERE u.test_id = b.id), 0)
           * interval '1 hour')
"""
_VISITORS: Final = f"""
INSERT INTO experiments_countingwork (workspace_id, site_id, unit, since)
SELECT %(workspace)s, w.site_id, w.visitor_key::text, w.since
  FROM web_todo w
 WHERE EXISTS (
       SELECT FROM experiments_websiteabtest s JOIN experiments_abtest b ON b.id = s.test_id
        WHERE s.site_id = w.site_id AND {_WANTED.format(since="w.since")})
"""
_PEOPLE: Final = f"""
INSERT INTO experiments_countingwork (workspace_id, person_id, unit, since)
SELECT %(workspace)s, person, '', %(since)s
  FROM unnest(%(people)s::bigint[]) AS person
 WHERE EXISTS (
       SELECT FROM experiments_abtest b
        WHERE b.workspace_id = %(workspace)s AND {_WANTED.format(since="%(since)s")})
"""
_UNITS: Final = """
INSERT INTO experiments_countingwork (workspace_id, unit, since)
SELECT %(workspace)s, unit, %(since)s FROM unnest(%(units)s::text[]) AS unit
"""


def queue_visitors(cursor: Any, workspace: Workspace) -> None:
    """Queue the visitors of a chunk of the sessioniser, on sites that have a test."""
    cursor.execute(_VISITORS, {"workspace": workspace.pk})


def queue_people(news: PeopleNews) -> None:
    """Queue people of whom a conversion came in, or who are others than they were."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PEOPLE,
            {"workspace": news.workspace_id, "people": list(news.people), "since": news.since},
        )


def queue_units(*, workspace_id: int, units: Iterable[str], since: datetime) -> None:
    """Queue units, in the transaction that writes what they did; ``since`` is the earliest."""
    with connection.cursor() as cursor:
        cursor.execute(
            _UNITS, {"workspace": workspace_id, "units": sorted(set(units)), "since": since}
        )
