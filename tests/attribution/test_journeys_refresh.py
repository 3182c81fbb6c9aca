"""Journeys of the few people of whom something changed are those that building all would make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from attribution.models import (
    Conversion,
    IdentityMerge,
    Journey,
    JourneyTouch,
    Person,
    TouchKind,
    Touchpoint,
)
from attribution.services.identity import IdentityError, merge_people, undo_merge
from attribution.services.journeys import Built, build_journeys, refresh_journeys
from attribution.services.privacy import erase, erase_contact, purge_touches
from attribution.services.touches import Touch, record_touch
from tests.attribution.journey_steps import DAY, person, three_walks, walk
from tests.attribution.steps import convert
from tests.examples import examples
from tests.workspaces.factories import UserFactory, WorkspaceFactory
from workspaces.models import ExchangeRate

START = datetime(2026, 1, 1, tzinfo=UTC)
LATE = START + timedelta(days=800)
_NAMES = st.sampled_from(["ann", "bob", "cid"])
_DAYS = st.integers(0, 75)
_step = st.one_of(
    st.tuples(st.just("touch"), _NAMES, _DAYS),
    st.tuples(st.just("touch"), _NAMES, _DAYS),
    st.tuples(st.just("sale"), _NAMES, _DAYS),
    st.tuples(st.just("merge"), _NAMES, _NAMES),
    st.tuples(st.just("undo"), st.just(""), st.integers(0, 3)),
    st.tuples(st.just("erase"), _NAMES, st.just(0)),
    st.tuples(st.just("contact"), _NAMES, st.just(0)),
    st.tuples(st.just("purge"), st.just(""), _DAYS),
    st.tuples(st.just("rate"), st.just(""), st.integers(1, 9)),
    st.tuples(st.just("refresh"), st.just(""), st.just(0)),
    st.tuples(st.just("refresh"), st.just(""), st.just(0)),
)


def _rows():
    """All that a build writes, but for the keys of its rows."""
    places = ("journey_id", "position", "minutes_since_first_touch", "minutes_since_last_touch")
    return {
        "journeys": sorted(
            Journey.objects.values_list(
                "journey_id", "person", "conversion", "conversion_type", "value", "first_at",
                "ended_at", "touches", "country",
            )
        ),
        "steps": sorted(
            JourneyTouch.objects.values_list(
                "journey__journey_id", "position", "touch", "channel", "at"
            )
        ),
        "touches": list(Touchpoint.objects.order_by("pk").values_list("pk", *places)),
        "conversions": list(
            Conversion.objects.order_by("pk").values_list(
                "pk", "journey_id", "touches_before", "minutes_since_first_touch"
            )
        ),
        "people": list(Person.objects.order_by("pk").values_list("pk", "walked_root")),
    }  # fmt: skip


class _World:
    """A workspace that a history happens to."""

    def __init__(self) -> None:
        self.workspace, self.operator, self.count = WorkspaceFactory(), UserFactory(), 0

    def touch(self, name: str, day: int) -> None:
        who = person(self.workspace, name, START)
        channel = ("meta", "google", "direct")[self.count % 3]
        at, country = START + day * DAY, ("DE", "")[self.count % 2]
        touch = Touch(who, channel, TouchKind.VISIT, at, f"t{self.count}", country=country)
        record_touch(workspace=self.workspace, touch=touch)

    def sale(self, name: str, day: int) -> None:
        row = convert(
            self.workspace, START + day * DAY, key=f"v{self.count}", value="8", user_id=name
        )
        # As a CRM's: of several contacts, of whom one is the person.
        changed = {"extra": {"crm_contacts": ["ann"]}} if self.count % 3 == 0 else {}
        currency = "SEK" if self.count % 2 else row.currency
        Conversion.objects.filter(pk=row.pk).update(currency=currency, **changed)

    def merge(self, left: str, right: str) -> None:
        pair = [person(self.workspace, name, START) for name in (left, right)]
        try:
            merge_people(left=pair[0], right=pair[1], by=self.operator, reason="Same.", now=START)
        except IdentityError:
            return

    def undo(self, _name: str, place: int) -> None:
        for merge in IdentityMerge.objects.filter(undone_at=None).order_by("pk")[place : place + 1]:
            undo_merge(merge=merge, by=self.operator, now=START)

    def erase(self, name: str, _day: int) -> None:
        erase(person=person(self.workspace, name, START), now=START)

    def contact(self, name: str, _day: int) -> None:
        erase_contact(workspace=self.workspace, contact=name, now=START)

    def purge(self, _name: str, day: int) -> None:
        kept = timedelta(days=django_settings.TOUCH_KEEP_DAYS)
        purge_touches(workspace=self.workspace, now=START + day * DAY + kept)

    def rate(self, _name: str, rate: int) -> None:
        ExchangeRate.objects.update_or_create(
            workspace=self.workspace, day=START.date(), base=self.workspace.currency, quote="SEK",
            defaults={"rate": rate},
        )  # fmt: skip

    def refresh(self, _name: str, _day: int) -> None:
        refresh_journeys(workspace=self.workspace, now=LATE)


@pytest.mark.django_db
@settings(
    max_examples=examples(25), phases=[Phase.explicit, Phase.generate], deadline=None,
    derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(history=st.lists(_step, min_size=3, max_size=20))
# A merge is undone and the one it was undone from is forgotten, before anybody built again.
@example(
    [("touch", "ann", 1), ("touch", "bob", 2), ("merge", "ann", "bob"), ("sale", "bob", 3),
     ("refresh", "", 0), ("undo", "", 0), ("erase", "ann", 0)]
)  # fmt: skip
# Both walk alone again; the other one's journeys hold what was his.
@example(
    [("touch", "ann", 1), ("touch", "bob", 2), ("sale", "ann", 3), ("merge", "ann", "bob"),
     ("refresh", "", 0), ("undo", "", 0)]
)  # fmt: skip
# The sale of a forgotten contact was another's.
@example([("sale", "bob", 3), ("touch", "bob", 1), ("refresh", "", 0), ("contact", "ann", 0)])
# A late touch joins a journey that stands, and parts what stood without a conversion.
@example(
    [("touch", "ann", 1), ("touch", "ann", 70), ("sale", "ann", 75), ("refresh", "", 0),
     ("touch", "ann", 50), ("touch", "ann", 0)]
)  # fmt: skip
@example([("touch", "ann", 1), ("sale", "ann", 3), ("sale", "bob", 3), ("refresh", "", 0),
          ("purge", "", 2), ("rate", "", 4)])  # fmt: skip
def test_a_few_or_all_makes_the_same_rows(history):
    with transaction.atomic():
        world = _World()
        for count, (what, *given_words) in enumerate(history):
            world.count = count
            getattr(world, what)(*given_words)
        refresh_journeys(workspace=world.workspace, now=LATE)
        refreshed = _rows()

        assert refresh_journeys(workspace=world.workspace, now=LATE) == Built(0, 0, 0)
        build_journeys(workspace=world.workspace, now=LATE)

        assert refreshed == _rows()
        transaction.set_rollback(True)


def test_only_who_changed_walks_anew(workspace, other_workspace, now):
    three_walks(workspace, now)
    three_walks(other_workspace, now)
    before = dict(Journey.objects.values_list("journey_id", "pk"))
    touch = Touch(person(workspace, "ann", now), "tiktok", TouchKind.VISIT, now, "late")
    record_touch(workspace=workspace, touch=touch)

    built = refresh_journeys(workspace=workspace, now=now)

    assert built == Built(new_touches=0, converted=1, unconverted=1)
    after = dict(Journey.objects.values_list("journey_id", "pk"))
    same = [key for key in after if before.get(key) == after[key]]
    assert (len(before), len(after), len(same)) == (6, 7, 5)


def test_a_rate_moves_money_and_builds_nothing(workspace, now):
    walk(workspace, "ann", "meta", now)
    Conversion.objects.update(currency="SEK")
    refresh_journeys(workspace=workspace, now=now)
    assert Journey.objects.get().value is None

    ExchangeRate.objects.create(
        workspace=workspace, day=now.date(), base=workspace.currency, quote="SEK", rate=4
    )

    assert refresh_journeys(workspace=workspace, now=now) == Built(0, 0, 0)
    assert Journey.objects.get().value == 25


def test_command_builds_all_of_one_workspace(workspace, now, capsys):
    three_walks(workspace, now)
    Journey.objects.update(touches=9)

    call_command("build_journeys", workspace.slug)

    assert "2 journeys with a conversion, 1 without" in capsys.readouterr().out
    assert sorted(Journey.objects.values_list("touches", flat=True)) == [1, 2, 3]
    with pytest.raises(CommandError, match="no workspace"):
        call_command("build_journeys", "nowhere")
