"""Touches become journeys: once each, by person, inside the lookback."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from attribution.models import Channel, Conversion, Journey, JourneyTouch, Person, Touchpoint
from attribution.services.identity import merge_people, undo_merge
from attribution.services.journeys import Built, build_journeys
from attribution.services.privacy import erase, purge_touches
from attribution.services.touches import Touch, TouchError, record_touch
from tests.attribution.journey_steps import DAY, person, three_walks, walk
from tests.attribution.steps import click, convert, hours
from tests.campaigns.factories import AdFactory
from workspaces.models import ExchangeRate


def _paths(workspace) -> dict[str, list[str]]:
    rows = JourneyTouch.objects.filter(workspace=workspace).order_by(
        "journey__ended_at", "position"
    )
    paths: dict[str, list[str]] = {}
    for row in rows.select_related("journey__conversion", "channel"):
        conversion = row.journey.conversion
        paths.setdefault(conversion.conversion_id if conversion else "none", []).append(
            row.channel.name
        )
    return paths


def test_clicks_become_touches_of_their_ads(workspace, now):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace)
    click(workspace, now - 2 * DAY, key="c1", ad=ad.external_id, email="a@b.example")
    click(workspace, now - hours(3), key="c2", gclid="G", email="a@b.example")
    click(workspace, now - hours(2), key="c3", utm_source=" NewsLetter ", email="a@b.example")
    click(workspace, now - hours(1), key="c4", consent=False)
    row = convert(workspace, now, email="a@b.example", value="50")

    built = build_journeys(workspace=workspace, now=now)

    assert built == Built(new_touches=3, converted=1, unconverted=0)
    assert _paths(workspace) == {"order-1": ["meta", "google", "newsletter"]}
    first = Touchpoint.objects.order_by("at").first()
    assert (first.ad, first.campaign, first.kind) == (ad, ad.campaign, "click")
    row.refresh_from_db()
    assert (row.touches_before, row.minutes_since_first_touch) == (3, 2 * 24 * 60)
    assert row.journey_id == Journey.objects.get().journey_id == first.journey_id
    placed = Touchpoint.objects.order_by("at").values_list(
        "position", "minutes_since_first_touch", "minutes_since_last_touch"
    )
    assert list(placed) == [(1, 0, 0), (2, 45 * 60, 45 * 60), (3, 46 * 60, 60)]


def test_building_again_changes_nothing(workspace, now):
    three_walks(workspace, now)
    before = sorted(Journey.objects.values_list("journey_id", "value", "touches"))

    again = build_journeys(workspace=workspace, now=now)

    assert again == Built(new_touches=0, converted=2, unconverted=1)
    assert sorted(Journey.objects.values_list("journey_id", "value", "touches")) == before


def test_only_touches_inside_the_lookback_count(workspace, now):
    who = person(workspace, "ann", now)
    for name, at in {"old": now - 30 * DAY - hours(1), "edge": now - 30 * DAY}.items():
        touch = Touch(who, name, "visit", at, f"t:{name}")
        record_touch(workspace=workspace, touch=touch)
    convert(workspace, now, user_id="ann")

    build_journeys(workspace=workspace, now=now)

    assert _paths(workspace) == {"order-1": ["edge"], "none": ["old"]}


def test_each_conversion_has_its_own_journey(workspace, now):
    walk(workspace, "ann", "meta email", now - DAY)
    walk(workspace, "ann2", "google", now - 40 * DAY, value=None)
    convert(workspace, now, key="second", user_id="ann")

    build_journeys(workspace=workspace, now=now)

    paths = _paths(workspace)
    assert paths == {"order of ann": ["meta", "email"], "second": ["meta", "email"],
                     "none": ["google"]}  # fmt: skip
    # A touch is marked with the first journey that it led to.
    marked = set(Touchpoint.objects.filter(person__identifiers__value="ann").values_list(
        "journey_id", flat=True))  # fmt: skip
    assert marked == {Conversion.objects.get(conversion_id="order of ann").journey_id}


def test_touches_without_conversion_part_at_long_silences(workspace, now):
    who = person(workspace, "cid", now)
    for days in (70, 69, 10):
        touch = Touch(who, "meta", "view", now - days * DAY, f"t{days}")
        record_touch(workspace=workspace, touch=touch)

    assert build_journeys(workspace=workspace, now=now).unconverted == 2
    assert sorted(Journey.objects.values_list("touches", flat=True)) == [1, 2]


def test_merged_people_walk_together_until_it_is_undone(workspace, operator, now):
    walk(workspace, "ann", "meta", now - hours(5), value=None)
    convert(workspace, now, user_id="bob")
    left, right = person(workspace, "ann", now), person(workspace, "bob", now)
    merge = merge_people(left=left, right=right, by=operator, reason="Same.", now=now)

    assert build_journeys(workspace=workspace, now=now).converted == 1

    undo_merge(merge=merge, by=operator, now=now)
    assert build_journeys(workspace=workspace, now=now).converted == 0
    assert Conversion.objects.get().journey_id is None


def test_values_are_in_the_workspaces_currency(workspace, now):
    walk(workspace, "ann", "meta", now, value=None)
    convert(workspace, now, key="eur", user_id="ann", value="10")
    Conversion.objects.update(currency="SEK")

    build_journeys(workspace=workspace, now=now)
    assert Journey.objects.get(conversion_type="purchase").value is None

    ExchangeRate.objects.create(
        workspace=workspace, day=now.date(), base=workspace.currency, quote="SEK", rate=4
    )
    build_journeys(workspace=workspace, now=now)
    assert Journey.objects.get(conversion_type="purchase").value == Decimal("2.5")


def test_touches_are_told_once_and_checked(workspace, other_workspace, now):
    who = person(workspace, "ann", now)
    stranger = person(other_workspace, "ann", now)
    touch = Touch(
        who, " E-Mail ", "message", now, "m1", message_key="welcome", cost=Decimal("0.02")
    )

    assert record_touch(workspace=workspace, touch=touch) is True
    assert record_touch(workspace=workspace, touch=touch) is False
    for wrong in (
        Touch(stranger, "email", "message", now, "m2"),
        Touch(who, " ", "message", now, "m2"),
        Touch(who, "email", "message", now, ""),
    ):
        with pytest.raises(TouchError):
            record_touch(workspace=workspace, touch=wrong)

    row = Touchpoint.objects.get()
    assert (row.channel.name, row.message_key, row.cost) == ("e-mail", "welcome", Decimal("0.02"))


def test_workspaces_do_not_mix(workspace, other_workspace, now):
    walk(other_workspace, "ann", "meta", now)
    build_journeys(workspace=workspace, now=now)
    assert not Journey.objects.exists()

    walk(workspace, "ann", "google", now)
    build_journeys(workspace=workspace, now=now)

    assert _paths(workspace) == {"order of ann": ["google"]}
    assert not Journey.objects.filter(workspace=other_workspace).exists()


def test_erased_person_leaves_no_touch_and_no_journey(workspace, now):
    three_walks(workspace, now)

    counts = erase(person=person(workspace, "ann", now), now=now)

    assert counts["touches"] == 3
    assert Journey.objects.count() == 2
    assert Conversion.objects.get(conversion_id="order of ann").journey_id is None
    assert Person.objects.count() == 2


def test_touches_go_after_their_time_with_their_journeys(workspace, now):
    walk(workspace, "old", "meta google", now - 394 * DAY)
    walk(workspace, "new", "meta", now)
    build_journeys(workspace=workspace, now=now)

    assert purge_touches(workspace=workspace, now=now) == 1

    assert [str(j.conversion) for j in Journey.objects.all()] == ["order of new"]


def test_the_database_refuses_what_is_wrong(workspace, now):
    three_walks(workspace, now)
    wrong = [
        lambda: Channel.objects.create(workspace=workspace, name="meta"),
        lambda: Channel.objects.create(workspace=workspace, name=""),
        lambda: Touchpoint.objects.update(kind="wave"),
        lambda: Touchpoint.objects.update(cost=-1),
        lambda: Journey.objects.update(touches=0),
        lambda: JourneyTouch.objects.update(position=1),
    ]
    for write in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
