"""Conversions that did not last: taken back at Google, noted elsewhere, told anew."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from attribution.models import ConversionDestination, OutgoingConversion
from attribution.services import deal_effects, sending_back, taking_back
from attribution.services.ledger import DealRef, SeenMove, record_moves
from attribution.tasks import send_conversions
from tests.attribution.stage_steps import CRM, installed
from tests.attribution.steps import convert

JOE = {"email": "joe@eg.com"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def deal(workspace, now):
    """Maker of stage changes of a deal whose person agreed; each a minute after the last."""
    installed(workspace, now - timedelta(days=90))
    convert(workspace, now, key=f"{CRM}:d1", **JOE)
    steps = []

    def step(*stages, wait=MINUTE):
        for stage in stages:
            at = now + MINUTE * len(steps) if wait == MINUTE else now + wait
            steps.append(stage)
            move = SeenMove(f"d1:{len(steps)}:{stage}", stage, at)
            recorded = record_moves(
                workspace=workspace, deal=DealRef(CRM, "d1"), moves=[move], now=at
            )
            deal_effects.moved(deal=recorded.deal, moves=recorded.new_events, now=at)
        return recorded.deal

    return step


def work(now):
    """Send, ask, and take back until nothing is due."""
    rng = random.Random(1)
    for destination in ConversionDestination.objects.all():
        for one in (sending_back.work_off, sending_back.work_off, taking_back.retract_due):
            one(destination_id=destination.pk, now=now, rng=rng)


def stage_ids(deal):
    found = OutgoingConversion.objects.exclude(deal=None).order_by("pk")
    return [row.event_id.replace(str(deal.public_id), "D") for row in found]


def test_google_takes_back_what_the_lost_deal_told(far, target, deal, now):
    target("google")
    deal("show_up", "closed_won")
    work(now + 2 * MINUTE)
    work(now + timedelta(minutes=15))

    lost = deal("closed_lost", wait=timedelta(hours=1))
    work(now + timedelta(hours=1))
    work(now + timedelta(hours=1))

    events = far.control("conversions", method="GET")["events"]
    taken = [event["payload"] for event in events if event["name"] == "retraction"]
    assert [one["orderId"] for one in taken] == [
        f"deal:{lost.public_id}:show_up", f"deal:{lost.public_id}:closed_won",
    ]  # fmt: skip
    assert taken[0]["adjustmentType"] == "RETRACTION"
    assert taken[0]["conversionAction"] == "customers/123/conversionActions/88"
    states = {row.event_id: row.state for row in OutgoingConversion.objects.exclude(deal=None)}
    assert [states[key] for key in sorted(states)] == ["withdrawn", "withdrawn"] + ["accepted"] * 2
    original = OutgoingConversion.objects.get(event_id=f"deal:{lost.public_id}:closed_won")
    assert "closed_lost" in original.note
    assert len(original.retraction.payload_sha256) == 64


def test_stage_back_keeps_what_the_deal_is_still_worth(far, target, deal, now):
    target("google")
    deal("appointment_scheduled", "show_up", "appointment_scheduled")

    found = OutgoingConversion.objects.exclude(deal=None).order_by("pk")
    assert [(row.event_id.rpartition(":")[2], row.state) for row in found] == [
        ("appointment_scheduled", "pending"), ("show_up", "withdrawn"),
    ]  # fmt: skip


def test_reversal_waits_until_google_has_decided(far, target, deal, now):
    target("google")
    far.control("settings", {"google_ingest_processing": 1})
    deal("show_up")
    work(now)
    deal("closed_lost", wait=timedelta(minutes=5))
    work(now + timedelta(minutes=5))

    reversal = OutgoingConversion.objects.get(event_name="Retraction")
    assert (reversal.state, reversal.attempts) == ("pending", 0)
    assert "until the platform has decided" in reversal.last_error
    far.control("settings", {"google_ingest_processing": 0})
    work(now + timedelta(minutes=20))
    work(now + timedelta(minutes=40))

    reversal.refresh_from_db()
    assert (reversal.state, reversal.retracts.state) == ("accepted", "withdrawn")


@pytest.mark.parametrize(
    ("platform", "words"), [("meta", "Meta"), ("tiktok", "TikTok"), ("linkedin", "LinkedIn")]
)
def test_what_a_platform_does_not_take_back_is_said_with_the_reason(
    far, target, deal, now, platform, words
):
    target(platform)
    deal("show_up")
    work(now)
    deal("closed_lost", wait=MINUTE)
    work(now + 2 * MINUTE)

    reversal = OutgoingConversion.objects.get(event_name="Retraction")
    assert (reversal.state, reversal.retracts.state) == ("impossible", "accepted")
    assert reversal.last_error.startswith(words)
    assert "by hand" in reversal.last_error
    assert len(far.control("conversions", method="GET")["events"]) == 1


def test_replayed_loss_takes_back_once(far, target, deal, now):
    target("meta")
    deal("show_up")
    work(now)
    row = deal("closed_lost", wait=MINUTE)

    deal_effects.moved(deal=row, moves={"d1:2:closed_lost"}, now=now + MINUTE)

    assert OutgoingConversion.objects.filter(event_name="Retraction").count() == 1


def test_deal_that_comes_back_before_the_reversal_went_out_stands(far, target, deal, now):
    target("meta")
    deal("show_up")
    work(now)
    deal("closed_lost", "show_up")

    original = OutgoingConversion.objects.get(event_id__endswith="show_up", retracts=None)
    assert (original.state, original.note) == ("accepted", "")
    assert original.retraction.state == "withdrawn"
    deal("closed_lost")
    original.refresh_from_db()
    assert original.retraction.state == "impossible"
    assert "closed_lost" in original.note


def test_deal_that_comes_back_before_it_was_told_waits_again(far, target, deal, now):
    target("meta")
    deal("show_up", "closed_lost", "show_up")

    row = OutgoingConversion.objects.get(event_id__endswith="show_up")
    assert (row.state, row.attempts, row.settled_at) == ("pending", 0, None)
    work(now + 3 * MINUTE)
    row.refresh_from_db()
    assert row.state == "accepted"


def test_what_was_taken_back_is_told_anew_under_another_id(far, target, deal, now):
    target("google")
    deal("show_up")
    work(now)
    work(now + timedelta(minutes=15))
    deal("closed_lost", wait=timedelta(hours=1))
    work(now + timedelta(hours=1))

    row = deal("show_up", wait=timedelta(hours=2))

    assert stage_ids(row) == [
        "deal:D:show_up", "retract:deal:D:show_up", "deal:D:show_up:2",
    ]  # fmt: skip


def test_conversion_older_than_google_takes_back(far, target, deal, now):
    target("google", window_days=90)
    deal("show_up")
    work(now)
    work(now + timedelta(minutes=15))

    deal("closed_lost", wait=timedelta(days=55))

    reversal = OutgoingConversion.objects.get(event_name="Retraction")
    assert reversal.state == "impossible"
    assert "54 days" in reversal.last_error


def test_reversal_that_waited_too_long_expires(far, target, deal, now):
    target("google")
    deal("show_up")
    work(now)
    work(now + timedelta(minutes=15))
    deal("closed_lost", wait=timedelta(days=1))

    work(now + timedelta(days=54))

    assert OutgoingConversion.objects.get(event_name="Retraction").state == "expired"
    events = far.control("conversions", method="GET")["events"]
    assert [event["name"] for event in events] == ["conversion"]


def test_conversion_that_google_never_took_has_nothing_to_take_back(far, target, deal, now):
    target("google")
    deal("show_up")
    work(now)
    work(now + timedelta(minutes=15))
    far.control("reset")
    accounts = [{"platform": "google", "id": "123", "token": "canary-token-of-the-connection"}]
    far.control("seed", {"accounts": accounts})
    deal("closed_lost", wait=timedelta(hours=1))

    work(now + timedelta(hours=1))

    reversal = OutgoingConversion.objects.get(event_name="Retraction")
    assert (reversal.state, reversal.note) == (
        "accepted", "Google knows no such conversion, so nothing counts.",
    )  # fmt: skip


def test_fault_is_tried_again_and_the_same_reversal_twice_is_no_error(far, target, deal, now):
    destination = target("google")
    deal("show_up")
    work(now)
    work(now + timedelta(minutes=15))
    deal("closed_lost", wait=timedelta(hours=1))
    later = now + timedelta(hours=1)
    far.control("faults", {"kind": "http_500", "platform": "google", "path": "Adjust", "times": 1})
    taking_back.retract_due(destination_id=destination.pk, now=later, rng=random.Random(1))
    reversal = OutgoingConversion.objects.get(event_name="Retraction")
    assert (reversal.state, reversal.attempts) == ("pending", 1)

    for minutes in (1, 10):
        OutgoingConversion.objects.filter(pk=reversal.pk).update(
            state="pending", settled_at=None, next_attempt_at=later
        )
        taking_back.retract_due(
            destination_id=destination.pk, now=later + MINUTE * minutes, rng=random.Random(1)
        )
        reversal.refresh_from_db()
        assert reversal.state == "accepted"
    assert reversal.note == "It was taken back before."


def test_task_takes_back_too(far, target, deal, now, time_machine):
    target("google")
    deal("show_up")
    work(now)
    work(now + timedelta(minutes=15))
    deal("closed_lost", wait=timedelta(hours=1))
    time_machine.move_to(now + timedelta(hours=2), tick=False)

    assert send_conversions() == 1
    assert OutgoingConversion.objects.get(event_name="Retraction").state == "accepted"


def test_database_refuses_a_reversal_of_nothing(far, target, deal, now):
    target("meta")
    deal("show_up")
    row = OutgoingConversion.objects.get(event_id__endswith="show_up")

    for wrong in ({"event_name": "Retraction"}, {"state": "impossible", "settled_at": now}):
        with pytest.raises(IntegrityError), transaction.atomic():
            OutgoingConversion.objects.filter(pk=row.pk).update(**wrong)
