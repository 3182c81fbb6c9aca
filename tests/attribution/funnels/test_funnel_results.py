"""What pages show of a funnel, against entries that are counted by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from attribution.models import (
    FunnelDefinition,
    FunnelEntry,
    Person,
    SavedCohort,
    SavedCohortMember,
    Visitor,
)
from attribution.selectors.funnels.results import (
    bars_of,
    breakdown_of,
    people_of,
    times_of,
    trend_of,
    usual_period,
    values_of,
)
from attribution.selectors.funnels.shapes import Filters, FunnelView
from attribution.services.funnels.cohorts import save_cohort
from attribution.services.funnels.defining import FunnelError
from attribution.services.privacy import erase
from tests.attribution.funnels.steps import act, document, make_site, page
from workspaces.periods import Period

ANNA, BERT, CARA = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.fixture
def funnel(workspace, now):
    given = document(page("/"), page("/p/*"), act("buy"))
    window, mode = given.pop("window_seconds"), given.pop("mode")
    return FunnelDefinition.objects.create(
        workspace=workspace, name="Shop", definition=given, window_seconds=window, mode=mode,
        refreshed_at=now,
    )  # fmt: skip


@pytest.fixture
def enter(funnel, now):
    """Maker of entries so many days ago."""

    def build(visitor, days, *step_seconds, **fields):
        started = now - timedelta(days=days)
        level = len(step_seconds)
        return FunnelEntry.objects.create(
            workspace_id=funnel.workspace_id, funnel=funnel, visitor_key=visitor, level=level,
            entered_on=started.date(), started_at=started, step_seconds=step_seconds,
            completed_at=started + timedelta(seconds=step_seconds[-1]) if level == 3 else None,
            **fields,
        )  # fmt: skip

    return build


@pytest.fixture
def view(funnel, enter, now):
    """Three days of three people, and one before."""
    enter(ANNA, 3, 0, source="google", device="mobile")
    enter(ANNA, 2, 0, 60, 4_000, source="mail", device="desktop", value=Decimal(30),
          variants={"price": "b"})  # fmt: skip
    enter(ANNA, 1, 0, 100, 6_000, source="mail", device="desktop", value=Decimal(99))
    enter(BERT, 2, 0, 20, source="google", device="mobile", customer_type="new")
    enter(CARA, 1, 0, source="google", device="mobile", variants={"price": "a", "hero": "x"})
    enter(CARA, 5, 0, 10, source="google")
    return FunnelView(funnel, Period(now.date() - timedelta(days=3), now.date()))


def test_each_person_counts_once_by_the_furthest_and_first_attempt(view):
    bars = bars_of(view)

    assert [step.reached for step in bars.steps] == [3, 2, 1]
    assert [step.dropped for step in bars.steps] == [0, 1, 1]
    assert [step.rate_from_previous for step in bars.steps] == [1, 2 / 3, 0.5]
    assert [step.rate_from_first for step in bars.steps] == [1, 2 / 3, 1 / 3]
    assert [step.median_seconds for step in bars.steps] == [None, 40, 3_940]
    assert bars.steps[1].p90_seconds == pytest.approx(56)
    assert (bars.revenue, bars.average_order_value, bars.median_seconds) == (30, 30, 4_000)
    assert (bars.rate, bars.worst.name, bars.worst.drop_off) == (1 / 3, "Step 3", 0.5)


def test_the_previous_period_is_as_long_and_lies_before(view):
    before = view.previous

    assert before.period == Period(view.period.since - timedelta(days=4), view.period.since
                                   - timedelta(days=1))  # fmt: skip
    assert [step.reached for step in bars_of(before).steps] == [1, 1, 0]


def test_without_people_there_are_no_rates(view, now):
    empty = FunnelView(view.funnel, Period(now.date() + timedelta(days=9), now.date()
                                           + timedelta(days=9)))  # fmt: skip

    bars = bars_of(empty)

    assert [step.reached for step in bars.steps] == [0, 0, 0]
    assert [step.rate_from_previous for step in bars.steps] == [None, None, None]
    assert (bars.rate, bars.revenue, bars.worst, bars.median_seconds) == (None, 0, None, None)


@pytest.mark.parametrize(
    ("filters", "reached"),
    [
        (Filters(source="google"), [3, 1, 0]),
        (Filters(device="desktop"), [1, 1, 1]),
        (Filters(customer_type="new"), [1, 1, 0]),
        (Filters(customer_type=""), [2, 1, 1]),
        (Filters(variant="price:a"), [1, 0, 0]),
        (Filters(source="google", variant="price:b"), [0, 0, 0]),
    ],
)
def test_filters_choose_attempts(view, filters, reached):
    bars = bars_of(FunnelView(view.funnel, view.period, filters))

    assert [step.reached for step in bars.steps] == reached


def test_the_trend_has_every_day(view):
    lines = trend_of(view)

    assert [line.key for line in lines] == ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"]
    assert [line.entered for line in lines] == [1, 2, 2, 0]
    assert [line.completed for line in lines] == [0, 1, 1, 0]
    assert [line.revenue for line in lines] == [0, 30, 99, 0]
    assert lines[3].rate is None


def test_a_breakdown_counts_people_of_each_key(view):
    by_source = breakdown_of(view, "source")
    by_variant = breakdown_of(view, "variant")

    assert [(line.key, line.reached, line.revenue) for line in by_source] == [
        ("google", (3, 1, 0), 0),
        ("mail", (1, 1, 1), 30),
    ]
    assert {line.key: line.reached for line in by_variant} == {
        "hero:x": (1, 0, 0), "price:a": (1, 0, 0), "price:b": (1, 1, 1),
    }  # fmt: skip
    with pytest.raises(ValueError, match="choose one of source, device"):
        breakdown_of(view, "level")


def test_times_to_convert_end_with_the_window(view, enter):
    enter(BERT, 1, 0, 1, 3_600)
    enter(CARA, 2, 0, 1, 86_400)

    bars = times_of(view)

    assert [(bar.up_to_seconds, bar.people) for bar in bars] == [
        (60, 0), (300, 0), (900, 0), (3_600, 1), (10_800, 1), (43_200, 0), (None, 1),
    ]  # fmt: skip


def test_answers_are_kept_until_the_funnel_is_counted_again(view, enter, now):
    before = bars_of(view).entered
    enter(uuid4(), 1, 0)

    assert bars_of(view).entered == before
    view.funnel.refreshed_at = now + timedelta(hours=1)
    assert bars_of(view).entered == before + 1


def test_values_to_filter_by_are_those_of_the_days(view):
    assert values_of(view) == {
        "source": ["google", "mail"],
        "device": ["mobile", "desktop"],
        "customer_type": ["", "new"],
        "variant": ["hero:x", "price:a", "price:b"],
    }


def test_few_queries_answer_a_page(view, django_assert_num_queries):
    with django_assert_num_queries(5):
        bars_of(view), trend_of(view), breakdown_of(view, "source"), times_of(view)
        bars_of(view.previous)
    with django_assert_num_queries(0):
        bars_of(view), trend_of(view), breakdown_of(view, "source"), times_of(view)


def test_the_usual_period_ends_yesterday(funnel, now):
    assert usual_period(funnel, now=now, days=7) == Period(
        now.date() - timedelta(days=7), now.date() - timedelta(days=1)
    )


# --- people -------------------------------------------------------------------------------------


def test_people_behind_a_bar_are_those_who_reached_it_or_were_lost(view, workspace, now):
    person = Person.objects.create(workspace=workspace)
    visitor = Visitor.objects.create(
        workspace=workspace, site=make_site(workspace), key=BERT, has_consent=True, person=person,
        first_seen_at=now, last_seen_at=now,
    )  # fmt: skip

    reached = people_of(view, 2)
    dropped = people_of(view, 3, dropped=True)

    assert [walker.visitor_key for walker in reached] == [ANNA, BERT]
    assert [(w.visitor, w.person, w.level, w.seconds) for w in dropped] == [
        (visitor.public_id, person.public_id, 2, 20)
    ]
    assert [w.visitor_key for w in people_of(view, 1, page=2, size=2)] == [BERT]
    with pytest.raises(ValueError, match="step is 4"):
        people_of(view, 4)
    with pytest.raises(ValueError, match="none drop at 1"):
        people_of(view, 1, dropped=True)


def test_drop_offs_are_saved_as_an_audience(view, workspace, operator, now):
    person = Person.objects.create(workspace=workspace)
    Visitor.objects.create(
        workspace=workspace, site=make_site(workspace), key=CARA, has_consent=True, person=person,
        first_seen_at=now, last_seen_at=now,
    )  # fmt: skip

    cohort = save_cohort(view=view, step=2, dropped=True, name=" Left ", by=operator)

    assert (cohort.name, cohort.size, cohort.created_by) == ("Left", 1, operator)
    assert cohort.origin == {
        "funnel": str(view.funnel.public_id), "version": 1, "step": 2, "dropped": True,
        "since": "2026-11-18", "until": "2026-11-21", "filters": {},
    }  # fmt: skip
    member = SavedCohortMember.objects.get()
    assert (member.visitor_key, member.person, member.cohort) == (CARA, person, cohort)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": ""}, "name"), ({"name": "Left"}, "name"), ({"step": 9}, "step")],
)
def test_a_cohort_that_cannot_be_saved_is_refused(view, change, field):
    save_cohort(view=view, step=2, dropped=True, name="Left", by=None)

    with pytest.raises(FunnelError) as refused:
        save_cohort(
            **{"view": view, "step": 1, "dropped": False, "name": "B", "by": None, **change}
        )

    assert refused.value.field == field
    assert SavedCohort.objects.count() == 1


def test_nobody_is_no_cohort(view):
    nobody = FunnelView(view.funnel, view.period, Filters(source="nowhere"))

    with pytest.raises(FunnelError, match="Nobody is behind this bar"):
        save_cohort(view=nobody, step=1, dropped=False, name="None", by=None)

    assert not SavedCohort.objects.exists()


def test_an_erased_person_is_in_no_funnel_and_no_cohort(view, workspace, now):
    person = Person.objects.create(workspace=workspace)
    Visitor.objects.create(
        workspace=workspace, site=make_site(workspace), key=ANNA, has_consent=True, person=person,
        first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    save_cohort(view=view, step=1, dropped=False, name="All", by=None)

    erase(person=person, now=now)

    assert set(FunnelEntry.objects.values_list("visitor_key", flat=True)) == {BERT, CARA}
    assert set(SavedCohortMember.objects.values_list("visitor_key", flat=True)) == {BERT, CARA}
