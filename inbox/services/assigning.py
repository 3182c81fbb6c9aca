"""Who gets what arrives: the rules of a workspace, asked by one worker at a time.

One named lock for each workspace: whoever comes second sees whom the first one gave something to,
so a turn is a turn. It is taken before conversations are locked, and by nobody who holds them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import pgbulk
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q

from inbox.engine.assigning import Agent, Asked, Given, assign, assign_all
from inbox.models import AgentProfile, AssignmentRule, Conversation, HappenedKind
from inbox.selectors.agents import (
    agents_of,
    asked_of,
    looking,
    profiles_of,
    rule_of,
    rules_on,
    speaking,
)
from inbox.services.chores import do_each
from inbox.services.desk.acting import COLUMNS, Act, State, write
from inbox.services.topics import MACHINE
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.services.locks import lock_names

#: What arrived is read first, where it can be: then its intent and its language are known.
_READ_WITHIN: Final = timedelta(seconds=30)
_MOST: Final = 2_000
_GOES_ON_S: Final = 24 * 3600
#: Where a conversation stands among those that wait: its order key, and its key.
Place = tuple[float, int]


def assign_new(conversations: Collection[int], *, now: datetime) -> int:
    """Give conversations that were just read to somebody, by the rules; how many were given."""
    rows = Conversation.objects.filter(pk__in=conversations)
    places = set(rows.order_by().values_list("workspace", flat=True))
    return sum(_assign(one, now, ids=set(conversations))[0] for one in _with_rules(places))


def assign_waiting(*, now: datetime) -> int:
    """Give what nobody has yet: nobody was free, or nothing has read it."""
    return do_each(partial(_assign_some, one, now) for one in _with_rules(None))


def _assign_some(workspace: Workspace, now: datetime) -> int:
    """Give the costliest, then go on where the last run ended: what nobody can take is among the
    costliest for good, and others are not to wait behind it.
    """
    count, last = _assign(workspace, now)
    if last is None:
        return count
    key = f"inbox-assigned-to:{workspace.pk}"
    more, last = _assign(workspace, now, after=cache.get(key) or last)
    cache.set(key, last, _GOES_ON_S)
    return count + more


def _with_rules(places: Collection[int] | None) -> Sequence[Workspace]:
    rules = AssignmentRule.objects.filter(is_on=True)
    rows = Workspace.objects.open().filter(pk__in=rules.order_by().values("workspace"))
    if places is not None:
        rows = rows.filter(pk__in=places)
    return list(rows.order_by("pk"))


@transaction.atomic
def _assign(
    workspace: Workspace, now: datetime, *, ids: Collection[int] | None = None,
    after: Place | None = None,
) -> tuple[int, Place | None]:  # fmt: skip
    """Give some; how many, and after which to go on: none where they were all."""
    lock_names([f"inbox-assign:{workspace.pk}"])
    profiles = profiles_of(workspace)
    if missing := [one for one in profiles if one.pk is None]:
        AgentProfile.objects.bulk_create(missing, ignore_conflicts=True)
    agents = agents_of(profiles, now=now)
    rows = looking(workspace, [one.id for one in agents if not one.away])
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    else:
        rows = rows.filter(last_message_at__lte=now - _READ_WITHIN)
    if after is not None:
        rows = rows.filter(Q(order_key__lt=after[0]) | Q(order_key=after[0], pk__lt=after[1]))
    # The costliest to wait for is served first; all are locked in the order of their keys.
    told = list(rows.order_by("-order_key", "-pk").values_list("order_key", "pk")[:_MOST])
    if not told:
        return 0, None
    chosen = [pk for _, pk in told]
    states = _locked(workspace, chosen)
    asked = [asked_of(state) for pk in chosen if (state := states.get(pk))]
    rules = [rule_of(one) for one in rules_on(workspace)]
    # Who waited for the lock may have begun before whoever held it.
    last = max((one.last_given_at for one in profiles if one.last_given_at), default=now)
    turn_at = max(now, last + timedelta(microseconds=1))
    given = assign_all(asked, speaking(agents, asked), rules, turn_at)
    found = [one for one in given if one.agent is not None]
    _take_turns(workspace, found, turn_at)
    return _give(workspace, found, states, now), told[-1] if len(told) == _MOST else None


def _locked(workspace: Workspace, ids: Collection[int]) -> dict[int, State]:
    rows = Conversation.objects.select_for_update(no_key=True).filter(
        workspace=workspace, pk__in=ids, status="open", merged_into=None
    )
    told = rows.order_by("pk").values(
        "id", "archived_at", "channel", "language", "value_at_risk", *COLUMNS
    )
    return {row["id"]: row for row in told}


def _give(
    workspace: Workspace, given: Sequence[Given], states: dict[int, State], now: datetime
) -> int:
    act = Act(workspace, HappenedKind.ASSIGNED, Proposer.rule(MACHINE), now)
    events = [
        act.event(
            states[one.conversation], {"assignee_id": one.agent}, rule=one.rule, why=one.reason
        )
        for one in given
        if states[one.conversation]["assignee_id"] != one.agent
    ]
    write(act, events, {})
    return len(events)


def _take_turns(workspace: Workspace, given: Sequence[Given], turn_at: datetime) -> None:
    turns = {one.agent: number for number, one in enumerate(given, start=1)}
    profiles = list(AgentProfile.objects.filter(workspace=workspace, user__in=turns).order_by("pk"))
    for profile in profiles:
        profile.last_given_at, profile.given_number = turn_at, turns[profile.user_id]
    if profiles:
        pgbulk.update(AgentProfile, profiles, ["last_given_at", "given_number"])


@dataclass(frozen=True)
class Tried:
    """What the rules would do with a conversation: to whom, by which rule, and why."""

    given: Given
    to: User | None


def try_rules(*, workspace: Workspace, asked: Asked, now: datetime) -> Tried:
    """Say who would get a conversation now; nothing is given."""
    profiles = profiles_of(workspace)
    agents: list[Agent] = speaking(agents_of(profiles, now=now), [asked])
    given = assign(asked, agents, [rule_of(one) for one in rules_on(workspace)])
    names = {one.user_id: one.user for one in profiles}
    return Tried(given, names.get(given.agent) if given.agent is not None else None)
