"""What agents suggest: kept once each, with proposals of what they recommend to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from workspaces.gate import GateError, NotAllowedError, Proposer, RequestError
from workspaces.ids import uuid7
from workspaces.models import (
    AgentSuggestion,
    ApiKey,
    KeyKind,
    Proposal,
    SuggestedAction,
    User,
)
from workspaces.roles import Role
from workspaces.services.live import bump
from workspaces.services.locks import lock_names
from workspaces.services.notices import notify
from workspaces.services.permissions import require
from workspaces.services.proposing import propose
from workspaces.suggested import Action, Asked, Made, action_of, register_action, told

TOPIC: Final = "agents"  # live counter of the page
_FIELDS: Final = ("type", "title", "description", "impact", "cta_url")


@dataclass
class Answer:
    """What became of a call: ids of the agent, what was made, and what was refused with why."""

    accepted: list[str] = field(default_factory=list)
    made: list[tuple[str, SuggestedAction]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


def suggest(
    *,
    agent: ApiKey,
    proposer: Proposer,
    agent_type: str,
    priority: str,
    at: datetime,
    suggestions: Sequence[Mapping[str, Any]],
    now: datetime,
) -> Answer:
    """Keep suggestions of an agent, each whole or not at all; told again they change nothing.

    Parameters
    ----------
    suggestions : each with id, type, title, description, impact, cta_url, priority (else that of
        the call), and recommended_actions: action_type and parameters

    Raises
    ------
    NotAllowedError : the key is no agent's
    """
    if agent.kind != KeyKind.AGENT:
        raise NotAllowedError("Only an agent suggests. Make a key of the kind agent for it.")
    answer, new = Answer(), 0
    for one in suggestions:
        name = str(one["id"])
        try:
            row, is_new = _keep(agent, proposer, {"priority": priority, **one}, agent_type, at, now)
        except (GateError, ValidationError) as error:
            answer.refused.append((name, _words(error)))
            continue
        new += is_new
        answer.accepted.append(name)
        rows = row.actions.select_related("proposal").order_by("position")
        answer.made += [(name, action) for action in rows]
    if new:
        _tell(agent, agent_type, answer.accepted, new, now)
    return answer


@transaction.atomic
def _keep(
    agent: ApiKey,
    proposer: Proposer,
    one: Mapping[str, Any],
    agent_type: str,
    at: datetime,
    now: datetime,
) -> tuple[AgentSuggestion, bool]:
    """Keep one; whether it was not known yet."""
    name, digest = str(one["id"]), _digest(one)
    lock_names([f"suggestion:{agent.pk}:{name}"])
    known = AgentSuggestion.objects.filter(agent=agent, external_id=name).first()
    if known is not None:
        if known.digest != digest:
            raise RequestError("id", "This id was used for another suggestion; use a new one.")
        return known, False
    row = AgentSuggestion.objects.create(
        workspace=agent.workspace, agent=agent, agent_type=agent_type, external_id=name,
        digest=digest, suggested_at=at, created_at=now, priority=one["priority"],
        **{name: one[name] for name in _FIELDS if name in one},
    )  # fmt: skip
    for position, asked in enumerate(one.get("recommended_actions", ())):
        made = _made(row, position, asked, proposer, now)
        SuggestedAction.objects.create(
            suggestion=row, position=position, action_type=asked["action_type"],
            label=made.label[:200], url=made.url[:300], proposal=made.proposal,
        )  # fmt: skip
    return row, True


@transaction.atomic
def act(
    *,
    agent: ApiKey,
    proposer: Proposer,
    action_type: str,
    parameters: Mapping[str, Any],
    reason: str,
    now: datetime,
) -> Made:
    """Make a proposal or a draft of one action, without a suggestion around it.

    Raises
    ------
    GateError, ValidationError : it cannot be proposed
    NotAllowedError : the key is no agent's, or lacks the action's scope
    """
    if agent.kind != KeyKind.AGENT:
        raise NotAllowedError("Only an agent runs actions. Make a key of the kind agent for it.")
    return _action_for(agent, action_type).make(
        Asked(
            workspace=agent.workspace, parameters=parameters, by=proposer, reason=reason,
            key=f"action:{uuid7()}", now=now,
        )
    )  # fmt: skip


def _action_for(agent: ApiKey, name: str) -> Action:
    action = action_of(name)
    if action.scope not in agent.scopes:
        raise NotAllowedError(f"To {action.label.lower()} this key needs the scope {action.scope}.")
    return action


def _made(
    row: AgentSuggestion, position: int, asked: Mapping[str, Any], by: Proposer, now: datetime
) -> Made:
    return _action_for(row.agent, asked["action_type"]).make(
        Asked(
            workspace=row.workspace, parameters=asked.get("parameters", {}), by=by, now=now,
            reason=f"{row.title}. {row.description}".strip(),
            key=f"suggestion:{row.external_id}:{position}",
        )
    )  # fmt: skip


def _digest(one: Mapping[str, Any]) -> str:
    text = json.dumps(one, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _words(error: GateError | ValidationError) -> str:
    if isinstance(error, RequestError):
        return f"{error.field}: {error}"
    if not isinstance(error, ValidationError):
        return str(error)
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(f"{name}: {' '.join(words)}" for name, words in error.message_dict.items())


def _tell(agent: ApiKey, agent_type: str, names: Sequence[str], new: int, now: datetime) -> None:
    with transaction.atomic():
        things = "1 thing" if new == 1 else f"{new} things"
        notify(
            workspace=agent.workspace, topic="agents", rank=Role.OPERATOR.rank, now=now,
            title=f"{agent.name} suggests {things}", body=agent_type, url="/agents/", email=False,
            dedup_key=f"suggested:{agent.pk}:{names[-1]}",
        )  # fmt: skip
    bump(agent.workspace_id, TOPIC)


@transaction.atomic
def dismiss(*, suggestion: AgentSuggestion, by: User, now: datetime) -> None:
    """Put a suggestion away; its proposals stay where they are.

    Raises
    ------
    NotAllowedError : the person is no operator
    """
    _set_dismissed(suggestion, by, now, at=now)


@transaction.atomic
def take_back(*, suggestion: AgentSuggestion, by: User, now: datetime) -> None:
    """Put a suggestion that was put away back into the list.

    Raises
    ------
    NotAllowedError : the person is no operator
    """
    _set_dismissed(suggestion, by, now, at=None)


def _set_dismissed(
    suggestion: AgentSuggestion, by: User, now: datetime, *, at: datetime | None
) -> None:
    workspace = suggestion.workspace
    require(
        Role.OPERATOR, by=Proposer.person(by), workspace=workspace, now=now,
        what="Putting suggestions away",
    )  # fmt: skip
    AgentSuggestion.objects.filter(pk=suggestion.pk).update(
        dismissed_at=at, dismissed_by=by if at is not None else None
    )
    bump(workspace.pk, TOPIC)


def _propose(asked: Asked) -> Made:
    """Propose anything that the gate knows."""
    request = told(asked, "request")
    if not isinstance(request, dict):
        raise RequestError("request", "Give an object.")
    return made_of(
        propose(
            workspace=asked.workspace, kind=str(told(asked, "kind")), request=request,
            proposer=asked.by, reason=asked.reason, now=asked.now, idempotency_key=asked.key,
        )
    )  # fmt: skip


def made_of(proposal: Proposal) -> Made:
    """A proposal as what was made of an action."""
    return Made(proposal.summary, proposal)


def register() -> None:
    """Bring what every workspace can do."""
    register_action(
        Action(
            "propose",
            "Propose a change",
            {"kind": "A kind of proposal.", "request": "As for POST proposals/."},
            _propose,
        )
    )
