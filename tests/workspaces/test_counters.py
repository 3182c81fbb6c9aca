"""The sidebar's figures: what they count, and that they cost the same however much waits."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.database import answers_alone
from tests.workspaces import note_kind
from tests.workspaces.factories import MembershipFactory
from tests.workspaces.gate_steps import propose
from workspaces.counters import counts
from workspaces.services import signing


def test_what_waits_is_counted_and_what_sleeps_is_not(workspace, operator, now):
    note_kind.install()
    member = MembershipFactory(workspace=workspace)
    proposals = [propose(workspace, now, page=str(number)) for number in range(3)]
    until = now + timedelta(hours=1)
    signing.snooze(proposal_id=proposals[0].pk, until=until, by=operator, now=now)

    assert counts(membership=member, now=now)["approvals"] == "2"
    assert counts(membership=member, now=until)["approvals"] == "3"


def test_what_waits_is_counted_in_the_order_of_the_queues_index(workspace, now):
    member = MembershipFactory(workspace=workspace)
    with CaptureQueriesContext(connection) as asked:
        counts(membership=member, now=now)

    answers_alone("workspaces_proposal_in_queue")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {asked[0]['sql']}")
        plan = str(cursor.fetchall())

    assert "Index Only Scan using workspaces_proposal_in_queue" in plan
