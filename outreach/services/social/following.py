"""What became of those who were answered: sent, answered back, converted, or stopped and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from outreach.models import (
    CampaignStatus,
    Enrolment,
    SocialFunnelEntry,
)
from outreach.services.social.matching import match_funnels
from outreach.services.social.taking import TOPIC
from workspaces.models import Workspace
from workspaces.services.jobs import Progress
from workspaces.services.live import bump

FUNNELS_JOB: Final = "social-funnels"
#: A conversion later than this has other causes.
CONVERTS_WITHIN_DAYS: Final = 30

# What the sending machinery knows of the private message.
_MESSAGES: Final = """
UPDATE outreach_socialfunnelentry e
   SET dm_at = m.sent_at, answered_at = m.replied_at,
       stopped_reason = CASE
           WHEN e.stopped_reason <> '' OR m.sent_at IS NOT NULL THEN e.stopped_reason
           WHEN m.status = 'cancelled'
           THEN coalesce(nullif(m.refusal_reason, ''), 'It was not sent.')
           WHEN m.status = 'failed' THEN coalesce(nullif(left(m.error, 300), ''), 'It failed.')
           ELSE '' END
  FROM outreach_outreachmessage m
 WHERE m.id = e.message_id AND m.workspace_id = e.workspace_id
   AND e.workspace_id = %(workspace)s AND e.triggered_at > %(since)s
   AND (e.dm_at IS DISTINCT FROM m.sent_at OR e.answered_at IS DISTINCT FROM m.replied_at
        OR (e.stopped_reason = '' AND m.sent_at IS NULL AND m.status IN ('cancelled', 'failed')))
"""
# A proposal that ends without an answer ends the way.
_REFUSED: Final = """
UPDATE outreach_socialfunnelentry e
   SET stopped_reason = CASE p.status
       WHEN 'rejected' THEN 'Nobody signed the answer: it was rejected.'
       WHEN 'expired' THEN 'Nobody signed the answer in time.'
       WHEN 'failed' THEN left(coalesce(nullif(p.last_error, ''), 'The answer failed.'), 300)
       ELSE 'The answer was cancelled.' END
  FROM outreach_socialanswer a
  JOIN workspaces_proposal p ON p.id = a.proposal_id
 WHERE a.entry_id = e.id AND a.operation = 'answer' AND e.workspace_id = %(workspace)s
   AND e.triggered_at > %(since)s AND e.stopped_reason = '' AND e.replied_at IS NULL
   AND e.message_id IS NULL AND p.status IN ('rejected', 'expired', 'failed', 'cancelled')
   AND NOT EXISTS (SELECT FROM outreach_socialanswer b
                     JOIN workspaces_proposal q ON q.id = b.proposal_id
                    WHERE b.entry_id = e.id AND b.operation = 'answer'
                      AND q.status NOT IN ('rejected', 'expired', 'failed', 'cancelled'))
"""
# Who somebody is today: people that merges made one share their conversions. The first counts.
_CONVERTED: Final = """
WITH first AS (
    SELECT DISTINCT ON (e.id) e.id, v.converted_at, v.value
      FROM outreach_socialfunnelentry e
      JOIN outreach_socialperson s ON s.id = e.person_id
      JOIN outreach_contact c ON c.id = s.contact_id
      JOIN attribution_person p ON p.id = c.person_id
      JOIN attribution_person q ON coalesce(q.root_id, q.id) = coalesce(p.root_id, p.id)
       AND q.workspace_id = e.workspace_id
      JOIN conversion_tracking v ON v.person_id = q.id AND v.workspace_id = e.workspace_id
       AND v.converted_at > e.triggered_at
       AND v.converted_at <= e.triggered_at + %(within)s * interval '1 day'
     WHERE e.workspace_id = %(workspace)s AND e.triggered_at > %(since)s
       AND e.converted_at IS NULL
     ORDER BY e.id, v.converted_at, v.id
)
UPDATE outreach_socialfunnelentry e SET converted_at = first.converted_at, value = first.value
  FROM first WHERE first.id = e.id
"""
# The engagement that set it off shows the same.
_SHOWN: Final = """
UPDATE outreach_socialengagement g
   SET dm_at = e.dm_at, converted_at = e.converted_at, conversion_value = e.value
  FROM outreach_socialfunnelentry e
 WHERE e.engagement_id = g.id AND e.workspace_id = %(workspace)s AND e.triggered_at > %(since)s
   AND (g.dm_at, g.converted_at, g.conversion_value)
       IS DISTINCT FROM (e.dm_at, e.converted_at, e.value)
"""
_STEPS: Final = (
    ("messages", _MESSAGES), ("refused", _REFUSED), ("converted", _CONVERTED), ("shown", _SHOWN),
)  # fmt: skip


@transaction.atomic
def follow_entries(*, workspace: Workspace, now: datetime) -> dict[str, int]:
    """Bring the ways of the last weeks up to date; how many rows of each kind changed."""
    given: dict[str, Any] = {
        "workspace": workspace.pk, "within": CONVERTS_WITHIN_DAYS,
        "since": now - timedelta(days=CONVERTS_WITHIN_DAYS + 1),
    }  # fmt: skip
    changed: dict[str, int] = {}
    with connection.cursor() as cursor:
        for name, statement in _STEPS:
            cursor.execute(statement, given)
            changed[name] = cursor.rowcount
    changed["enrolled"] = _enrol(workspace, given["since"], now)
    return changed


def _enrol(workspace: Workspace, since: datetime, now: datetime) -> int:
    """Let the sequence go on with who answered; the answer's signature names it."""
    entries = SocialFunnelEntry.objects.filter(
        workspace=workspace, triggered_at__gt=since, answered_at__isnull=False,
        converted_at=None, person__contact__archived_at=None,
        funnel__follow_up__status=CampaignStatus.ACTIVE,
    ).select_related("funnel__follow_up", "message").prefetch_related(
        "answers__proposal__current_plan"
    )  # fmt: skip
    rows = {
        (one.funnel.follow_up_id, one.message.contact_id): Enrolment(
            workspace=workspace, campaign=one.funnel.follow_up, contact_id=one.message.contact_id,
            due_at=now, entered_at=now,
        )
        for one in entries
        if one.message is not None and _is_signed(one)
    }  # fmt: skip
    known = set(
        Enrolment.objects.filter(
            campaign__in={campaign for campaign, _ in rows},
            contact__in={contact for _, contact in rows},
        ).values_list("campaign", "contact")
    )
    new = [row for key, row in rows.items() if key not in known]
    Enrolment.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _is_signed(entry: SocialFunnelEntry) -> bool:
    """Whether the answer that was signed names the sequence that the funnel has now."""
    campaign = str(entry.funnel.follow_up.public_id) if entry.funnel.follow_up else ""
    plans = (one.proposal.current_plan for one in entry.answers.all())
    named = (plan.content.get("follow_up") for plan in plans if plan)
    return any(one and one["campaign"] == campaign for one in named)


def run_funnels(progress: Progress) -> None:
    """Match what is new and follow what was answered, as a job."""
    workspace, now = progress.workspace, progress.now
    answered = match_funnels(workspace=workspace, now=now)
    changed = follow_entries(workspace=workspace, now=now)
    progress.count(answered=answered, **changed)
    if answered or any(changed.values()):
        bump(workspace.pk, TOPIC)


def workspaces_with_funnels() -> list[Workspace]:
    """Where a funnel is on, or was lately and left something to follow."""
    rows = Workspace.objects.open().filter(socialengagementfunnel__isnull=False)
    return list(rows.distinct().order_by("pk"))
