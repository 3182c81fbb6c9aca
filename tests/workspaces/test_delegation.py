"""Lending one's rank."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workspaces.models import Delegation
from workspaces.roles import Role
from workspaces.selectors import effective_rank
from workspaces.services import accounts, delegation
from workspaces.services.delegation import DelegationError
from workspaces.services.refusals import NotPermittedError

DAY = timedelta(days=1)


@pytest.fixture
def lent(workspace, approver, operator, now):
    return delegation.delegate(
        workspace=workspace, giver=approver, taker=operator, ends_at=now + 7 * DAY, now=now
    )


def _rank(user, workspace, at):
    return effective_rank(user=user, workspace=workspace, now=at)


def test_rank_is_lent_until_the_moment(lent, workspace, operator, now):
    assert _rank(operator, workspace, now) == Role.APPROVER.rank
    assert _rank(operator, workspace, now - DAY) == Role.OPERATOR.rank
    assert _rank(operator, workspace, now + 7 * DAY) == Role.OPERATOR.rank


def test_lent_rank_never_lowers_and_is_not_passed_on(lent, workspace, admin, operator, viewer, now):
    for giver, taker in ((operator, viewer), (viewer, admin)):
        delegation.delegate(
            workspace=workspace, giver=giver, taker=taker, ends_at=now + DAY, now=now
        )

    assert _rank(viewer, workspace, now) == Role.OPERATOR.rank
    assert _rank(admin, workspace, now) == Role.ADMIN.rank


def test_giver_takes_it_back(lent, workspace, approver, operator, now):
    with pytest.raises(NotPermittedError):
        delegation.end_delegation(delegation=lent, by=operator, now=now + DAY)
    delegation.end_delegation(delegation=lent, by=approver, now=now + DAY)

    assert _rank(operator, workspace, now + DAY) == Role.OPERATOR.rank
    with pytest.raises(DelegationError, match="ended already"):
        delegation.end_delegation(delegation=lent, by=approver, now=now + DAY)


def test_rank_of_a_giver_who_left_is_gone(lent, workspace, admin, approver, operator, now):
    accounts.remove_member(membership=approver.memberships.get(), by=admin, now=now)

    assert _rank(operator, workspace, now) == Role.OPERATOR.rank


def test_outsider_holds_no_rank_and_gets_none(workspace, approver, outsider, now):
    with pytest.raises(DelegationError, match="only to a member"):
        delegation.delegate(
            workspace=workspace, giver=approver, taker=outsider, ends_at=now + DAY, now=now
        )
    assert _rank(outsider, workspace, now) == 0
    assert not Delegation.objects.exists()


@pytest.mark.parametrize(
    ("taker", "days", "words"),
    [("approver", 1, "another member"), ("viewer", 0, "in the past"), ("operator", 1, "already")],
)
def test_senseless_delegation_is_refused(
    lent, workspace, approver, now, taker, days, words, request
):
    with pytest.raises(DelegationError, match=words):
        delegation.delegate(
            workspace=workspace,
            giver=approver,
            taker=request.getfixturevalue(taker),
            ends_at=now + days * DAY,
            now=now,
        )
    assert Delegation.objects.count() == 1


def test_delegation_is_audited(lent, approver, now):
    delegation.end_delegation(delegation=lent, by=approver, now=now + DAY)

    labels = Delegation.pgh_event_model.objects.filter(pgh_obj=lent).values_list(
        "pgh_label", flat=True
    )
    assert list(labels.order_by("pgh_id")) == ["insert", "update"]
