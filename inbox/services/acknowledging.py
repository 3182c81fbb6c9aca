"""A word that a message has come: by a machine, once, and never to one.

It stops no clock. The rules against loops are those of RFC 3834: nothing goes to what a machine or
a list wrote, to nobody twice a day, and what goes says that a machine wrote it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from inbox.engine.filling import HOURS, fill
from inbox.engine.hours import is_open
from inbox.engine.hours_document import hours_in_words
from inbox.models import (
    Conversation,
    ConversationStatus,
    CustomerResponse,
    Direction,
    InboxChannel,
    InboxPolicy,
    Intent,
)
from inbox.selectors.promises import Rules, rules_of
from inbox.selectors.replies import values_for, why_not
from inbox.services.answering import answer_by_machine
from inbox.services.restating import restate
from inbox.services.topics import TOPIC, UNCONFIRMED
from outreach.engine.rendering import TemplateError
from workspaces.services.live import bump
from workspaces.services.locks import lock_names

#: Later it is no news to anybody that their message came.
_WITHIN: Final = timedelta(hours=1)
_ONCE_IN: Final = timedelta(hours=24)
#: Who wants nothing more of us, or nothing at all.
_NOT_TO: Final = (Intent.SPAM, Intent.UNSUBSCRIBE)


def acknowledge(conversations: Collection[int], *, now: datetime) -> int:
    """Tell those who opened conversations that their message has come; how many were told."""
    policies = {
        one.workspace_id: one
        for one in InboxPolicy.objects.filter(acknowledges=True).exclude(acknowledgement="")
    }
    if not policies:
        return 0
    told = 0
    for row in _opening(conversations, now).filter(workspace__in=policies):
        told += _tell(row, policies[row.workspace_id], now)
    return told


def _opening(conversations: Collection[int], now: datetime) -> QuerySet[CustomerResponse]:
    """First messages of conversations in which nobody said anything yet but them."""
    own = CustomerResponse.objects.filter(conversation=OuterRef("conversation"))
    rows = CustomerResponse.objects.filter(
        ~Exists(own.filter(direction=Direction.OUT)), ~Exists(own.filter(pk__lt=OuterRef("pk"))),
        conversation__in=conversations, conversation__status=ConversationStatus.OPEN,
        conversation__merged_into=None, direction=Direction.IN, is_auto=False,
        received_at__gt=now - _WITHIN, at__gt=now - _WITHIN,
    )  # fmt: skip
    rows = rows.exclude(channel=InboxChannel.COMMENT).exclude(reading__intent__in=_NOT_TO)
    # Nobody who types an address in a form makes us write to somebody else.
    rows = rows.exclude(flag_reason=UNCONFIRMED)
    return rows.select_related("workspace", "point__contact", "conversation").order_by("pk")


def _tell(to: CustomerResponse, policy: InboxPolicy, now: datetime) -> bool:
    rules = rules_of(to.workspace_id)
    hours = rules.hours_of(to.conversation.team)
    if to.channel == InboxChannel.CHAT and is_open(hours, now):
        # Somebody is there to answer at once.
        return False
    text = _text(to, policy, rules)
    if not text or why_not(to, now):
        return False
    with transaction.atomic():
        lock_names([f"inbox-acknowledge:{to.point_id}"])
        conversation = Conversation.objects.select_for_update().get(pk=to.conversation_id)
        if _is_told(to, now) or not _opening([conversation.pk], now).filter(pk=to.pk).exists():
            return False
        answer_by_machine(to=to, text=text, now=now)
        restate([conversation.pk], now=now)
        bump(to.workspace_id, TOPIC)
    return True


def _is_told(to: CustomerResponse, now: datetime) -> bool:
    """Whether a machine of ours wrote to that address lately."""
    rows = CustomerResponse.objects.filter(
        workspace=to.workspace_id, point=to.point_id, direction=Direction.OUT, is_auto=True,
        at__gt=now - _ONCE_IN,
    )  # fmt: skip
    return rows.exists()


def _text(to: CustomerResponse, policy: InboxPolicy, rules: Rules) -> str:
    values = values_for(to) | {"hours": hours_in_words(rules.hours_of(to.conversation.team))}
    try:
        filled = fill(
            subject="", body=policy.acknowledgement, values=values,
            locale=to.point.contact.locale or "en", more=HOURS,
        )  # fmt: skip
    except TemplateError:
        return ""
    return filled.text
