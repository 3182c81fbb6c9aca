"""Blocks of a file as they are written: so many statements whatever their size, and no row lost."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from attribution.models import Identifier, Person
from attribution.services.identity import person_of
from attribution.services.tracking import hashed
from outreach.models import (
    AudienceMember,
    Contact,
    ContactImport,
    ContactPoint,
    Suppression,
)
from outreach.services.people.checking import check
from outreach.services.people.import_writing import write
from outreach.services.people.importing import begin_check, begin_writing, receive_file
from tests.outreach.steps import NOW, audience_of, contact_of
from workspaces.copying import copy_rows, keys_checked_at_once, next_keys
from workspaces.gate import Proposer
from workspaces.models import JobRun, User, Workspace
from workspaces.services.jobs import Progress


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def _ready(
    workspace: Workspace, by: User, text: str, **options: Any
) -> tuple[ContactImport, Progress]:
    proposer = Proposer.person(by)
    run = receive_file(workspace=workspace, file=io.BytesIO(text.encode()), file_name="p.csv",
                       by=proposer, now=NOW)  # fmt: skip
    run = begin_check(run=run, columns=run.columns, options=options, by=proposer, now=NOW)
    job = JobRun.objects.create(workspace=workspace, name="test", queued_at=NOW)
    progress = Progress(job, workspace, NOW)
    check(run, progress)
    return begin_writing(run=run, by=proposer, now=NOW), progress


def _file(people: int) -> str:
    rows = [f"p{i}@example.com;+49170{1_000_000 + i};C{i};Ann;{('yes', 'no', 'cleaned')[i % 3]}"
            for i in range(people)]  # fmt: skip
    return "\n".join(["E-mail;Mobile;Customer id;First name;Subscribed", *rows])


@pytest.mark.parametrize("people", [6, 60])
def test_block_takes_so_many_statements_whatever_its_size(
    workspace: Workspace, operator: User, people: int
) -> None:
    for i in range(0, people, 2):
        contact_of(workspace, f"p{i}@example.com")
    listing = audience_of(workspace, name="Fair")
    run, progress = _ready(workspace, operator, _file(people), statement="At a fair.",
                           channel="both", audience=str(listing.public_id))  # fmt: skip

    with CaptureQueriesContext(connection) as asked:
        write(run, progress)

    said = [one["sql"] for one in asked]
    begun = said.index("SET CONSTRAINTS ALL IMMEDIATE")
    ended = said.index("SET CONSTRAINTS ALL DEFERRED")
    assert ended - begun - 1 == 32
    assert (run.created, run.updated) == (people // 2, people // 2)
    assert AudienceMember.objects.filter(audience=listing).count() == people


def test_every_suppression_of_a_file_has_its_history(workspace: Workspace, operator: User) -> None:
    run, progress = _ready(workspace, operator, _file(3), statement="At a fair.")

    write(run, progress)

    with connection.cursor() as cursor:
        cursor.execute("SELECT value, pgh_label FROM outreach_suppressionevent ORDER BY value")
        events = cursor.fetchall()
    assert events == [("+491701000001", "insert"), ("p1@example.com", "insert"),
                      ("p2@example.com", "insert")]  # fmt: skip
    assert Suppression.objects.filter(lifted_at=None).count() == 3


def test_texts_come_through_as_they_are(workspace: Workspace, operator: User) -> None:
    text = (
        "E-mail,First name,Last name,Note of mine\r\n"
        'ann@example.com,"A ""x"", é",\\.,"one\ntwo, \\N {{}}"\r\n'
    )
    run, progress = _ready(workspace, operator, text)

    write(run, progress)

    ann = Contact.objects.get()
    assert (ann.first_name, ann.last_name) == ('A "x", é', "\\.")
    assert ann.attributes == {"note_of_mine": "one\ntwo, \\N {{}}"}
    assert (ann.customer_type, ann.source, ann.created_at) == ("new", "import", NOW)


def test_two_rows_of_one_contact_are_both_merged(workspace: Workspace, operator: User) -> None:
    ann = contact_of(workspace, external_id="A")
    text = "E-mail;Customer id;First name;Plan;Seats\nann@example.com;;Anna;pro;\n;A;Annie;;3\n"
    run, progress = _ready(workspace, operator, text)

    write(run, progress)

    ann.refresh_from_db()
    assert (run.updated, ann.first_name, ann.external_id) == (2, "Annie", "A")
    assert ann.attributes == {"plan": "pro", "seats": 3}
    assert ContactPoint.objects.filter(contact=ann).count() == 1


def test_contact_of_a_file_is_the_person_known_by_its_address(
    workspace: Workspace, operator: User, other_workspace: Workspace
) -> None:
    address = {"email_hash": hashed("p0@example.com")}
    known = person_of(workspace=workspace, identifiers=address, now=NOW)
    person_of(
        workspace=other_workspace, identifiers={"email_hash": hashed("p1@example.com")}, now=NOW
    )
    run, progress = _ready(workspace, operator, _file(2), statement="At a fair.")

    write(run, progress)

    first, second = Contact.objects.order_by("external_id").select_related("person")
    assert first.person == known
    assert second.person.workspace_id == workspace.pk
    assert Identifier.objects.filter(person=known).count() == 2
    assert not Contact.objects.filter(workspace=other_workspace).exists()


@pytest.mark.django_db
def test_missing_parent_is_refused_at_once() -> None:
    key = next_keys(Person, 1)[0]

    with (
        pytest.raises(IntegrityError, match="workspace_id"), transaction.atomic(),
        keys_checked_at_once(),
    ):  # fmt: skip
        copy_rows(Person, ("id", "public_id", "workspace_id", "created_at"),
                  [(key, "0190b7a0-0000-7000-8000-000000000000", 0, NOW)])  # fmt: skip

    assert not Person.objects.filter(pk=key).exists()
