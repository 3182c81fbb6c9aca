"""What contacts were sent lately or will be, for caps and duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from outreach.engine.caps import CapRules, CapUse, cap_use
from outreach.engine.channels import MomentArray
from outreach.engine.decisions import Ledger
from outreach.engine.zones import NEVER, moment
from outreach.models import OutreachCampaign, OutreachPolicy, SequenceStep
from outreach.models.messages import WAITING
from outreach.selectors.asked import Asked
from outreach.selectors.binary import read_table

_WEEK: Final = timedelta(days=7)
#: Messages of a week, and those that wait; what failed or was held back does not count.
_MESSAGES: Final = """
SELECT a.place, coalesce(m.sent_at, m.send_at), (m.purpose = 'marketing')::int::int2
  FROM {asked} a
  JOIN outreach_outreachmessage m ON m.contact_id = a.contact_id AND m.workspace_id = %(workspace)s
 WHERE (m.sent_at > %(since)s OR m.sent_at IS NULL AND m.status = ANY(%(waiting)s))
   AND NOT m.is_reply
   AND m.id <> ALL(%(but)s)
   AND (%(replaced)s IS NULL OR m.campaign_id IS DISTINCT FROM %(replaced)s
        OR m.sent_at IS NOT NULL)
"""
#: What plans that are being sent hold, and no message was made of yet.
_PLANNED: Final = """
SELECT a.place, p.send_at, (c.purpose = 'marketing')::int::int2
  FROM outreach_sendplan s
  JOIN outreach_outreachcampaign c ON c.id = s.campaign_id
  JOIN outreach_plannedsend p ON p.plan_id = s.id AND p.outcome IN ('scheduled', 'queued')
  JOIN {asked} a ON a.contact_id = p.contact_id
 WHERE s.workspace_id = %(workspace)s AND s.status = 'active' AND s.campaign_id <> %(campaign)s
   AND c.status = 'active' AND p.send_at < %(until)s
   AND NOT EXISTS (SELECT FROM outreach_outreachmessage m
                    WHERE m.workspace_id = s.workspace_id AND m.contact_id = p.contact_id
                      AND m.plan_id = s.id AND m.step_id = p.step_id)
"""
_SAME_STEP: Final = """
SELECT DISTINCT a.place, 0::int2
  FROM {asked} a
  JOIN outreach_outreachmessage m ON m.contact_id = a.contact_id AND m.workspace_id = %(workspace)s
 WHERE m.campaign_id = %(campaign)s AND m.step_id = %(step)s
   AND (m.sent_at IS NOT NULL OR %(waits)s AND m.status = ANY(%(waiting)s))
"""
_SAME_TEXT: Final = """
SELECT a.place, max(coalesce(m.sent_at, m.send_at))
  FROM {asked} a
  JOIN outreach_outreachmessage m ON m.contact_id = a.contact_id AND m.workspace_id = %(workspace)s
 WHERE m.version_id = ANY(%(versions)s)
   AND (m.sent_at > %(since)s OR m.sent_at IS NULL AND m.status = ANY(%(waiting)s))
   AND (m.campaign_id IS DISTINCT FROM %(campaign)s OR m.sent_at IS NOT NULL)
 GROUP BY 1
"""
_LATELY: Final = {"place": "i4", "at": "at", "is_marketing": "i2"}


def caps_of(policy: OutreachPolicy) -> CapRules:
    """How often a workspace writes to a person."""
    return CapRules(
        marketing_day=policy.marketing_per_day,
        marketing_week=policy.marketing_per_week,
        any_day=policy.all_per_day,
        any_week=policy.all_per_week,
    )


def lately(
    asked: Asked,
    rules: CapRules,
    now: datetime,
    *,
    but: Sequence[int] = (),
    planning: OutreachCampaign | None = None,
) -> CapUse:
    """How much contacts heard from us.

    ``but`` names messages that are not counted: those that are asked about. For a plan of a
    campaign, what waits of the same campaign is replaced by it, and what other campaigns have
    planned counts.
    """
    given = _given(asked, now, but=list(but), replaced=planning.pk if planning else None)
    rows = [read_table(asked.query(_MESSAGES), given, _LATELY)]
    if planning is not None:
        ahead = {"campaign": planning.pk, "until": now + _WEEK}
        rows.append(read_table(asked.query(_PLANNED), {**given, **ahead}, _LATELY))
    place, at, is_marketing = (np.concatenate([part[name] for part in rows]) for name in _LATELY)
    return cap_use(
        place.astype(np.int64), at, is_marketing > 0, people=asked.n, now=moment(now), rules=rules
    )


def ledger_of(
    asked: Asked, step: SequenceStep, versions: Sequence[int], now: datetime, *, waits: bool
) -> Ledger:
    """Who had this step, or one of its texts; ``waits``: what waits counts too.

    One step goes to a person once, however long ago.
    """
    given = _given(
        asked, now, campaign=step.campaign_id, step=step.pk, versions=list(versions), waits=waits
    )
    had = read_table(asked.query(_SAME_STEP), given, {"place": "i4", "none": "i2"})
    same_campaign = np.full(asked.n, NEVER)
    same_campaign[had["place"]] = moment(now)
    read = read_table(asked.query(_SAME_TEXT), given, {"place": "i4", "at": "at"})
    same_content: MomentArray = np.full(asked.n, NEVER)
    same_content[read["place"]] = read["at"]
    return Ledger(same_campaign, same_content)


def _given(asked: Asked, now: datetime, **more: Any) -> dict[str, Any]:
    waiting = [str(one) for one in WAITING]
    return asked.values(since=now - _WEEK, waiting=waiting, **more)
