"""Writes the rows of a plan: all of them at once, from arrays."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from django.db import connection

from outreach.engine.channels import Channel
from outreach.models import SendPlan
from outreach.selectors.binary import write_table
from outreach.selectors.plan_rows import COLUMNS, OUTCOMES, PlanRows

_STAGED: Final = "outreach_staged"
_STAGE: Final = """
CREATE TEMP TABLE outreach_staged (
    place int, step bigint, contact bigint, outcome int2, point bigint, channel int2,
    fallback bigint, fallback2 bigint, variant int2, text bigint, send_at timestamptz, wave int2,
    cost bigint, why int, consent bigint
) ON COMMIT DROP
"""
_KEEP: Final = """
INSERT INTO outreach_plannedsend
       (workspace_id, plan_id, place, step_id, contact_id, outcome, point_id, channel, fallbacks,
        variant, text_id, send_at, wave, cost, why, consent)
SELECT %(workspace)s, %(plan)s, s.place, s.step, s.contact, (%(outcomes)s)[s.outcome + 1],
       nullif(s.point, 0), coalesce((%(channels)s)[s.channel + 1], ''),
       array_remove(ARRAY[s.fallback, s.fallback2], 0), (%(variants)s)[s.variant + 1],
       nullif(s.text, 0), CASE WHEN s.outcome < 2 THEN s.send_at END, s.wave,
       s.cost / 1000000::numeric, s.why, nullif(s.consent, 0)
  FROM outreach_staged s ORDER BY s.place
"""


def write_rows(plan: SendPlan, rows: PlanRows) -> None:
    """Write rows of a plan that is being made, in the caller's transaction."""
    given: dict[str, Any] = {
        "workspace": plan.workspace_id,
        "plan": plan.pk,
        "outcomes": [str(one) for one in OUTCOMES],
        "channels": [one.key for one in Channel],
        "variants": list(rows.variants),
    }
    columns = dict(rows.columns)
    # A moment that is none becomes one, and is left out again.
    columns["send_at"] = np.where(rows.is_sent, columns["send_at"], np.datetime64(0, "s"))
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {_STAGED}")
        cursor.execute(_STAGE)
        write_table(_STAGED, COLUMNS, columns)
        cursor.execute(_KEEP, given)
        cursor.execute(f"DROP TABLE {_STAGED}")
