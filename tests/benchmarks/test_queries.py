"""How much one execution asks of the database."""

from __future__ import annotations

import pytest
from django.utils import timezone

from benchmarks.world import first_ad_sets, instant_platform, make_workspace, signed_change
from workspaces.models import Status
from workspaces.services.execution import execute_due

# Three transactions (claim, mark, settle) with every check made twice; begin and commit count.
PER_BATCH = 54
# Finding nothing due: begin, one query, commit.
LAST_LOOK = 3


@pytest.fixture
def many(db, django_assert_max_num_queries):
    """Execute so many changes within a number of queries."""

    def execute(count: int, queries: int) -> None:
        now = timezone.now()
        workspace, approver = make_workspace(now)
        rows = first_ad_sets(workspace, count)
        proposals = [signed_change(row, approver, now) for row in rows]
        with instant_platform(), django_assert_max_num_queries(queries):
            execute_due(worker="w", clock=timezone.now)
        for proposal in proposals:
            proposal.refresh_from_db()
            assert proposal.status == Status.EXECUTED, proposal.waiting_for

    return execute


def test_one_change_stays_within_its_queries(many):
    many(1, PER_BATCH + LAST_LOOK)


def test_a_batch_asks_no_more_than_one_change(many):
    many(12, PER_BATCH + LAST_LOOK)
