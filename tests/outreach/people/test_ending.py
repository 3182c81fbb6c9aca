"""Files that nobody goes on with end; whoever is erased is taken out of those that wait."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from outreach.models import Contact, ContactImport
from outreach.services.people.checking import check
from outreach.services.people.ending import ERASED, STALE, SWEEP_JOB, end_stale
from outreach.services.people.erasing import erase_contact
from outreach.services.people.import_job import IMPORT_JOB
from outreach.services.people.importing import begin_check, begin_writing, receive_file
from outreach.services.people.staging import Stage
from tests.outreach.steps import NOW, contact_of
from workspaces.gate import Proposer
from workspaces.models import JobRun, User, Workspace
from workspaces.services.jobs import Progress, run_job

LATER = NOW + timedelta(days=8)
TEXT = (
    "Email,Phone,Customer id,Name\nAnn@Example.com,,,Ann\nbob@example.com,+49 170 1234567,B,Bob\n"
)


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def _received(workspace: Workspace, by: User) -> ContactImport:
    run = receive_file(
        workspace=workspace, file=io.BytesIO(TEXT.encode()), file_name="people.csv",
        by=Proposer.person(by), now=NOW,
    )  # fmt: skip
    ContactImport.objects.filter(pk=run.pk).update(created_at=NOW)
    return run


def _begun(workspace: Workspace, by: User) -> ContactImport:
    run = _received(workspace, by)
    return begin_check(run=run, columns=run.columns, options={}, by=Proposer.person(by), now=NOW)


def _checked(workspace: Workspace, by: User) -> ContactImport:
    run = _begun(workspace, by)
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="test", now=NOW)
    run.refresh_from_db()
    return run


def _has_table(run: ContactImport) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"contact_stage_{run.pk}"])
        return cursor.fetchone() != (None,)


@pytest.mark.parametrize("make", [_received, _checked])
def test_file_that_nobody_writes_ends_after_a_week(
    workspace: Workspace, operator: User, make: Any, django_capture_on_commit_callbacks: Any
) -> None:
    run = make(workspace, operator)
    name = run.file.name

    assert end_stale(workspace.pk, NOW + timedelta(days=7)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        run_job(workspace=workspace, name=SWEEP_JOB, trigger="test", now=LATER)

    run.refresh_from_db()
    assert (run.state, run.error, run.file.name) == ("failed", STALE, "")
    assert not default_storage.exists(name)
    assert not _has_table(run)
    assert JobRun.objects.get(name=SWEEP_JOB).counts == {"ended": 1, "removed": 0}
    assert end_stale(workspace.pk, LATER) == 0


def test_file_that_was_not_taken_keeps_its_reason(workspace: Workspace, operator: User) -> None:
    run = _received(workspace, operator)
    ContactImport.objects.filter(pk=run.pk).update(state="failed", error="It is no table.")

    assert end_stale(workspace.pk, LATER) == 1

    run.refresh_from_db()
    assert (run.state, run.error, run.file.name) == ("failed", "It is no table.", "")


def test_files_at_work_written_ones_and_those_of_others_stay(
    workspace: Workspace, operator: User, other_workspace: Workspace
) -> None:
    begun = _begun(workspace, operator)
    run = _received(workspace, operator)
    ContactImport.objects.filter(pk=run.pk).update(workspace=other_workspace)

    assert end_stale(workspace.pk, LATER) == 0

    begun.refresh_from_db()
    assert begun.state == "checking"
    assert end_stale(other_workspace.pk, LATER) == 1


def test_table_that_a_dead_worker_left_is_dropped(
    workspace: Workspace, operator: User, other_workspace: Workspace
) -> None:
    run, checked = _received(workspace, operator), _checked(workspace, operator)
    Stage(run.pk).create()

    run_job(workspace=other_workspace, name=SWEEP_JOB, trigger="test", now=NOW)
    assert _has_table(run)
    run_job(workspace=workspace, name=SWEEP_JOB, trigger="test", now=NOW)

    assert (_has_table(run), _has_table(checked)) == (False, True)


def test_erased_person_is_not_written_from_a_checked_file(
    workspace: Workspace, operator: User, admin: User, django_capture_on_commit_callbacks: Any
) -> None:
    run = _checked(workspace, operator)
    ann, name = contact_of(workspace), run.file.name

    with django_capture_on_commit_callbacks(execute=True):
        counts = erase_contact(contact=ann, by=Proposer.person(admin), now=NOW)
    run.refresh_from_db()
    assert (counts["files"], run.state, run.file.name) == (1, "checked", "")
    assert not default_storage.exists(name)
    begin_writing(run=run, by=Proposer.person(operator), now=NOW)
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="test", now=NOW)

    run.refresh_from_db()
    assert (run.state, run.created) == ("done", 1)
    assert list(Contact.objects.exclude(pk=ann.pk).values_list("first_name", flat=True)) == [""]


@pytest.mark.parametrize("known_by", ["phone", "id"])
def test_erased_person_is_found_by_phone_and_id(
    workspace: Workspace, operator: User, admin: User, known_by: str
) -> None:
    run = _checked(workspace, operator)
    ids = {"external_id": "B"} if known_by == "id" else {}
    bob = contact_of(workspace, "old@example.com", **ids)
    if known_by == "phone":
        bob.points.update(channel="sms", address="+491701234567")

    assert erase_contact(contact=bob, by=Proposer.person(admin), now=NOW)["files"] == 1
    assert Stage(run.pk).rows("SELECT email FROM {ready}") == [("ann@example.com",)]


def test_file_without_the_erased_person_is_left_alone(
    workspace: Workspace, operator: User, admin: User
) -> None:
    run = _checked(workspace, operator)
    cid = contact_of(workspace, "cid@example.com")

    assert "files" not in erase_contact(contact=cid, by=Proposer.person(admin), now=NOW)

    run.refresh_from_db()
    assert (run.state, bool(run.file), run.rows_read) == ("checked", True, 2)


def test_file_that_nobody_looked_through_ends_when_somebody_is_erased(
    workspace: Workspace, operator: User, admin: User
) -> None:
    waits, at_work = _received(workspace, operator), _begun(workspace, operator)

    class ErasedMeanwhile(Progress):
        def step(self, text: str, *, done: int | None = None, total: int | None = None) -> None:
            if done:
                erase_contact(contact=contact_of(workspace), by=Proposer.person(admin), now=NOW)

    check(at_work, ErasedMeanwhile(JobRun(name=IMPORT_JOB), workspace, NOW))

    for run in (waits, at_work):
        run.refresh_from_db()
        assert (run.state, run.error, run.file.name) == ("failed", ERASED, "")
        assert not _has_table(run)


def test_erasing_leaves_files_of_another_workspace_alone(
    workspace: Workspace, operator: User, admin: User, other_workspace: Workspace
) -> None:
    run = _checked(workspace, operator)
    ContactImport.objects.filter(pk=run.pk).update(workspace=other_workspace)

    counts = erase_contact(contact=contact_of(workspace), by=Proposer.person(admin), now=NOW)

    assert "files" not in counts
    assert Stage(run.pk).rows("SELECT count(*) FROM {ready}") == [(2,)]


def test_rows_that_a_crash_took_are_not_written_as_nothing(
    workspace: Workspace, operator: User
) -> None:
    run = _checked(workspace, operator)
    # What PostgreSQL does with an unlogged table when it starts after a crash.
    Stage(run.pk).rows("DELETE FROM {ready} RETURNING line")

    begin_writing(run=run, by=Proposer.person(operator), now=NOW)
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="test", now=NOW)

    run.refresh_from_db()
    assert (run.state, run.error) == (
        "failed", "Its checked rows are gone; upload the file again.",
    )  # fmt: skip
