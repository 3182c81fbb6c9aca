"""What is told of promises that were missed or escalate: in the story, and to those who lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from inbox.models import (
    AgentProfile,
    Conversation,
    ConversationEvent,
    HappenedKind,
    Team,
)
from inbox.services.topics import MACHINE
from workspaces.models import Membership, User, Workspace
from workspaces.roles import Role
from workspaces.services.notices import notify

_TOPIC: Final = "inbox.escalated"
#: More at once are told in one notice.
_ONE_BY_ONE: Final = 3


@dataclass(frozen=True)
class Mark:
    """One thing to tell of a turn of a conversation; ``before`` is how it stood."""

    row: Conversation
    kind: HappenedKind
    turn_at: datetime
    at: datetime
    before: str

    @property
    def key(self) -> tuple[str, str]:
        """By what it is told once."""
        return self.kind, self.turn_at.astimezone(UTC).isoformat()


def mark(marks: Sequence[Mark], *, now: datetime) -> None:
    """Tell it, in the caller's transaction."""
    if not marks:
        return
    ConversationEvent.objects.bulk_create(
        ConversationEvent(
            workspace_id=one.row.workspace_id, conversation=one.row, kind=one.kind, at=one.at,
            by_label=MACHINE, before={"sla": one.before},
            after={"sla": one.kind.value, "turn": one.key[1]},
        )
        for one in marks
    )  # fmt: skip
    escalated = [one.row for one in marks if one.kind == HappenedKind.ESCALATED]
    tell_leads(escalated, now=now)


def tell_leads(rows: Sequence[Conversation], *, now: datetime, by: str = "") -> None:
    """Tell those who lead a team what was escalated there, and whoever it is assigned to."""
    ordered = sorted(rows, key=lambda row: (row.workspace_id, row.team, row.pk))
    for (workspace_id, team), some in groupby(ordered, lambda row: (row.workspace_id, row.team)):
        workspace = Workspace.objects.get(pk=workspace_id)
        _tell(workspace, Team(team), list(some), now=now, by=by)


def _tell(
    workspace: Workspace, team: Team, rows: Sequence[Conversation], *, now: datetime, by: str
) -> None:
    leads = leads_of(workspace, team)
    if len(rows) > _ONE_BY_ONE:
        keys = f"{rows[0].pk}-{rows[-1].pk}-{now.astimezone(UTC).isoformat()}"
        notify(
            workspace=workspace, users=leads, topic=_TOPIC, now=now,
            title=f"{len(rows)} conversations of {team.label} are escalated",
            url=f"/inbox/?view=breaching&team={team}", dedup_key=f"escalated:{keys}",
        )  # fmt: skip
        return
    for row in rows:
        own = [*leads, row.assignee] if row.assignee else leads
        words = f"{by} escalated it." if by else "Half as much time again as was promised is over."
        notify(
            workspace=workspace, users=own, topic=_TOPIC, now=now, title=f"Escalated: {row}",
            body=words, url=f"/inbox/{row.public_id}/",
            dedup_key=f"escalated:{row.public_id}:{now.astimezone(UTC).isoformat()}",
        )  # fmt: skip


def leads_of(workspace: Workspace, team: str) -> list[User]:
    """Approvers and admins of a team; all of them where it has none of its own."""
    roles = [role for role in Role if role.rank >= Role.APPROVER.rank]
    members = Membership.objects.filter(
        workspace=workspace, role__in=roles, user__is_active=True
    ).select_related("user")
    everybody = [one.user for one in members.order_by("user")]
    profiles = AgentProfile.objects.filter(workspace=workspace, team=team)
    own = set(profiles.values_list("user_id", flat=True))
    return [one for one in everybody if one.pk in own] or everybody
