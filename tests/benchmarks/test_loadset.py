"""The load set: real rows, in a workspace of its own."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from campaigns.models import AdChangeHistory, PendingAdChange
from campaigns.services import loadset
from tests.workspaces.factories import WorkspaceFactory
from workspaces.gate import digest
from workspaces.models import Proposal, Status
from workspaces.services.signing import sign


def load(proposals: int, history: int) -> loadset.Workspace:
    return loadset.load(proposals=proposals, history=history, now=timezone.now())


@pytest.mark.django_db
def test_rows_are_whole():
    workspace = load(30, 200)

    proposals = Proposal.objects.filter(workspace=workspace).select_related("current_plan")
    assert proposals.filter(status=Status.PENDING, current_plan__isnull=False).count() == 30
    assert all(digest(p.current_plan.body) == p.current_plan.sha256 for p in proposals)
    assert PendingAdChange.objects.filter(workspace=workspace).count() == 30
    assert AdChangeHistory.objects.filter(workspace=workspace).count() == 200


@pytest.mark.django_db
def test_a_second_run_goes_on_where_the_first_ended():
    load(20, 50)
    first = set(Proposal.objects.values_list("pk", flat=True))

    workspace = load(30, 300)

    assert first < set(Proposal.objects.values_list("pk", flat=True))
    assert Proposal.objects.filter(workspace=workspace).count() == 30
    assert AdChangeHistory.objects.filter(workspace=workspace).count() == 300


@pytest.mark.django_db
def test_a_workspace_of_people_is_left_alone():
    WorkspaceFactory(slug=loadset.SLUG, name="Our real workspace")

    with pytest.raises(CommandError, match="not one of this command"):
        call_command("loadset", proposals=10, history=0)

    assert not Proposal.objects.exists()


@pytest.mark.django_db
def test_more_history_than_proposals_carry_is_refused():
    with pytest.raises(CommandError, match="at least 2 proposals"):
        call_command("loadset", proposals=1, history=11)

    assert not Proposal.objects.exists()


@pytest.mark.django_db
def test_what_it_makes_can_be_signed(membership_in_loadset):
    workspace, approver = membership_in_loadset
    proposal = Proposal.objects.filter(workspace=workspace).select_related("current_plan")[0]

    signed = sign(
        proposal_id=proposal.pk,
        plan_sha256=proposal.current_plan.sha256,
        by=approver,
        now=timezone.now(),
    )

    assert signed.status == Status.APPROVED


@pytest.fixture
def membership_in_loadset(approver):
    """The load set with one approver."""
    workspace = load(5, 0)
    workspace.memberships.create(user=approver, role="approver")
    return workspace, approver


@pytest.mark.django_db
def test_a_full_disk_is_told_before_anything_is_written(monkeypatch):
    monkeypatch.setattr(loadset, "_BYTES_A_PROPOSAL", 10**15)

    with pytest.raises(loadset.LoadsetError, match="Ask for fewer rows"):
        load(5, 0)

    assert not Proposal.objects.exists()
