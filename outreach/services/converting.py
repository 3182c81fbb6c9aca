"""Conversions that a message led to: of its recipient, within a week after it was sent.

The last message before a conversion has it, one of its campaign's goal; whether the message earned
it is what the attribution models say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

from outreach.models import EventKind
from outreach.services.hearing import Heard, hear
from workspaces.models import Workspace
from workspaces.services.jobs import Progress

CONVERSIONS_JOB: Final = "message-conversions"
WITHIN_DAYS: Final = 7
_BATCH: Final = 500
# Who somebody is today: people that merges made one share their conversions.
_LED_TO: Final = """
SELECT DISTINCT ON (v.id) v.id, v.converted_at, m.public_id
  FROM conversion_tracking v
  JOIN attribution_person p ON p.id = v.person_id
  JOIN attribution_person q ON coalesce(q.root_id, q.id) = coalesce(p.root_id, p.id)
   AND q.workspace_id = v.workspace_id
  JOIN outreach_contact c ON c.person_id = q.id AND c.workspace_id = v.workspace_id
  JOIN outreach_outreachmessage m ON m.workspace_id = v.workspace_id AND m.contact_id = c.id
   AND m.sent_at <= v.converted_at
   AND m.sent_at > v.converted_at - %(within)s * interval '1 day'
  LEFT JOIN outreach_outreachcampaign g ON g.id = m.campaign_id
 WHERE v.workspace_id = %(workspace)s AND v.converted_at >= %(since)s
   AND coalesce(g.goal, '') IN ('', v.type)
   AND NOT EXISTS (SELECT FROM outreach_messageevent e
                    WHERE e.workspace_id = v.workspace_id AND e.key = 'conversion:' || v.id)
 ORDER BY v.id, m.sent_at DESC
 LIMIT %(batch)s
"""


def take_conversions(*, workspace: Workspace, now: datetime) -> int:
    """Tell messages of the conversions that came after them; returns how many."""
    given: Mapping[str, Any] = {
        "workspace": workspace.pk, "since": now - timedelta(days=2 * WITHIN_DAYS),
        "within": WITHIN_DAYS, "batch": _BATCH,
    }  # fmt: skip
    total = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_LED_TO, given)
            rows = cursor.fetchall()
        total += hear(workspace=workspace, events=[_heard(*row) for row in rows], now=now)
        if len(rows) < _BATCH:
            return total


def _heard(conversion: int, at: datetime, message: Any) -> Heard:
    return Heard(
        kind=EventKind.CONVERTED,
        at=at,
        key=f"conversion:{conversion}",
        message=message,
        detail={"conversion": conversion},
    )


def convert(progress: Progress) -> None:
    """Do so for a workspace, as a job."""
    progress.count(conversions=take_conversions(workspace=progress.workspace, now=progress.now))
