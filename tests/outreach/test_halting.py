"""Mail that stops by itself, and by whom it goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.models import ChannelPolicy, Halt, MessageDay
from outreach.selectors.rates import Fare, fares_by_domain, recent_fare
from outreach.services.halting import DELIVERABILITY_JOB, halt, lift
from tests.outreach.steps import NOW
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces.gate import NotAllowedError, RequestError, StateError
from workspaces.models import Notification, Proposal, User, Workspace
from workspaces.services.jobs import run_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    workspace = WorkspaceFactory()
    ChannelPolicy.objects.create(
        workspace=workspace, channel="email", is_on=True, sender="Shop <news@Mail.shop.example>"
    )
    return workspace


def day(workspace: Workspace, days_ago: int = 0, domain: str = "a.example", **counts: int) -> None:
    MessageDay.objects.create(
        workspace=workspace, channel="email", day=(NOW - timedelta(days=days_ago)).date(),
        domain=domain, **counts,
    )  # fmt: skip


def watch(workspace: Workspace) -> None:
    run_job(workspace=workspace, name=DELIVERABILITY_JOB, trigger="schedule", now=NOW)


def person(workspace: Workspace, role: str) -> User:
    return MembershipFactory(workspace=workspace, role=role).user


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"delivered": 1_000, "complained": 3}, "Complaints: 0.30 %, the line is 0.30 %"),
        ({"delivered": 950, "bounced": 50}, "Bounces: 5.00 %, the line is 5.00 %"),
    ],
)
def test_a_rate_beyond_its_line_stops_the_domain(
    workspace: Workspace, counts: dict[str, int], reason: str
) -> None:
    approver = person(workspace, "approver")
    day(workspace, sent=1_000, **counts)

    watch(workspace)
    watch(workspace)

    made = Halt.objects.get()
    assert (made.channel, made.scope, made.reason) == ("email", "mail.shop.example", reason)
    assert Proposal.objects.get().status == "executed"
    assert Notification.objects.filter(user=approver).count() == 1


@pytest.mark.parametrize("complained", [1, 2])
def test_a_rate_near_its_line_warns_once_a_day(workspace: Workspace, complained: int) -> None:
    operator = person(workspace, "operator")
    day(workspace, sent=1_000, delivered=1_000, complained=complained)

    watch(workspace)
    watch(workspace)

    assert not Halt.objects.exists()
    assert Notification.objects.filter(user=operator).count() == 1


def test_few_messages_stop_nothing(workspace: Workspace) -> None:
    day(workspace, sent=499, delivered=400, bounced=99)

    watch(workspace)

    assert not Halt.objects.exists()


def test_the_shortest_span_with_enough_messages_counts(workspace: Workspace) -> None:
    day(workspace, 0, sent=100, delivered=100)
    day(workspace, 2, sent=500, delivered=500, complained=1)
    day(workspace, 6, sent=9_000, delivered=9_000, complained=90)

    assert recent_fare(workspace, "email", least=500, now=NOW).complained == 1
    assert recent_fare(workspace, "email", least=5_000, now=NOW).complained == 91


def test_rates_have_answers_without_messages() -> None:
    fare = Fare()

    assert (fare.delivery_rate, fare.bounce_rate, fare.complaint_rate) == (None, None, None)


def test_without_receipts_what_did_not_return_arrived() -> None:
    assert Fare(sent=100, bounced=4, failed=1).arrived == 95


def test_domains_are_told_apart(workspace: Workspace) -> None:
    day(workspace, sent=10, delivered=9)
    day(workspace, domain="b.example", sent=20, delivered=20)
    day(WorkspaceFactory(), domain="c.example", sent=99)

    found = fares_by_domain(workspace, since=NOW.date())

    assert [(domain, fare.sent) for domain, fare in found] == [("b.example", 20), ("a.example", 10)]


def test_a_person_stops_a_channel_and_an_approver_lets_it_go_on(workspace: Workspace) -> None:
    operator, approver = person(workspace, "operator"), person(workspace, "approver")

    made = halt(
        workspace=workspace, channel="sms", scope="", by=operator, reason="Wrong text", now=NOW
    )
    with pytest.raises(StateError):
        halt(workspace=workspace, channel="sms", scope="", by=operator, reason="Again", now=NOW)
    with pytest.raises(NotAllowedError):
        lift(made=made, by=operator, reason="Fine", now=NOW)
    with pytest.raises(RequestError):
        lift(made=made, by=approver, reason=" ", now=NOW)
    lift(made=made, by=approver, reason="Text mended", now=NOW)

    made.refresh_from_db()
    assert made.lifted_at == NOW
    with pytest.raises(StateError):
        lift(made=made, by=approver, reason="Once more", now=NOW)


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_below_operator_nobody_stops_anything(workspace: Workspace, role: str) -> None:
    with pytest.raises(NotAllowedError):
        halt(
            workspace=workspace, channel="sms", scope="", by=person(workspace, role),
            reason="No", now=NOW,
        )  # fmt: skip

    assert not Halt.objects.exists()


def test_people_of_another_workspace_stop_nothing(workspace: Workspace) -> None:
    with pytest.raises(NotAllowedError):
        halt(
            workspace=workspace, channel="sms", scope="", by=person(WorkspaceFactory(), "admin"),
            reason="No", now=NOW,
        )  # fmt: skip
