"""What attribution hears of visits: touches, clicks, conversions; once, and late ones too."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from attribution.models import (
    Click,
    Conversion,
    Journey,
    PageView,
    Person,
    Touchpoint,
    Visitor,
    WebDay,
    WebEvent,
    WebSession,
)
from attribution.services.journeys import refresh_journeys
from attribution.services.privacy import erase, export
from attribution.services.website.ingest import Origin, take_events
from attribution.services.website.sessions import rebuild_sessions, sessionise_all
from tests.attribution.steps import click
from tests.attribution.website.wire import AGENT, NOW, VISITOR, call, event, minutes
from tests.campaigns.factories import AdFactory

LATER = NOW + timedelta(hours=5)
OTHER = UUID(int=VISITOR.int + 1)


@pytest.fixture
def visit(site, workspace):
    def visited(*events, **more):
        take_events(
            site=site, body=call(*events, **more), origin=Origin(user_agent=AGENT), now=LATER
        )
        sessionise_all(workspace=workspace, now=LATER)

    return visited


def _touches() -> list[tuple[str, str]]:
    return list(Touchpoint.objects.order_by("at").values_list("kind", "channel__name"))


def test_visits_of_people_become_touches(visit, workspace):
    visit(event(path="/?utm_source=news&utm_medium=email"), event(at=NOW + minutes(60)))
    visit(event(number=5), visitor_id=None)

    assert _touches() == [("visit", "email"), ("visit", "direct")]
    assert Touchpoint.objects.first().person.identifiers.get().value == str(VISITOR)
    visit(event(at=NOW + minutes(61), number=6))
    assert len(_touches()) == 2


def test_a_visit_names_the_campaign_that_is_meant(visit, workspace):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace)
    visit(event(path=f"/?utm_source=x&utm_campaign={ad.campaign.name.replace(' ', '+')}"))
    visit(event(path=f"/?utm_source=x&utm_content={ad.external_id}", number=1), visitor_id=OTHER)

    one, two = Touchpoint.objects.order_by("pk")
    assert (one.campaign, one.ad) == (ad.campaign, None)
    assert (two.campaign, two.ad) == (ad.campaign, ad)


def test_an_ad_click_becomes_a_click_and_no_visit(visit, workspace):
    ad = AdFactory(ad_set__campaign__account__workspace=workspace)
    visit(event(path=f"/?gclid=abc&utm_content={ad.external_id}"))
    visit(event("click", at=NOW + minutes(1)))

    row = Click.objects.get()
    assert (row.gclid, row.ad, row.clicked_at, row.visitor_id) == ("abc", ad, NOW, str(VISITOR))
    assert _touches() == []
    refresh_journeys(workspace=workspace, now=LATER)
    assert [kind for kind, _ in _touches()] == ["click"]


def test_a_conversion_is_recorded_once_and_finds_its_click(visit, workspace, site):
    order = {"value": "59.90", "currency": "EUR", "order_id": "A-1"}
    visit(
        event(path="/?gclid=abc"),
        event("custom", at=NOW + minutes(3), name="purchase", properties=order),
    )
    rebuild_sessions(site=site, now=LATER)

    row = Conversion.objects.get()
    assert (row.conversion_id, row.type, row.value, row.currency) == (
        "A-1", "purchase", Decimal("59.9"), "EUR",
    )  # fmt: skip
    assert (row.method, row.attributed_click) == ("url_parameter", Click.objects.get())
    assert (row.customer_type, row.source_channel, row.browser) == ("new", "google", "Chrome")


def test_without_consent_only_the_address_tells(visit, workspace):
    visit(
        event(path="/?gclid=abc"),
        event("custom", at=NOW + minutes(3), name="lead"),
        visitor_id=None,
    )

    row = Conversion.objects.get()
    assert (row.person, row.visitor_id, row.method) == (None, "", "url_parameter")
    assert Person.objects.count() == 0


def test_a_site_whose_server_sends_conversions_does_not_count_them_twice(visit, site):
    site.records_conversions = False
    site.save()
    visit(event("custom", name="purchase"))

    assert WebSession.objects.get().conversions == 1
    assert not Conversion.objects.exists()


def test_who_logs_in_is_who_clicked(visit, workspace):
    earlier = click(workspace, NOW - timedelta(days=1), visitor_id=str(VISITOR), now=NOW)
    visit(event(), event("identify", at=NOW + minutes(1), user_id="u-1"))
    visit(event("identify", number=7, user_id="u-1"), visitor_id=OTHER)

    found = {touch.person.root_id or touch.person_id for touch in Touchpoint.objects.all()}
    assert found == {earlier.person.root_id or earlier.person_id}
    assert set(earlier.person.identifiers.values_list("kind", flat=True)) >= {"visitor_id"}


def test_late_events_take_back_what_was_told(visit, workspace):
    visit(event(), event(at=NOW + minutes(50)))
    refresh_journeys(workspace=workspace, now=LATER)
    assert len(_touches()) == 2
    assert Journey.objects.get().touches == 2

    visit(event(at=NOW + minutes(25)))
    refresh_journeys(workspace=workspace, now=LATER)

    assert _touches() == [("visit", "direct")]
    assert Journey.objects.get().touches == 1


def test_a_visit_whose_source_comes_late_changes_its_touch(visit, workspace, site):
    site.splits_on_campaign = False
    site.save()
    visit(event())
    refresh_journeys(workspace=workspace, now=LATER)

    visit(event(at=NOW + minutes(2), path="/?utm_source=news&utm_medium=email"))
    refresh_journeys(workspace=workspace, now=LATER)

    assert _touches() == [("visit", "email")]
    assert Journey.objects.get().steps.get().channel.name == "email"


def test_a_person_is_forgotten_and_the_figures_stay(visit, workspace):
    visit(event(path="/?utm_source=news"), event("identify", number=1, user_id="u-1"))
    visit(event(number=2), visitor_id=OTHER)
    person = Person.objects.get(identifiers__value="u-1")
    told = export(person=person)
    assert [len(told[name]) for name in ("visitors", "sessions", "events")] == [1, 1, 2]

    counts = erase(person=person, now=LATER)

    assert counts["web_events"] == 2
    assert set(WebEvent.objects.values_list("visitor_key", flat=True)) == {OTHER}
    assert set(Visitor.objects.values_list("key", flat=True)) == {OTHER}
    assert (WebSession.objects.count(), PageView.objects.count()) == (1, 1)
    assert WebDay.objects.get(dimension="total").page_views == 2
