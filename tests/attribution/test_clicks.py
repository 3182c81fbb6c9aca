"""What is stored of clicks and conversions, once, and what the database refuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from attribution.conversions_back.identifiers import sha256
from attribution.models import AttributionPolicy, Click, Conversion, FingerprintSalt, Person
from attribution.services.tracking import (
    AdNamed,
    Sender,
    TrackingError,
    Worth,
    hashed,
    record_conversion,
    track_click,
)
from campaigns.selectors.lookup import AmbiguousIdError
from tests.attribution.steps import COMPONENTS, click, convert, hours
from tests.campaigns.factories import AdFactory


def test_click_knows_its_ad_and_window(workspace, now):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace, external_id="77")

    row = click(workspace, now, ad="77", gclid="G1", ip_address="203.0.113.9", user_agent="UA")

    row.refresh_from_db()
    assert (row.ad, row.ad_set, row.campaign) == (ad, ad.ad_set, ad.campaign)
    assert (row.truncated_ip, row.gclid, row.given_ad) == ("203.0.113.0", "G1", "77")
    assert row.expires_at == now + timedelta(days=7)


def test_unknown_ad_is_kept_as_told_and_anothers_is_unknown(workspace, other_workspace, now):
    AdFactory(ad_set__campaign__account__workspace=other_workspace, external_id="77")

    row = click(workspace, now, ad="77")

    assert (row.ad, row.campaign, row.given_ad) == (None, None, "77")


def test_ambiguous_ad_is_refused(workspace, now):
    for _ in range(2):
        AdFactory(ad_set__campaign__account__workspace=workspace, external_id="77")

    with pytest.raises(AmbiguousIdError):
        click(workspace, now, ad="77")
    assert not Click.objects.exists()


def test_repeated_click_is_stored_once(workspace, other_workspace, now):
    first = click(workspace, now, key="c1")
    again, is_new = track_click(
        workspace=workspace, named=AdNamed(), sender=Sender(gclid="other"), clicked_at=now,
        now=now, click_id="c1",
    )  # fmt: skip
    click(other_workspace, now, key="c1")

    assert (again, is_new, again.gclid) == (first, False, "")
    assert Click.objects.count() == 2


def test_without_consent_nothing_that_names_a_person_is_kept(workspace, now):
    row = click(
        workspace, now, consent=False, gclid="G1", visitor_id="v", email="a@b.example",
        phone="+49 30 1", ip_address="203.0.113.9", user_agent="UA",
        fingerprint_components=COMPONENTS, user_id="u",
    )  # fmt: skip

    kept = (row.visitor_id, row.email_hash, row.phone_hash, row.truncated_ip, row.user_agent)
    assert kept == ("",) * 5
    assert (row.fingerprint, row.fingerprint_components, row.person) == ("", {}, None)
    assert row.gclid == "G1"
    assert not Person.objects.exists()


def test_payload_is_kept_without_what_names_a_person(workspace, now):
    row, _ = record_conversion(
        workspace=workspace, conversion_id="1", worth=Worth(type="lead", converted_at=now),
        sender=Sender(consent=True, email="a@b.example"), now=now,
        payload={"email": "a@b.example", "ip_address": "203.0.113.9", "plan": "gold"},
    )  # fmt: skip

    assert row.payload == {"plan": "gold"}
    assert row.email_hash == hashed("A@b.example ")
    assert row.currency == workspace.currency


def test_fingerprints_use_a_salt_per_week_and_workspace(workspace, other_workspace, now):
    one = click(workspace, now, fingerprint_components=COMPONENTS)
    same_week = click(
        workspace, now - timedelta(days=1), now=now, fingerprint_components=COMPONENTS
    )
    before = click(workspace, now - timedelta(days=7), now=now, fingerprint_components=COMPONENTS)
    foreign = click(other_workspace, now, fingerprint_components=COMPONENTS)

    assert one.fingerprint == same_week.fingerprint != ""
    assert len({one.fingerprint, before.fingerprint, foreign.fingerprint}) == 3
    assert FingerprintSalt.objects.filter(workspace=workspace).count() == 2
    conversion = convert(workspace, now, fingerprint_components=COMPONENTS)
    assert set(conversion.fingerprints) == {one.fingerprint, before.fingerprint}


@pytest.mark.parametrize("address", ["300.1.1.1", "x", "203.0.113.9/24"])
def test_what_is_no_address_is_refused(workspace, now, address):
    with pytest.raises(TrackingError, match="not an IP address") as refusal:
        click(workspace, now, ip_address=address)

    assert refusal.value.field == "ip_address"
    assert not Click.objects.exists()


def test_moments_in_the_future_are_refused(workspace, now):
    with pytest.raises(TrackingError, match="future"):
        click(workspace, now + hours(1), now=now)
    with pytest.raises(TrackingError, match="future"):
        convert(workspace, now + hours(1), now=now)


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Click, {"expires_at": "2026-01-01T00:00:00Z"}),
        (Click, {"truncated_ip": "203.0.113.9"}),
        (Click, {"truncated_ip": "2001:db8::7"}),
        (Conversion, {"confidence": Decimal("1.001")}),
        (Conversion, {"confidence": Decimal("-0.1")}),
        (Conversion, {"method": "guess"}),
        (Conversion, {"method": "identity"}),
        (Conversion, {"attributed_click_key": "c"}),
        (Conversion, {"value_kind": "hope"}),
        (Conversion, {"type": ""}),
        (Conversion, {"customer_type": "old"}),
    ],
)
def test_database_refuses(workspace, now, model, change):
    click(workspace, now)
    convert(workspace, now)

    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**change)


@pytest.mark.parametrize("layer", ["url_parameter", "identity", "fingerprint", "probabilistic"])
@pytest.mark.parametrize("count", [0, 721])
def test_database_refuses_windows_beyond_what_is_kept(workspace, layer, count):
    with pytest.raises(IntegrityError):
        AttributionPolicy.objects.create(workspace=workspace, **{layer: count})


def test_national_phone_is_read_by_the_country_of_its_person_then_of_the_workspace(workspace, now):
    workspace.country = "DE"
    workspace.save(update_fields=["country"])
    here = convert(workspace, now, key="here", phone="030 901820")
    away = convert(workspace, now, key="away", phone="(212) 555-1234", country="US")
    nowhere = convert(workspace, now, key="nowhere", phone="030 901820", country="US")

    assert here.e164_phone_hash == sha256("+4930901820")
    assert here.phone_hash == sha256("4930901820")
    assert away.e164_phone_hash == sha256("+12125551234")
    # No number of the country: it recognises the person here and is told to nobody.
    assert nowhere.e164_phone_hash == ""
    assert nowhere.phone_hash == sha256("030901820")


def test_without_a_country_a_national_phone_is_told_to_nobody(workspace, now):
    row = convert(workspace, now, phone="030 901820")

    assert (row.phone_hash, row.e164_phone_hash) == (sha256("030901820"), "")


def test_one_phone_in_two_spellings_is_one_person(workspace, now):
    workspace.country = "DE"
    workspace.save(update_fields=["country"])
    seen = click(workspace, now - hours(1), phone="+49 30 901820")

    row = convert(workspace, now, phone="(030) 90 18 20")

    assert row.person == seen.person
    assert row.attributed_click == seen
