"""How it was: asked once after a conversation was closed, said by whoever holds the link.

The link names the question and is signed; there is no log-in and no cookie behind it. Looking at
the page writes nothing, for filters of mails follow links.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from inbox.models import (
    Conversation,
    ConversationEvent,
    ConversationStatus,
    CustomerResponse,
    Delivery,
    Direction,
    HappenedKind,
    InboxChannel,
    InboxPolicy,
    Intent,
    ReplyDraft,
    ResponseTemplate,
    Satisfaction,
)
from inbox.selectors.agents import answering
from inbox.selectors.replies import why_not
from inbox.services.answering import answer_by_machine
from inbox.services.desk.moving import way_of
from inbox.services.marking import leads_of
from inbox.services.restating import restate
from inbox.services.topics import TOPIC, UNCONFIRMED
from workspaces.cache import count_up
from workspaces.gate import RequestError
from workspaces.models import User, Workspace
from workspaces.services.live import bump
from workspaces.services.locks import lock_names
from workspaces.services.notices import notify

logger = logging.getLogger(__name__)

QUESTION: Final = "How was it? One click tells us, and helps whoever writes next."
SCORES: Final = ((5, "Very good"), (4, "Good"), (3, "So so"), (2, "Poor"), (1, "Very poor"))
#: Who gives so much is glad, who gives so little is not.
GLAD: Final = 4
LOW: Final = 2
LONGEST_COMMENT: Final = 2_000
_CHANGED_WITHIN: Final = timedelta(days=30)
_ASKED_AGAIN_AFTER: Final = timedelta(days=30)
#: Later nobody remembers how it was.
_ASKED_WITHIN: Final = timedelta(days=2)
#: Changes of one answer.
_MOST_A_DAY: Final = 20
_DAY_S: Final = 24 * 3600
_BATCH: Final = 200
_MOST_BATCHES: Final = 10
_NOT_TO: Final = (Intent.SPAM, Intent.UNSUBSCRIBE)
_OUT: Final = (Delivery.SENT, Delivery.DELIVERED)


class RatingError(RequestError):
    """What was said cannot be kept; ``field`` names what is wrong."""


def ask_due(*, now: datetime) -> int:
    """Ask those whose conversation was closed a while ago; returns how many were asked."""
    policies = InboxPolicy.objects.filter(
        asks_satisfaction=True, workspace__in=Workspace.objects.open()
    ).select_related("workspace")
    return sum(_ask_some(policy, now) for policy in policies)


def _ask_some(policy: InboxPolicy, now: datetime) -> int:
    """Ask the oldest first, past those who cannot be asked: they would hold up everybody else."""
    asked, after = 0, Q()
    for _ in range(_MOST_BATCHES):
        rows = list(_closed(policy, now).filter(after).order_by("closed_at", "pk")[:_BATCH])
        asked += sum(_try(row, policy, now) for row in rows)
        if asked >= _BATCH or len(rows) < _BATCH:
            break
        last = rows[-1]
        after = Q(closed_at__gt=last.closed_at) | Q(closed_at=last.closed_at, pk__gt=last.pk)
    return asked


def _try(row: Conversation, policy: InboxPolicy, now: datetime) -> bool:
    try:
        return _ask(row, policy, now)
    except Exception:
        # One that cannot be asked keeps nobody else from it.
        logger.exception("nobody can be asked how it was", extra={"conversation": row.pk})
        return False


def _closed(policy: InboxPolicy, now: datetime) -> QuerySet[Conversation]:
    """Conversations that a person answered, and nobody of which was asked lately."""
    until = now - timedelta(minutes=policy.satisfaction_after_minutes)
    ours = CustomerResponse.objects.filter(
        conversation=OuterRef("pk"), direction=Direction.OUT, is_auto=False, delivery__in=_OUT
    )
    theirs = Satisfaction.objects.filter(
        workspace=policy.workspace_id, conversation__contact=OuterRef("contact"),
        asked_at__gt=now - _ASKED_AGAIN_AFTER,
    )  # fmt: skip
    own = Satisfaction.objects.filter(conversation=OuterRef("pk"))
    rows = Conversation.objects.filter(
        Exists(ours), ~Exists(theirs), ~Exists(own), workspace=policy.workspace_id,
        status=ConversationStatus.CLOSED, closed_at__lte=until,
        closed_at__gt=until - _ASKED_WITHIN, merged_into=None, archived_at=None,
    )  # fmt: skip
    return rows.exclude(intent__in=_NOT_TO).exclude(channel=InboxChannel.COMMENT)


def _ask(row: Conversation, policy: InboxPolicy, now: datetime) -> bool:
    to = _last_of(row)
    if to is None or why_not(to, now):
        return False
    with transaction.atomic():
        lock_names([f"inbox-ask:{row.contact_id}"])
        Conversation.objects.select_for_update().get(pk=row.pk)
        if not _closed(policy, now).filter(pk=row.pk).exists():
            return False
        question = Satisfaction(
            workspace_id=row.workspace_id, conversation=row, asked_at=now,
            template_id=_template_of(row),
        )  # fmt: skip
        words = _text(question, policy, to.channel)
        question.response = answer_by_machine(to=to, text=words, now=now)
        question.save()
        bump(row.workspace_id, TOPIC)
    return True


def _last_of(row: Conversation) -> CustomerResponse | None:
    """Their last words, at whose address they are asked: none below a post, where all would read
    it, and none of an address only typed.
    """
    rows = (
        CustomerResponse.objects.filter(conversation=row, direction=Direction.IN, is_auto=False)
        .exclude(channel=InboxChannel.COMMENT)
        .exclude(flag_reason=UNCONFIRMED)
    )
    known = rows.select_related("workspace", "point__contact", "conversation")
    return known.order_by("-at", "-pk").first()


def _template_of(row: Conversation) -> int | None:
    """What the last answer was made of."""
    drafts = ReplyDraft.objects.filter(response__conversation=row, response__delivery__in=_OUT)
    newest = drafts.order_by("-response__at", "-pk").values_list("template", flat=True)
    return newest.first()


def _text(question: Satisfaction, policy: InboxPolicy, channel: str) -> str:
    words = policy.satisfaction_text.strip() or QUESTION
    if channel != InboxChannel.EMAIL:
        # Five addresses are too much for a short message.
        return f"{words}\n{rating_address(question)}"
    lines = (f"{name}: {rating_address(question, score)}" for score, name in SCORES)
    return "\n".join((words, "", *lines))


def rating_address(question: Satisfaction, score: int | None = None) -> str:
    """Where somebody says how it was; a score is chosen there beforehand, and not yet said."""
    token = _signer().sign(question.public_id.hex)
    address = settings.PUBLIC_BASE_URL.rstrip("/") + reverse("inbox-rate", args=[token])
    return f"{address}?score={score}" if score else address


def question_named(token: str) -> Satisfaction | None:
    """The question that an address names; none for what nobody signed."""
    try:
        key = UUID(hex=_signer().unsign(token))
    except (BadSignature, ValueError):
        return None
    rows = Satisfaction.objects.select_related("workspace", "conversation")
    return rows.filter(public_id=key).first()


def _signer() -> Signer:
    """A salt of its own: a token is good for nothing else that the secret signs."""
    return Signer(salt="inbox.rating", sep=".")


def is_open(*, question: Satisfaction, now: datetime) -> bool:
    """Whether something may be said, or said differently, still."""
    return now < question.asked_at + _CHANGED_WITHIN


@transaction.atomic
def rate(*, question: Satisfaction, score: int, comment: str, now: datetime) -> Satisfaction:
    """Keep what somebody says of how it was; they may change it for 30 days.

    Who gives 1 or 2 is told of to whoever has the conversation, or leads the team where nobody
    has; with words it is opened again. Merged since, it is the one in which it stands now.

    Raises
    ------
    RatingError : no score of 1 to 5, too many words, changed too often, or too late
    """
    if score not in dict(SCORES):
        raise RatingError("score", "Choose one of the five.")
    words = comment.replace("\x00", "").strip()
    if len(words) > LONGEST_COMMENT:
        raise RatingError("comment", f"Write at most {LONGEST_COMMENT:,} letters.")
    talk, stands_in = _locked(question)
    row = Satisfaction.objects.select_for_update(of=("self",)).get(pk=question.pk)
    if not is_open(question=row, now=now):
        raise RatingError("score", "This was asked too long ago. Write to us instead.")
    if (score, words) == (row.score, row.comment):
        return row
    if count_up(f"inbox-rated:{row.pk}:{now:%j}", keep_s=_DAY_S) > _MOST_A_DAY:
        raise RatingError("score", "You changed this often enough today. Try again tomorrow.")
    before = row.score
    is_new_comment = bool(words) and words != row.comment
    row.score, row.comment, row.answered_at = score, words, row.answered_at or now
    row.save(update_fields=["score", "comment", "answered_at"])
    _count(row.template_id)
    if score != before:
        _note(talk, HappenedKind.RATED, now, {"score": before}, {"score": score})
    if score <= LOW and (score != before or is_new_comment):
        _tell(stands_in, row, is_new_comment, now)
    bump(row.workspace_id, TOPIC)
    return row


def _locked(question: Satisfaction) -> tuple[Conversation, Conversation]:
    """Lock the conversation that was asked about, and the one into which it was merged since."""
    root = way_of(question.workspace, question.conversation_id)[-1]
    rows = Conversation.objects.select_for_update().filter(
        workspace=question.workspace_id, pk__in={question.conversation_id, root}
    )
    found = {row.pk: row for row in rows.order_by("pk")}
    return found[question.conversation_id], found[root]


def _count(template_id: int | None) -> None:
    """Count anew what people said of a template: said twice, it counts once."""
    if template_id is None:
        return
    template = ResponseTemplate.objects.select_for_update().get(pk=template_id)
    said = Satisfaction.objects.filter(template=template, score__isnull=False).aggregate(
        rated=Count("pk"), satisfied=Count("pk", filter=Q(score__gte=GLAD))
    )
    ResponseTemplate.objects.filter(pk=template_id).update(**said)


def _tell(conversation: Conversation, row: Satisfaction, has_words: bool, now: datetime) -> None:  # noqa: FBT001  # one call
    is_reopened = (
        has_words
        and conversation.status == ConversationStatus.CLOSED
        and conversation.merged_into_id is None
        and conversation.archived_at is None
    )
    if is_reopened:
        conversation.status, conversation.closed_at = ConversationStatus.OPEN, None
        conversation.save(update_fields=["status", "closed_at", "updated_at"])
        before, after = {"status": "closed"}, {"status": "open"}
        _note(conversation, HappenedKind.REOPENED, now, before, after)
        restate([conversation.pk], now=now)
    notify(
        workspace=row.workspace, users=_who_hears(conversation), topic="inbox.rated",
        title=f"{row.score} of 5: {conversation}", now=now,
        body="They said why, and it is open again." if is_reopened else "",
        url=f"/inbox/{conversation.public_id}/",
        dedup_key=f"rated:{row.public_id}:{row.score}:{int(has_words)}",
    )  # fmt: skip


def _who_hears(conversation: Conversation) -> list[User]:
    """Whoever has it; those who lead the team where nobody has, or they answer here no more."""
    has = conversation.assignee
    if has is not None and has in answering(conversation.workspace):
        return [has]
    return leads_of(conversation.workspace, conversation.team)


def _note(
    row: Conversation, kind: HappenedKind, at: datetime, before: dict[str, Any],
    after: dict[str, Any],
) -> None:  # fmt: skip
    ConversationEvent.objects.create(
        workspace_id=row.workspace_id, conversation=row, kind=kind, at=at,
        by_label="The customer", before=before, after=after,
    )  # fmt: skip
