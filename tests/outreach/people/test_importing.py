"""Files of contacts: looked through without a trace, then written, block by block, once."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import connection

from outreach.engine.contact_file import guess, plain, problems, said
from outreach.models import (
    Audience,
    AudienceMember,
    Consent,
    Contact,
    ContactImport,
    ContactPoint,
    Suppression,
)
from outreach.services.people.import_job import IMPORT_JOB
from outreach.services.people.import_writing import write
from outreach.services.people.importing import begin_check, begin_writing, receive_file
from outreach.services.people.refusing import PeopleError
from tests.outreach.steps import NOW, audience_of, contact_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import JobRun, User, Workspace
from workspaces.services.jobs import Progress, run_job

PEOPLE = """E-mail;Mobile;First name;Last name;Country;Plan;Seats
Ann@Example.com;0170 1234567;Ann;Ash;DE;pro;3
bob@example.com;;Bob;;AT;free;
nobody;;No;Body;;;
;;Only;Name;;;
ANN@example.com;;Anna;;;;
cid@spam.example;;Cid;;;;
dan@example.com;;Dan;;;pro;1
"""
MAILCHIMP = """Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,LEID,EUID,Status
ann@example.com,Ann,Ash,4,2024-01-01 10:00:00,1,a,subscribed
bob@example.com,Bob,Birch,2,2024-01-01 10:00:00,2,b,unsubscribed
cid@example.com,Cid,Cedar,1,2024-01-01 10:00:00,3,c,cleaned
"""


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def _received(workspace: Workspace, by: User, text: str = PEOPLE) -> ContactImport:
    return receive_file(
        workspace=workspace, file=io.BytesIO(text.encode()), file_name="people.csv",
        by=Proposer.person(by), now=NOW,
    )  # fmt: skip


def _checked(workspace: Workspace, by: User, text: str = PEOPLE, **options: Any) -> ContactImport:
    run = _received(workspace, by, text)
    begin_check(run=run, columns=run.columns, options=options, by=Proposer.person(by), now=NOW)
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="test", now=NOW)
    run.refresh_from_db()
    return run


def _written(workspace: Workspace, by: User, text: str = PEOPLE, **options: Any) -> ContactImport:
    run = _checked(workspace, by, text, **options)
    begin_writing(run=run, by=Proposer.person(by), now=NOW)
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="test", now=NOW)
    run.refresh_from_db()
    return run


def test_check_tells_and_writes_nothing(workspace: Workspace, operator: User) -> None:
    contact_of(workspace, "bob@example.com")
    contact_of(workspace, "dan@example.com", external_id="D")
    Suppression.objects.create(workspace=workspace, value="spam.example", is_domain=True,
                               reason="manual", at=NOW)  # fmt: skip

    run = _checked(workspace, operator)

    assert (run.state, run.rows_read) == ("checked", 7)
    assert run.report == {
        "new": 2, "known": 2, "invalid": 2, "repeated": 1, "conflict": 0, "suppressed": 1,
        "consent": {"unsaid": 4},
    }  # fmt: skip
    assert list(run.bad_rows.order_by("line").values_list("line", "kind", "reason")) == [
        (4, "invalid", "'nobody' is no e-mail address such as ann@example.com."),
        (5, "invalid", "There is no address and no id in this row."),
        (6, "repeated", "The same person as in line 2."),
    ]
    assert Contact.objects.count() == 2


def test_new_people_are_made_and_known_ones_changed(workspace: Workspace, operator: User) -> None:
    bob = contact_of(workspace, "bob@example.com", country="DE", attributes={"plan": "old", "a": 1})
    listing = audience_of(workspace, name="Fair")

    run = _written(workspace, operator, audience=str(listing.public_id))

    bob.refresh_from_db()
    ann = Contact.objects.get(points__address="ann@example.com")
    assert (run.state, run.created, run.updated) == ("done", 3, 1)
    assert (bob.first_name, bob.country, bob.attributes) == ("Bob", "AT", {"plan": "free", "a": 1})
    assert (ann.first_name, ann.attributes) == ("Ann", {"plan": "pro", "seats": 3})
    assert set(ann.points.values_list("channel", "address")) == {
        ("email", "ann@example.com"), ("sms", "+491701234567"),
    }  # fmt: skip
    assert AudienceMember.objects.filter(audience=listing).count() == 4
    assert Audience.objects.get().size == 4
    assert not run.file
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"contact_stage_{run.pk}"])
        assert cursor.fetchone() == (None,)


@pytest.mark.parametrize(("known", "name"), [("replace", "Bob"), ("fill", "Ann"), ("skip", "Ann")])
def test_known_people_are_kept_as_asked(
    workspace: Workspace, operator: User, known: str, name: str
) -> None:
    bob = contact_of(workspace, "bob@example.com", first_name="Ann")

    _written(workspace, operator, known=known)

    bob.refresh_from_db()
    assert bob.first_name == name


def test_mailchimp_statuses_become_consent_and_suppressions(
    workspace: Workspace, operator: User
) -> None:
    run = _written(workspace, operator, MAILCHIMP)

    said_of = dict(Consent.objects.values_list("contact__first_name", "is_given"))
    assert run.columns["MEMBER_RATING"] == "attribute:member_rating"
    assert run.columns["LEID"] == ""
    assert said_of == {"Ann": True, "Bob": False}
    assert Consent.objects.get(is_given=True).evidence == {
        "file": "people.csv", "sha256": run.file_sha256, "line": 2,
        "statement": "Subscribed in Mailchimp.",
    }  # fmt: skip
    assert set(Suppression.objects.values_list("value", "reason", "purpose")) == {
        ("bob@example.com", "unsubscribe", "marketing"), ("cid@example.com", "bounce", ""),
    }  # fmt: skip
    assert ContactPoint.objects.get(address="cid@example.com").is_reachable is False
    assert Contact.objects.get(first_name="Ann").attributes["member_rating"] == 4


def test_old_file_does_not_undo_a_withdrawal(workspace: Workspace, operator: User) -> None:
    ann = contact_of(workspace)
    Consent.objects.create(workspace=workspace, contact=ann, channel="email", purpose="marketing",
                           is_given=False, source="unsubscribe", at=NOW)  # fmt: skip

    _written(workspace, operator, MAILCHIMP)

    assert list(ann.consents.order_by("pk").values_list("is_given", flat=True)) == [True, False]


def test_stopped_writing_goes_on_and_repeats_nothing(workspace: Workspace, operator: User) -> None:
    run = _checked(workspace, operator)
    begin_writing(run=run, by=Proposer.person(operator), now=NOW)
    run.refresh_from_db()
    job = JobRun.objects.filter(name=IMPORT_JOB).last()
    assert job is not None

    class Stopped(Progress):
        def step(self, text: str, *, done: int | None = None, total: int | None = None) -> None:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        write(run, Stopped(job, workspace, NOW), block=1)
    assert Contact.objects.count() == 1
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="test", now=NOW)

    run.refresh_from_db()
    assert (run.state, run.created, Contact.objects.count()) == ("done", 4, 4)


def test_contact_that_came_meanwhile_is_changed_not_doubled(
    workspace: Workspace, operator: User
) -> None:
    run = _checked(workspace, operator)
    ann = contact_of(workspace, first_name="")
    begin_writing(run=run, by=Proposer.person(operator), now=NOW)
    run_job(workspace=workspace, name=IMPORT_JOB, trigger="test", now=NOW)

    ann.refresh_from_db()
    assert (ann.first_name, Contact.objects.count()) == ("Ann", 4)


def test_row_of_two_contacts_is_a_conflict(workspace: Workspace, operator: User) -> None:
    contact_of(workspace)
    other = contact_of(workspace, "x@example.com")
    ContactPoint.objects.create(workspace=workspace, contact=other, channel="sms",
                                address="+491701234567")  # fmt: skip

    run = _checked(workspace, operator)

    assert run.report["conflict"] == 1
    assert run.bad_rows.get(kind="conflict").reason == (
        "Its addresses and ids belong to 2 contacts."
    )


@pytest.mark.parametrize(
    ("options", "field"),
    [({"consent": "all"}, "statement"), ({"known": "burn"}, "known"), ({"country": "Germany"},
     "country"), ({"audience": "x"}, "audience"), ({"channel": "fax"}, "channel")],
)  # fmt: skip
def test_wrong_option_is_refused(
    workspace: Workspace, operator: User, options: dict[str, str], field: str
) -> None:
    run = _received(workspace, operator)

    with pytest.raises(PeopleError) as refused:
        begin_check(run=run, columns=run.columns, options=options,
                    by=Proposer.person(operator), now=NOW)  # fmt: skip

    assert refused.value.field == field
    run.refresh_from_db()
    assert run.state == "uploaded"


def test_writing_needs_a_check_and_an_operator(
    workspace: Workspace, operator: User, viewer: User
) -> None:
    run = _received(workspace, operator)

    with pytest.raises(PeopleError, match="checked"):
        begin_writing(run=run, by=Proposer.person(operator), now=NOW)
    with pytest.raises(NotAllowedError):
        _received(workspace, viewer)
    with pytest.raises(PeopleError) as refused:
        _received(workspace, operator, "")

    assert refused.value.field == "file"


def test_columns_are_guessed() -> None:
    assert guess(["E-Mail", "FNAME", "Mobile phone", "Plan", "E-Mail 2", "Status", "NOTES"]) == {
        "E-Mail": "email", "FNAME": "first_name", "Mobile phone": "phone",
        "Plan": "attribute:plan", "E-Mail 2": "attribute:e_mail_2", "Status": "consent",
        "NOTES": "",
    }  # fmt: skip
    assert problems({"a": "email", "b": "email"}) == {"b": "The column a has this meaning already."}
    assert problems({"a": "first_name"}).keys() == {""}
    assert problems({"a": "email", "b": "shoe"}).keys() == {"b"}


@pytest.mark.parametrize(
    ("cell", "value"),
    [("3", 3), ("3.5", 3.5), ("007", "007"), ("true", True), (" pro ", "pro"), ("1e5", "1e5")],
)
def test_attributes_keep_their_type(cell: str, value: object) -> None:
    assert plain(cell) == value
    assert type(plain(cell)) is type(value)


def test_words_of_consent() -> None:
    assert [said(word) for word in ("Subscribed", "NO", "cleaned", "maybe", "")] == [
        "given", "withdrawn", "bounced", "", "",
    ]  # fmt: skip
