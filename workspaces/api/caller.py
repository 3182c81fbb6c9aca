"""Who calls, for which workspace, and what he may do there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, get_args

from django.db.models import F, Q

from workspaces import scopes
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import ApiKey, KeyKind, ProposerType, ThrottleRate, User, Workspace
from workspaces.roles import Role, rank_of

AGENTS_PROPOSE: Final = (
    "An agent proposes; it does not do this itself. See GET agents/actions/ for what it may."
)
AGENTS_ONLY: Final = "Only an agent does this; people propose. Call with the key of an agent."
PEOPLE_ONLY: Final = "A person has to answer for this. Use a key that is bound to one, or log in."
CallerKind = Literal["person", "integration", "agent"]
# Least role of a person for each scope; every scope that is not named here needs an operator.
ROLES: Final[dict[str, Role]] = {
    **{scope: Role.VIEWER for scope in scopes.SCOPES if scope.endswith(":read")},
    "inbox:write": Role.AGENT,
    scopes.CHANGES_SIGN: Role.APPROVER,
    scopes.WORKSPACE_ADMIN: Role.ADMIN,
}


def callers_of(view: object, method: str) -> list[CallerKind]:
    """Who may call a method of a view at all, whatever scopes they hold."""

    def holds(name: str) -> bool:
        return method in getattr(view, name, ())

    kinds: list[CallerKind] = list(get_args(CallerKind))
    if holds("people_only"):
        kinds = ["person"]
    if holds("agents_only"):
        kinds = ["agent"]
    return [kind for kind in kinds if kind != "agent" or not holds("not_for_agents")]


@dataclass(frozen=True)
class Caller:
    """A person in a browser, or a key; a key bound to a person is that person.

    ``role`` is what the person holds now, own or lent; empty for a key without a person.
    """

    workspace: Workspace
    user: User | None
    role: str
    key: ApiKey | None = None

    @property
    def owner(self) -> str:
        """Stable name: counters and stored answers belong to it."""
        if self.key is not None:
            return f"key:{self.key.prefix}"
        return f"user:{self.user.pk}" if self.user else ""

    @cached_property
    def rates(self) -> Mapping[str, tuple[int, int]]:
        """Calls and seconds of the scopes that have rows: the key's own, else the workspace's.

        Kept as long as the caller: some calls are counted by several scopes.
        """
        rows = ThrottleRate.objects.filter(
            Q(api_key=self.key) | Q(api_key=None), workspace=self.workspace
        ).order_by(F("api_key").asc(nulls_first=True))
        found = rows.values_list("scope", "calls", "seconds")
        return {scope: (calls, seconds) for scope, calls, seconds in found}

    def lacks(self, scope: str) -> str:
        """Why the scope is refused, in words; empty when it is granted."""
        if self.key is not None and scope not in self.key.scopes:
            return f"This key lacks the scope {scope}. Make a key that has it."
        if self.is_agent and scope == scopes.WORKSPACE_ADMIN:
            return "An agent is no admin, whatever its key says."
        needed = ROLES.get(scope, Role.OPERATOR)
        if self.user is not None and rank_of(self.role) < needed.rank:
            return f"This needs the role of {needed}; yours is {self.role}. Ask an admin."
        return ""

    @property
    def kind(self) -> CallerKind:
        """Person, agent, or a program of any other sort."""
        if self.user is not None:
            return "person"
        return "agent" if self.is_agent else "integration"

    @property
    def is_agent(self) -> bool:
        """Whether a program calls that may read and propose, and do nothing at once."""
        return self.key is not None and self.key.kind == KeyKind.AGENT

    @property
    def agent(self) -> ApiKey:
        """The key of the agent that calls; others are refused."""
        if self.key is None:
            raise NotAllowedError(AGENTS_ONLY)
        return self.key

    def refuse_agents(self) -> None:
        """Refuse what reaches people outside at once."""
        if self.is_agent:
            raise NotAllowedError(AGENTS_PROPOSE)

    @property
    def person(self) -> User:
        """The person that answers for the call; a key without one is refused."""
        if self.user is None:
            raise NotAllowedError(PEOPLE_ONLY)
        return self.user

    @property
    def proposer(self) -> Proposer:
        """As whom it proposes."""
        if self.user is not None:
            return Proposer.person(self.user)
        return Proposer(ProposerType.KEY, self.owner, self.key.name if self.key else self.owner)
