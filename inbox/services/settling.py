"""What became of answers: read from the messages that carry them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from inbox.models import (
    Conversation,
    ConversationEvent,
    ConversationStatus,
    CustomerResponse,
    Delivery,
    HappenedKind,
)
from inbox.services.restating import restate
from inbox.services.topics import MACHINE, TOPIC
from workspaces.services.live import bump
from workspaces.services.notices import notify

#: News of a message that comes later than this changes nothing in a conversation.
_HEARD_WITHIN: Final = timedelta(days=3)

# Locked in the order of keys, conversations first as everywhere.
_DUE: Final = """
SELECT c.id FROM inbox_conversation c
 WHERE c.id IN (
    SELECT r.conversation_id FROM inbox_customerresponse r
      LEFT JOIN outreach_outreachmessage m ON m.id = r.message_id
     WHERE r.delivery = 'scheduled' AND r.send_at <= %(now)s
       -- Answers below comments are written by `commenting`, and tell for themselves.
       AND (r.message_id IS NOT NULL OR r.channel <> 'comment')
       AND coalesce(m.status, 'sent') NOT IN ('scheduled', 'sending')
    UNION ALL
    SELECT r.conversation_id FROM inbox_customerresponse r
      JOIN outreach_outreachmessage m ON m.id = r.message_id
     WHERE r.direction = 'out' AND r.at > %(since)s
       AND (r.delivery = 'by_hand' AND m.status <> 'pending'
            OR r.delivery = 'sent' AND m.status <> 'sent')
 ) AND c.workspace_id IN (SELECT w.id FROM workspaces_workspace w WHERE w.closed_at IS NULL)
 ORDER BY c.id LIMIT 500 FOR UPDATE
"""

_SETTLED: Final = """
UPDATE inbox_customerresponse r
   SET delivery = t.delivery, sent_at = t.sent_at, error = left(t.error, 500)
  FROM (
    SELECT o.id, coalesce(m.error, '') || CASE WHEN m.error = '' THEN m.refusal_reason ELSE '' END
               AS error,
           CASE WHEN o.message_id IS NULL THEN o.send_at ELSE m.sent_at END AS sent_at,
           CASE WHEN o.message_id IS NULL OR m.status = 'sent' THEN 'sent'
                WHEN m.status IN ('failed', 'bounced') THEN 'failed'
                WHEN m.status = 'cancelled' THEN 'failed'
                WHEN m.status = 'pending' THEN 'by_hand'
                ELSE 'delivered' END AS delivery
      FROM inbox_customerresponse o LEFT JOIN outreach_outreachmessage m ON m.id = o.message_id
     WHERE o.conversation_id = ANY(%(ids)s) AND o.direction = 'out'
       AND o.delivery IN ('scheduled', 'by_hand', 'sent')
       AND (o.message_id IS NOT NULL OR o.send_at <= %(now)s AND o.channel <> 'comment')
       AND coalesce(m.status, 'sent') NOT IN ('scheduled', 'sending')
  ) t
 WHERE r.id = t.id AND r.delivery <> t.delivery
RETURNING r.conversation_id, r.workspace_id, r.delivery, r.id, r.is_auto
"""


def settle_answers(*, now: datetime) -> int:
    """Note what went out, failed or waits for a person; returns how many answers that were.

    What outreach refused or could not send counts as failed: the conversation waits for us again.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": now, "since": now - _HEARD_WITHIN})
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        cursor.execute(_SETTLED, {"ids": ids, "now": now})
        settled = cursor.fetchall()
        # What a machine said of itself is missed by nobody.
        failed = [row for row in settled if row[2] == Delivery.FAILED and not row[4]]
        note_failed(
            responses=[pk for _, _, _, pk, _ in failed],
            conversations={conversation for conversation, *_ in failed}, now=now,
        )  # fmt: skip
        restate({conversation for conversation, *_ in settled}, now=now)
        for workspace_id in {workspace for _, workspace, *_ in settled}:
            bump(workspace_id, TOPIC)
    return len(settled)


def note_failed(*, responses: Sequence[int], conversations: set[int], now: datetime) -> None:
    """Open conversations whose answers did not arrive, and tell; in the caller's transaction."""
    _open(conversations)
    _tell(responses, now)


def _tell(failed: Sequence[int], now: datetime) -> None:
    """Say in the story, and to who wrote it, that an answer did not arrive."""
    rows = CustomerResponse.objects.filter(pk__in=failed).order_by("pk")
    for row in rows.select_related("workspace", "author", "conversation__assignee", "point"):
        talk = row.conversation
        ConversationEvent.objects.create(
            workspace=row.workspace, conversation=talk, at=now, kind=HappenedKind.FAILED,
            by_label=MACHINE, after={"response": row.pk, "why": row.error},
        )  # fmt: skip
        if who := row.author or talk.assignee:
            notify(
                workspace=row.workspace, users=[who], topic="inbox.failed",
                title=f"An answer was not delivered: {talk}",
                body=row.error, url=f"/inbox/{talk.public_id}/",
                dedup_key=f"answer-failed:{row.public_id}", now=now,
            )  # fmt: skip


def _open(conversations: set[int]) -> None:
    """Nobody waits for an answer to what never arrived, also where it was closed since."""
    rows = Conversation.objects.filter(pk__in=conversations, merged_into=None)
    rows.exclude(status=ConversationStatus.OPEN).update(
        status=ConversationStatus.OPEN, closed_at=None, snoozed_until=None
    )
