"""What a kind of proposal brings, and the words the gate speaks with it.

A kind is one class that fits ``Handler``, registered in its app's ``ready()``. The gate knows no
kind; a kind knows nothing of signatures, leases or retries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, Protocol

from workspaces.models import (
    ExecutionAttempt,
    Plan,
    Proposal,
    ProposerType,
    Risk,
    User,
    Workspace,
)
from workspaces.roles import Role

Json = dict[str, Any]
_STOPS = frozenset({"deferred", "blocked"})


class GateError(Exception):
    """A refusal, with a sentence a person can act on."""

    status = 409


class NotAllowedError(GateError):
    """The person lacks the rank, or may not sign this one."""

    status = 403


class StateError(GateError):
    """The proposal is not in a state that allows it."""


class StalePlanError(GateError):
    """Another plan than the one shown is current; look again before signing."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__(
            "This change was updated after you opened it. Look at the new version and sign that."
        )
        self.proposal = proposal


class RequestError(GateError):
    """The request itself is wrong; ``field`` says where."""

    status = 400

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Proposer:
    """Who proposes. ``key`` is stable; idempotency keys are unique within it.

    ``confidence`` is a machine's own in what it proposes now; without one the kind's holds.
    """

    type: ProposerType
    key: str
    label: str
    user: User | None = None
    confidence: Decimal | None = None

    @classmethod
    def person(cls, user: User) -> Proposer:
        """A person at a page, the admin or a shell."""
        return cls(ProposerType.PERSON, f"user:{user.pk}", str(user), user)

    @classmethod
    def model(cls, name: str, version: str) -> Proposer:
        """A model or sampler, by version."""
        return cls(ProposerType.MODEL, f"model:{name}", f"{name} {version}")

    @classmethod
    def rule(cls, name: str, *, confidence: Decimal | None = None) -> Proposer:
        """A rule of ours."""
        return cls(ProposerType.RULE, f"rule:{name}", name, confidence=confidence)


#: What a predicted effect says under ``better`` where less of its metric is wanted.
LESS: Final = "less"


@dataclass(frozen=True)
class Draft:
    """A plan before it is judged and stored. ``body`` holds everything that decides the effect."""

    subject_key: str
    subject_label: str
    summary: str
    body: Json
    money_at_stake: Decimal | None = None
    predicted: Json | None = None
    confidence: Decimal | None = None
    evidence: Json = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlanView:
    """A plan as a handler sees it, stored or not yet.

    ``puts_back`` says that it undoes an executed change, as the handler itself planned the undo.
    """

    workspace: Workspace
    body: Json
    confidence: Decimal | None
    is_by_machine: bool
    proposal_id: int | None = None
    puts_back: bool = False

    @classmethod
    def of(cls, plan: Plan, proposal: Proposal) -> PlanView:
        """View of a stored plan."""
        return cls(
            workspace=proposal.workspace,
            body=plan.content,
            confidence=plan.confidence,
            is_by_machine=proposal.is_by_machine,
            proposal_id=proposal.pk,
            puts_back=proposal.reverts_id is not None and plan.edited_by_id is None,
        )


@dataclass(frozen=True)
class CheckResult:
    """One line of a verdict."""

    name: str
    verdict: Literal["passed", "deferred", "blocked", "warning", "not_applicable"]
    why: str
    not_before: datetime | None = None

    def as_json(self) -> Json:
        """Form in which a plan keeps it."""
        when = self.not_before.isoformat() if self.not_before else None
        return {"name": self.name, "verdict": self.verdict, "why": self.why, "not_before": when}


@dataclass(frozen=True)
class Judgement:
    """What policy says of a plan at a moment."""

    checks: tuple[CheckResult, ...]
    risk: Risk
    rank: Role
    signatures: int
    policy_version: str
    policy_may_sign: bool = False
    jitter_ms: tuple[int, int] = (0, 0)
    by_hand: bool = False  # no machine can make the change: a person does it and ticks it off
    can_be_read: bool = False  # the far end shows what was done by hand: a tick must match it

    @property
    def is_blocked(self) -> bool:
        """Whether a rule forbids it as it stands."""
        return any(check.verdict == "blocked" for check in self.checks)

    @property
    def earliest(self) -> datetime | None:
        """The first moment when no check defers any more; ``None``: now."""
        moments = [check.not_before for check in self.checks if check.not_before]
        return max(moments, default=None)

    @property
    def holds(self) -> str:
        """Why it may not run now, in words; empty when it may."""
        return " ".join(check.why for check in self.checks if check.verdict in _STOPS)

    @property
    def held_by(self) -> list[str]:
        """Names of the checks that hold it."""
        return [check.name for check in self.checks if check.verdict in _STOPS]


@dataclass(frozen=True)
class Reading:
    """What the far end shows now, against a plan."""

    state: Literal["before", "after", "other", "unknown"]
    live: Json = field(default_factory=dict)
    facts: Json = field(default_factory=dict)
    error: Outcome | None = None
    words: str = ""  # what it shows, for a person


@dataclass(frozen=True)
class Outcome:
    """How a call ended. ``unknown`` may have worked: only reading back tells."""

    status: Literal["applied", "refused", "unknown", "transient", "throttled", "deferred"]
    message: str = ""
    error_kind: str = ""
    request_id: str = ""
    response: Json = field(default_factory=dict)
    retry_after_s: float | None = None
    facts: Json = field(default_factory=dict)


class Sitting(Protocol):
    """Judges plans of one batch one after the other, with what they share read once."""

    def judge(self, plan: PlanView) -> Judgement:
        """Policy's word on one of the plans."""

    def admit(self, plan: PlanView) -> None:
        """Count a plan as running for those that are judged after it."""


class Handler(Protocol):
    """One kind of proposal.

    The executor works in batches: what goes to the far end together is claimed, judged, called
    and settled together. A plan whose ``batch_key`` is empty is a batch of its own.
    """

    kind: str
    label: str
    queue: Literal["approvals", "inbox"]
    template: str

    def make_plan(self, *, workspace: Workspace, request: Json, now: datetime) -> Draft:
        """Turn a request into a complete plan, or raise ``RequestError``. Reads, never writes."""

    def attach(self, proposal: Proposal, draft: Draft) -> None:
        """Write the kind's own row beside the proposal, for filters and pages."""

    def judge(self, plan: PlanView, *, now: datetime, policy: object | None = None) -> Judgement:
        """Policy's word on a plan now; ``policy`` replaces the stored one in a simulation."""

    def judge_all(self, plans: Sequence[PlanView], *, now: datetime) -> list[Judgement]:
        """``judge`` on plans that are signed together, each as if it were alone."""

    def lifetime(self, plan: PlanView) -> timedelta:
        """How long it waits for a signature."""

    def lock_keys(self, plan: PlanView) -> list[str]:
        """Names of the totals that its limits read; the gate locks them while it judges."""

    def lane(self, plan: PlanView) -> str:
        """Two plans of one lane never run together."""

    def batch_key(self, plan: PlanView) -> str:
        """Plans of one key may go to the far end in one call; empty: it goes alone."""

    def sit(self, plans: Sequence[PlanView], *, now: datetime) -> Sitting:
        """Open a sitting over plans of one batch, under their locks."""

    def read_back(self, plans: Sequence[PlanView]) -> list[Reading]:
        """Look at the far end, one reading per plan. Network, no transaction."""

    def execute(self, plans: Sequence[PlanView]) -> list[Outcome]:
        """Carry plans of one batch out, one outcome per plan. Network, no transaction."""

    def settle(self, ends: Sequence[tuple[ExecutionAttempt, Outcome]], *, now: datetime) -> None:
        """Write the kind's rows, in the transaction that settles the attempts."""

    def absorb(self, proposal: Proposal, reading: Reading, *, now: datetime) -> None:
        """Take over what the far end shows, so that a fresh plan starts from it."""

    def edit_is_within(self, old: Json, new: Json) -> bool:
        """Whether an edited body lies between 'before' and the value proposed first."""

    def inverse(self, proposal: Proposal) -> Json:
        """Request that undoes an executed proposal."""

    def has_inverse(self, proposals: Sequence[Proposal]) -> list[bool]:
        """Whether each executed proposal can be undone as things stand: ``inverse`` gives one."""

    def measure_after(self, proposals: Sequence[Proposal]) -> list[datetime | None]:
        """When the effect of each executed proposal can be measured; ``None``: never."""

    def measure(self, proposal: Proposal, *, now: datetime) -> Json | None:
        """Measured effect, ``None`` while the figures are not in."""


_handlers: dict[str, Handler] = {}
_run_contexts: list[Callable[[], AbstractContextManager[None]]] = []


def register(handler: Handler) -> None:
    """Make a kind known. Called in ``ready()``."""
    _handlers[handler.kind] = handler


def register_run_context(opener: Callable[[], AbstractContextManager[None]]) -> None:
    """Open something around each run of the executor, such as kept connections."""
    _run_contexts.append(opener)


@contextmanager
def run_context() -> Iterator[None]:
    """What kinds share between the executions of one run, closed at its end."""
    with ExitStack() as stack:
        for opener in _run_contexts:
            stack.enter_context(opener())
        yield


def handler_of(kind: str) -> Handler:
    """Handler of a kind, or a refusal that names the known ones."""
    try:
        return _handlers[kind]
    except KeyError:
        known = ", ".join(sorted(_handlers))
        raise RequestError("kind", f"There is no kind {kind!r}; known: {known}.") from None


def handlers() -> list[Handler]:
    """All kinds, in a stable order."""
    return [_handlers[kind] for kind in sorted(_handlers)]


def body_of(proposal: Proposal) -> Json:
    """Everything that decides what a proposal does; empty before its first plan."""
    plan = proposal.current_plan
    return plan.content if plan else {}


def canonical(body: Json) -> str:
    """Canonical text of a plan: sorted keys, no spaces, no floats."""
    _refuse_floats(body)
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"a plan holds no floats: write {value!r} as text")
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        _refuse_floats(part)


def digest(text: str) -> str:
    """SHA-256 of a canonical text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
