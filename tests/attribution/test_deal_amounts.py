"""A conversion told to HubSpot: proposed, signed, set once, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from attribution.deal_amounts import KIND
from attribution.models import Conversion
from sandbox.server import Sandbox
from tests.api.conftest import key_client
from tests.attribution.deal_steps import DEAL, sold
from tests.attribution.hubspot_steps import Crm
from tests.integrity import doors
from tests.workspaces.gate_steps import fresh, sign
from workspaces.gate import Proposer, RequestError, StateError, handler_of
from workspaces.models import Connection, KeyKind, Proposal, Status, User, Workspace
from workspaces.selectors_undo import undoable_ids
from workspaces.services.proposing import propose

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("deals") / "state.sqlite3") as box:
        yield box


@pytest.fixture
def crm(box: Sandbox, workspace: Workspace, now: datetime) -> Crm:
    """A portal with a deal worth 1,000."""
    box.control("reset")
    portal = Crm(box, workspace)
    portal.clock(now)
    properties = {"amount": "1000.00"}
    portal.do("deal", id=DEAL, stage="closedwon", properties=properties, at=now.isoformat())
    return portal


def proposed(workspace: Workspace, now: datetime, **request: Any) -> Proposal:
    return propose(
        workspace=workspace, kind=KIND, request={"conversion": "order-1", **request}, now=now,
        proposer=Proposer.rule("test"), reason="It was paid.",
    )  # fmt: skip


def amount_in(crm: Crm) -> str:
    from attribution.hubspot.registry import client_of
    from workspaces import crypto

    client = client_of(crm.connection, crypto.decrypt(crm.connection.secret))
    try:
        return str(client.read_deals([DEAL]).deals[DEAL].amount)
    finally:
        client.close()


def test_an_agent_proposes_and_the_deal_has_it_once_signed(
    crm: Crm, workspace: Workspace, approver: User, now: datetime
) -> None:
    sold(workspace)
    agent = key_client(workspace, ["changes:propose", "events:write"], kind=KeyKind.AGENT)
    body = {
        "action_type": "sync_conversion", "reason": "It was paid.",
        "parameters": {"conversion": "order-1"},
    }  # fmt: skip
    answer = agent.post("/api/agents/actions/", body, format="json")

    proposal = Proposal.objects.get()
    assert (answer.status_code, amount_in(crm)) == (202, "1000.00")
    sign(proposal, approver, now)
    doors.run_tasks()

    assert fresh(proposal).status == Status.EXECUTED
    assert amount_in(crm) == "1500.00"
    assert undoable_ids([fresh(proposal)]) == {proposal.pk}
    undo = handler_of(KIND).inverse(fresh(proposal))
    assert undo == {"conversion": "order-1", "amount": "1000.00"}


@pytest.mark.parametrize("commit", [True, False])
def test_a_lost_answer_is_looked_at(
    crm: Crm, workspace: Workspace, approver: User, now: datetime, *, commit: bool
) -> None:
    sold(workspace)
    proposal = proposed(workspace, now)
    sign(proposal, approver, now)
    crm.fault(kind="reset", commit=commit, times=1, path="PATCH .*deals")

    doors.run_tasks()

    assert amount_in(crm) == ("1500.00" if commit else "1000.00")
    assert fresh(proposal).status in (Status.EXECUTED, Status.EXECUTING, Status.APPROVED)


def test_an_amount_that_somebody_changed_meanwhile_is_left_alone(
    crm: Crm, workspace: Workspace, approver: User, now: datetime
) -> None:
    sold(workspace)
    proposal = proposed(workspace, now)
    sign(proposal, approver, now)
    crm.do("deal", id=DEAL, properties={"amount": "1200.00"}, at=now.isoformat())

    doors.run_tasks()

    assert amount_in(crm) == "1200.00"
    assert fresh(proposal).status != Status.EXECUTED


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"has_consent": False}, "no consent"),
        ({"crm_deal": ""}, "no deal"),
        ({"crm_deal": "7"}, "no such deal"),
        ({"currency": "CHF"}, "CHF"),
        ({"value": 1_000}, "already"),
        ({"value": 0}, "above 0"),
    ],
)
def test_what_cannot_be_told_is_refused(
    workspace: Workspace, now: datetime, changed: dict[str, Any], words: str
) -> None:
    sold(workspace, **changed)
    with pytest.raises(RequestError, match=words):
        proposed(workspace, now)
    assert not Proposal.objects.exists()


def test_of_another_workspace_or_without_connection_it_is_refused(
    workspace: Workspace, other_workspace: Workspace, now: datetime
) -> None:
    sold(workspace)
    with pytest.raises(RequestError, match="no such conversion"):
        proposed(other_workspace, now)
    Connection.objects.update(status="paused")
    with pytest.raises(RequestError, match="is active"):
        proposed(workspace, now)


def test_what_had_no_amount_is_emptied_by_a_person(workspace: Workspace, now: datetime) -> None:
    sold(workspace, amount=None)
    proposal = proposed(workspace, now)
    Conversion.objects.update(has_consent=False)

    assert handler_of(KIND).has_inverse([proposal]) == [False]
    with pytest.raises(StateError, match="no amount before"):
        handler_of(KIND).inverse(proposal)
    assert proposal.status == Status.PENDING
