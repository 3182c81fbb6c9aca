"""People are found by the beginnings of their names and addresses, by an index of each."""

from __future__ import annotations

import pytest
from django.db import connection

from outreach.models import Contact
from outreach.selectors.contacts import contacts_of, found_by
from outreach.selectors.message_log import people_named
from tests.database import only_index
from tests.outreach.steps import contact_of
from workspaces.models import Workspace


@pytest.fixture
def ann(workspace: Workspace) -> Contact:
    """Somebody with every kind of name."""
    contact = contact_of(workspace, "smith@acme.example")
    Contact.objects.filter(pk=contact.pk).update(
        first_name="Ann Ärlig", last_name="Smith", external_id="crm-7"
    )
    return contact


@pytest.mark.parametrize("text", ["ann", "ANN äRL", "smi", "an sm", "smith@ac", "@smith", "crm-7"])
def test_somebody_is_found_by_a_beginning(workspace: Workspace, ann: Contact, text: str) -> None:
    contact_of(workspace, "bob@acme.example", first_name="Bob")

    assert list(found_by(contacts_of(workspace), text)) == [ann]


@pytest.mark.parametrize("text", ["rlig", "mith", "sm an", "acme", "crm-", "an%"])
def test_nobody_is_found_by_less(workspace: Workspace, ann: Contact, text: str) -> None:
    assert not found_by(contacts_of(workspace), text)


@pytest.mark.parametrize(
    ("text", "is_named"), [("smith", True), ("ANN ÄRLIG", False), ("smith@a", True), ("ann", False)]
)
def test_messages_are_found_by_a_whole_name(
    workspace: Workspace, ann: Contact, text: str, is_named: bool
) -> None:
    assert set(people_named(workspace, text)) == ({ann.pk} if is_named else set())


@pytest.mark.parametrize("field", ["first_name", "last_name"])
@pytest.mark.parametrize("way", ["istartswith", "iexact"])
def test_a_name_is_looked_up_in_its_index(
    workspace: Workspace, ann: Contact, field: str, way: str
) -> None:
    names = [f"{number:03}" for number in range(300)]
    Contact.objects.bulk_create(
        Contact(workspace=workspace, person=ann.person, first_name=name, last_name=name)
        for name in names
    )
    rows = Contact.objects.filter(**{f"{field}__{way}": "an"}, workspace=workspace)

    only_index(f"outreach_contact_{field}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE outreach_contact")
    plan = rows.explain()

    assert f"outreach_contact_{field}" in plan
    assert "upper((" in plan.partition("Index Cond")[2].partition("\n")[0]
