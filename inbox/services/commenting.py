"""Comments below our posts: messages that all can read, answered where they stand."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from inbox.models import (
    Conversation,
    ConversationStatus,
    CustomerResponse,
    Delivery,
    Direction,
    InboxChannel,
)
from inbox.selectors.comments import GONE, engagement_of, name_of
from inbox.services.chores import do_each
from inbox.services.incoming import Incoming
from inbox.services.restating import restate
from inbox.services.settling import note_failed
from inbox.services.taking import take
from inbox.services.topics import TOPIC
from outreach.models import (
    AnswerOperation,
    EngagementKind,
    SocialAccount,
    SocialAnswer,
    SocialEngagement,
    SocialFunnelEntry,
)
from outreach.selectors.answers import ANSWERED
from outreach.services.social.answering import reached_by
from outreach.services.social.replying import reply
from workspaces.models import Workspace
from workspaces.platforms.errors import ErrorKind, PlatformError
from workspaces.services.live import bump

logger = logging.getLogger(__name__)

BATCH: Final = 100
#: What was written or read of networks longer ago is no news for the inbox.
_LOOKS_BACK: Final = timedelta(days=2)
_GIVES_UP: Final = timedelta(days=1)
_LOCK_S: Final = 120
_FINAL: Final = (ErrorKind.INVALID, ErrorKind.PERMISSION, ErrorKind.GONE)


def take_comments(*, now: datetime) -> int:
    """Take in comments of others that are no messages yet; returns how many.

    Likes, shares and mentions ask for no answer; neither do our own words.
    """
    return do_each(partial(_take_some, one, now) for one in _with_news(now))


def _with_news(now: datetime) -> QuerySet[Workspace]:
    """Workspaces below whose posts something was written lately, by others or by funnels."""
    came = SocialEngagement.objects.filter(
        workspace=OuterRef("pk"), kind=EngagementKind.COMMENT, created_at__gt=now - _LOOKS_BACK
    )
    said = SocialFunnelEntry.objects.filter(
        workspace=OuterRef("pk"), replied_at__gt=now - _LOOKS_BACK
    )
    return Workspace.objects.open().filter(Q(Exists(came)) | Q(Exists(said))).order_by("pk")


def _take_some(workspace: Workspace, now: datetime) -> int:
    rows = list(_new(workspace, now)[:BATCH])
    if rows:
        _take_each(workspace, rows, now)
    _show_answered(workspace, now)
    return len(rows)


def _take_each(workspace: Workspace, rows: Sequence[SocialEngagement], now: datetime) -> None:
    """Take in all together; where that fails, each by itself: one holds up no other."""
    try:
        for row in rows:
            # Known to outreach by their account: the address by which they are written to.
            with transaction.atomic():
                reached_by(row.person, now)
        take(workspace=workspace, incoming=[_incoming(row) for row in rows], now=now)
    except Exception:
        ids = [row.pk for row in rows]
        logger.exception("comments cannot be taken in", extra={"engagements": ids})
        if len(rows) > 1:
            for row in rows:
                _take_each(workspace, [row], now)


def _new(workspace: Workspace, now: datetime) -> QuerySet[SocialEngagement]:
    name = Concat(OuterRef("platform"), Value(":"), OuterRef("external_id"))
    known = CustomerResponse.objects.filter(
        workspace=workspace, channel=InboxChannel.COMMENT, external_id=name
    ).exclude(external_id="")
    ours = SocialAccount.objects.filter(
        workspace=workspace, platform=OuterRef("platform"),
        external_id=OuterRef("person__external_id"),
    )  # fmt: skip
    rows = SocialEngagement.objects.filter(
        ~Exists(known), ~Exists(ours), workspace=workspace, kind=EngagementKind.COMMENT,
        platform__in=ANSWERED, created_at__gt=now - _LOOKS_BACK, at__gt=now - _LOOKS_BACK,
    )  # fmt: skip
    return rows.exclude(text="").select_related("person__contact", "post").order_by("pk")


def _incoming(row: SocialEngagement) -> Incoming:
    about = " ".join((row.post.caption if row.post else "").split())[:120]
    parent = row.parent_external_id
    return Incoming(
        channel=InboxChannel.COMMENT, network=row.platform, address=row.person.external_id,
        external_id=name_of(row.platform, row.external_id), at=row.at, text=row.text,
        name=row.person.name or row.person.username, subject=f"Comment: {about}" if about else "",
        thread_ids=(name_of(row.platform, parent),) if parent else (),
    )  # fmt: skip


def _show_answered(workspace: Workspace, now: datetime) -> None:
    """Show what funnels answered below comments, so that nobody answers once more."""
    for entry in _unshown(workspace, now)[:BATCH]:
        try:
            _note_answer(entry, now)
        except Exception:
            logger.exception("a funnel's answer cannot be shown", extra={"entry": entry.pk})


def _unshown(workspace: Workspace, now: datetime) -> QuerySet[SocialFunnelEntry]:
    """Answers of funnels to comments that are messages, which are none themselves yet."""
    rows = CustomerResponse.objects.filter(
        workspace=workspace, channel=InboxChannel.COMMENT
    ).exclude(external_id="")
    prefix = Concat(OuterRef("engagement__platform"), Value(":"))
    own = rows.filter(external_id=Concat(prefix, OuterRef("reply_external_id")))
    theirs = rows.filter(external_id=Concat(prefix, OuterRef("engagement__external_id")))
    entries = SocialFunnelEntry.objects.filter(
        Exists(theirs), ~Exists(own), workspace=workspace,
        replied_at__gt=now - _LOOKS_BACK, engagement__kind=EngagementKind.COMMENT,
    )  # fmt: skip
    told = entries.exclude(reply_external_id="").select_related("engagement", "funnel")
    return told.order_by("pk")


@transaction.atomic
def _note_answer(entry: SocialFunnelEntry, now: datetime) -> None:
    platform = entry.engagement.platform
    own = name_of(platform, entry.reply_external_id)
    rows = CustomerResponse.objects.filter(
        workspace=entry.workspace_id, channel=InboxChannel.COMMENT
    )
    theirs = rows.get(external_id=name_of(platform, entry.engagement.external_id))
    talk = Conversation.objects.select_for_update().get(pk=theirs.conversation_id)
    theirs.refresh_from_db(fields=["conversation"])
    if rows.filter(external_id=own).exists():
        # Another worker was first.
        return
    at = max(entry.replied_at or now, theirs.came_at)
    CustomerResponse.objects.create(
        workspace_id=talk.workspace_id, conversation=talk, arrived_in=talk, answers=theirs,
        channel=InboxChannel.COMMENT, direction=Direction.OUT, point=theirs.point, external_id=own,
        text=_said(entry), at=at, send_at=at, sent_at=at, delivery=Delivery.SENT,
        first_viewed_at=at, author_label=f"Funnel {entry.funnel}"[:150],
    )  # fmt: skip
    if talk.status == ConversationStatus.OPEN:
        talk.status = ConversationStatus.WAITING
        talk.save(update_fields=["status", "updated_at"])
    restate([talk.pk], now=now)
    bump(talk.workspace_id, TOPIC)


def _said(entry: SocialFunnelEntry) -> str:
    answers = SocialAnswer.objects.filter(entry=entry, operation=AnswerOperation.ANSWER)
    last = answers.select_related("proposal__current_plan").order_by("-pk").first()
    plan = last.proposal.current_plan if last else None
    return str(plan.content.get("reply", "")) if plan else entry.funnel.public_reply


def send_replies(*, now: datetime) -> int:
    """Write answers below comments that are due; returns how many were tried.

    What a lost call left there is found and not written twice.
    """
    due = _due(now).order_by("send_at", "pk").values_list("pk", flat=True)
    return do_each(
        partial(_send, pk, now)
        for pk in due[:BATCH]
        if cache.add(f"inbox-comment:{pk}", 1, timeout=_LOCK_S)
    )


def _due(now: datetime) -> QuerySet[CustomerResponse]:
    return CustomerResponse.objects.filter(
        channel=InboxChannel.COMMENT, direction=Direction.OUT, delivery=Delivery.SCHEDULED,
        workspace__in=Workspace.objects.open(),
        send_at__lte=now,
    )  # fmt: skip


def _send(pk: int, now: datetime) -> int:
    """Write one, as it stands now: those before it may have taken a while."""
    row = _due(now).select_related("answers").filter(pk=pk).first()
    if row is None:
        return 0
    engagement = engagement_of(row.answers) if row.answers else None
    try:
        if engagement is None:
            raise PlatformError(ErrorKind.GONE, GONE)
        reply(engagement=engagement, words=row.text, since=row.at)
    except PlatformError as error:
        is_late = row.send_at is not None and now > row.send_at + _GIVES_UP
        if error.kind in _FINAL or is_late:
            _end(row, Delivery.FAILED, now, error=error.message[:500])
    else:
        _end(row, Delivery.SENT, now, sent_at=now)
    return 1


@transaction.atomic
def _end(
    row: CustomerResponse, delivery: Delivery, now: datetime, *, sent_at: datetime | None = None,
    error: str = "",
) -> None:  # fmt: skip
    stands = CustomerResponse.objects.filter(pk=row.pk).values_list("conversation", flat=True)
    talk = Conversation.objects.select_for_update().get(pk=stands.get())
    if stands.get() != talk.pk:
        # It was merged this very moment: the next run finds what it wrote, and ends it.
        return
    rows = CustomerResponse.objects.filter(pk=row.pk, delivery=Delivery.SCHEDULED)
    if not rows.update(delivery=delivery, sent_at=sent_at, error=error):
        return
    if delivery == Delivery.FAILED:
        note_failed(responses=[row.pk], conversations={talk.pk}, now=now)
    restate([talk.pk], now=now)
    bump(row.workspace_id, TOPIC)
