"""The next channel, when one failed for good; never because a message was ignored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from outreach.engine.channels import Channel
from outreach.engine.fallback import RECEIPT_S
from outreach.engine.laws import DEFAULT_LAWS
from outreach.models import (
    ContactPoint,
    MessageDay,
    MessageStatus,
    OutreachMessage,
    TemplateVersion,
)
from outreach.services.sending.keys import dedup_key
from outreach.services.sending.paying import Purse
from workspaces.models import Workspace

MOST_ATTEMPTS: Final = 3
_RECEIPT: Final = timedelta(seconds=RECEIPT_S)
_RECEIPTS_SEEN: Final = timedelta(days=1)
_RECEIPT_CHANNELS: Final = [one.key for one in Channel if DEFAULT_LAWS[one].receipts]


def fall_back(*, messages: Sequence[OutreachMessage], now: datetime) -> list[OutreachMessage]:
    """Make messages by the next channel for some that failed for good; those that were made.

    Whether the channel may be used is asked right before it is sent, as of every message.
    """
    tried = [one for one in messages if one.fallbacks and one.attempt < MOST_ATTEMPTS]
    if not tried:
        return []
    points = ContactPoint.objects.in_bulk({point for one in tried for point in one.fallbacks})
    purse = Purse()
    made = [new for one in tried if (new := _next(one, points, purse, now))]
    return OutreachMessage.objects.bulk_create(made, ignore_conflicts=True)


def fall_back_without_receipt(*, now: datetime, most: int = 500) -> int:
    """Use the next channel for messages of which nothing was heard in four hours; how many.

    Only where receipts come at all: a mail server gives none, and silence there says nothing.
    """
    receipts = OutreachMessage.objects.filter(
        workspace=OuterRef("workspace"), channel=OuterRef("channel"),
        provider=OuterRef("provider"), delivered_at__gt=now - _RECEIPTS_SEEN,
    )  # fmt: skip
    done = OutreachMessage.objects.filter(fallback_of=OuterRef("pk"))
    silent = (
        OutreachMessage.objects.select_related("workspace", "point")
        .filter(
            Exists(receipts), ~Exists(done), status=MessageStatus.SENT,
            channel__in=_RECEIPT_CHANNELS,
            sent_at__range=(now - _RECEIPTS_SEEN, now - _RECEIPT), fallbacks__len__gt=0,
            attempt__lt=MOST_ATTEMPTS, workspace__in=Workspace.objects.open(),
        )
        .order_by("sent_at", "pk")[:most]
    )  # fmt: skip
    with transaction.atomic():
        return len(fall_back(messages=list(silent), now=now))


def fall_back_after_news(*, now: datetime, most: int = 500) -> int:
    """Use the next channel for messages of which a provider told that they did not arrive.

    A bounce for good, or a failure; never for who left or complained, and not twice.
    """
    made = 0
    days = MessageDay.objects.filter(
        Q(bounced__gt=0) | Q(failed__gt=0),
        day__gte=(now - 2 * _RECEIPTS_SEEN).date(),
        workspace__in=Workspace.objects.open(),
    )
    for workspace in days.order_by("workspace").values_list("workspace", flat=True).distinct():
        done = OutreachMessage.objects.filter(fallback_of=OuterRef("pk"))
        failed = (
            OutreachMessage.objects.select_related("workspace", "point")
            .filter(
                ~Exists(done), workspace=workspace, fallbacks__len__gt=0,
                status__in=[MessageStatus.BOUNCED, MessageStatus.FAILED],
                sent_at__gt=now - _RECEIPTS_SEEN, attempt__lt=MOST_ATTEMPTS,
            )
            .order_by("sent_at", "pk")[:most]
        )  # fmt: skip
        with transaction.atomic():
            made += len(fall_back(messages=list(failed), now=now))
    return made


def _next(
    failed: OutreachMessage, points: dict[int, ContactPoint], purse: Purse, now: datetime
) -> OutreachMessage | None:
    """Make the message by the first channel left that there is a text and money for."""
    for place, point_id in enumerate(failed.fallbacks):
        point = points.get(point_id)
        if point is None or point.contact_id != failed.contact_id:
            continue
        version = _version(failed, point.channel)
        if failed.version_id is not None and version is None:
            continue
        attempt = failed.attempt + 1
        made = OutreachMessage(
            workspace_id=failed.workspace_id, contact_id=failed.contact_id, point=point,
            channel=point.channel, purpose=failed.purpose, campaign_id=failed.campaign_id,
            plan_id=failed.plan_id, step_id=failed.step_id, variant=failed.variant,
            version=version, attempt=attempt, fallback_of=failed,
            fallbacks=failed.fallbacks[place + 1 :],
            dedup_key=dedup_key(
                workspace=failed.workspace, contact=failed.contact_id,
                campaign=failed.campaign_id or f"after-{failed.public_id}", step=failed.step_id,
                attempt=attempt, at=failed.send_at,
            ),
            content_sha256=version.sha256 if version else failed.content_sha256,
            subject="" if version else failed.subject, text="" if version else failed.text,
            send_at=now, expires_at=failed.expires_at, proof=_signed(failed),
            variables=failed.variables,
        )  # fmt: skip
        if purse.reserve(made):
            return made
    return None


def _signed(failed: OutreachMessage) -> dict[str, object]:
    """What was signed for the first message holds for the one in its place."""
    kept = (
        "plan", "rows_sha256", "follows", "proposal", "signed_sha256", "signatures",
        "forced_because", "by",
    )  # fmt: skip
    return {name: failed.proof[name] for name in kept if name in failed.proof}


def _version(failed: OutreachMessage, channel: str) -> TemplateVersion | None:
    """Text of a step on another channel, as it was signed with the plan."""
    if failed.step is None or failed.plan is None:
        return None
    texts = {
        text["variant"]: text["version"]
        for step in failed.plan.settings["steps"]
        if step["step"] == str(failed.step.public_id)
        for text in step["texts"]
        if text["channel"] == channel
    }
    named = texts.get(failed.variant) or texts.get("")
    rows = TemplateVersion.objects.filter(workspace=failed.workspace_id)
    return rows.filter(public_id=named).first() if named else None
