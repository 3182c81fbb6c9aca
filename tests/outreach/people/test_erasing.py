"""Erased people leave hashes and figures; segments are counted daily."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from attribution.models import Conversion, Person
from outreach.engine.addresses import hashed
from outreach.models import (
    Consent,
    Contact,
    ContactPoint,
    ContactStanding,
    MessageEvent,
    OutreachMessage,
    Suppression,
)
from outreach.services.people.erasing import erase_contact, export_contact
from outreach.services.people.standing import refresh_standing
from outreach.services.people.suppressing import suppress
from tests.outreach.steps import NOW, audience_of, contact_of, message_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import ExchangeRate, User, Workspace


def test_nothing_that_names_an_erased_person_is_left(
    workspace: Workspace, admin: User, operator: User
) -> None:
    ann, bob = contact_of(workspace, external_id="A-1"), contact_of(workspace, "bob@example.com")
    message, other = message_of(ann), message_of(bob, dedup_key="bob")
    MessageEvent.objects.create(workspace=workspace, message=message, kind="delivered", key="1",
                                at=NOW, detail={"to": "ann@example.com"})  # fmt: skip
    audience_of(workspace, ann, bob)
    suppress(workspace=workspace, values=["ann@example.com"], by=Proposer.person(operator), now=NOW)
    person = ann.person_id

    with pytest.raises(NotAllowedError):
        erase_contact(contact=ann, by=Proposer.person(operator), now=NOW)
    counts = erase_contact(contact=ann, by=Proposer.person(admin), now=NOW)

    gone = Contact.objects.get(pk=ann.pk)
    sent = OutreachMessage.objects.get(pk=message.pk)
    assert (counts["contacts"], counts["messages"], counts["addresses"]) == (1, 1, 1)
    assert (gone.first_name, gone.external_id, gone.country, gone.time_zone) == ("", "", "", "")
    assert gone.archived_at is not None
    assert not Person.objects.filter(pk=person).exists()
    assert (sent.subject, sent.text, sent.status, len(sent.content_sha256)) == (
        "", "", "cancelled", 64,
    )  # fmt: skip
    assert ContactPoint.objects.get(contact=ann).address.startswith("erased:")
    assert MessageEvent.objects.get().detail == {}
    assert Suppression.objects.get().value == hashed("ann@example.com")
    history = Suppression.pgh_event_model.objects
    assert not history.filter(value="ann@example.com").exists()
    assert OutreachMessage.objects.get(pk=other.pk).text == "Hello Ann"
    assert Contact.objects.get(pk=bob.pk).first_name == "Ann"


def test_export_tells_everything(workspace: Workspace, operator: User, viewer: User) -> None:
    ann = contact_of(workspace)
    message_of(ann)
    contact_of(workspace, "bob@example.com")

    told = export_contact(contact=ann, by=Proposer.person(operator), now=NOW)

    assert [one["address"] for one in told["addresses"]] == ["ann@example.com"]
    assert [len(told[name]) for name in ("contacts", "consents", "messages")] == [1, 1, 1]
    with pytest.raises(NotAllowedError):
        export_contact(contact=ann, by=Proposer.person(viewer), now=NOW)


def _bought(contact: Contact, number: str, value: int, days: int, currency: str = "USD") -> None:
    Conversion.objects.create(
        workspace=contact.workspace, person=contact.person, conversion_id=number, type="purchase",
        value=value, currency=currency, converted_at=NOW - timedelta(days=days),
    )  # fmt: skip


def test_standing_is_counted_from_purchases(workspace: Workspace) -> None:
    ann, bob = contact_of(workspace), contact_of(workspace, "bob@example.com")
    cid = contact_of(workspace, "cid@example.com")
    ExchangeRate.objects.create(workspace=workspace, day=NOW.date() - timedelta(days=40),
                                base="EUR", quote="USD", rate=Decimal("1.5"))  # fmt: skip
    _bought(ann, "1", 100, 3)
    _bought(ann, "2", 10, 5, "EUR")
    _bought(bob, "3", 20, 200)
    _bought(bob, "4", 500, 400)
    acting = Person.objects.create(workspace=workspace, root=ann.person)
    Conversion.objects.create(workspace=workspace, person=acting, conversion_id="5", type="lead",
                              value=0, currency="USD", converted_at=NOW)  # fmt: skip

    assert refresh_standing(workspace=workspace, now=NOW) == 3
    assert refresh_standing(workspace=workspace, now=NOW) == 3

    rows = {row.contact_id: row for row in ContactStanding.objects.all()}
    assert [(rows[one.pk].purchases, rows[one.pk].spent) for one in (ann, bob, cid)] == [
        (2, 115), (1, 20), (0, 0),
    ]  # fmt: skip
    assert [rows[one.pk].segment for one in (ann, bob, cid)] == ["champions", "lost", ""]
    assert list(Contact.objects.order_by("pk").values_list("customer_type", "lifecycle_stage")) == [
        ("existing", "customer"), ("existing", "customer"), ("new", ""),
    ]  # fmt: skip
    assert Consent.objects.count() == 3
