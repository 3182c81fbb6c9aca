"""How a plan that is being sent fares: what went out, what came back as harm, what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from outreach.engine.canary import CanaryPlan, CanaryState, Counts, Line, judge
from outreach.models import OutreachPolicy, SendPlan

#: After that a bounce or complaint of most is known.
SETTLED: Final = timedelta(hours=1)
#: A row so long over its time that became no message becomes none any more.
LOST: Final = timedelta(hours=2)
#: A first wave is looked at after so long, even if some of it is due later, if that many got it.
PATIENCE: Final = timedelta(hours=2)
ENOUGH: Final = 50
_WHOLE: Final = 10_000
_FARES: Final = """
WITH said AS (
    SELECT m.sent_at, m.status, m.bounced_at, m.complained_at, m.delivered_at
      FROM outreach_outreachmessage m
     WHERE m.workspace_id = %(workspace)s AND m.campaign_id = %(campaign)s
       AND m.plan_id = %(plan)s AND m.attempt = 1 AND m.created_at >= %(since)s
)
SELECT count(*) FILTER (WHERE sent_at IS NOT NULL),
       count(*) FILTER (WHERE sent_at <= %(settled)s OR delivered_at IS NOT NULL
                           OR bounced_at IS NOT NULL OR complained_at IS NOT NULL),
       count(bounced_at), count(complained_at),
       count(*) FILTER (WHERE status IN ('pending', 'scheduled', 'sending') AND sent_at IS NULL)
  FROM said
"""
_LEFT: Final = """
SELECT count(*) FILTER (WHERE p.send_at <= %(now)s), count(*)
  FROM outreach_plannedsend p
 WHERE p.plan_id = %(plan)s AND p.wave <= %(wave)s AND p.outcome IN ('scheduled', 'queued')
   AND (p.send_at > %(lost)s OR (p.send_at, p.place) > (
            SELECT (s.taken -> p.wave::text ->> 0)::timestamptz,
                   (s.taken -> p.wave::text ->> 1)::int
              FROM outreach_sendplan s WHERE s.id = p.plan_id))
   AND NOT EXISTS (SELECT FROM outreach_outreachmessage m
                    WHERE m.workspace_id = p.workspace_id AND m.contact_id = p.contact_id
                      AND m.plan_id = p.plan_id AND m.step_id = p.step_id)
"""


@dataclass(frozen=True)
class Fares:
    """Messages of a plan: out, judged, harm; and rows of its waves that are no message yet."""

    sent: int
    judged: int
    bounced: int
    complained: int
    waiting: int
    due: int
    later: int

    @property
    def is_over(self) -> bool:
        """Whether nothing of the waves that were let go is left."""
        return not (self.waiting or self.due or self.later)


def fares_of(plan: SendPlan, now: datetime) -> Fares:
    """Count, from when the plan was let go last."""
    given: dict[str, Any] = {
        "workspace": plan.workspace_id, "campaign": plan.campaign_id, "plan": plan.pk,
        "since": plan.activated_at, "settled": now - SETTLED, "now": now, "wave": plan.wave,
        # What was let go late is due late.
        "lost": min(now, plan.wave_at or now) - LOST if _is_fresh(plan, now) else now - LOST,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FARES, given)
        sent, judged, bounced, complained, waiting = cursor.fetchone()
        cursor.execute(_LEFT, given)
        due, left = cursor.fetchone()
    return Fares(sent, judged, bounced, complained, waiting, due, left - due)


def _is_fresh(plan: SendPlan, now: datetime) -> bool:
    return plan.wave_at is not None and now - plan.wave_at < LOST


def canary_of(plan: SendPlan, policy: OutreachPolicy, fares: Fares, now: datetime) -> CanaryState:
    """What the harm so far says of the next wave."""
    is_full = fares.is_over or (
        not (fares.waiting or fares.due) and fares.sent >= ENOUGH
        and plan.wave_at is not None and now - plan.wave_at >= PATIENCE
    )  # fmt: skip
    # Whom nothing could be sent to is not in the send that is judged.
    missing = max(0, plan.waves[plan.wave] - fares.sent) if is_full else 0
    total = max(plan.recipients - missing, fares.sent, 1)
    reached = [max(1, one - missing) for one in plan.waves]
    lines = CanaryPlan(
        shares=_rising([min(1.0, one / total) for one in reached]),
        bounces=_line(policy.bounce_warn_bp, policy.bounce_stop_bp),
        complaints=_line(policy.complaint_warn_bp, policy.complaint_stop_bp),
    )
    stage = min(plan.wave, len(lines.shares) - 1)
    counts = Counts(fares.sent, min(fares.judged, fares.sent), fares.bounced, fares.complained)
    return judge(counts, stage, total, lines)


def _line(warn_bp: int, stop_bp: int) -> Line:
    """Lines of a policy; one of nothing at all is drawn just above nothing."""
    warn = max(warn_bp, 0.1) / _WHOLE
    return Line(warn, min(max(stop_bp / _WHOLE, warn * 1.01), 0.99))


def _rising(shares: Sequence[float]) -> tuple[float, ...]:
    """Shares that rise to one: where a wave is empty, by next to nothing."""
    found: list[float] = []
    for one in shares[:-1]:
        found.append(max(one, found[-1] + 1e-9 if found else one))
    return (*(one for one in found if one < 1.0), 1.0)
