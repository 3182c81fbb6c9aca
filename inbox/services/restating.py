"""What a conversation's row says of its messages, told anew from them.

Whatever changes messages calls this in its transaction: what arrives, what is answered, taken back,
merged, split. So the columns that lists sort and filter by have one definition.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import connection

from inbox.services.promising import promise

# Ours that went out or will; what was taken back or failed says nothing to anybody.
_OURS: Final = "direction = 'out' AND delivery NOT IN ('cancelled', 'failed') AND NOT is_auto"
# Ours that they have.
_SENT: Final = "direction = 'out' AND delivery IN ('sent', 'delivered') AND NOT is_auto"

# What is told of a message without words.
_MEDIA: Final = """CASE split_part(media -> 0 ->> 'type', '/', 1)
    WHEN 'image' THEN 'Picture' WHEN 'video' THEN 'Video' WHEN 'audio' THEN 'Voice message'
    ELSE CASE WHEN jsonb_array_length(media) > 0 THEN 'File' END END"""

_ROWS: Final = f"""
WITH told AS (
    SELECT conversation_id,
           max(at) FILTER (WHERE direction = 'in' OR {_OURS}) AS last_at,
           max(at) FILTER (WHERE direction = 'in') AS last_in,
           min(sent_at) FILTER (WHERE {_SENT}) AS first_out,
           count(*) FILTER (WHERE direction = 'in' AND first_viewed_at IS NULL) AS unread
      FROM inbox_customerresponse WHERE conversation_id = ANY(%(ids)s) GROUP BY conversation_id
), said AS (
    SELECT DISTINCT ON (conversation_id) conversation_id,
           coalesce(nullif(left(regexp_replace(text, '\\s+', ' ', 'g'), 200), ''), {_MEDIA}, '')
               AS preview
      FROM inbox_customerresponse
     WHERE conversation_id = ANY(%(ids)s) AND (direction = 'in' OR {_OURS})
     ORDER BY conversation_id, at DESC, id DESC
)
UPDATE inbox_conversation c
   SET last_message_at = coalesce(t.last_at, c.opened_at), last_inbound_at = t.last_in,
       first_answered_at = t.first_out, unread = t.unread, preview = s.preview,
       updated_at = now()
  FROM told t JOIN said s USING (conversation_id)
 WHERE c.id = t.conversation_id
"""  # noqa: S608  # the condition is ours

# The first of ours after it came answers a message: what was not there yet was not read. From the
# newest on, so that each message is looked at once.
_ANSWERED: Final = f"""
UPDATE inbox_customerresponse r
   SET answered_at = a.answered_at
  FROM (SELECT id, direction, min(sent_at) FILTER (WHERE {_SENT}) OVER (
                   PARTITION BY conversation_id
                   ORDER BY CASE direction WHEN 'in' THEN greatest(at, received_at) ELSE at END DESC
               ) AS answered_at
          FROM inbox_customerresponse WHERE conversation_id = ANY(%(ids)s)) a
 WHERE r.id = a.id AND a.direction = 'in' AND r.answered_at IS DISTINCT FROM a.answered_at
"""  # noqa: S608  # the condition is ours


def restate(conversations: Collection[int], *, now: datetime) -> None:
    """Tell the rows of conversations anew from their messages, and when they are due.

    Some statements for any number of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"ids": list(conversations)})
        cursor.execute(_ANSWERED, {"ids": list(conversations)})
    promise(conversations, now=now)
