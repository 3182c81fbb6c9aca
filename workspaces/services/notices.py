"""Notices to members: rows first; mail and Slack follow from the rows (and the day's digest)."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from workspaces.models import (
    Membership,
    Notification,
    NotificationPreference,
    User,
    WebhookFormat,
    Workspace,
)
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.outbox import enqueue

logger = logging.getLogger(__name__)

TOPIC: Final = "notices"  # live counter of the bell
# Mail that could not be sent for a day is no news any more; the notice itself stays in the app.
MAIL_LIFE: Final = timedelta(days=1)
BATCH: Final = 50


def notify(
    *,
    workspace: Workspace,
    topic: str,
    title: str,
    dedup_key: str,
    now: datetime,
    users: Iterable[User] | None = None,
    rank: int | None = None,
    body: str = "",
    url: str = "",
    email: bool = True,
) -> None:
    """Tell members of a workspace, in the caller's transaction; once per person and ``dedup_key``.

    Parameters
    ----------
    users : these people, as far as they are members; ``None``: all members
    rank : only members of at least this own rank
    email : also by mail to those who want mail at once
    """
    members = _members(workspace, users=users, rank=rank)
    silent = set(
        NotificationPreference.objects.filter(workspace=workspace, email_at_once=False).values_list(
            "user_id", flat=True
        )
    )
    Notification.objects.bulk_create(
        [
            Notification(
                workspace=workspace,
                user_id=user_id,
                topic=topic,
                title=title[:200],
                body=body,
                url=url,
                dedup_key=_short(dedup_key),
                created_at=now,
                email_due=email and user_id not in silent,
            )
            for user_id in members.values_list("user_id", flat=True)
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    _enqueue_slack(workspace, topic=topic, title=title, body=body, url=url, key=dedup_key, now=now)
    bump(workspace.pk, TOPIC)


def _members(
    workspace: Workspace, *, users: Iterable[User] | None, rank: int | None
) -> QuerySet[Membership]:
    members = Membership.objects.filter(workspace=workspace, user__is_active=True)
    if users is not None:
        members = members.filter(user__in=list(users))
    if rank is not None:
        members = members.filter(role__in=[role for role in Role if role.rank >= rank])
    return members


def _short(key: str) -> str:
    """Key that fits its column; a long one by its digest, so that it stays unique."""
    return key if len(key) <= 120 else hashlib.sha256(key.encode()).hexdigest()


def _enqueue_slack(
    workspace: Workspace, *, topic: str, title: str, body: str, url: str, key: str, now: datetime
) -> None:
    lines = [f"*{title}*", body, absolute(url) if url else ""]
    text = "\n".join(line for line in lines if line)
    enqueue(
        workspace=workspace,
        format=WebhookFormat.SLACK,
        event_type=topic,
        bodies={slack_event_id(key): json.dumps({"text": text})},
        now=now,
    )


def slack_event_id(key: str) -> str:
    """Id under which a notice goes to Slack."""
    return f"notice-{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def absolute(url: str) -> str:
    """Address that works outside the browser."""
    return url if "://" in url else settings.PUBLIC_BASE_URL.rstrip("/") + url


def mark_read(*, user: User, workspace: Workspace, now: datetime, pk: int | None = None) -> int:
    """Mark one notice of a member as read, or all; returns how many changed."""
    unread = Notification.objects.filter(user=user, workspace=workspace, read_at=None)
    if pk is not None:
        unread = unread.filter(pk=pk)
    changed = unread.update(read_at=now)
    if changed:
        bump(workspace.pk, TOPIC)
    return changed


def deliver_mails(*, now: datetime, limit: int = BATCH) -> int:
    """Send what is due by mail, each notice once; returns how many left.

    A row is marked before it is sent: after a crash in between a mail is missing rather than
    doubled. A server that does not answer gives the rows back for the next run.
    """
    claimed = _claim_mails(now=now, limit=limit)
    for position, notice in enumerate(claimed):
        try:
            _send_notice(notice)
        except SMTPRecipientsRefused:
            logger.warning("mail address refused", extra={"notification": notice.pk})
        except OSError:  # smtplib's errors are among them
            logger.warning("mail server failed", extra={"notification": notice.pk}, exc_info=True)
            waiting = [row.pk for row in claimed[position:]]
            Notification.objects.filter(pk__in=waiting).update(emailed_at=None)
            return position
    return len(claimed)


@transaction.atomic
def _claim_mails(*, now: datetime, limit: int) -> list[Notification]:
    rows = list(
        Notification.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("user", "workspace")
        .filter(
            email_due=True,
            emailed_at=None,
            created_at__gt=now - MAIL_LIFE,
            workspace__in=Workspace.objects.open(),
        )
        .order_by("created_at", "pk")[:limit]
    )
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(emailed_at=now)
    return rows


def _send_notice(notice: Notification) -> None:
    context = {"notice": notice, "url": absolute(notice.url) if notice.url else ""}
    send_mail(
        subject=f"[{notice.workspace}] {notice.title}",
        text=render_to_string("workspaces/mail/notice.txt", context),
        to=notice.user.email,
        message_id=f"notice-{notice.pk}",
    )


def send_mail(*, subject: str, text: str, to: str, message_id: str) -> None:
    """Send one mail of ours; raises ``OSError`` where the server does not take it."""
    # A title may hold what came from outside: a line break there would start a new header.
    one_line = " ".join(subject.split())
    EmailMessage(
        one_line,
        text,
        settings.DEFAULT_FROM_EMAIL,
        [to],
        headers={"X-Countersign-Id": message_id, "Auto-Submitted": "auto-generated"},
    ).send()
