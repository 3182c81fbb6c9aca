"""A worker that dies carrying out a proposal of any kind: one effect, one whole record."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from sandbox.server import Sandbox
from tests.crash.conftest import fork
from tests.crash.kinds import KINDS, SOON, Case, Place
from tests.outreach.social.steps import NOON
from tests.sandbox.conftest import Box
from tests.workspaces.gate_steps import fresh, run_due, sign
from workspaces import gate
from workspaces.gate import Proposer, handler_of
from workspaces.models import (
    ExecutionAttempt,
    Proposal,
    Signature,
    Status,
    User,
    WebhookDelivery,
    WebhookEndpoint,
    Workspace,
)
from workspaces.selectors_ledger import LedgerFilter, ledger_rows
from workspaces.services import execution, proposing

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]


def _die(*args: object, **options: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("it lives")


def _then_die(call: Callable[..., Any]) -> Callable[..., NoReturn]:
    def called(*args: object, **options: object) -> NoReturn:
        call(*args, **options)
        _die()

    return called


def _claimed(patch: pytest.MonkeyPatch, kind: str) -> None:
    patch.setattr(execution, "run", _die)


def _marked(patch: pytest.MonkeyPatch, kind: str) -> None:
    patch.setattr(handler_of(kind), "execute", _die, raising=False)


def _called(patch: pytest.MonkeyPatch, kind: str) -> None:
    handler = handler_of(kind)
    patch.setattr(handler, "execute", _then_die(handler.execute), raising=False)


def _settling(patch: pytest.MonkeyPatch, kind: str) -> None:
    handler = handler_of(kind)
    patch.setattr(handler, "settle", _then_die(handler.settle), raising=False)


#: Where a worker dies: with a lease; about to call; called, nothing noted; with all written, before
#: the transaction ends.
POINTS = {"claimed": _claimed, "marked": _marked, "called": _called, "settling": _settling}
_ORDINARY = ("called", "settling")
_TRIED = [
    pytest.param(kind, point, marks=() if point in _ORDINARY else pytest.mark.slow)
    for kind in KINDS
    for point in POINTS
]


def test_every_registered_kind_is_killed_here() -> None:
    assert {handler.kind for handler in gate.handlers()} == set(KINDS)


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("kinds") / "state.sqlite3", smtp_port=0) as server:
        yield server


@pytest.fixture
def place(_server: Sandbox, workspace: Workspace, operator: User) -> Iterator[Place]:
    """The workspace with a far end that knows nothing yet."""
    box = Box(_server.base_url, _server.smtp_port)
    box.control("reset")
    box.control("clock", {"set": NOON.isoformat()})
    WebhookEndpoint.objects.create(
        workspace=workspace, url="https://log.example/", event_types=["proposal.executed"]
    )
    yield Place(box, workspace, operator)
    box.http.close()


def signed(case: Case, kind: str, place: Place, by: User) -> Proposal:
    """The proposal of a case, with its signature on."""
    made = case.made or proposing.propose(
        workspace=place.workspace, kind=kind, request=case.request or {}, reason="Crash.",
        proposer=Proposer.person(place.operator), now=place.now,
    )  # fmt: skip
    return sign(made, by, place.now)


def die_at(point: str, kind: str, place: Place) -> None:
    """Have a worker die there, and see that it did."""

    def work() -> None:
        with pytest.MonkeyPatch.context() as patch:
            POINTS[point](patch, kind)
            run_due(place.now + SOON, worker="doomed")

    _, status = os.waitpid(fork(work), 0)
    assert os.WIFSIGNALED(status), f"nobody died at {point}"


def recover(place: Place, *, rounds: int = 3) -> None:
    """What beat does after a crash: reap lapsed leases, execute what is due again."""
    for number in range(1, rounds + 1):
        later = place.now + timedelta(minutes=11) * number
        place.box.control("clock", {"set": later.isoformat()})
        execution.reap(worker="reaper", clock=lambda at=later: at)
        run_due(later, worker="second")


@pytest.mark.parametrize(("kind", "point"), _TRIED)
def test_whatever_a_worker_was_doing_it_takes_effect_once(
    place: Place, approver: User, kind: str, point: str
) -> None:
    case = KINDS[kind](place)
    proposal = signed(case, kind, place, approver)
    assert case.effects() == []

    die_at(point, kind, place)
    assert fresh(proposal).status == Status.EXECUTING
    recover(place)

    after = fresh(proposal)
    assert after.status == Status.EXECUTED, after.last_error
    assert len(case.effects()) == 1
    assert_on_record(after)


def assert_on_record(proposal: Proposal) -> None:
    """The receipt, each try, the signature, the ledger, and one message to who listens."""
    tries = ExecutionAttempt.objects.filter(plan__proposal=proposal).order_by("number")
    outcomes = [one.outcome for one in tries]
    assert None not in [one.settled_at for one in tries]
    assert (outcomes[-1], outcomes.count("applied")) == ("applied", 1)
    assert (proposal.claimed_by, proposal.lease_until, proposal.last_error) == ("", None, "")
    assert proposal.executed_at is not None
    assert proposal.result["message"]
    assert Signature.objects.filter(plan=proposal.current_plan, withdrawn_at=None).count() == 1
    assert list(ledger_rows(proposal.workspace, LedgerFilter())) == [proposal]
    told = WebhookDelivery.objects.filter(event_type="proposal.executed")
    assert [one.event_id for one in told] == [f"{proposal.public_id}:executed"]
