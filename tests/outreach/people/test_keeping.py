"""Contacts: kept in one spelling, linked to people, refused with the field that is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from attribution.models import Identifier
from attribution.services.identity import person_of
from attribution.services.tracking import hashed
from outreach.engine import addresses
from outreach.models import Contact, ContactPoint, Suppression
from outreach.services.people.keeping import archive_contact, change_contact, create_contact
from outreach.services.people.refusing import PeopleError
from tests.outreach.steps import NOW, message_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import User, Workspace


def _kept(workspace: Workspace, operator: User, **values: Any) -> Contact:
    return create_contact(workspace=workspace, values=values, by=Proposer.person(operator), now=NOW)


def _points(*addresses: tuple[str, str]) -> list[dict[str, str]]:
    return [{"channel": channel, "address": address} for channel, address in addresses]


def test_addresses_are_kept_in_one_spelling(workspace: Workspace, operator: User) -> None:
    contact = _kept(
        workspace, operator, first_name=" Ann ", country="de",
        points=_points(("email", " Ann@Bücher.Example "), ("sms", "0170 1234567"),
                       ("email", "ann@work.example"), ("twitter", "@ann_w")),
    )  # fmt: skip

    assert (contact.first_name, contact.country) == ("Ann", "DE")
    assert list(contact.points.order_by("pk").values_list("channel", "address", "position")) == [
        ("email", "ann@xn--bcher-kva.example", 0),
        ("sms", "+491701234567", 0),
        ("email", "ann@work.example", 1),
        ("twitter", "ann_w", 0),
    ]


@pytest.mark.parametrize(
    ("channel", "text"),
    [("email", "ann"), ("email", "ann@x"), ("email", "a b@example.com"), ("email", ".a@b.com"),
     ("email", "a..b@example.com"), ("sms", "12"), ("sms", "0170 1234567"), ("instagram", "a b"),
     ("pigeon", "x"), ("email", "ann@-x.com"), ("chat", "")],
)  # fmt: skip
def test_no_address(channel: str, text: str) -> None:
    with pytest.raises(addresses.AddressError):
        addresses.normal(channel, text)


def test_contact_is_the_person_that_attribution_knows(workspace: Workspace, operator: User) -> None:
    known = person_of(
        workspace=workspace, now=NOW,
        identifiers={"email_hash": hashed("ann@example.com"), "visitor_id": "v-1"},
    )  # fmt: skip

    contact = _kept(
        workspace, operator, user_id="u-7",
        points=_points(("email", "ANN@example.com"), ("sms", "+491701234567")),
    )  # fmt: skip

    assert contact.person == known
    assert set(Identifier.objects.filter(person=known).values_list("kind", "value")) == {
        ("email_hash", hashed("ann@example.com")),
        ("visitor_id", "v-1"),
        ("user_id", "u-7"),
        ("phone_hash", hashed("+491701234567", is_phone=True)),
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"points": [{"channel": "email", "address": "no"}]}, "points.0.address"),
        ({"points": [{"channel": "fax", "address": "1"}]}, "points.0.channel"),
        ({"points": "ann@example.com"}, "points"),
        ({"time_zone": "Europe/Nowhere"}, "time_zone"),
        ({"country": "Germany"}, "country"),
        ({"country": "1X"}, "country"),
        ({"first_name": "x" * 121}, "first_name"),
        ({"preferred_channel": "fax"}, "preferred_channel"),
        ({"attributes": ["x"]}, "attributes"),
        ({"attributes": {"plan": {"a": 1}}}, "attributes.plan"),
        ({"external_id": "a\0b"}, "external_id"),
    ],
)
def test_wrong_value_is_named(
    workspace: Workspace, operator: User, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(PeopleError) as refused:
        _kept(workspace, operator, **values)

    assert refused.value.field == field
    assert not Contact.objects.exists()


def test_taken_address_says_whose_it_is(workspace: Workspace, operator: User) -> None:
    ann = _kept(workspace, operator, first_name="Ann", external_id="A",
                points=_points(("email", "ann@example.com")))  # fmt: skip

    with pytest.raises(PeopleError, match=rf"belongs to Ann \({ann.public_id}\)"):
        _kept(workspace, operator, points=_points(("email", "Ann@Example.com")))
    with pytest.raises(PeopleError, match="has this id already") as refused:
        _kept(workspace, operator, external_id="A")

    assert refused.value.field == "external_id"
    assert Contact.objects.count() == 1


def test_same_address_in_two_workspaces(
    workspace: Workspace, other_workspace: Workspace, operator: User, outsider: User
) -> None:
    one = _kept(workspace, operator, points=_points(("email", "ann@example.com")))
    other = _kept(other_workspace, outsider, points=_points(("email", "ann@example.com")))

    assert one.person_id != other.person_id


def test_changes_replace_points_and_merge_attributes(workspace: Workspace, operator: User) -> None:
    contact = _kept(
        workspace, operator, attributes={"plan": "pro", "seats": 3},
        points=_points(("email", "ann@example.com"), ("sms", "+491701234567")),
    )  # fmt: skip
    message_of(contact)

    change_contact(
        contact=contact, by=Proposer.person(operator), now=NOW,
        values={"attributes": {"seats": None, "vip": True},
                "points": _points(("email", "new@example.com"))},
    )  # fmt: skip

    contact.refresh_from_db()
    assert contact.attributes == {"plan": "pro", "vip": True}
    # A message went to the old address, so it stays; the phone number is gone.
    assert list(
        ContactPoint.objects.order_by("pk").values_list("address", "position", "is_reachable")
    ) == [("ann@example.com", 20, False), ("new@example.com", 0, True)]


def test_archived_contact_is_not_changed(workspace: Workspace, operator: User) -> None:
    contact, by = _kept(workspace, operator, first_name="Ann"), Proposer.person(operator)
    archive_contact(contact=contact, by=by, now=NOW, is_archived=True)

    with pytest.raises(PeopleError, match="restore it first"):
        change_contact(contact=contact, values={"first_name": "Bob"}, by=by, now=NOW)

    archive_contact(contact=contact, by=by, now=NOW, is_archived=False)
    contact.refresh_from_db()
    assert (contact.first_name, contact.archived_at) == ("Ann", None)


def test_viewer_may_not_write(workspace: Workspace, viewer: User, operator: User) -> None:
    contact = _kept(workspace, operator)

    with pytest.raises(NotAllowedError):
        _kept(workspace, viewer)
    with pytest.raises(NotAllowedError):
        change_contact(
            contact=contact, values={"first_name": "X"}, by=Proposer.person(viewer), now=NOW
        )

    assert list(Contact.objects.values_list("first_name", flat=True)) == [""]


def test_erased_address_that_comes_back_stays_suppressed(
    workspace: Workspace, operator: User
) -> None:
    Suppression.objects.create(
        workspace=workspace, value=addresses.hashed("ann@example.com"), reason="complaint",
        at=NOW, channel="email",
    )  # fmt: skip

    _kept(workspace, operator, points=_points(("email", "ann@example.com")))

    assert Suppression.objects.filter(value="ann@example.com", reason="complaint").count() == 1
