"""Contacts that something is asked about: a few by their ids, or an audience in a table of its own.

Places count them from 0; whatever is read of them comes back by place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from outreach.engine.audience_rules import RulesError
from outreach.models import Audience
from outreach.selectors.audiences.reading import AS_EVER, query_of, sets_in_memory
from outreach.selectors.binary import read_table
from workspaces.gate import StateError
from workspaces.models import Workspace

IntArray = npt.NDArray[np.int64]
_TABLE: Final = "outreach_asked"
_EVERYBODY: Final = """
SELECT c.id FROM outreach_contact c
 WHERE c.workspace_id = %(workspace)s AND c.archived_at IS NULL
"""
_READ: Final = "SELECT contact_id FROM outreach_asked ORDER BY place"
_IDS: Final = "SELECT id FROM ({members}) m ORDER BY id"
_COUNT: Final = "SELECT count(*) FROM ({members}) m"
_FILL: Final = """
CREATE TEMP TABLE outreach_asked ON COMMIT DROP AS
SELECT (row_number() OVER (ORDER BY m.id) - 1)::int AS place, m.id AS contact_id,
       NULL::bigint AS point_id
  FROM ({members}) m
"""


@dataclass(frozen=True, eq=False)
class Asked:
    """Contacts of a workspace by place, and SQL that gives (place, contact_id, point_id)."""

    workspace: Workspace
    ids: IntArray
    sql: str
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """How many."""
        return len(self.ids)

    def query(self, text: str) -> str:
        """Put the relation into a query, for `{asked}`."""
        return text.format(asked=self.sql)

    def values(self, **more: Any) -> dict[str, Any]:
        """Values of the query."""
        return {**self.given, "workspace": self.workspace.pk, **more}


def asked_of(workspace: Workspace, contacts: Sequence[int], points: Sequence[int] = ()) -> Asked:
    """A few contacts, each with the one address that counts where ``points`` says it."""
    named: list[int | None] = list(points) or [None] * len(contacts)
    given = {"contacts": list(contacts), "points": named}
    sql = (
        "(SELECT (place - 1)::int AS place, contact_id, point_id"
        " FROM unnest(%(contacts)s::bigint[], %(points)s::bigint[])"
        " WITH ORDINALITY AS t(contact_id, point_id, place))"
    )
    return Asked(workspace, np.array(contacts, np.int64), sql, given)


def asked_audience(workspace: Workspace, audience: Audience | None, now: datetime) -> Asked:
    """Members of an audience, everybody without one, by their ids; for this transaction only."""
    query, given = member_query(workspace, audience, now)
    with sets_in_memory() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {_TABLE}")
        cursor.execute(_FILL.format(members=query), given)
        cursor.execute(AS_EVER)
        cursor.execute(f"ANALYZE {_TABLE}")
    found = read_table(_READ, {}, {"id": "i8"})
    return Asked(workspace, found["id"], _TABLE)


def member_query(
    workspace: Workspace, audience: Audience | None, now: datetime
) -> tuple[str, dict[str, Any]]:
    """SQL for the ids of an audience's members as it is now, and its values.

    Raises
    ------
    StateError : its rules name what is not there any more
    """
    if audience is None:
        return _EVERYBODY, {"workspace": workspace.pk}
    try:
        found = query_of(audience, now)
    except RulesError as error:
        raise StateError(f"The audience “{audience.name}” cannot be read: {error}") from error
    return found.sql, dict(found.params)


def member_ids(workspace: Workspace, audience: Audience | None, now: datetime) -> IntArray:
    """Ids of an audience's members, in their order."""
    query, given = member_query(workspace, audience, now)
    with sets_in_memory():
        return read_table(_IDS.format(members=query), given, {"id": "i8"})["id"]


def member_count(workspace: Workspace, audience: Audience | None, now: datetime) -> int:
    """How many an audience has now."""
    query, given = member_query(workspace, audience, now)
    with sets_in_memory() as cursor:
        cursor.execute(_COUNT.format(members=query), given)
        return int(cursor.fetchone()[0])


def ids_sha256(ids: IntArray) -> str:
    """Name of a set of contacts: their ids in ascending order, 8 bytes each, little end first."""
    return hashlib.sha256(np.sort(ids).astype("<i8").tobytes()).hexdigest()
