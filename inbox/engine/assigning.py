"""Who gets a conversation: rules in order, the first that finds somebody decides.

A rule says which conversations it is for, who may take them, and how one of these is picked. The
same conversations and agents always give the same answer: what is equal goes to whom was given
nothing for longest, then to the smaller id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


class Pick(StrEnum):
    """How one of several is picked."""

    ROUND_ROBIN = "round_robin"  # whom was given nothing for longest
    LOAD = "load"  # who has most room, as a share of what he can take
    VALUE_AT_RISK = "value_at_risk"  # who answers for least money now


@dataclass(frozen=True)
class Agent:
    """Somebody who answers.

    Attributes
    ----------
    id : of the person
    teams, skills, languages : what the person belongs to, knows, and writes in
    capacity, open_count : conversations at a time at most, and now; capacity 0 takes none
    value_at_risk : sum over the person's open conversations
    last_given_at, given_number : when something was last assigned to the person, and which of
        several of that moment it was
    away : why nothing is to be given now ('away until Monday'); '' for here
    """

    id: int
    teams: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    capacity: int = 50
    open_count: int = 0
    value_at_risk: float = 0.0
    last_given_at: datetime | None = None
    given_number: int = 0
    away: str = ""

    def __post_init__(self) -> None:
        if self.capacity < 0 or self.open_count < 0:
            raise ValueError(f"capacity, open_count: {self} is below nothing")


@dataclass(frozen=True)
class Asked:
    """A conversation that looks for somebody; '' is what is not known."""

    id: int
    team: str = ""
    channel: str = ""
    intent: str = ""
    language: str = ""
    value_at_risk: float = 0.0


@dataclass(frozen=True)
class Rule:
    """Whom some conversations go to.

    Attributes
    ----------
    name : as people know it
    teams, channels, intents, languages : conversations it is for; empty for all
    least_value_at_risk : conversations it is for, by money
    of_teams : who may take them; empty for those of the conversation's own team
    people : who may take them, by id; empty for all of these
    most_open : who has so many gets no more; None for no limit but the person's own
    skills : all of which the person must have
    speaks : the person must write the conversation's language, where that is known
    pick : how one is picked
    """

    name: str
    teams: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    least_value_at_risk: float = 0.0
    of_teams: frozenset[str] = frozenset()
    people: frozenset[int] = frozenset()
    most_open: int | None = None
    skills: frozenset[str] = frozenset()
    speaks: bool = False
    pick: Pick = Pick.ROUND_ROBIN

    def is_for(self, asked: Asked) -> bool:
        """Whether it says anything about a conversation."""
        wanted = (
            (self.teams, asked.team),
            (self.channels, asked.channel),
            (self.intents, asked.intent),
            (self.languages, asked.language),
        )
        return asked.value_at_risk >= self.least_value_at_risk and all(
            not among or one in among for among, one in wanted
        )


@dataclass(frozen=True)
class Given:
    """What became of a conversation.

    Attributes
    ----------
    conversation : its id
    agent : who has it now; None for nobody
    rule : that decided; '' for none
    reason : for people
    """

    conversation: int
    agent: int | None
    rule: str
    reason: str


def assign(asked: Asked, agents: Iterable[Agent], rules: Sequence[Rule]) -> Given:
    """Find somebody for a conversation.

    Parameters
    ----------
    asked : the conversation
    agents : of the workspace, in any order
    rules : in their order; the first that is for the conversation and has somebody free decides

    Returns
    -------
    Given; without an agent the reason says what stood in the way under each rule
    """
    team, missed = list(agents), []
    for rule in rules:
        if not rule.is_for(asked):
            continue
        refused = [_refusal(agent, asked, rule) for agent in team]
        free = [agent for agent, why in zip(team, refused, strict=True) if not why]
        if free:
            best = min(free, key=lambda agent: _order(agent, rule.pick))
            return Given(asked.id, best.id, rule.name, _words(best, rule, len(free)))
        missed.append(f"{rule.name}: {_counted(refused)}")
    return Given(asked.id, None, "", "; ".join(missed) or "No rule is for this conversation.")


def assign_all(
    asked: Iterable[Asked], agents: Iterable[Agent], rules: Sequence[Rule], now: datetime
) -> list[Given]:
    """Find somebody for each of many, one after the other; each gift counts for the next.

    Parameters
    ----------
    asked : in the order in which they are served
    agents, rules : as `assign`
    now : when they are given
    """
    team = {agent.id: agent for agent in agents}
    given = []
    for number, one in enumerate(asked, start=1):
        found = assign(one, team.values(), rules)
        given.append(found)
        if found.agent is not None:
            agent = team[found.agent]
            team[agent.id] = replace(
                agent,
                open_count=agent.open_count + 1,
                value_at_risk=agent.value_at_risk + one.value_at_risk,
                last_given_at=now,
                given_number=number,
            )
    return given


def _refusal(agent: Agent, asked: Asked, rule: Rule) -> str:
    """Why somebody cannot take it, in a word or two; '' where nothing stands in the way."""
    teams = rule.of_teams or ({asked.team} if asked.team else frozenset())
    if teams and not agent.teams & teams:
        return "of another team"
    if rule.people and agent.id not in rule.people:
        return "not named"
    if not rule.skills <= agent.skills:
        return "without the skill"
    if rule.speaks and asked.language and asked.language not in agent.languages:
        return "without the language"
    if agent.away:
        return "away"
    most = agent.capacity if rule.most_open is None else min(rule.most_open, agent.capacity)
    return "full" if agent.open_count >= most else ""


def _order(agent: Agent, pick: Pick) -> tuple[float, datetime, int, int]:
    first = {
        Pick.ROUND_ROBIN: 0.0,
        Pick.LOAD: agent.open_count / max(1, agent.capacity),
        Pick.VALUE_AT_RISK: agent.value_at_risk,
    }[pick]
    return first, agent.last_given_at or _NEVER, agent.given_number, agent.id


def _words(agent: Agent, rule: Rule, free: int) -> str:
    why = {
        Pick.ROUND_ROBIN: "given nothing for longest",
        Pick.LOAD: f"most room, {agent.open_count} of {agent.capacity}",
        Pick.VALUE_AT_RISK: f"answers for least, {agent.value_at_risk:.0f}",
    }[rule.pick]
    return f"{rule.name}: {why}, of {free} who could take it"


def _counted(refused: Sequence[str]) -> str:
    if not refused:
        return "nobody answers here"
    counts = {why: refused.count(why) for why in sorted(set(refused))}
    return "nobody free (" + ", ".join(f"{count} {why}" for why, count in counts.items()) + ")"
