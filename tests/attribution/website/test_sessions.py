"""Sessions: what a walk makes of events, in whatever order and however often they come."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution.models import (
    PageView,
    SessionWork,
    StageRule,
    Visitor,
    WebDay,
    WebEvent,
    WebSession,
)
from attribution.services.website.ingest import Origin, take_events
from attribution.services.website.lifecycle import refresh_lifecycle
from attribution.services.website.sessions import (
    SESSIONS_JOB,
    rebuild_sessions,
    sessionise,
    sessionise_all,
    waiting_since,
)
from attribution.services.website.upkeep import keep_up
from attribution.tasks import sessionise_waiting
from tests.attribution.website.wire import AGENT, NOW, VISITOR, call, event, event_id, minutes
from tests.examples import examples
from tests.workspaces.factories import ExchangeRateFactory
from workspaces.models import JobRun

BROWSER = Origin(user_agent=AGENT, ip_address="203.0.113.9")
OTHER = UUID(int=VISITOR.int + 1)


@pytest.fixture
def take(site):
    def taken(*events, now=NOW + timedelta(days=2), **more):
        return take_events(site=site, body=call(*events, **more), origin=BROWSER, now=now)

    return taken


@pytest.fixture
def walk(workspace):
    def walked():
        return sessionise_all(workspace=workspace, now=NOW + timedelta(days=2))

    return walked


def _spans() -> list[tuple[datetime, datetime]]:
    return list(WebSession.objects.order_by("started_at").values_list("started_at", "ended_at"))


def test_a_visit_from_an_ad_to_a_purchase(take, walk):
    page = event_id(NOW + minutes(1), 1)
    take(
        event(path="/?utm_source=News&utm_medium=email&utm_campaign=may", title="Home"),
        {**event(at=NOW + minutes(1), number=1, path="/product/7"), "id": page},
        event("scroll", at=NOW + minutes(1.5), page_id=page, scroll=75, path="/product/7"),
        event("click", at=NOW + minutes(2), page_id=page, path="/product/7",
              element={"text": "Add"}),
        event("engagement", at=NOW + minutes(3), page_id=page, seconds=42.5, path="/product/7"),
        event(at=NOW + minutes(4), path="/thank-you"),
        event("custom", at=NOW + minutes(4), number=2, name="purchase", path="/thank-you",
              properties={"value": 60}),
        event("identify", at=NOW + minutes(5), user_id="u-1"),
        screen="1280x800", time_zone="Europe/Berlin", language="de",
    )  # fmt: skip

    assert (walk().sessions, SessionWork.objects.count()) == (1, 0)

    visit = WebSession.objects.get()
    assert (visit.source, visit.medium, visit.channel, visit.campaign) == (
        "news", "email", "email", "may",
    )  # fmt: skip
    assert (visit.landing_page, visit.exit_page) == ("/", "/thank-you")
    assert (visit.page_views, visit.events, visit.seconds) == (3, 4, 300)
    assert (visit.furthest_stage, visit.conversions, visit.value) == ("conversion", 1, Decimal(60))
    assert (visit.is_bounce, visit.customer_type, visit.number) == (False, "new", 1)
    # 10 for pages, 25 for minutes, 11.25 for scrolling, 6 for what was done, 20 for the stage.
    assert visit.engagement_score == 72
    who = visit.visitor
    assert (who.user_id, who.first_source, who.utm_campaign, who.country) == (
        "u-1", "news", "may", "DE",
    )  # fmt: skip
    assert (who.visits, who.conversions, who.value) == (1, 1, Decimal(60))
    assert who.first_conversion_at == NOW + minutes(4)
    assert (who.customer_type, who.lifecycle_stage) == ("existing", "customer")
    assert "1 purchase" in who.lifecycle_reason
    seen = list(PageView.objects.order_by("position"))
    assert [(row.path, row.stage, row.is_exit) for row in seen] == [
        ("/", "home", False), ("/product/7", "product", False), ("/thank-you", "conversion", True),
    ]  # fmt: skip
    assert [row.seconds for row in seen] == [60, 42.5, 0]
    assert [row.scroll for row in seen] == [0, 75, 0]
    assert [row.interactions for row in seen] == [0, 1, 1]
    assert {row.session_id for row in seen} == {visit.public_id}


def test_a_pause_ends_a_session(take, walk, site):
    take(event(), event(at=NOW + minutes(30)), event(at=NOW + minutes(60.5)))
    walk()

    assert _spans() == [(NOW, NOW + minutes(30)), (NOW + minutes(60.5),) * 2]
    assert list(WebSession.objects.order_by("number").values_list("customer_type", flat=True)) == [
        "new", "returning",
    ]  # fmt: skip
    site.session_timeout_minutes = 10
    site.save()
    assert rebuild_sessions(site=site, now=NOW).sessions == 3


def test_a_late_event_joins_two_sessions(take, walk):
    take(event(), event(at=NOW + minutes(50)))
    walk()
    first = WebSession.objects.order_by("started_at").first()
    assert WebSession.objects.count() == 2

    take(event("click", at=NOW + minutes(25)))
    walk()

    assert _spans() == [(NOW, NOW + minutes(50))]
    assert WebSession.objects.get().public_id == first.public_id
    assert set(PageView.objects.values_list("session_id", flat=True)) == {first.public_id}


def test_midnight_and_campaigns_are_options(take, walk, site, workspace):
    workspace.time_zone = "America/New_York"
    workspace.save()
    midnight = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
    take(
        event(at=midnight - minutes(5), path="/?utm_source=a"),
        event(at=midnight + minutes(5)),
        event(at=midnight + minutes(6), path="/?utm_source=a"),
        event(at=midnight + minutes(7), path="/?utm_source=b"),
        event(at=midnight + minutes(8)),
    )
    walk()
    assert [(start, str(day)) for start, day in
            WebSession.objects.order_by("started_at").values_list("started_at", "local_day")] == [
        (midnight - minutes(5), "2026-11-20"), (midnight + minutes(7), "2026-11-21"),
    ]  # fmt: skip

    site.splits_at_midnight = True
    site.save()
    rebuild_sessions(site=site, now=NOW)
    # The new day knows nothing of the campaign before it, so coming back through it is a new visit.
    assert [start for start, _ in _spans()] == [
        midnight - minutes(5), midnight + minutes(5), midnight + minutes(6), midnight + minutes(7),
    ]  # fmt: skip
    site.splits_on_campaign = False
    site.save()
    rebuild_sessions(site=site, now=NOW)
    assert [start for start, _ in _spans()] == [midnight - minutes(5), midnight + minutes(5)]
    days = WebDay.objects.filter(dimension="total").order_by("day")
    assert [(str(row.day), row.sessions, row.page_views) for row in days] == [
        ("2026-11-20", 1, 1), ("2026-11-21", 1, 4),
    ]  # fmt: skip


def test_what_nobody_can_tell_without_consent_is_not_claimed(take, walk):
    take(event(), event(at=NOW + minutes(90)), visitor_id=None, now=NOW + minutes(91))
    walk()

    assert set(WebSession.objects.values_list("customer_type", flat=True)) == {""}
    assert Visitor.objects.get().customer_type == ""


def test_money_of_other_currencies_waits_for_its_rate(take, walk, site, workspace):
    bought = {"name": "purchase", "properties": {"value": 10, "currency": "CHF"}}
    take(event(), event("custom", at=NOW + minutes(1), **bought))
    walk()
    assert WebSession.objects.get().value is None

    ExchangeRateFactory(workspace=workspace, base="CHF", quote=workspace.currency,
                        day=NOW.date(), rate="2")  # fmt: skip
    rebuild_sessions(site=site, now=NOW)

    assert (WebSession.objects.get().value, Visitor.objects.get().value) == (20, 20)


def test_rules_of_pages_are_globs_and_the_first_one_counts(take, walk, site):
    site.stage_rules.all().delete()
    for position, (pattern, stage) in enumerate(
        [("/100%_off", "product"), ("*/kasse*", "checkout"), ("/kasse/fertig", "conversion")]
    ):
        StageRule.objects.create(
            workspace=site.workspace, site=site, position=position, pattern=pattern, stage=stage
        )
    take(*(event(at=NOW + minutes(n), path=path) for n, path in enumerate(
        ["/100%25_off", "/100x_off", "/de/kasse", "/kasse/fertig"])))  # fmt: skip
    walk()

    assert list(PageView.objects.order_by("at").values_list("stage", flat=True)) == [
        "product", "browsing", "checkout", "checkout",
    ]  # fmt: skip
    assert WebSession.objects.get().conversions == 0


def test_figures_of_days(take, walk):
    take(
        event(path="/?utm_source=a", at=NOW), event(path="/cart", at=NOW + minutes(1)),
        event("custom", name="purchase", properties={"value": 5}, at=NOW + minutes(2)),
    )  # fmt: skip
    take(event(path="/cart", number=5), visitor_id=OTHER)
    walk()

    def rows(dimension: str) -> dict[str, tuple[int, ...]]:
        found = WebDay.objects.filter(dimension=dimension, day=NOW.date())
        names = ("visitors", "sessions", "page_views", "bounces", "conversions", "value")
        return {row.key: tuple(getattr(row, name) for name in names) for row in found}

    assert rows("total") == {"": (2, 2, 3, 1, 1, 5)}
    assert rows("source") == {"a": (1, 1, 2, 0, 1, 5), "direct": (1, 1, 1, 1, 0, 0)}
    assert rows("page") == {"/": (1, 1, 1, 0, 0, 0), "/cart": (2, 2, 2, 0, 0, 0)}
    assert rows("event") == {"purchase": (1, 0, 0, 0, 1, 0)}
    cart = WebDay.objects.get(dimension="page", key="/cart")
    assert (cart.entries, cart.exits) == (1, 2)
    take(event(path="/cart", number=9), visitor_id=OTHER)
    walk()
    assert rows("total")[""][:3] == (2, 2, 4)


def test_the_queue_says_how_far_sessions_are(take, workspace):
    assert waiting_since(workspace=workspace) is None
    take(event(), now=NOW + minutes(3))
    take(event(number=1), visitor_id=OTHER, now=NOW + minutes(4))

    assert waiting_since(workspace=workspace) == NOW + minutes(3)
    # Whatever the planner thinks of the queue: where it loops, no more than that is taken.
    with connection.cursor() as cursor:
        for how in ("hashjoin", "mergejoin", "material", "hashagg", "sort"):
            cursor.execute(f"SET LOCAL enable_{how} = off")
    assert sessionise(workspace=workspace, now=NOW, most=1).visitors == 1
    assert waiting_since(workspace=workspace) == NOW + minutes(4)


@dataclass(frozen=True)
class Seen:
    """An event of a random case."""

    visitor: int
    at: datetime
    number: int
    kind: str
    path: str
    consents: bool = True


_ZONE = ZoneInfo("Asia/Kathmandu")
_PATHS = ("/", "/product/1", "/cart", "/?utm_source=a", "/?utm_source=b", "/?gclid=x", "/thank-you")
_EVENTS = st.lists(
    st.builds(
        lambda visitor, step, kind, path: (visitor, step, kind, path),
        st.integers(0, 1),
        st.integers(0, 40),
        st.sampled_from(["page_view", "page_view", "click", "engagement", "scroll"]),
        st.sampled_from(_PATHS),
    ),
    max_size=14,
)


def _drawn(steps) -> list[Seen]:
    # Steps of ten minutes over seven hours around local midnight: gaps of exactly the timeout too.
    start = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    return [
        Seen(visitor, start + minutes(10 * step), number, kind, path)
        for number, (visitor, step, kind, path) in enumerate(steps)
    ]


def _sent(seen: Seen) -> dict[str, object]:
    more = {"scroll": {"scroll": 50}, "engagement": {"seconds": 3}}.get(seen.kind, {})
    return event(seen.kind, at=seen.at, number=seen.number, path=seen.path, **more)


def _expected(events: list[Seen], *, at_midnight: bool, on_campaign: bool) -> set[tuple]:
    """Sessions as a person would cut them: (visitor, start, end, page views, other events)."""
    streams = defaultdict(list)
    for one in sorted(events, key=lambda seen: (seen.at, seen.number)):
        streams[one.visitor].append(one)
    found = set()
    for visitor, stream in streams.items():
        session: list[Seen] = []
        tag = ""
        for one in stream:
            own = one.path[2:] if one.kind == "page_view" and "?" in one.path else ""
            if session:
                paused = one.at - session[-1].at > minutes(30)
                midnight = at_midnight and _local(one) != _local(session[-1])
                if paused or midnight:
                    tag = ""
                if paused or midnight or (on_campaign and own and own != tag):
                    found.add(_cut(visitor, session))
                    session = []
            tag = own or tag
            session.append(one)
        found.add(_cut(visitor, session))
    return found


def _local(seen: Seen) -> date:
    return seen.at.astimezone(_ZONE).date()


def _cut(visitor: int, session: list[Seen]) -> tuple:
    pages = sum(one.kind == "page_view" for one in session)
    others = sum(one.kind not in ("page_view", "engagement") for one in session)
    return visitor, session[0].at, session[-1].at, pages, others


def _found() -> set[tuple]:
    rows = WebSession.objects.values_list(
        "visitor_key", "started_at", "ended_at", "page_views", "events"
    )
    return {(key.int - VISITOR.int, *rest) for key, *rest in rows}


_KEPT = {
    WebSession: ("id", "visitor_id"),
    Visitor: ("id", "public_id"),
    PageView: (),
    WebDay: ("id",),
}


def _everything() -> dict[str, list[dict]]:
    return {
        model.__name__: sorted(
            ({k: v for k, v in row.items() if k not in without} for row in model.objects.values()),
            key=repr,
        )
        for model, without in _KEPT.items()
    }


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=_EVENTS,
    at_midnight=st.booleans(),
    on_campaign=st.booleans(),
    order=st.randoms(use_true_random=False),
)
def test_any_order_makes_the_sessions_of_a_full_rebuild(
    take, walk, site, workspace, steps, at_midnight, on_campaign, order
):
    events = _drawn(steps)
    with transaction.atomic():
        workspace.time_zone = _ZONE.key
        workspace.save()
        site.workspace = workspace
        site.splits_at_midnight, site.splits_on_campaign = at_midnight, on_campaign
        site.save()
        _send_in_bits(take, walk, events, order)
        walk()
        made = _everything()

        assert _found() == _expected(events, at_midnight=at_midnight, on_campaign=on_campaign)
        rebuild_sessions(site=site, now=NOW + timedelta(days=2))
        assert _everything() == made
        for model in (WebSession, Visitor, PageView, WebDay):
            model.objects.all().delete()
        rebuild_sessions(site=site, now=NOW + timedelta(days=2))
        assert _everything() == made
        transaction.set_rollback(True)


def _send_in_bits(take, walk, events: list[Seen], order: random.Random) -> None:
    """Shuffled, some twice, in calls of a few, with walks in between."""
    sent = [*events, *order.sample(events, k=len(events) // 3)]
    order.shuffle(sent)
    while sent:
        count = order.randint(1, 4)
        bit, sent = sent[:count], sent[count:]
        for visitor in {one.visitor for one in bit}:
            take(
                *(_sent(one) for one in bit if one.visitor == visitor),
                visitor_id=UUID(int=VISITOR.int + visitor),
            )
        if order.random() < 0.5:
            walk()


def test_events_stay_as_they_came(take, walk):
    take(event())
    before = list(WebEvent.objects.values())
    walk()

    assert list(WebEvent.objects.values()) == before


def test_beat_starts_the_job_where_something_waits(
    take, workspace, other_workspace, django_capture_on_commit_callbacks
):
    assert sessionise_waiting() == 0
    take(event())

    with django_capture_on_commit_callbacks(execute=True):
        assert sessionise_waiting() == 1

    run = JobRun.objects.get(name=SESSIONS_JOB)
    assert run.workspace == workspace


def test_upkeep(take, workspace):
    take(event(), visitor_id=None, now=NOW)
    take({"id": "x", "type": "page_view"}, now=NOW)
    keep_up(workspace=workspace, now=NOW)

    done = keep_up(workspace=workspace, now=NOW + timedelta(days=31))

    assert done["salts_forgotten"] == 1
    assert done["samples_deleted"] == 1
    assert done["partitions_made"] > 0


def test_a_customer_who_stays_away_is_at_risk(take, walk, workspace):
    take(event("custom", name="purchase", properties={"value": 9}))
    walk()
    assert Visitor.objects.get().lifecycle_stage == "customer"

    assert refresh_lifecycle(workspace=workspace, now=NOW + timedelta(days=61)) == 1
    assert Visitor.objects.get().lifecycle_stage == "at_risk"
