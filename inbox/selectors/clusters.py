"""Drafts that say nearly the same, and those among them that a person should look at first."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Final
from uuid import UUID

from django.db.models import Count, Max, QuerySet

from inbox.engine.drafting_rules import DRAFTS_WAIT
from inbox.models import InboxPolicy, ReplyDraft
from workspaces.models import Status, Workspace

SHOWN: Final = 500
#: A message that is so much less like its template than the others is looked at by itself.
_ODD_BY: Final = 0.15


@dataclass(frozen=True)
class Group:
    """Drafts of one cluster."""

    cluster: UUID
    count: int
    draft: ReplyDraft  # one of them


@dataclass(frozen=True)
class Member:
    """A draft of a cluster; ``why`` says what makes it other than the rest."""

    draft: ReplyDraft
    why: str = ""


def waiting(workspace: Workspace) -> QuerySet[ReplyDraft]:
    """Drafts that wait for a signature."""
    # Of the workspace twice: what waits elsewhere is not read to find them.
    return ReplyDraft.objects.filter(
        workspace=workspace, proposal__workspace=workspace, proposal__status=Status.PENDING
    )


def groups_of(workspace: Workspace) -> tuple[list[Group], int]:
    """Clusters of waiting drafts, the largest first, and how many drafts are in none."""
    rows = list(
        waiting(workspace)
        .exclude(cluster=None)
        .order_by()
        .values("cluster")
        .annotate(count=Count("pk"), last=Max("pk"))
        .filter(count__gt=1)
        .order_by("-count", "-last")
    )
    drafts = ReplyDraft.objects.select_related("template", "answers").in_bulk(
        [row["last"] for row in rows]
    )
    groups = [
        Group(name, row["count"], drafts[row["last"]])
        for row in rows
        if (name := row["cluster"]) is not None
    ]
    return groups, waiting(workspace).count() - sum(one.count for one in groups)


def members_of(workspace: Workspace, cluster: UUID) -> tuple[list[Member], list[Member]]:
    """Those of a cluster that are alike, and those to look at first."""
    drafts = list(
        waiting(workspace)
        .filter(cluster=cluster)
        .select_related(
            "proposal__current_plan", "template", "conversation", "answers__point__contact"
        )
        .order_by("pk")[:SHOWN]
    )
    known = [one.similarity for one in drafts if one.similarity is not None]
    usual = median(known) if known else 0.0
    members = [Member(one, _why(one, usual)) for one in drafts]
    return [one for one in members if not one.why], [one for one in members if one.why]


def undo_seconds(workspace: Workspace) -> int:
    """How long what was signed can be taken back."""
    policy = InboxPolicy.objects.filter(workspace=workspace).first() or InboxPolicy()
    return policy.undo_s


def _why(draft: ReplyDraft, usual: float) -> str:
    if draft.answers.is_flagged:
        return draft.answers.flag_reason or "The message is flagged."
    # That the conversation's drafts wait is so for all of them.
    if reasons := draft.why_person.replace(DRAFTS_WAIT, "").strip():
        return reasons
    if draft.similarity is not None and draft.similarity < usual - _ODD_BY:
        return "Their message is less like the template than the others."
    return ""
