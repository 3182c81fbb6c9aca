"""Who answers, what they have to do now, and the rules by which they get more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.timezone import localtime

from inbox.engine.assigning import Agent, Asked, Pick, Rule
from inbox.models import (
    AgentProfile,
    AssignmentRule,
    Conversation,
    ConversationEvent,
    ConversationStatus,
    HappenedKind,
    Team,
)
from workspaces.models import Membership, User, Workspace
from workspaces.roles import Role

ANSWERING: Final = tuple(role for role in Role if role.rank >= Role.AGENT.rank)
_ANY_TEAM: Final = frozenset(Team.values)


def answering(workspace: Workspace) -> list[User]:
    """Members who may answer, by their address."""
    rows = Membership.objects.filter(
        workspace=workspace, role__in=ANSWERING, user__is_active=True
    ).select_related("user")
    return [one.user for one in rows.order_by("user__email", "pk")]


def profiles_of(workspace: Workspace) -> list[AgentProfile]:
    """What each who may answer can do; as everybody begins where nothing is kept of somebody."""
    members = answering(workspace)
    rows = AgentProfile.objects.filter(workspace=workspace, user__in=members)
    kept = {one.user_id: one for one in rows}
    found = [kept.get(one.pk) or AgentProfile(workspace=workspace, user=one) for one in members]
    for profile, user in zip(found, members, strict=True):
        profile.user = user
    return found


def away_of(profile: AgentProfile, now: datetime) -> str:
    """Why somebody gets nothing now; empty: they are here."""
    until = profile.away_until
    if not profile.is_away or (until is not None and until <= now):
        return ""
    note = f" ({profile.away_note})" if profile.away_note else ""
    # In the zone of whoever looks, as the desk asks for it.
    return f"away until {localtime(until):%-d %b %H:%M}{note}" if until else f"away{note}"


def agents_of(profiles: Collection[AgentProfile], *, now: datetime) -> list[Agent]:
    """Those who answer, as the rules look at them: with what they have open now."""
    loads = _loads(profiles)
    return [
        Agent(
            id=one.user_id, teams=frozenset({one.team}), skills=frozenset(one.skills),
            languages=frozenset(one.languages), capacity=one.capacity,
            open_count=loads.get(one.user_id, (0, 0.0))[0],
            value_at_risk=loads.get(one.user_id, (0, 0.0))[1],
            last_given_at=one.last_given_at, given_number=one.given_number,
            away=away_of(one, now),
        )
        for one in profiles
    ]  # fmt: skip


def _loads(profiles: Collection[AgentProfile]) -> dict[int, tuple[int, float]]:
    """Open conversations of each, and what is at risk in them."""
    if not profiles:
        return {}
    rows = Conversation.objects.filter(
        workspace=next(iter(profiles)).workspace_id, status=ConversationStatus.OPEN,
        assignee__in=[one.user_id for one in profiles],
    )  # fmt: skip
    told = (
        rows.order_by().values("assignee").annotate(count=Count("pk"), money=Sum("value_at_risk"))
    )
    return {row["assignee"]: (row["count"], row["money"] or 0.0) for row in told}


def rules_on(workspace: Workspace) -> list[AssignmentRule]:
    """Rules that are switched on, in the order in which they are asked."""
    rows = AssignmentRule.objects.filter(workspace=workspace, is_on=True)
    return list(rows.order_by("position", "pk"))


def rule_of(row: AssignmentRule) -> Rule:
    """A rule as the engine asks it; who is named takes conversations of any team."""
    return Rule(
        name=row.name,
        teams=frozenset({row.team} if row.team else ()),
        channels=frozenset(row.channels),
        intents=frozenset(row.intents),
        languages=frozenset(row.languages),
        least_value_at_risk=row.min_value_at_risk or 0.0,
        of_teams=_ANY_TEAM if row.people else frozenset(),
        people=frozenset(row.people),
        most_open=row.most_open,
        skills=frozenset(row.skills),
        speaks=True,
        pick=Pick(row.how),
    )


def speaking(agents: Collection[Agent], asked: Collection[Asked]) -> list[Agent]:
    """Agents who said nothing of languages write in every one."""
    every = frozenset(one.language for one in asked)
    return [one if one.languages else replace(one, languages=every) for one in agents]


def asked_of(row: Mapping[str, Any]) -> Asked:
    """A conversation as the rules look at it."""
    return Asked(
        id=row["id"], team=row["team"], channel=row["channel"], intent=row["intent"],
        language=row["language"], value_at_risk=row["value_at_risk"],
    )  # fmt: skip


def looking(workspace: Workspace, here: Collection[int]) -> QuerySet[Conversation]:
    """Open conversations that look for somebody: nobody's, and those opened again.

    Not what a person took from everybody, until they write again. What was opened again looks for
    somebody where whoever had it is not among those who are ``here``.
    """
    events = ConversationEvent.objects.filter(conversation=OuterRef("pk"))
    assigned = events.filter(kind=HappenedKind.ASSIGNED)
    taken_off = assigned.filter(
        by__isnull=False, after__assignee_id=None, at__gte=OuterRef("last_inbound_at")
    )
    opened = events.filter(kind__in=(HappenedKind.REOPENED, HappenedKind.WOKEN))
    rows = Conversation.objects.filter(
        workspace=workspace, status=ConversationStatus.OPEN, merged_into=None, archived_at=None
    ).annotate(opened_again_at=Subquery(_last(opened)), given_at=Subquery(_last(assigned)))
    is_nobodys = Q(assignee=None) & ~Exists(taken_off)
    is_left = (
        Q(assignee__isnull=False) & ~Q(assignee__in=list(here)) & Q(opened_again_at__isnull=False)
    )
    is_since = Q(given_at=None) | Q(opened_again_at__gt=F("given_at"))
    return rows.filter(is_nobodys | is_left & is_since)


def _last(events: QuerySet[ConversationEvent]) -> QuerySet[Any]:
    return events.order_by().values("conversation").annotate(last=Max("at")).values("last")
