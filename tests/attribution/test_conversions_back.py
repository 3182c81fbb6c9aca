"""What platforms are told of a conversion: hashes, match keys, payloads."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from facebook_business.adobjects.serverside.normalize import Normalize
from hypothesis import given
from hypothesis import strategies as st

from attribution.conversions_back import identifiers
from attribution.conversions_back.events import Event, Target
from attribution.conversions_back.google import GoogleSender
from attribution.conversions_back.linkedin import LinkedInSender
from attribution.conversions_back.meta import MetaSender, user_data
from attribution.conversions_back.tiktok import TikTokSender
from attribution.services.tracking import hashed

JOE = "8830eedd6c6b5ea97d181563a349476ca1bb25ace1f94b5c5e48d9cad727941b"
PHONE = "4b4fb60638907d714a7207905d24b5e09de607ff2d776623c998b47eeb31c309"
AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def event(**fields):
    facts = {
        "event_id": "order-1", "name": "Purchase", "happened_at": AT, "value": Decimal("49.90"),
        "currency": "USD",
    }  # fmt: skip
    return Event(**{**facts, **fields})


def payload(sender, **fields):
    return sender(None, Target("1", "123")).payload(event(**fields))


def meta(_client, target):
    return MetaSender(None, target, api_version="v26.0")


# Hashes


def test_printed_values():
    assert identifiers.email_hash("  JOE@eg.com ") == JOE
    assert identifiers.phone_hash("+1 (212) 555-1234") == PHONE == sha("12125551234")
    assert identifiers.e164_hash("+1 (212) 555-1234") == sha("+12125551234")


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("+1 212.555.1234", "+12125551234"),
        ("0049 30 901820", "+4930901820"),
        ("+49 (0)30 901820", "+4930901820"),
        ("+39 06 1234 5678", "+390612345678"),
        ("+1 212 555 1234 ext. 77", "+12125551234"),
        ("+1 212 555 1234 x77", "+12125551234"),
        ("tel:+1-212-555-1234", "+12125551234"),
        ("+44\u00a020\u20117946\u20110018", "+442079460018"),
        ("(212) 555-1234", ""),
        ("030 901820", ""),
        ("+0 30 901820", ""),
        ("+1", ""),
        ("+1234567890123456", ""),
        ("+999 123 456 78", ""),
        ("call me", ""),
        ("", ""),
    ],
)
def test_phones_are_taken_with_their_country_or_not_at_all(phone, number):
    assert identifiers.e164(phone) == number
    assert identifiers.e164_hash(phone) == (sha(number) if number else "")
    assert identifiers.phone_hash(phone) == (sha(number[1:]) if number else "")


@pytest.mark.parametrize(
    ("phone", "region", "number"),
    [
        ("030 901820", "DE", "+4930901820"),
        ("030 901820", "de", "+4930901820"),
        ("(212) 555-1234", "US", "+12125551234"),
        ("1-212-555-1234", "US", "+12125551234"),
        ("011 49 30 901820", "US", "+4930901820"),
        ("0049 30 901820", "US", "+4930901820"),
        ("0011 49 30 901820", "AU", "+4930901820"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        # In Italy the zero belongs to the number; in Russia an 8 leads it.
        ("06 1234 5678", "IT", "+390612345678"),
        ("8 (495) 123-45-67", "RU", "+74951234567"),
        ("11 96123-4567", "BR", "+5511961234567"),
        ("+33 1 42 68 53 00", "US", "+33142685300"),
        # No number of that country, a part of one, an emergency, no country.
        ("030 901820", "US", ""),
        ("555 1234", "US", ""),
        ("999", "GB", ""),
        ("030 901820", "ZZ", ""),
        ("030 901820", "Germany", ""),
    ],
)
def test_national_numbers_are_read_by_the_rules_of_their_country(phone, region, number):
    assert identifiers.e164(phone, region) == number
    assert identifiers.e164_hash(phone, region) == (sha(number) if number else "")
    assert identifiers.phone_hash(phone, region) == (sha(number[1:]) if number else "")


@pytest.mark.parametrize("email", ["j.o.e+ads@Gmail.com", " joe@gmail.com", "JO.E@gmail.com"])
def test_gmail_is_one_address_for_google_alone(email):
    assert identifiers.google_email_hash(email) == sha("joe@gmail.com")
    assert identifiers.email_hash(email) == sha(email.strip().lower())


def test_dots_of_others_stay():
    assert identifiers.google_email_hash("j.o.e+ads@eg.com") == sha("j.o.e+ads@eg.com")
    assert identifiers.google_email_hash("j.o@googlemail.com") == sha("jo@googlemail.com")


@pytest.mark.parametrize("email", ["", "joe", "joe@", "@eg.com", "joe @eg.com", "joe@eg"])
def test_no_address_has_no_hash(email):
    assert identifiers.email_hash(email) == identifiers.google_email_hash(email) == ""


def test_what_is_hashed_is_hashed_no_second_time():
    assert identifiers.email_hash(f" {JOE.upper()} ") == JOE
    assert hashed(JOE) == JOE
    # By whose rule it was hashed is not known, and Google's differs.
    assert identifiers.google_email_hash(JOE) == ""


def test_one_phone_is_one_person_however_it_is_written():
    spellings = ["+49 (0)30 901820", "0049-30-901820", "+4930901820"]

    assert {hashed(phone, is_phone=True) for phone in spellings} == {sha("4930901820")}
    assert hashed("030 901820", is_phone=True) == sha("030901820")


@given(st.emails())
def test_metas_own_library_agrees_on_addresses(email):
    wanted = Normalize.normalize("em", email, True)

    assert identifiers.email_hash(email) in ("", wanted)


@pytest.mark.parametrize("phone", ["+1 (212) 555-1234", "+44 20 7946 0018", "+33 1 42 68 53 00"])
def test_metas_own_library_agrees_on_phones(phone):
    assert identifiers.phone_hash(phone) == Normalize.normalize("ph", phone, True)


# Payloads


def test_meta_purchase_of_a_page():
    told = payload(
        meta, email_hash=JOE, phone_hash=PHONE, fbp="fb.1.1.2", fbclid="IwAR1", clicked_at=AT,
        user_agent="UA", page_url="https://eg.com/thanks",
    )  # fmt: skip

    assert told == {
        "event_name": "Purchase",
        "event_time": 1795176000,
        "event_id": "order-1",
        "action_source": "website",
        "event_source_url": "https://eg.com/thanks",
        "user_data": {
            "em": [JOE],
            "ph": [PHONE],
            "fbc": "fb.1.1795176000000.IwAR1",
            "fbp": "fb.1.1.2",
            "client_user_agent": "UA",
        },
        "custom_data": {"value": 49.9, "currency": "USD"},
    }


def test_meta_lead_of_a_crm():
    told = payload(meta, email_hash=JOE, is_from_crm=True, crm_name="HubSpot", name="Lead")

    assert told["action_source"] == "system_generated"
    assert told["custom_data"]["event_source"] == "crm"
    assert told["custom_data"]["lead_event_source"] == "HubSpot"
    assert "event_source_url" not in told


def test_cookie_of_the_pixel_goes_before_one_made_here():
    cookie = "fb.1.1795176000000.IwAR1.AQICAQMC"

    assert user_data(event(fbc=cookie, fbclid="IwAR1"))["fbc"] == cookie


def test_click_id_keeps_its_case():
    assert user_data(event(fbclid="IwAR_aBc"))["fbc"].endswith(".IwAR_aBc")


def test_google_event():
    told = payload(
        GoogleSender, gclid="Cj0", gbraid="x", google_email_hash=JOE, e164_hash=PHONE,
        email_hash="other",
    )  # fmt: skip

    assert told == {
        "eventTimestamp": "2026-11-20T12:00:00+00:00",
        "transactionId": "order-1",
        "eventSource": "WEB",
        "conversionValue": 49.9,
        "currency": "USD",
        "consent": {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_DENIED"},
        "adIdentifiers": {"gclid": "Cj0"},
        "userData": {"userIdentifiers": [{"emailAddress": JOE}, {"phoneNumber": PHONE}]},
    }


def test_tiktok_event():
    told = payload(
        TikTokSender, email_hash=JOE, e164_hash=PHONE, ttclid="E.C.P", ttp="t", user_agent="UA",
        page_url="https://eg.com/thanks", value=Decimal("50.00"),
    )  # fmt: skip

    assert told == {
        "event": "Purchase",
        "event_time": 1795176000,
        "event_id": "order-1",
        "user": {"email": JOE, "phone": PHONE, "ttclid": "E.C.P", "ttp": "t", "user_agent": "UA"},
        "properties": {"value": 50, "currency": "USD"},
        "page": {"url": "https://eg.com/thanks"},
    }


def test_linkedin_event():
    told = payload(LinkedInSender, email_hash=JOE, li_fat_id="a-B-1", e164_hash=PHONE)

    assert told == {
        "conversion": "urn:lla:llaPartnerConversion:1",
        "conversionHappenedAt": 1795176000000,
        "eventId": "order-1",
        "conversionValue": {"currencyCode": "USD", "amount": "49.9"},
        "user": {
            "userIds": [
                {"idType": "SHA256_EMAIL", "idValue": JOE},
                {"idType": "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID", "idValue": "a-B-1"},
            ]
        },
    }


@pytest.mark.parametrize(
    ("value", "wire"), [("50", "50"), ("5000000", "5000000"), ("0.10", "0.1"), ("0", "0")]
)
def test_linkedin_amounts_are_plain_text(value, wire):
    told = payload(LinkedInSender, email_hash=JOE, value=Decimal(value))

    assert told["conversionValue"]["amount"] == wire


@pytest.mark.parametrize("sender", [meta, GoogleSender, TikTokSender, LinkedInSender])
def test_nobody_to_recognise_is_not_told(sender):
    assert payload(sender, user_agent="UA", page_url="https://eg.com/") is None


@pytest.mark.parametrize("sender", [meta, GoogleSender, TikTokSender, LinkedInSender])
def test_same_event_is_the_same_payload(sender):
    facts = {"email_hash": JOE, "google_email_hash": JOE, "fbclid": "x", "gclid": "y"}

    assert payload(sender, **facts) == payload(sender, **facts)
