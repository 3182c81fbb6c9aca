"""People behind a bar are saved under a name: an audience that others may use."""

from __future__ import annotations

from typing import Any, Final

from django.db import connection, transaction

from attribution.models import SavedCohort
from attribution.selectors.funnels.results import people_sql
from attribution.selectors.funnels.shapes import FunnelView
from attribution.services.funnels.defining import FunnelError
from workspaces.models import User
from workspaces.services.locks import lock_names

_STORE: Final = """
INSERT INTO attribution_savedcohortmember (workspace_id, cohort_id, visitor_key, person_id)
SELECT %(workspace)s, %(cohort)s, p.visitor_key,
       (SELECT coalesce(h.root_id, h.id) FROM attribution_visitor v
          JOIN attribution_person h ON h.id = v.person_id
         WHERE v.workspace_id = %(workspace)s AND v.key = p.visitor_key ORDER BY v.id LIMIT 1)
  FROM ({people}) p
"""


@transaction.atomic
def save_cohort(
    *, view: FunnelView, step: int, dropped: bool, name: str, by: User | None
) -> SavedCohort:
    """Keep the people who reached a step, or who were lost on the way to it.

    Raises
    ------
    FunnelError : no such step, nobody there, or the name is taken
    """
    funnel = view.funnel
    lock_names([f"cohorts:{funnel.workspace_id}"])
    name = name.strip()
    if not name or len(name) > 120 or "\x00" in name:
        raise FunnelError("name", "Give the cohort a name of at most 120 characters.")
    if SavedCohort.objects.filter(workspace_id=funnel.workspace_id, name=name).exists():
        raise FunnelError("name", f"There is a cohort called {name} already; take another name.")
    try:
        text, given = people_sql(view, step, dropped=dropped)
    except ValueError as error:
        raise FunnelError("step", f"{error}.") from error
    cohort = SavedCohort.objects.create(
        workspace_id=funnel.workspace_id,
        name=name,
        origin=_origin(view, step, dropped=dropped),
        size=0,
        created_by=by,
    )
    with connection.cursor() as cursor:
        statement = _STORE.replace("{people}", text)
        cursor.execute(statement, {**given, "workspace": funnel.workspace_id, "cohort": cohort.pk})
        cohort.size = cursor.rowcount
    if not cohort.size:
        raise FunnelError("step", "Nobody is behind this bar; choose other days or filters.")
    cohort.save(update_fields=["size"])
    return cohort


def _origin(view: FunnelView, step: int, *, dropped: bool) -> dict[str, Any]:
    return {
        "funnel": str(view.funnel.public_id),
        "version": view.funnel.version,
        "step": step,
        "dropped": dropped,
        "since": view.period.since.isoformat(),
        "until": view.period.until.isoformat(),
        "filters": view.filters.as_json(),
    }
