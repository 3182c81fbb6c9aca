"""What the models that serve say of people: their value and whether they leave."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db import connection

from inbox.selectors.worth import Worth

LTV_FROM: Final = "predicted by the model of value"
CHURN_FROM: Final = "predicted by the model of leaving"

# People are known to the app by their user ids; merged ones by those of all that they were.
_SCORES: Final = """
SELECT coalesce(p.root_id, p.id), v.name,
       CASE WHEN v.name = 'ltv' THEN sum(s.score) ELSE max(s.score) END
  FROM attribution_person p
  JOIN attribution_identifier i
    ON i.workspace_id = p.workspace_id AND i.person_id = p.id AND i.kind = 'user_id'
  JOIN attribution_userinstall u ON u.workspace_id = p.workspace_id AND u.user_id = i.value
  JOIN mlops_userscore s ON s.install_id = u.id
  JOIN mlops_modelversion v ON v.id = s.version_id AND v.workspace_id = p.workspace_id
   AND v.stage = 'champion' AND v.name IN ('ltv', 'churn')
 WHERE p.workspace_id = %(workspace)s
   AND (p.id = ANY(%(roots)s) OR p.root_id = ANY(%(roots)s))
 GROUP BY 1, 2
"""


def predicted_worth(workspace_id: int, roots: Collection[int]) -> dict[int, Worth]:
    """Worth of people by their roots, as far as a champion scored them."""
    with connection.cursor() as cursor:
        cursor.execute(_SCORES, {"workspace": workspace_id, "roots": list(roots)})
        rows: list[Any] = cursor.fetchall()
    scores = {(root, name): score for root, name, score in rows}
    return {root: _worth(scores, root) for root, _, _ in rows}


def _worth(scores: dict[tuple[int, str], float], root: int) -> Worth:
    ltv, churn = scores.get((root, "ltv")), scores.get((root, "churn"))
    return Worth(
        ltv=max(ltv, 0.0) if ltv is not None else None,
        ltv_from=LTV_FROM if ltv is not None else "",
        churn=min(max(churn, 0.0), 1.0) if churn is not None else None,
        churn_from=CHURN_FROM if churn is not None else "",
    )
