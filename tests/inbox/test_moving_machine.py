"""Merges, splits and answers in any order: no answer of ours ever stands where it may not go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from inbox.models import Conversation, CustomerResponse
from inbox.services import desk
from inbox.services.desk import DeskError
from inbox.services.restating import restate
from tests.inbox.desk_steps import answer_to, columns_of, rows_of, talk_of
from tests.inbox.steps import NOW, response_of
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces.gate import Proposer

# What time alone changes.
TIMELY = ("sla_state", "breached_at", "is_escalated")
picks = st.integers(0, 11)
MISROUTED = """
SELECT count(*) FROM inbox_customerresponse o
 WHERE o.direction = 'out' AND NOT EXISTS (
       SELECT FROM inbox_customerresponse i
        WHERE i.conversation_id = o.conversation_id AND i.direction = 'in'
          AND i.point_id = o.point_id AND i.id = o.answers_id)
"""


class MovingMachine(RuleBasedStateMachine):
    """Agents do anything with three people's conversations."""

    @initialize()
    def begin(self):
        self.workspace = WorkspaceFactory()
        person = MembershipFactory(workspace=self.workspace, role="agent").user
        self.by = Proposer.person(person)
        self.now = NOW + timedelta(days=1)
        for name in ("ann", "bob", "cat"):
            talk_of(self.workspace, f"{name}@example.com")

    def pick(self, number, **wanted):
        rows = Conversation.objects.filter(workspace=self.workspace, **wanted).order_by("pk")
        found = list(rows)
        return found[number % len(found)] if found else None

    def message(self, number):
        rows = list(
            CustomerResponse.objects.filter(workspace=self.workspace, direction="in").order_by("pk")
        )
        return rows[number % len(rows)]

    def try_to(self, name, **values):
        self.now += timedelta(minutes=1)
        try:
            with transaction.atomic():
                return getattr(desk, name)(by=self.by, now=self.now, **values)
        except DeskError:
            return None

    def told(self):
        """Where every message stands, and what every row says."""
        rows = Conversation.objects.filter(workspace=self.workspace).order_by("pk")
        stand = CustomerResponse.objects.filter(workspace=self.workspace).order_by("pk")
        told = [columns_of(one) for one in rows]
        for row in told:
            for name in TIMELY:
                row.pop(name)
        return told, list(stand.values_list("pk", "conversation"))

    @rule(into=picks, other=picks, third=picks)
    def merge(self, into, other, third):
        rows = rows_of(self.pick(other), self.pick(third))
        self.try_to("merge", into=self.pick(into, merged_into=None), rows=rows)

    @rule(into=picks, other=picks)
    def merge_and_take_apart(self, into, other):
        target, source = self.pick(into, merged_into=None), self.pick(other, merged_into=None)
        before = self.told()
        done = self.try_to("merge", into=target, rows=rows_of(source))
        if done is None or not done.changed:
            return

        self.try_to("unmerge", conversation=source)

        assert self.told() == before

    @rule(number=picks)
    def unmerge(self, number):
        if found := self.pick(number, merged_into__isnull=False):
            assert self.try_to("unmerge", conversation=found)

    @rule(number=picks)
    def split(self, number):
        one = self.message(number)
        rows = CustomerResponse.objects.filter(pk=one.pk)
        self.try_to("split", conversation=one.conversation, responses=rows)

    @rule(number=picks)
    def answer(self, number):
        self.now += timedelta(minutes=1)
        answer_to(self.message(number), at=self.now)

    @rule(number=picks)
    def write_again(self, number):
        self.now += timedelta(minutes=1)
        one = self.message(number)
        response_of(one.conversation, point=one.point, at=self.now)
        restate([one.conversation_id], now=self.now)

    @rule(number=picks)
    def close_or_open(self, number):
        name = "close" if number % 2 else "reopen"
        self.try_to(name, rows=rows_of(self.pick(number)), workspace=self.workspace)

    @invariant()
    def answers_go_where_they_came_from(self):
        connection.check_constraints()
        with connection.cursor() as cursor:
            cursor.execute(MISROUTED)
            assert cursor.fetchone() == (0,)
        merged = Conversation.objects.exclude(merged_into=None)
        assert not CustomerResponse.objects.filter(conversation__in=merged).exists()


class Rolled(MovingMachine):
    """Each example in a transaction that is rolled back."""

    def __init__(self):
        super().__init__()
        self._atomic = transaction.atomic()
        self._atomic.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self._atomic.__exit__(None, None, None)


def _run(examples, steps):
    run_state_machine_as_test(
        Rolled,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True,
            database=None, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.mark.django_db
def test_answers_stay_with_what_they_answer():
    _run(6, 14)


@pytest.mark.slow
@pytest.mark.django_db
def test_answers_stay_with_what_they_answer_in_many_orders():
    _run(60, 30)
