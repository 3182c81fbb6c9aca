"""How proposals of each proposer fared: agents, models, rules and people on one measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import connection

from workspaces.models import ProposerType, Workspace

#: Of each proposer so many of its newest proposals count.
NEWEST: Final = 1_000
_MOST_PROPOSERS: Final = 200

# Proposers one after the other by the index, never all proposals.
_SCORES: Final = """
WITH RECURSIVE who AS (
    (SELECT proposer_key FROM workspaces_proposal WHERE workspace_id = %(workspace)s
      ORDER BY proposer_key LIMIT 1)
    UNION ALL
    SELECT (SELECT p.proposer_key FROM workspaces_proposal p
             WHERE p.workspace_id = %(workspace)s AND p.proposer_key > who.proposer_key
             ORDER BY p.proposer_key LIMIT 1)
      FROM who WHERE who.proposer_key IS NOT NULL
)
SELECT who.proposer_key, s.*
  FROM (SELECT proposer_key FROM who WHERE proposer_key IS NOT NULL LIMIT %(proposers)s) who
 CROSS JOIN LATERAL (
    SELECT (array_agg(n.proposer_label ORDER BY n.id DESC))[1] AS label,
           (array_agg(n.proposer_type ORDER BY n.id DESC))[1] AS type,
           count(*) AS proposed,
           count(*) FILTER (WHERE n.status = 'pending') AS waiting,
           count(*) FILTER (WHERE n.status IN
               ('approved', 'executing', 'executed', 'failed', 'reverted')) AS signed,
           count(*) FILTER (WHERE n.status = 'rejected') AS rejected,
           count(*) FILTER (WHERE n.status IN ('executed', 'reverted')) AS executed,
           count(*) FILTER (WHERE n.status = 'failed') AS failed,
           count(*) FILTER (WHERE n.status = 'reverted') AS undone,
           count(n.inside) AS measured,
           count(*) FILTER (WHERE n.inside) AS as_predicted,
           count(*) FILTER (WHERE n.inside IS NOT NULL AND n.predicted * n.delta >= 0)
      FROM (SELECT p.id, p.proposer_label, p.proposer_type, p.status,
                   (p.realised ->> 'inside_interval')::boolean AS inside,
                   (p.realised ->> 'delta')::numeric AS delta,
                   (plan.predicted ->> 'delta')::numeric AS predicted
              FROM workspaces_proposal p
              LEFT JOIN workspaces_plan plan
                ON plan.id = p.current_plan_id AND p.measured_at IS NOT NULL
             WHERE p.workspace_id = %(workspace)s AND p.proposer_key = who.proposer_key
             ORDER BY p.id DESC LIMIT %(newest)s) n
 ) s
 ORDER BY s.proposed DESC, who.proposer_key
"""


@dataclass(frozen=True)
class Scorecard:
    """What became of the newest proposals of one proposer."""

    key: str
    label: str
    type: str
    proposed: int
    waiting: int
    signed: int
    rejected: int
    executed: int
    failed: int
    undone: int
    #: Of those whose effect could be told apart, and how many fell as foretold.
    measured: int
    as_predicted: int
    right_direction: int

    @property
    def type_label(self) -> str:
        """Who that is, in a word."""
        return ProposerType(self.type).label

    @property
    def signed_share(self) -> float | None:
        """Share of the decided that were signed."""
        decided = self.signed + self.rejected
        return self.signed / decided if decided else None

    @property
    def as_predicted_share(self) -> float | None:
        """Share of measured effects within the interval that was told; 80 % are meant to be."""
        return self.as_predicted / self.measured if self.measured else None


def scorecards_of(*, workspace: Workspace) -> list[Scorecard]:
    """Scorecards of all who propose, most proposals first."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SCORES, {"workspace": workspace.pk, "newest": NEWEST, "proposers": _MOST_PROPOSERS}
        )
        return [Scorecard(*row) for row in cursor.fetchall()]
