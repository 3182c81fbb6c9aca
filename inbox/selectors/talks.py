"""How the conversations of messages stand: of one message as of hundreds, in as many queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from inbox.models import ConversationStatus, CustomerResponse, Delivery, Direction, InboxChannel
from inbox.selectors.comments import why_not_below
from inbox.selectors.replies import ASKED, OWN_CHANNELS, SAID, words_against
from outreach.services.sending.replying import would_send_all


@dataclass(frozen=True)
class Talk:
    """What came last into a conversation."""

    newest: CustomerResponse  # of theirs
    last: CustomerResponse | None  # of theirs or ours
    answered_at: datetime | None  # when we last wrote

    def is_over(self, response: CustomerResponse) -> bool:
        """Whether nothing is left to answer: somebody answered the last message, or closed it."""
        conversation = response.conversation
        if conversation.status == ConversationStatus.CLOSED or conversation.archived_at is not None:
            return True
        return self.answered_at is not None and self.answered_at >= self.newest.came_at


def responses_named(named: Iterable[tuple[int, str]]) -> dict[tuple[int, str], CustomerResponse]:
    """Messages of theirs by workspace and id, with what judging an answer reads of them."""
    wanted = set(named)
    rows = CustomerResponse.objects.select_related(*ASKED).filter(
        workspace__in={workspace for workspace, _ in wanted},
        public_id__in=[public_id for _, public_id in wanted], direction=Direction.IN,
    )  # fmt: skip
    found = {(row.workspace_id, str(row.public_id)): row for row in rows}
    return {key: row for key, row in found.items() if key in wanted}


def talks_of(responses: Collection[CustomerResponse]) -> dict[int, Talk]:
    """How the conversations of messages stand, by message."""
    keys = {one.conversation_id for one in responses}
    rows = CustomerResponse.objects.filter(conversation__in=keys)
    # As they came: what a network told late was not read by who answered before.
    lasts = rows.order_by("conversation", "-pk").distinct("conversation")
    newest = {row.conversation_id: row for row in lasts.filter(direction=Direction.IN)}
    last = {row.conversation_id: row for row in lasts.filter(SAID)}
    ours = rows.filter(direction=Direction.OUT, is_auto=False).exclude(
        delivery__in=(Delivery.CANCELLED, Delivery.FAILED)
    )
    answered = dict(ours.order_by().values_list("conversation").annotate(Max("at")))
    return {
        one.pk: Talk(
            newest.get(one.conversation_id, one), last.get(one.conversation_id),
            answered.get(one.conversation_id),
        )
        for one in responses
    }  # fmt: skip


def whys_not(responses: Iterable[CustomerResponse], now: datetime) -> dict[int, str]:
    """Why nobody may write to the addresses of messages now, by message; empty: they may."""
    asked = [one for one in responses if one.channel not in OWN_CHANNELS]
    below = [one for one in asked if one.channel == InboxChannel.COMMENT]
    sent = [one for one in asked if one.channel != InboxChannel.COMMENT]
    decided = would_send_all(points=[one.point for one in sent], now=now)
    return {one.pk: why_not_below(one) for one in below} | {
        one.pk: words_against(decided[one.point_id]) for one in sent
    }
