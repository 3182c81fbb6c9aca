"""Pages of people: what they show, what their forms do, and how many queries they take."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from attribution.models import Person
from outreach.models import Audience, Consent, Contact, ContactImport, Suppression
from outreach.selectors.audiences import files
from outreach.selectors.consents import current_consents
from outreach.services.people.suppressing import suppress
from tests.outreach.people.steps import journey_of
from tests.outreach.steps import NOW, audience_of, contact_of, message_of, point_of
from workspaces.gate import Proposer
from workspaces.models import User, Workspace

Browse = Callable[[User], Client]
ADDRESS = "/outreach/"


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def pages(client_as: Browse, operator: User) -> Client:
    """An operator's browser."""
    return client_as(operator)


def _post(client: Client, workspace: Workspace, path: str, **given: Any) -> Any:
    form = {name.replace("__", "-"): value for name, value in given.items()}
    return client.post(f"{ADDRESS}{path}", {**form, "workspace": str(workspace.public_id)})


@pytest.mark.parametrize("path", ["contacts", "audiences", "imports", "suppressions"])
def test_lists_take_few_queries(
    pages: Client, workspace: Workspace, path: str,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:  # fmt: skip
    people = [contact_of(workspace, f"p{n}@example.com") for n in range(15)]
    audience_of(workspace, *people)

    with django_assert_max_num_queries(12):
        assert pages.get(f"{ADDRESS}{path}/").status_code == 200


def test_contact_is_added_changed_and_asked(pages: Client, workspace: Workspace) -> None:
    made = _post(pages, workspace, "contacts/add/", first_name="Ann", attributes='{"plan": "pro"}',
                 points="email Ann@Example.com\nsms +491701234567")  # fmt: skip
    ann = Contact.objects.get()
    own = f"contacts/{ann.public_id}/do/"
    _post(pages, workspace, f"{own}consent/", channel="email", is_given="1", statement="At a fair.")
    saved = _post(pages, workspace, f"{own}save/", first_name="Anna", attributes="{}",
                  points="email ann@example.com")  # fmt: skip
    wrong = _post(pages, workspace, f"{own}save/", points="email nobody", attributes="{}")

    ann.refresh_from_db()
    assert made.url == saved.url == f"{ADDRESS}contacts/{ann.public_id}/"
    assert (ann.first_name, ann.attributes, ann.points.count()) == ("Anna", {}, 1)
    assert current_consents(ann)["email", "marketing"].evidence == {"statement": "At a fair."}
    assert wrong.status_code == 400
    assert "Points 1, address:" in wrong.text


def test_contact_page_tells_the_story(
    pages: Client, workspace: Workspace, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    ann = contact_of(workspace)
    for day in range(3):
        sent = NOW - timedelta(days=day)
        message = message_of(ann, dedup_key=str(day), status="clicked", sent_at=sent,
                             clicked_at=sent + timedelta(minutes=5))  # fmt: skip
    suppress(workspace=workspace, values=["ann@example.com"], now=NOW,
             by=Proposer.person(User.objects.get(email__startswith="operator")))  # fmt: skip
    Consent.objects.create(workspace=workspace, contact=ann, channel="sms", purpose="service",
                           is_given=True, source="form", at=NOW,
                           evidence={"page": "/sign-up", "statement": "I agree."})  # fmt: skip

    with django_assert_max_num_queries(12):
        shown = pages.get(f"{ADDRESS}contacts/{ann.public_id}/").text

    assert f"/outreach/messages/{message.public_id}/" in shown
    assert (shown.count("Clicked 8 Jun 12:05"), shown.count("Sent 8 Jun 12:00")) == (1, 1)
    assert "Page: /sign-up" in " ".join(shown.split())
    assert "?q=ann%40example.com" in shown
    assert f"/outreach/contacts/{ann.public_id}/journey/" in shown
    assert "Forget this person" not in shown


def test_preferred_channel_is_stated_and_refused(pages: Client, workspace: Workspace) -> None:
    ann = contact_of(workspace)
    own = f"contacts/{ann.public_id}/do/save/"
    given = {"attributes": "{}", "points": "email ann@example.com"}

    _post(pages, workspace, own, **given, preferred_channel="whatsapp")
    refused = _post(pages, workspace, own, **given, preferred_channel="fax", last_name="Typed")

    ann.refresh_from_db()
    assert ann.preferred_channel == "whatsapp"
    assert (refused.status_code, 'value="Typed"' in refused.text) == (400, True)
    page = pages.get(f"{ADDRESS}contacts/{ann.public_id}/").text
    assert '<option value="whatsapp" selected>' in page
    assert "prefers WhatsApp" in page


def test_journey_of_a_contact_is_told_touch_by_touch(
    pages: Client, workspace: Workspace, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    ann, bob = contact_of(workspace), contact_of(workspace, "bob@example.com")
    root = Person.objects.create(workspace=workspace)
    Person.objects.filter(pk=ann.person_id).update(root=root)
    journey_of(workspace, root, ["email", "search"], NOW)
    journey_of(workspace, root, ["search"], NOW - timedelta(days=30))

    with django_assert_max_num_queries(12):
        shown = pages.get(f"{ADDRESS}contacts/{ann.public_id}/journey/").text

    assert shown.count("No conversion yet") == 2
    # The header has an icon of that name.
    told = shown.partition("No conversion yet")[2]
    assert (told.count(">E-mail<"), told.count(">Search<")) == (1, 2)
    assert "No journey yet." in pages.get(f"{ADDRESS}contacts/{bob.public_id}/journey/").text


def test_ticked_ones_go_on_a_list_or_are_spared(pages: Client, workspace: Workspace) -> None:
    ann, listing = contact_of(workspace), audience_of(workspace, name="Fair")
    ticked = {"contact": [str(ann.public_id)]}

    _post(pages, workspace, "contacts/bulk/", **ticked, action="list", list=str(listing.public_id))
    asked = _post(pages, workspace, "contacts/bulk/", **ticked, action="suppress")
    assert (asked.status_code, Suppression.objects.exists()) == (200, False)
    assert "Write to 1 person no more?" in asked.text
    assert "their 1 address from" in asked.text
    _post(pages, workspace, "contacts/bulk/", **ticked, action="suppress", sure="1")

    assert listing.members.get().contact_id == ann.pk
    assert Suppression.objects.get().value == "ann@example.com"


def test_somebody_without_a_name_is_called_by_the_address(
    pages: Client, client_as: Browse, admin: User, workspace: Workspace
) -> None:
    nameless = contact_of(workspace, "wren@example.com", first_name="", last_name="")
    point_of(nameless, "instagram", "17841", position=1)
    bare = contact_of(workspace, "17842", first_name="", last_name="")
    bare.points.update(channel="instagram")

    listed = pages.get(f"{ADDRESS}contacts/").text
    shown = pages.get(f"{ADDRESS}contacts/{bare.public_id}/").text
    told = client_as(admin).get("/admin/outreach/contact/").text

    for text in (listed, told):
        assert "wren@example.com" in text
        assert "Instagram 17842" in text
        assert str(nameless.public_id)[-12:] + "<" not in text
    assert "Instagram 17842" in shown
    assert str(bare) == f"Somebody, {bare.public_id}"


def test_erasing_needs_an_admin_who_is_sure(
    pages: Client, client_as: Browse, admin: User, workspace: Workspace
) -> None:
    path = f"contacts/{contact_of(workspace).public_id}/do/erase/"

    _post(pages, workspace, path, sure="1")
    unsure = _post(client_as(admin), workspace, path)
    assert (unsure.status_code, Contact.objects.get().first_name) == (400, "Ann")
    _post(client_as(admin), workspace, path, sure="1")

    assert Contact.objects.get().first_name == ""


def test_rules_are_drawn_counted_and_kept(pages: Client, workspace: Workspace) -> None:
    contact_of(workspace, country="AT")
    rows = {"match": "all", "row": ["0", "1"], "r0__what": "field", "r0__was": "field",
            "r0__name": "country", "r0__test": "any_of", "r0__value": "at, ch",
            "r1__what": "did", "r1__was": "field"}  # fmt: skip

    drawn = _post(pages, workspace, "audiences/draft/", **rows, add="1").text
    rows |= {"r1__was": "did", "r1__event": "opened", "r1__days": "7", "r1__times": "2",
             "r1__not": "1"}  # fmt: skip
    counted = _post(pages, workspace, "audiences/draft/", **rows).text
    _post(pages, workspace, "audiences/new/", **rows, kind="rules", name="Austrians")
    refused = _post(pages, workspace, "audiences/new/", **{**rows, "r1__days": "x"}, kind="rules",
                    name="Other")  # fmt: skip

    kept = Audience.objects.get()
    assert 'name="r2-what"' in drawn
    assert "1 person now" in counted
    assert kept.rules["rules"][1] == {
        "what": "did", "event": "opened", "days": 7, "times": 2, "not": True,
    }  # fmt: skip
    assert kept.rules["rules"][0]["value"] == ["at", "ch"]
    assert (refused.status_code, "Rules 2, days:" in refused.text) == (400, True)
    page = pages.get(f"{ADDRESS}audiences/{kept.public_id}/").text
    assert 'value="at, ch"' in page


def test_list_is_handed_out_without_formulas(pages: Client, workspace: Workspace) -> None:
    listing = audience_of(workspace, contact_of(workspace, first_name="=1+1"))

    answer = pages.get(f"{ADDRESS}audiences/{listing.public_id}/export.csv")

    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert answer.streaming
    assert "People,1" in lines
    assert lines[-1].split(",")[1:4] == ["'=1+1", "", "ann@example.com"]


def test_many_contacts_are_read_a_part_at_a_time(
    pages: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr(files, "_PART", 2)
    monkeypatch.setattr(files, "MOST", 3)
    people = [contact_of(workspace, f"p{number}@example.com") for number in range(5)]
    answer = pages.get(f"{ADDRESS}contacts/export.csv")

    # Of each part ids, people and addresses, read while it is taken; then no more ids.
    with django_assert_num_queries(3 * 3 + 1):
        lines = b"".join(answer.streaming_content).decode().splitlines()

    mails = [line.split(",")[3] for line in lines[-5:]]
    assert mails == [f"p{number}@example.com" for number in range(len(people))]
    sheet = files.sheet_of(files.people_of_list(workspace, Contact.objects.all()))
    assert (len(sheet.rows), sheet.note) == (3, "The first 3 are in here; the CSV file has all.")


def test_contacts_are_handed_out_as_they_are_filtered(
    pages: Client, client_as: Browse, viewer: User, workspace: Workspace,
    other_workspace: Workspace,
) -> None:  # fmt: skip
    contact_of(workspace, customer_type="existing", last_name="=1")
    contact_of(workspace, "bob@example.com", first_name="Bob")
    contact_of(other_workspace, "cid@example.com", customer_type="existing")
    path = f"{ADDRESS}contacts/export.csv?customer_type=existing"

    told = b"".join(pages.get(path).streaming_content).decode()

    assert "ann@example.com" in told
    assert "'=1" in told
    assert "bob@" not in told
    assert "cid@" not in told
    assert pages.get(f"{ADDRESS}contacts/export.xlsx").content[:2] == b"PK"
    assert pages.get(f"{ADDRESS}contacts/export.pdf").status_code == 404
    assert client_as(viewer).get(path).status_code == 403


def test_file_goes_from_upload_to_its_check(pages: Client, workspace: Workspace) -> None:
    file = io.BytesIO(b"Email,Name\nann@example.com,Ann\n")
    file.name = "people.csv"
    _post(pages, workspace, "imports/", file=file)
    run = ContactImport.objects.get()
    own = f"imports/{run.public_id}/"

    shown = pages.get(f"{ADDRESS}{own}").text
    refused = _post(pages, workspace, f"{own}check/", column__0="email", consent="all")
    _post(pages, workspace, f"{own}check/", column__0="email", column__1="first_name")

    run.refresh_from_db()
    assert "What the columns mean" in shown
    assert "ann@example.com" in shown
    assert (refused.status_code, "statement" in refused.text) == (400, True)
    assert (run.state, run.columns) == ("checking", {"Email": "email", "Name": "first_name"})


def test_suppressions_are_added_and_lifted(
    pages: Client, client_as: Browse, admin: User, workspace: Workspace
) -> None:
    _post(pages, workspace, "suppressions/add/", values="a@b.com\nc@d.com", channel="email")
    row = Suppression.objects.get(value="a@b.com")

    _post(client_as(admin), workspace, f"suppressions/{row.public_id}/lift/", reason="Asked.")

    shown = pages.get(f"{ADDRESS}suppressions/").text
    assert "c@d.com" in shown
    assert "a@b.com" not in shown
