"""What people write back: opt-outs are carried out at once, the rest is an answer to a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from outreach.engine.opt_out import Wish, wish_of
from outreach.models import (
    ConsentSource,
    ContactPoint,
    EventKind,
    MessageChannel,
    OutreachMessage,
    OutreachPolicy,
)
from outreach.services.hearing import Heard, hear
from outreach.services.leaving import lift, stop
from workspaces.models import Workspace
from workspaces.services.locks import lock_names
from workspaces.text_classes import COMMENT_INTENT, SENTIMENT, TextClass, classifier

#: What is written later than this answers no message any more; it begins something new.
ANSWERED_WITHIN: Final = timedelta(days=7)
_TEXT_LENGTH: Final = 4_000


@dataclass(frozen=True)
class Media:
    """What came beside words: its type as the network says, and where it keeps the file, if so."""

    type: str
    url: str = ""
    name: str = ""


@dataclass(frozen=True)
class Written:
    """Something that somebody wrote to us, or that opened the conversation."""

    channel: MessageChannel
    address: str  # normalised
    text: str
    at: datetime
    key: str
    from_ad: bool = False
    name: str = ""
    media: tuple[Media, ...] = ()


def listen(*, workspace: Workspace, written: Sequence[Written]) -> None:
    """Carry out what people ask for, and note what they answered; each once.

    Of somebody we never wrote to there is no contact: that is the inbox's to take in.
    """
    addresses = {one.address for one in written}
    points = ContactPoint.objects.filter(workspace=workspace, address__in=addresses)
    found = {(one.channel, one.address): one for one in points.select_related("contact")}
    known = [
        (point, one)
        for one in sorted(written, key=lambda each: each.at)
        if (point := found.get((one.channel, one.address)))
    ]
    asked = _asked(workspace, known)
    quiet: list[tuple[ContactPoint, Written]] = []
    for point, one in known:
        if point.pk in asked or wish_of(one.text).is_executed:
            _take(workspace, point, one)
        else:
            quiet.append((point, one))
    _note_windows(quiet)


def _asked(workspace: Workspace, known: Sequence[tuple[ContactPoint, Written]]) -> set[int]:
    """Addresses of those who may answer a message of ours; most who write answer none."""
    if not known:
        return set()
    rows = OutreachMessage.objects.filter(
        workspace=workspace, contact__in={point.contact_id for point, _ in known},
        point__in={point.pk for point, _ in known}, sent_at__gt=known[0][1].at - ANSWERED_WITHIN,
    )  # fmt: skip
    return set(rows.values_list("point", flat=True))


@transaction.atomic
def _take(workspace: Workspace, point: ContactPoint, one: Written) -> None:
    lock_names([f"outreach-consent:{point.contact_id}"])
    wish = wish_of(one.text)
    _note_window(point, one)
    proof = {"text": one.text[:300], "matched": wish.matched, "key": one.key}
    if wish.is_executed and wish.action == "opt_out":
        stop(
            contact=point.contact, channel=one.channel, at=one.at, evidence=proof,
            is_everywhere=_means_all(workspace, one, wish), source=ConsentSource.STOP,
        )  # fmt: skip
    elif wish.is_executed and wish.action == "opt_in":
        lift(
            contact=point.contact, channel=one.channel, at=one.at, evidence=proof,
            source=ConsentSource.STOP,
        )  # fmt: skip
    if answered := _last_message(point, one.at):
        hear(workspace=workspace, events=[_reply(workspace, answered, one)], now=one.at)
        _keep_text(workspace, answered, one)


_WINDOWS: Final = """
WITH told AS (
    SELECT id, min(at) AS first, max(at) AS last, max(at) FILTER (WHERE from_ad) AS ad
      FROM unnest(%s::bigint[], %s::timestamptz[], %s::boolean[]) t(id, at, from_ad) GROUP BY id
), locked AS (
    SELECT p.id FROM outreach_contactpoint p JOIN told USING (id)
     ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE outreach_contactpoint p
   SET verified_at = coalesce(p.verified_at, t.first),
       last_inbound_at = greatest(p.last_inbound_at, t.last),
       entered_by_ad_at = greatest(p.entered_by_ad_at, t.ad)
  FROM told t JOIN locked USING (id) WHERE p.id = t.id
"""


def _note_windows(quiet: Sequence[tuple[ContactPoint, Written]]) -> None:
    """As ``_note_window``, for all in whose words there is nothing to carry out."""
    if quiet:
        told = [(point.pk, one.at, one.from_ad) for point, one in quiet]
        with connection.cursor() as cursor:
            cursor.execute(_WINDOWS, [list(column) for column in zip(*told, strict=True)])


def _note_window(point: ContactPoint, one: Written) -> None:
    """Their message opens the channel's window, the newest counts; and proves the address."""
    rows = ContactPoint.objects.filter(pk=point.pk)
    rows.filter(verified_at=None).update(verified_at=one.at)
    if point.last_inbound_at is None or point.last_inbound_at < one.at:
        rows.update(last_inbound_at=one.at)
    if one.from_ad and (point.entered_by_ad_at is None or point.entered_by_ad_at < one.at):
        rows.update(entered_by_ad_at=one.at)


def _means_all(workspace: Workspace, one: Written, wish: Wish) -> bool:
    if wish.scope == "all":
        return True
    policy = OutreachPolicy.objects.filter(workspace=workspace).first()
    return one.channel == MessageChannel.SMS and (policy is None or policy.stop_means_all)


def _last_message(point: ContactPoint, at: datetime) -> OutreachMessage | None:
    rows = OutreachMessage.objects.filter(
        workspace=point.workspace_id, contact=point.contact_id, point=point,
        sent_at__lte=at, sent_at__gt=at - ANSWERED_WITHIN,
    )  # fmt: skip
    return rows.order_by("-sent_at").first()


def _reply(workspace: Workspace, message: OutreachMessage, one: Written) -> Heard:
    return Heard(
        kind=EventKind.REPLIED,
        at=one.at,
        key=f"reply:{one.key}",
        message=message.public_id,
        detail={"text": one.text[:_TEXT_LENGTH]},
    )


def _keep_text(workspace: Workspace, message: OutreachMessage, one: Written) -> None:
    """Keep the first answer on the message, as the classifiers read it."""
    feeling = _read(workspace, SENTIMENT, one.text)
    intent = _read(workspace, COMMENT_INTENT, one.text)
    OutreachMessage.objects.filter(pk=message.pk, reply_text="").update(
        reply_text=one.text[:_TEXT_LENGTH],
        reply_sentiment=feeling.score if feeling else None,
        reply_intent=(intent.label if intent else "")[:40],
    )


def _read(workspace: Workspace, name: str, text: str) -> TextClass | None:
    read = classifier(workspace, name)
    return read([text])[0] if read and text.strip() else None
