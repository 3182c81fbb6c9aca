"""The day's digest: what a member has not read, and what agents suggest since the last one.

A member is claimed before anything is sent, one at a time: a worker that dies in between costs one
member the digest of one day, and nobody gets it twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Case, IntegerField, Value, When
from django.template.loader import render_to_string

from workspaces.digest_ways import NotSentError, ShortDigest, send_by
from workspaces.models import (
    AgentSuggestion,
    DigestChannel,
    Membership,
    Notification,
    NotificationPreference,
    Priority,
    Proposal,
    Status,
    Workspace,
)
from workspaces.roles import Role, rank_of
from workspaces.services.notices import absolute, send_mail

logger = logging.getLogger(__name__)

#: A first digest looks back so far.
FIRST: Final = timedelta(days=7)
_NOTICES: Final = 20
_SUGGESTIONS: Final = 20
_TITLES: Final = 3
_URGENT_FIRST: Final = Case(
    *[When(priority=one, then=Value(place)) for place, one in enumerate(Priority.values)],
    output_field=IntegerField(),
)


@dataclass(frozen=True)
class Waiting:
    """A proposal that waits for a signature."""

    label: str
    url: str


@dataclass(frozen=True)
class Suggested:
    """A suggestion, with what of it waits."""

    row: AgentSuggestion
    waiting: list[Waiting]


@dataclass(frozen=True)
class Digest:
    """What a member is told; ``new`` and ``older`` count open suggestions."""

    preference: NotificationPreference
    notices: list[Notification]
    unread: int
    suggestions: list[Suggested]
    new: int
    older: int

    @property
    def has_news(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.unread or self.new)

    @property
    def more(self) -> int:
        """New suggestions that the mail does not name."""
        return self.new - len(self.suggestions)

    @property
    def counts(self) -> str:
        """How much there is, in words."""
        parts = [f"{self.unread} unread"] if self.unread else []
        if self.new:
            parts.append(f"{self.new} suggestion{'s' if self.new > 1 else ''} of agents")
        return ", ".join(parts)

    @property
    def first(self) -> str:
        """What stands first, in a line."""
        titles = [one.row.title for one in self.suggestions] or [one.title for one in self.notices]
        return "; ".join(" ".join(title.split()) for title in titles[:_TITLES])


def send_digests(*, now: datetime) -> int:
    """Send the day's digest to members whose hour has come in their workspace; returns how many."""
    sent = 0
    peopled = Workspace.objects.open().filter(memberships__isnull=False)
    for workspace in peopled.distinct().order_by("pk"):
        _fill_preferences(workspace)
        for preference, before in _claimed(workspace, now=now):
            digest = digest_of(preference, before=before, now=now)
            if digest.has_news:
                sent += _send(workspace, digest, before, now)
    return sent


def _claimed(
    workspace: Workspace, *, now: datetime
) -> Iterator[tuple[NotificationPreference, date | None]]:
    """Members whose digest is due, each taken when it is its turn, with the day of the last one."""
    last = 0
    while (found := _claim(workspace, after=last, now=now)) is not None:
        last = found[0].pk
        yield found


@transaction.atomic
def _claim(
    workspace: Workspace, *, after: int, now: datetime
) -> tuple[NotificationPreference, date | None] | None:
    local = now.astimezone(workspace.zone)
    row = (
        NotificationPreference.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("user", "workspace")
        .filter(
            pk__gt=after,
            workspace=workspace,
            daily_digest=True,
            digest_hour__lte=local.hour,
            user__is_active=True,
            user__memberships__workspace=workspace,
        )
        .exclude(last_digest_on__gte=local.date())
        .order_by("pk")
        .first()
    )
    if row is None:
        return None
    before, row.last_digest_on = row.last_digest_on, local.date()
    row.save(update_fields=["last_digest_on"])
    return row, before


def _fill_preferences(workspace: Workspace) -> None:
    without = Membership.objects.filter(workspace=workspace).exclude(
        user__in=NotificationPreference.objects.filter(workspace=workspace).values("user")
    )
    NotificationPreference.objects.bulk_create(
        [
            NotificationPreference(workspace=workspace, user_id=user_id)
            for user_id in without.values_list("user_id", flat=True)
        ],
        ignore_conflicts=True,
    )


def digest_of(preference: NotificationPreference, *, before: date | None, now: datetime) -> Digest:
    """What a member is told now, when the last digest was of the day ``before``."""
    unread = Notification.objects.filter(
        user_id=preference.user_id, workspace_id=preference.workspace_id, read_at=None
    )
    notices = list(unread.order_by("-created_at", "-pk")[:_NOTICES])
    suggestions, new, older = _suggested(preference, _since(preference, before, now))
    return Digest(preference, notices, unread.count(), suggestions, new, older)


def _since(preference: NotificationPreference, before: date | None, now: datetime) -> datetime:
    if before is None:
        return now - FIRST
    zone = preference.workspace.zone
    return datetime.combine(before, time(preference.digest_hour), tzinfo=zone)


def _suggested(
    preference: NotificationPreference, since: datetime
) -> tuple[list[Suggested], int, int]:
    """Suggestions to operators and up, the most urgent first."""
    member = Membership.objects.filter(
        workspace_id=preference.workspace_id, user_id=preference.user_id
    ).first()
    if member is None or rank_of(member.role) < Role.OPERATOR.rank:
        return [], 0, 0
    still_open = AgentSuggestion.objects.filter(
        workspace_id=preference.workspace_id, dismissed_at=None
    )
    new = still_open.filter(created_at__gte=since)
    rows = (
        new.select_related("agent")
        .prefetch_related("actions__proposal")
        .order_by(_URGENT_FIRST, "-pk")[:_SUGGESTIONS]
    )
    told = [Suggested(row, _waiting(row)) for row in rows]
    older = still_open.filter(created_at__lt=since).count()
    return told, new.count(), older


def _waiting(row: AgentSuggestion) -> list[Waiting]:
    made: list[Proposal | None] = [action.proposal for action in row.actions.all()]
    return [
        Waiting(one.summary, absolute(f"/approvals/{one.public_id}/"))
        for one in made
        if one is not None and one.status == Status.PENDING
    ]


def _send(workspace: Workspace, digest: Digest, before: date | None, now: datetime) -> bool:
    preference, why = digest.preference, ""
    if preference.digest_by != DigestChannel.EMAIL:
        key = f"digest-{preference.pk}-{preference.last_digest_on}"
        short = ShortDigest(
            workspace, preference.phone, digest.counts, digest.first, absolute("/notices/"), key
        )
        try:
            send_by(preference.digest_by, short, now)
        except NotSentError as error:
            why = f"It could not come by {preference.get_digest_by_display()}: {error}"
        else:
            return True
    return _mail(workspace, digest, before, why)


def _mail(workspace: Workspace, digest: Digest, before: date | None, why: str) -> bool:
    preference = digest.preference
    context = {
        "digest": digest, "workspace": workspace, "why": why, "url": absolute("/notices/"),
        "agents_url": absolute("/agents/"),
    }  # fmt: skip
    try:
        send_mail(
            subject=f"[{workspace}] {digest.counts}",
            text=render_to_string("workspaces/mail/digest.txt", context),
            to=preference.user.email,
            message_id=f"digest-{preference.pk}",
        )
    except OSError:  # smtplib's errors are among them
        logger.warning("digest was not sent", extra={"preference": preference.pk}, exc_info=True)
        NotificationPreference.objects.filter(pk=preference.pk).update(last_digest_on=before)
        return False
    return True
