"""A worker that is killed while it writes a file of contacts: everybody is there, once."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from outreach.models import AudienceMember, Consent, Contact, ContactImport, ContactPoint
from outreach.services.people.import_writing import write
from outreach.services.people.importing import begin_check, begin_writing, receive_file
from outreach.services.people.job_list import IMPORT_JOB
from tests.crash.conftest import killed
from tests.outreach.steps import NOW, audience_of
from workspaces.gate import Proposer
from workspaces.models import JobRun, User, Workspace
from workspaces.services.jobs import Progress, run_job

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]
PEOPLE = 10
FILE = "E-mail;First name\n" + "".join(f"p{n}@example.com;P{n}\n" for n in range(PEOPLE))


@pytest.fixture
def run(workspace: Workspace, operator: User, settings: Any, tmp_path: Path) -> ContactImport:
    """A file of ten that was checked and is to be written, onto a list, with consent."""
    settings.MEDIA_ROOT = str(tmp_path)
    by, listing = Proposer.person(operator), audience_of(workspace, name="Fair")
    run = receive_file(
        workspace=workspace, file=io.BytesIO(FILE.encode()), file_name="p.csv", by=by, now=NOW
    )
    options = {"consent": "all", "statement": "The form.", "audience": str(listing.public_id)}
    begin_check(run=run, columns=run.columns, options=options, by=by, now=NOW)
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="test", now=NOW)
    run.refresh_from_db()
    return begin_writing(run=run, by=by, now=NOW)


@pytest.mark.parametrize(
    ("statement", "nth", "written"),
    [
        ("INSERT INTO outreach_audiencemember", 1, 0),  # within the first block
        ('UPDATE "outreach_contactimport"', 1, 0),  # its last word
        ("INSERT INTO outreach_audiencemember", 3, 6),  # within the third block
        ('UPDATE "outreach_contactimport"', 4, 9),
    ],
)
def test_killed_while_it_writes_it_goes_on_and_repeats_nothing(
    workspace: Workspace, run: ContactImport, statement: str, nth: int, written: int
) -> None:
    job = JobRun.objects.filter(name=IMPORT_JOB).last()
    assert job is not None

    killed(statement, partial(write, run, Progress(job, workspace, NOW), block=3), nth)

    assert Contact.objects.count() == written
    assert ContactPoint.objects.count() == written
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="test", now=NOW)
    run.refresh_from_db()
    assert (run.state, run.created, run.updated) == ("done", PEOPLE, 0)
    counts = [rows.objects.count() for rows in (Contact, ContactPoint, Consent, AudienceMember)]
    assert counts == [PEOPLE] * 4
