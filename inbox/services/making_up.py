"""What a worker that died between a reading and what follows of it left undone, once more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Exists, OuterRef

from inbox.models import ConversationStatus, CustomerResponse, ReplyDraft
from inbox.services.following import follow_up
from workspaces.models import Workspace

DRAFTED: Final = "drafted"
FOLLOWED: Final = "followed"
#: Who reads now needs no help yet; later nobody waits for a machine any more.
_AFTER: Final = timedelta(minutes=2)
_WITHIN: Final = timedelta(minutes=30)
_KNOWN_S: Final = 3_600
_MOST: Final = 50


def note_done(what: str, responses: Iterable[int]) -> None:
    """Remember what was tried for messages, whatever came of it."""
    cache.set_many({f"inbox-{what}:{pk}": 1 for pk in responses}, _KNOWN_S)


def make_up(
    *, now: datetime, draft: Callable[[Sequence[CustomerResponse], datetime], object]
) -> int:
    """Do once what nobody tried for messages that were read a while ago; for how many."""
    rows = _read_lately(now)
    followed = _undone(FOLLOWED, rows)
    drafted = _undone(DRAFTED, [row for row in rows if not row.has_draft])
    note_done(FOLLOWED, [row.pk for row in followed])
    note_done(DRAFTED, [row.pk for row in drafted])
    follow_up({row.conversation_id for row in followed}, now=now)
    if drafted:
        draft(drafted, now)
    return len({row.pk for row in (*followed, *drafted)})


def _read_lately(now: datetime) -> list[Any]:
    rows = CustomerResponse.objects.filter(
        # By the index that each workspace has of its readings.
        reading__workspace__in=list(Workspace.objects.open().values_list("pk", flat=True)),
        reading__read_at__gt=now - _WITHIN, reading__read_at__lte=now - _AFTER,
        is_auto=False, answered_at=None, conversation__status=ConversationStatus.OPEN,
        conversation__archived_at=None,
    )  # fmt: skip
    drafts = ReplyDraft.objects.filter(workspace=OuterRef("workspace"), answers=OuterRef("pk"))
    return list(rows.only("conversation").annotate(has_draft=Exists(drafts)).order_by("pk"))


def _undone(what: str, rows: Sequence[Any]) -> list[Any]:
    done = cache.get_many([f"inbox-{what}:{row.pk}" for row in rows])
    return [row for row in rows if f"inbox-{what}:{row.pk}" not in done][:_MOST]
