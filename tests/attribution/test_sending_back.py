"""Conversions back over real HTTP: into line, sent, decided, or too late."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from attribution.models import (
    Conversion,
    ConversionDestination,
    Deal,
    OutgoingConversion,
    OutgoingState,
)
from attribution.services import deal_effects, outgoing, privacy, sending_back
from attribution.services.ledger import KnownAmount
from attribution.services.tracking import Sender, Worth, record_conversion
from attribution.tasks import send_conversions
from tests.attribution.conftest import DATASETS, SECRETS, TOKEN
from tests.attribution.stage_steps import CRM, installed, moved
from tests.attribution.steps import click, convert
from tests.workspaces.factories import ConnectionFactory
from workspaces.crypto import encrypt
from workspaces.models import Connection, ConnectionStatus
from workspaces.services.accounts import NotPermittedError

JOE = {"email": "joe@eg.com", "phone": "+1 (212) 555-1234"}


def work(destination, now):
    return sending_back.work_off(destination_id=destination.pk, now=now, rng=random.Random(1))


def told(far):
    return far.control("conversions", method="GET")["events"]


def counted(far):
    """Ids that the platform counts: repetitions left out."""
    return [event["event_id"] for event in told(far) if not event["is_repetition"]]


def states():
    return dict(OutgoingConversion.objects.values_list("event_id", "state"))


@pytest.mark.parametrize("platform", ["meta", "tiktok"])
def test_conversion_is_told_and_accepted(workspace, target, far, now, platform):
    destination = target(platform)
    convert(workspace, now, value="49.90", **JOE)

    assert work(destination, now) == 1

    (event,) = told(far)
    assert (event["dataset"], event["name"], event["event_id"]) == (
        DATASETS[platform], "Purchase", "order-1",
    )  # fmt: skip
    row = OutgoingConversion.objects.get()
    assert (row.state, row.attempts, row.sent_at) == (OutgoingState.ACCEPTED, 1, now)
    assert len(row.payload_sha256) == 64
    assert work(destination, now) == 0


def test_linkedin_is_told_of_the_click_that_it_brought(workspace, target, far, now):
    destination = target("linkedin")
    click(workspace, now - timedelta(hours=2), key="c-1", li_fat_id="a-B-1")
    convert(workspace, now, click_id="c-1", value="49.90", email=JOE["email"])

    assert work(destination, now) == 1

    (event,) = told(far)
    ids = {one["idType"]: one["idValue"] for one in event["payload"]["user"]["userIds"]}
    assert (event["dataset"], event["event_id"]) == ("99", "order-1")
    assert ids["LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID"] == "a-B-1"
    assert len(ids["SHA256_EMAIL"]) == 64
    assert event["payload"]["conversionValue"]["amount"] == "49.9"
    assert OutgoingConversion.objects.get().state == OutgoingState.ACCEPTED


def test_bad_event_of_linkedin_is_found_and_the_others_count_once(workspace, target, far, now):
    destination = target("linkedin")
    for key in ("one", "two", "three"):
        convert(workspace, now, key=key, **JOE)
    Conversion.objects.filter(conversion_id="two").update(email_hash="no-hash")

    for _ in range(4):
        work(destination, now)

    assert states() == {"one": "accepted", "two": "rejected", "three": "accepted"}
    assert "SHA-256 is wanted" in OutgoingConversion.objects.get(event_id="two").last_error
    assert sorted(counted(far)) == ["one", "three"]


def test_retired_version_stops_the_connection_and_loses_nothing(workspace, target, far, now):
    destination = target("linkedin")
    convert(workspace, now, **JOE)
    Connection.objects.update(secret=encrypt({"access_token": TOKEN, "api_version": "202511"}))

    work(ConversionDestination.objects.get(pk=destination.pk), now)

    row = OutgoingConversion.objects.get()
    assert (row.state, row.attempts) == (OutgoingState.PENDING, 0)
    assert "enter a newer one" in row.last_error
    assert Connection.objects.get().status == ConnectionStatus.STOPPED
    assert told(far) == []


def test_phones_are_hashed_as_each_platform_wants(workspace, target, far, now):
    for platform in SECRETS:
        target(platform)
    convert(workspace, now, **JOE)

    for destination in ConversionDestination.objects.all():
        work(destination, now)

    payloads = {event["platform"]: event["payload"] for event in told(far)}
    meta = payloads["meta"]["user_data"]["ph"][0]
    google = payloads["google"]["userData"]["userIdentifiers"][1]["phoneNumber"]
    assert meta == "4b4fb60638907d714a7207905d24b5e09de607ff2d776623c998b47eeb31c309"
    assert google == payloads["tiktok"]["user"]["phone"] != meta


def test_google_decides_later(workspace, target, far, now):
    destination = target("google")
    convert(workspace, now, **JOE)
    far.control("settings", {"google_ingest_processing": 1})
    work(destination, now)
    assert OutgoingConversion.objects.get().state == OutgoingState.SENT

    assert work(destination, now + timedelta(minutes=10)) == 1
    assert OutgoingConversion.objects.get().state == OutgoingState.SENT
    far.control("settings", {"google_ingest_processing": 0})
    work(destination, now + timedelta(minutes=20))

    row = OutgoingConversion.objects.get()
    assert (row.state, row.settled_at) == (OutgoingState.ACCEPTED, now + timedelta(minutes=20))


def test_click_that_google_does_not_know_spoils_no_other(workspace, target, far, now):
    destination = target("google")
    convert(workspace, now, key="good", gclid="Cj0")
    convert(workspace, now, key="bad", gclid="unknown-1")
    work(destination, now)
    later = now + timedelta(minutes=10)

    for minutes in (0, 0, 10, 10):
        later += timedelta(minutes=minutes)
        work(destination, later)

    assert states() == {"good": "accepted", "bad": "rejected"}
    assert "INVALID_GCLID" in OutgoingConversion.objects.get(event_id="bad").last_error
    assert counted(far) == ["good", "bad"]


def test_bad_event_is_found_and_the_others_get_through(workspace, target, far, now):
    destination = target("meta")
    for key in ("one", "two", "three"):
        convert(workspace, now, key=key, **JOE)
    # Meta takes no hash but of SHA-256.
    Conversion.objects.filter(conversion_id="two").update(email_hash="no-hash")

    work(destination, now)
    assert set(states().values()) == {"pending"}
    for _ in range(3):
        work(destination, now)

    assert states() == {"one": "accepted", "two": "rejected", "three": "accepted"}
    assert "em must be hashed" in OutgoingConversion.objects.get(event_id="two").last_error
    assert [event["event_id"] for event in told(far)] == ["one", "three"]


def test_late_event_expires_and_poisons_no_batch(workspace, target, far, now):
    destination = target("meta")
    convert(workspace, now - timedelta(days=8), key="old", now=now, **JOE)
    convert(workspace, now, key="new", **JOE)

    work(destination, now)

    assert states() == {"old": "expired", "new": "accepted"}
    assert [event["event_id"] for event in told(far)] == ["new"]


def test_google_takes_what_lies_in_the_window_of_its_action(workspace, target, far, now):
    destination = target("google", window_days=30)
    convert(workspace, now - timedelta(days=8), key="old", now=now, **JOE)

    work(destination, now)

    assert states() == {"old": "sent"}


def test_consent_taken_back_before_sending(workspace, target, far, now):
    destination = target("meta")
    row = convert(workspace, now, **JOE)
    privacy.erase(person=row.person, now=now)

    work(destination, now)

    assert states() == {"order-1": "rejected"}
    assert "no consent" in OutgoingConversion.objects.get().last_error
    assert told(far) == []


def test_without_consent_or_switch_nothing_is_put_into_line(workspace, target, now):
    destination = target("meta")
    convert(workspace, now, key="silent", consent=False, **JOE)
    destination.is_enabled = False
    destination.save()
    convert(workspace, now, key="off", **JOE)

    assert not OutgoingConversion.objects.exists()


def test_destination_is_off_by_default_and_other_workspaces_are_not_told(
    workspace, other_workspace, target, now
):
    target("meta")
    convert(other_workspace, now, **JOE)

    assert not OutgoingConversion.objects.exists()
    assert ConversionDestination._meta.get_field("is_enabled").default is False


def test_nobody_to_recognise_is_not_sent(workspace, target, far, now):
    destination = target("meta")
    convert(workspace, now, user_agent="UA")

    work(destination, now)

    assert states() == {"order-1": "rejected"}
    assert told(far) == []


def test_click_of_the_conversion_is_told_with_its_time(workspace, target, far, now):
    destination = target("meta")
    at = now - timedelta(hours=2)
    click(workspace, at, key="c-1", fbclid="IwAR1")
    convert(workspace, now, click_id="c-1")

    work(destination, now)

    (event,) = told(far)
    assert event["payload"]["user_data"] == {"fbc": f"fb.1.{int(at.timestamp() * 1000)}.IwAR1"}


def test_worker_that_dies_after_the_call_costs_a_repetition_only(workspace, target, far, now):
    destination = target("meta")
    convert(workspace, now, **JOE)
    sender = sending_back.sender_of(destination)
    claimed = sending_back.claim(destination, sender, now)
    sender.send(claimed.payloads)
    sender.close()
    first = OutgoingConversion.objects.get()

    assert work(destination, now) == 0
    work(destination, now + sending_back.LEASE)

    again = OutgoingConversion.objects.get()
    assert (first.state, again.state, again.attempts) == ("pending", "accepted", 2)
    assert again.payload_sha256 == first.payload_sha256
    assert [event["event_id"] for event in told(far)] == ["order-1", "order-1"]
    assert counted(far) == ["order-1"]


@pytest.mark.parametrize("kind", ["http_500", "http_502_html", "empty", "malformed", "reset"])
def test_unclear_answer_is_tried_again_under_the_same_id(workspace, target, far, now, kind):
    destination = target("meta")
    convert(workspace, now, **JOE)
    far.control("faults", {"kind": kind, "platform": "meta", "times": 1})
    work(destination, now)
    row = OutgoingConversion.objects.get()
    assert (row.state, row.attempts) == ("pending", 1)
    assert now <= row.next_attempt_at <= now + timedelta(seconds=60)

    work(destination, now + timedelta(seconds=60))

    assert states() == {"order-1": "accepted"}
    assert counted(far) == ["order-1"]


def test_five_tries_and_no_more(workspace, target, far, now):
    destination = target("meta")
    convert(workspace, now, **JOE)
    far.control("faults", {"kind": "http_500", "platform": "meta"})

    for hour in range(7):
        work(destination, now + timedelta(hours=hour))

    row = OutgoingConversion.objects.get()
    assert (row.state, row.attempts) == ("rejected", 5)
    assert row.last_error.startswith("5 tries failed.")


def test_waits_grow_to_an_hour():
    assert [sending_back.longest_delay_s(n) for n in (1, 2, 3, 6, 7, 20)] == [
        60, 120, 240, 1920, 3600, 3600,
    ]  # fmt: skip


def test_throttling_costs_no_try_and_stops_all_of_the_destination(workspace, target, far, now):
    destination = target("meta")
    convert(workspace, now, key="one", **JOE)
    far.control("faults", {"kind": "http_429", "retry_after_s": 90, "platform": "meta", "times": 1})
    work(destination, now)
    convert(workspace, now, key="two", **JOE)

    row = OutgoingConversion.objects.get(event_id="one")
    assert (row.state, row.attempts) == ("pending", 0)
    assert row.next_attempt_at == now + timedelta(seconds=90)
    work(destination, now + timedelta(seconds=90))
    assert states() == {"one": "accepted", "two": "accepted"}


def test_refused_token_stops_the_connection_and_keeps_the_rows(workspace, target, far, now):
    destination = target("meta")
    Connection.objects.update(secret=encrypt({"access_token": "other-token"}))
    convert(workspace, now, **JOE)

    work(destination, now)

    row = OutgoingConversion.objects.get()
    assert (row.state, row.attempts) == ("pending", 0)
    assert Connection.objects.get().status == ConnectionStatus.NEEDS_LOGIN
    assert sending_back.due_destinations(now=now + timedelta(hours=2)) == []


def test_unreadable_secret_waits_for_a_person(workspace, target, far, now):
    destination = target("meta")
    Connection.objects.update(secret="not a cipher")
    convert(workspace, now, **JOE)

    work(destination, now)

    row = OutgoingConversion.objects.get()
    assert (row.state, row.next_attempt_at) == ("pending", now + timedelta(hours=1))
    assert row.last_error


def test_no_secret_in_address_log_or_row(workspace, target, far, now, caplog):
    caplog.set_level("DEBUG")
    for platform in SECRETS:
        target(platform)
    convert(workspace, now, **JOE)
    far.control("faults", {"kind": "http_500", "platform": "tiktok"})

    for destination in ConversionDestination.objects.all():
        work(destination, now)

    seen = far.control("calls", method="GET")
    rows = list(OutgoingConversion.objects.values())
    assert {call["platform"] for call in seen["calls"]} == set(SECRETS)
    assert "canary" not in f"{[call['path'] for call in seen['calls']]}{rows}{caplog.text}"
    assert "joe@eg.com" not in f"{seen}{rows}{caplog.text}"


# Deals


@pytest.fixture
def deal(workspace, target, now):
    """Maker of stage changes of a deal whose person agreed."""
    installed(workspace, now - timedelta(days=9))
    target("meta")
    convert(workspace, now, key=f"{CRM}:d1", **JOE)
    OutgoingConversion.objects.all().delete()

    def step(stage, at=now, **options):
        recorded = moved(workspace, "d1", stage, at, **options)
        deal_effects.moved(deal=recorded.deal, moves=recorded.new_events, now=at)
        return recorded.deal

    return step


def rows_of_deal():
    rows = OutgoingConversion.objects.order_by("pk")
    return [(row.event_id.rsplit(":", 1)[1], row.event_name, row.value) for row in rows]


def test_stages_are_leads_and_the_won_deal_a_purchase(deal, now):
    row = deal("lead")
    for minute, stage in enumerate(("appointment_scheduled", "show_up", "closed_won"), start=1):
        row = deal(stage, at=now + timedelta(minutes=minute))

    assert rows_of_deal() == [
        ("appointment_scheduled", "Lead", 2250),
        ("show_up", "Lead", 6750),
        ("closed_won", "Purchase", 15000),
    ]
    wanted = f"deal:{row.public_id}:closed_won"
    assert OutgoingConversion.objects.filter(event_id=wanted).exists()


def test_won_with_a_known_amount_is_a_purchase_of_that_amount(deal, far, now):
    deal("closed_won", amount=KnownAmount(Decimal(12000), now))
    work(ConversionDestination.objects.get(), now)

    (event,) = told(far)
    assert event["payload"]["event_name"] == "Purchase"
    assert event["payload"]["custom_data"]["value"] == 12000


def test_stage_that_is_not_won_is_told_as_a_lead(deal, far, now):
    deal("appointment_scheduled")
    work(ConversionDestination.objects.get(), now)

    (event,) = told(far)
    assert event["payload"]["event_name"] == "Lead"
    assert event["payload"]["custom_data"]["value"] == 2250
    assert event["payload"]["action_source"] == "system_generated"


def test_stage_worth_nothing_is_not_told(deal):
    deal("lead")
    deal("closed_lost")

    assert rows_of_deal() == []


@pytest.mark.parametrize(("kind", "name"), [("purchase", "Purchase"), ("lead", "Lead"),
                                            ("signup", "Lead")])  # fmt: skip
def test_recorded_conversion_is_a_purchase_or_else_a_lead(workspace, target, now, kind, name):
    target("meta")
    record_conversion(
        workspace=workspace, conversion_id="c1", worth=Worth(type=kind, converted_at=now),
        sender=Sender(consent=True, email="joe@eg.com"), now=now,
    )  # fmt: skip

    assert OutgoingConversion.objects.get().event_name == name


def test_empty_lists_say_what_to_do(client_as, admin, target, workspace):
    client = client_as(admin)
    path = "/admin/attribution/conversiondestination/"
    assert "No platform is told of conversions." in client.get(path).text
    assert (
        "Nothing is on its way back." in client.get("/admin/attribution/outgoingconversion/").text
    )

    target("meta")

    assert "No platform is told of conversions." not in client.get(path).text


def test_replayed_stage_is_in_line_once(deal, now):
    recorded = deal("show_up")

    for _ in range(2):
        deal_effects.moved(deal=recorded, moves={"d1:show_up"}, now=now)

    assert len(rows_of_deal()) == 1


def test_lost_deal_takes_back_what_waits_and_says_what_cannot_be(deal, far, now):
    deal("appointment_scheduled")
    work(ConversionDestination.objects.get(), now)
    deal("show_up", at=now + timedelta(minutes=1))

    deal("closed_lost", at=now + timedelta(minutes=2))

    sent, waiting, reversal = OutgoingConversion.objects.order_by("pk")
    assert (sent.state, waiting.state) == ("accepted", "withdrawn")
    assert "before this was sent" in waiting.last_error
    assert (reversal.retracts, reversal.state) == (sent, "impossible")
    assert "takes no event back" in reversal.last_error
    assert "closed_lost" in sent.note
    assert len(told(far)) == 1


def test_deal_whose_person_is_not_known_is_not_told(deal, workspace, now):
    Conversion.objects.update(conversion_id="another")

    deal("show_up")

    assert Deal.objects.exists()
    assert rows_of_deal() == []


# By hand


def test_admin_sends_again_what_is_not_too_late(workspace, target, far, now, admin, operator):
    destination = target("meta")
    row = convert(workspace, now, user_agent="UA")
    work(destination, now)
    Conversion.objects.filter(pk=row.pk).update(email_hash="a" * 64)
    rows = OutgoingConversion.objects.select_related("workspace")

    with pytest.raises(NotPermittedError):
        outgoing.send_again(rows=rows, by=operator, now=now)
    assert outgoing.send_again(rows=rows, by=admin, now=now + timedelta(days=7)) == 0
    assert outgoing.send_again(rows=rows, by=admin, now=now) == 1
    work(destination, now)

    assert states() == {"order-1": "accepted"}


def test_task_tells_every_destination(workspace, target, far, now, time_machine):
    time_machine.move_to(now, tick=False)
    target("meta")
    target("tiktok")
    convert(workspace, now, **JOE)

    assert send_conversions() == 2
    assert send_conversions() == 0


# Settings


def test_destination_needs_a_connection_of_its_platform(workspace, other_workspace):
    for connection in (
        ConnectionFactory(workspace=workspace, kind="google"),
        ConnectionFactory(workspace=other_workspace, kind="meta"),
    ):
        row = ConversionDestination(
            workspace=workspace, connection=connection, platform="meta", dataset_id="1"
        )
        with pytest.raises(ValidationError, match="Choose a connection to Meta"):
            row.full_clean()


@pytest.mark.parametrize(
    "fields", [{"platform": "meta", "window_days": 8}, {"platform": "google", "account_id": ""}]
)
def test_database_refuses_impossible_destinations(target, fields):
    with pytest.raises(IntegrityError):
        target(**fields)


def test_value_is_told_as_it_was_recorded(workspace, target, now):
    target("meta")
    convert(workspace, now, value=Decimal("12.34"), **JOE)

    assert OutgoingConversion.objects.get().value == Decimal("12.34")
