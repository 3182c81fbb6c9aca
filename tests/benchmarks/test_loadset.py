"""The load set: real rows, in a workspace of its own."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from benchmarks import inbox_rows
from campaigns.models import AdChangeHistory, AdSet, ChangeType, PendingAdChange
from campaigns.selectors.subjects import subject_of
from campaigns.services import loadset, loadset_sql
from inbox.models import Conversation, CustomerResponse
from tests.workspaces.factories import WorkspaceFactory
from workspaces.gate import canonical, digest
from workspaces.models import ExecutionAttempt, Proposal, Signature, Status
from workspaces.services.signing import sign


def load(proposals: int, history: int) -> loadset.Workspace:
    return loadset.load(proposals=proposals, history=history, now=timezone.now())


@pytest.mark.django_db
def test_rows_are_whole():
    workspace = load(30, 200)

    proposals = Proposal.objects.filter(workspace=workspace).select_related("current_plan")
    waiting, done = (proposals.filter(status=s) for s in (Status.PENDING, Status.EXECUTED))
    assert (waiting.count(), done.count()) == (30, 10)
    for plan in (proposal.current_plan for proposal in proposals):
        assert plan.sha256 == digest(plan.body) == digest(canonical(plan.content))
    assert {change.proposal_id for change in PendingAdChange.objects.all()} == {
        proposal.pk for proposal in proposals
    }
    assert AdChangeHistory.objects.filter(workspace=workspace).count() == 200
    signed = Signature.objects.filter(decision="approve", plan__policy_may_sign=True)
    assert set(signed.values_list("plan__proposal_id", flat=True)) == {row.pk for row in done}


@pytest.mark.django_db
def test_subjects_and_summaries_are_those_of_real_changes():
    load(30, 40)

    for change in PendingAdChange.objects.select_related("proposal__current_plan"):
        ad_set = AdSet.objects.select_related("account", "campaign").get(pk=change.entity_id)
        subject = subject_of(ad_set, ChangeType(change.change_type))
        body = change.proposal.current_plan.content
        assert change.proposal.subject_key == subject.key
        assert body["subject"]["id"] == str(ad_set.public_id)
        assert (body["before"], body["after"]) == (change.current_value, change.final_value)
        if change.change_type != ChangeType.STATUS:
            assert change.proposal.summary == (
                f"{ad_set.name}: {change.change_type} {body['before']} → {body['after']} USD"
                f" ({change.change_pct:+.1f} %)."
            )


@pytest.mark.django_db
def test_each_try_of_a_decided_change_has_its_history():
    load(1, 40)

    for proposal in Proposal.objects.filter(status=Status.EXECUTED):
        tries = AdChangeHistory.objects.filter(proposal=proposal).order_by("pk")
        attempts = ExecutionAttempt.objects.filter(plan=proposal.current_plan).order_by("number")
        assert [row.attempt_id for row in tries] == [attempt.pk for attempt in attempts]
        assert [row.status for row in tries] == [attempt.outcome for attempt in attempts]
        assert [row.completed_at for row in tries] == sorted(row.completed_at for row in tries)
        assert (len(tries), tries[19].status) == (loadset.TRIES, "applied")


@pytest.mark.django_db
def test_a_second_run_goes_on_where_the_first_ended():
    load(20, 50)
    first = set(Proposal.objects.values_list("pk", flat=True))

    workspace = load(30, 300)

    assert first < set(Proposal.objects.values_list("pk", flat=True))
    waiting = Proposal.objects.filter(workspace=workspace, status=Status.PENDING)
    assert waiting.count() == 30
    assert AdChangeHistory.objects.filter(workspace=workspace).count() == 300


@pytest.mark.django_db
def test_a_batch_that_breaks_a_rule_is_not_kept(monkeypatch):
    monkeypatch.setattr(loadset_sql, "SIGNATURES", "SELECT 1")

    with pytest.raises(loadset.LoadsetError, match="1 rows of a batch break a rule"):
        load(3, 20)

    assert not Proposal.objects.filter(status=Status.EXECUTED).exists()
    assert not AdChangeHistory.objects.exists()


@pytest.mark.django_db
def test_who_may_not_leave_triggers_out_is_told_what_to_do():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE pg_read_all_data")
        with pytest.raises(loadset.LoadsetError, match="GRANT SET ON PARAMETER"):
            load(3, 0)
        cursor.execute("RESET ROLE")

    assert not Proposal.objects.exists()


@pytest.mark.django_db
def test_a_workspace_of_people_is_left_alone():
    WorkspaceFactory(slug=loadset.SLUG, name="Our real workspace")

    with pytest.raises(CommandError, match="not one of this command"):
        call_command("loadset", proposals=10, history=0)

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


@pytest.mark.django_db
def test_the_inbox_is_filled_by_parts_and_goes_on_where_it_ended():
    now = timezone.now()
    workspace = inbox_rows.top_up(20, now=now, part=20)
    first = set(Conversation.objects.values_list("pk", flat=True))

    assert inbox_rows.top_up(50, now=now, part=20) == workspace

    rows = Conversation.objects.filter(workspace=workspace)
    assert (len(first), rows.count()) == (20, 50)
    assert first < set(rows.values_list("pk", flat=True))
    assert not rows.exclude(pk__in=CustomerResponse.objects.values("conversation")).exists()
    assert workspace.memberships.count() == 50
