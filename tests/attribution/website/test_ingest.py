"""Events over the wire: what is taken, what is named, what is refused, and by whom."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution.models import QuarantinedEvent, SessionWork, Site, VisitorSalt, WebEvent, WebTally
from attribution.services.website import visitors
from attribution.services.website.partitions import keep_partitions
from attribution.services.website.sites import SiteError, clean_origin
from attribution.services.website.visitors import anonymous_key, forget_salts
from tests.attribution.website.wire import (
    AGENT,
    NOW,
    ORIGIN,
    VISITOR,
    call,
    event,
    event_id,
    minutes,
)
from tests.examples import examples
from workspaces.models import ThrottleRate, Workspace

pytestmark = pytest.mark.usefixtures("frozen")


def test_a_call_is_stored_and_its_visitor_waits(browser, site):
    answer = browser.send(
        call(
            event(path="/product/1?utm_source=News&utm_campaign=may&gclid=abc", title="One"),
            event("custom", number=1, name="purchase",
                  properties={"value": "59.90", "currency": "eur", "sku": "a"}),
            screen="1280x800", time_zone="Europe/Berlin", language="de",
        )
    )  # fmt: skip

    assert answer.status_code == 202, answer.content
    assert answer.json() == {"accepted": 2, "duplicates": 0, "dropped": {}, "rejected": []}
    page, bought = WebEvent.objects.order_by("event_id")
    assert (page.path, page.title, page.source, page.campaign) == (
        "/product/1",
        "One",
        "news",
        "may",
    )
    assert (page.click_id_kind, page.click_id, page.is_tagged) == ("gclid", "abc", True)
    assert (page.at, page.day, page.received_at) == (NOW, NOW.date(), NOW)
    assert (page.device, page.browser, page.os, page.country) == (
        "desktop",
        "Chrome",
        "Linux",
        "DE",
    )
    assert page.visitor_key == VISITOR
    assert (bought.category, bought.value, bought.currency) == (
        "conversion",
        Decimal("59.9"),
        "EUR",
    )
    assert bought.properties == {"value": "59.90", "currency": "eur", "sku": "a"}
    assert [(row.visitor_key, row.since) for row in SessionWork.objects.all()] == [(VISITOR, NOW)]
    assert "sessionid" not in answer.cookies


def test_repetitions_are_counted_and_change_nothing(browser):
    one = event(title="First")
    browser.send(call(one))
    before = SessionWork.objects.count()

    answer = browser.send(call({**one, "title": "Second"}, event(number=2), event(number=2)))

    assert (answer.json()["accepted"], answer.json()["duplicates"]) == (1, 2)
    assert WebEvent.objects.get(event_id=one["id"]).title == "First"
    assert SessionWork.objects.count() == before + 1
    assert browser.send(call(one)).json()["duplicates"] == 1
    assert SessionWork.objects.count() == before + 1


def test_good_events_go_in_and_bad_ones_are_named(browser):
    answer = browser.send(
        call(
            event(),
            {"id": "x", "type": "page_view"},
            event("custom", number=2),
            event("custom", number=3, name="purchase", properties={"value": -1}),
            "text",
            event("scroll", number=4, scroll=50),
        )
    )

    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    assert [(one["index"], one["field"]) for one in answer.json()["rejected"]] == [
        (1, "id"), (2, "name"), (3, "properties.value"), (4, ""),
    ]  # fmt: skip
    assert answer.json()["rejected"][1]["id"] == event_id(NOW, 2)
    kept = QuarantinedEvent.objects.order_by("pk")
    assert [row.field for row in kept] == ["id", "name", "properties.value", ""]
    assert json.loads(kept[0].payload) == {"id": "x", "type": "page_view"}
    tallies = dict(WebTally.objects.values_list("reason", "events"))
    assert tallies == {
        "refused_id": 1, "refused_name": 1, "refused_properties.value": 1, "refused_event": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": None}, "url"),
        ({"type": "page-view"}, "type"),
        ({"title": 5}, "title"),
        ({"title": "nul \x00"}, "events"),
        ({"title": "half \ud800"}, "events"),
        ({"id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"}, "id"),
        ({"at": -1}, "at"),
        ({"at": 1e300}, "at"),
        ({"at": (NOW - timedelta(days=8)).timestamp() * 1000}, "at"),
        ({"type": "scroll", "scroll": 101}, "scroll"),
        ({"type": "scroll"}, "scroll"),
        ({"type": "engagement", "seconds": -1}, "seconds"),
        ({"type": "identify", "user_id": ""}, "user_id"),
        ({"type": "custom", "name": "n" * 121}, "name"),
        ({"type": "custom", "name": "a", "properties": {"x": {"y": 1}}}, "properties.x"),
        ({"type": "custom", "name": "a", "properties": {"value": "1e40"}}, "properties.value"),
        ({"type": "custom", "name": "a", "properties": {"value": True}}, "properties.value"),
        ({"type": "custom", "name": "a", "properties": {"value": 1, "currency": "€"}},
         "properties.currency"),
        ({"element": {"text": 1}, "type": "click"}, "element.text"),
        ({"page_id": "no"}, "page_id"),
        ({"variants": {"": "b"}}, "variants."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(browser, bad, field):
    answer = browser.send(call({**event(), **bad}, event(number=1)))

    assert answer.status_code == 202
    (rejected,) = answer.json()["rejected"]
    assert rejected["field"].startswith(field)
    assert rejected["message"].endswith(".")
    assert WebEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, None),
        (b'{"events": NaN}', 400, None),
        (b"[]", 400, ""),
        (b"{}", 400, "events"),
        (b'{"events": {}}', 400, "events"),
        (b'{"events": [], "visitor_id": "me"}', 400, "visitor_id"),
        (b'{"events": [], "sent_at": 1e300}', 400, "sent_at"),
        (b'{"events": [], "screen": "\\u0000"}', 400, "events"),
        (b"\xff", 400, None),
        (b"[" * 50_000, 400, None),
        (b" " * 65_537, 413, None),
        (json.dumps({"events": [{}] * 501}).encode(), 400, "events"),
    ],
)
def test_a_call_that_cannot_be_read_is_refused(browser, body, status, field):
    answer = browser.send(body)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    if field is not None:
        assert answer.json()["errors"][0]["field"] == field
    assert WebEvent.objects.count() == 0


def test_gzip_is_unpacked_up_to_a_limit(browser):
    gzip = {"Content-Encoding": "gzip"}

    assert browser.send(call(event()), **gzip).json()["accepted"] == 1
    assert browser.send(b" " * 2_000_000, **gzip).status_code == 413
    assert browser.send(b"{}", **{"Content-Encoding": "br"}).status_code == 400
    assert browser.send(call(event()), **{"Content-Type": "text/html"}).status_code == 415


def test_only_origins_of_the_key_are_answered(browser, client, site):
    told = browser.send(call(event()))
    assert told.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in told.headers

    for elsewhere in ("https://evil.example", "http://shop.example", f"{ORIGIN}:8443", "null"):
        refused = browser.send(call(event(number=1)), Origin=elsewhere)
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused.headers
    assert WebEvent.objects.count() == 1
    # A server has no origin.
    assert browser.send(call(event(number=2)), Origin="").status_code == 202
    assert browser.send(call(event()), key="cs_none").status_code == 401
    Site.objects.update(is_active=False)
    assert browser.send(call(event(number=3))).status_code == 401


def test_what_is_changed_about_a_site_holds_at_once(browser, workspace):
    elsewhere = "https://new.example"
    assert browser.send(call(event())).status_code == 202
    assert browser.send(call(event(number=1)), Origin=elsewhere).status_code == 403

    Site.objects.update(origins=[ORIGIN, elsewhere])
    assert browser.send(call(event(number=1)), Origin=elsewhere).status_code == 202
    Workspace.objects.filter(pk=workspace.pk).update(currency="CHF")
    bought = event("custom", number=2, name="purchase", properties={"value": 1})
    assert browser.send(call(bought)).status_code == 202
    assert WebEvent.objects.get(event_id=bought["id"]).currency == "CHF"
    rate = ThrottleRate.objects.create(workspace=workspace, scope="ingest", calls=1, seconds=3600)
    assert browser.send(call(event(number=3))).headers["RateLimit-Limit"] == "1"
    rate.delete()
    assert browser.send(call(event(number=4))).headers["RateLimit-Limit"] == "100"


def test_preflight(client, site):
    def ask(origin: str, query: str = f"?site={site.key}") -> object:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        return client.options(f"/api/website/events{query}", headers=headers)

    allowed = ask(ORIGIN)
    assert allowed.status_code == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "content-type" in allowed.headers["Access-Control-Allow-Headers"]
    assert ask(ORIGIN, "").status_code == 204
    for refused in (ask("https://evil.example"), ask("https://evil.example", "")):
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused.headers


def test_bots_and_foreign_pages_are_counted(browser):
    bot = browser.send(call(event(), event(number=1)), **{"User-Agent": "Googlebot/2.1"})
    foreign = browser.send(call({**event(number=2), "url": "https://evil.example/"}, event()))

    assert bot.json()["dropped"] == {"bot_crawler": 2}
    assert foreign.json()["dropped"] == {"foreign_page": 1}
    assert foreign.json()["accepted"] == 1
    tallies = dict(WebTally.objects.values_list("reason", "events"))
    assert tallies == {"bot_crawler": 2, "foreign_page": 1}


def test_a_server_speaks_for_a_browser(browser):
    body = call(event("custom", name="purchase"), user_agent=AGENT, ip_address="203.0.113.9")

    answer = browser.send(body, Origin="", **{"User-Agent": "python-httpx/0.28"})

    assert answer.json()["accepted"] == 1
    assert WebEvent.objects.get().browser == "Chrome"


def test_a_wrong_clock_is_put_right(browser):
    slow = timedelta(hours=3)
    sent = NOW - slow
    browser.send(call(event(at=sent - minutes(2)), sent_at=sent.timestamp() * 1000))
    years = datetime(2019, 1, 1, 12, 0, tzinfo=UTC)
    browser.send(call(event(at=years - minutes(5)), sent_at=years.timestamp() * 1000))
    fast = NOW + timedelta(hours=2)
    browser.send(call(event(at=fast), sent_at=fast.timestamp() * 1000))
    # The way that the call took is no wrong clock.
    browser.send(call(event(at=NOW - minutes(9)), sent_at=(NOW - minutes(0.5)).timestamp() * 1000))

    rows = WebEvent.objects.order_by("at").values_list("at", "day")
    assert [at for at, _ in rows] == [NOW - minutes(9), NOW - minutes(5), NOW - minutes(2), NOW]
    assert {day for _, day in rows} == {NOW.date()}


def test_what_was_kept_offline_falls_on_its_day(browser):
    old = NOW - timedelta(days=3)
    body = call(event(at=old), sent_at=NOW.timestamp() * 1000)

    assert browser.send(body).json()["accepted"] == 1
    assert browser.send(body).json()["duplicates"] == 1
    assert WebEvent.objects.get().day == old.date()


def test_without_consent_nobody_is_known_tomorrow(browser, site, workspace):
    one = {"visitor_id": None, "session_id": str(VISITOR)}
    browser.send(call(event(), **one))
    browser.send(call(event(number=1), **one))
    # Without consent an id that is sent all the same is not kept.
    browser.send({**call(event(number=2)), "consent": False})
    browser.send(call(event(number=3), **one), **{"User-Agent": AGENT.replace("142", "143")})

    keys = list(WebEvent.objects.order_by("event_id").values_list("visitor_key", "has_consent"))
    assert len({key for key, _ in keys[:3]}) == 1
    assert keys[3][0] != keys[0][0]
    assert VISITOR not in {key for key, _ in keys}
    assert not any(consent for _, consent in keys)
    at = {"site": site, "workspace": workspace, "ip_address": "127.0.0.1", "user_agent": AGENT}
    tomorrow = NOW + timedelta(days=1)
    assert anonymous_key(**at, at=NOW, now=NOW) == keys[0][0]
    assert anonymous_key(**at, at=tomorrow, now=tomorrow) != keys[0][0]
    secret = VisitorSalt.objects.get(day=NOW.date()).secret
    assert "salt" not in secret
    assert forget_salts(workspace=workspace, now=NOW + timedelta(days=2)) == 1
    later = NOW + timedelta(days=2)
    anonymous_key(**at, at=later, now=later)
    assert (workspace.pk, NOW.date()) not in visitors._known


def test_rates_are_per_key_and_per_visitor(browser, workspace):
    ThrottleRate.objects.create(workspace=workspace, scope="visitor", calls=2, seconds=60)
    other = {"User-Agent": AGENT.replace("142", "141")}

    codes = [browser.send(call(event(number=n))).status_code for n in range(3)]
    assert codes == [202, 202, 429]
    assert browser.send(call(event(number=9)), **other).status_code == 202
    ThrottleRate.objects.create(workspace=workspace, scope="ingest", calls=1, seconds=3600)
    browser.send(call(event(number=10)), **other)
    refused = browser.send(call(event(number=11)), **other)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_many_at_once_are_stored_like_few(browser):
    """Texts of all sorts, repetitions among them, in one call and one by one: the same rows."""
    odd = "tab\t line\n back\\slash \\N \r “ü” 🙂"
    events = [
        event("custom", number=n, at=NOW - minutes(n % 9), name=odd, path=f"/p/{n}?utm_source=a",
              properties={"label": odd, "value": 1.5, "n": n, "yes": True, "none": None},
              variants={"test": odd}, page_id=event_id(NOW, 7))
        for n in range(120)
    ]  # fmt: skip
    more = {"screen": "1x1", "time_zone": "Europe/Berlin", "session_id": str(VISITOR)}
    with transaction.atomic():
        for one in events:
            assert browser.send(call(one, **more)).json()["accepted"] == 1
        few = list(WebEvent.objects.order_by("event_id").values())
        transaction.set_rollback(True)

    assert browser.send(call(*events, **more)).json()["accepted"] == 120
    assert list(WebEvent.objects.order_by("event_id").values()) == few
    assert [row.since for row in SessionWork.objects.all()] == [NOW - minutes(8)]
    again = browser.send(call(*events, event(number=500), **more)).json()
    assert (again["accepted"], again["duplicates"]) == (1, 120)
    assert WebEvent.objects.count() == 121


def test_ids_may_be_written_in_any_way(browser):
    plain = event_id(NOW, 5)
    for way in (f"urn:uuid:{plain}", plain.replace("-", ""), "{" + plain + "}", plain.upper()):
        answer = browser.send(call({**event("click"), "id": way, "page_id": way}))
        assert answer.status_code == 202

    assert WebEvent.objects.get().page_id == UUID(plain)


def test_a_server_is_counted_as_those_whom_it_speaks_for(browser, workspace):
    ThrottleRate.objects.create(workspace=workspace, scope="visitor", calls=1, seconds=3600)

    def sent(number: int, address: str, **headers: str) -> int:
        body = call(event(number=number), user_agent=AGENT, ip_address=address)
        return browser.send(body, **headers).status_code

    assert [sent(n, f"203.0.113.{n}", Origin="") for n in range(3)] == [202, 202, 202]
    assert sent(9, "203.0.113.1", Origin="") == 429
    # A browser is itself, whatever it says of others.
    assert [sent(n, f"203.0.113.{n}") for n in (20, 21)] == [202, 429]


def test_one_event_alone(browser):
    answer = browser.send({**event(), "consent": False}, path="/api/website/track/")

    assert answer.json()["accepted"] == 1
    assert browser.send(call(event()), path="/api/v1/website/track").status_code == 202


def test_a_call_costs_few_queries(browser):
    browser.send(call(event()))
    many = call(*(event(number=n, at=NOW - minutes(n % 7)) for n in range(1, 40)))

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert browser.send(many).json()["accepted"] == 39

    # The key, two rates, the events; partitions are looked for until a commit makes them known.
    inserts = [query for query in queries if "INSERT INTO attribution_webevent" in query["sql"]]
    assert len(inserts) == 1
    assert len(queries) <= 4 + 5


def test_partitions_are_made_ahead_and_dropped_when_old(browser, site):
    browser.send(call(event()))
    made = keep_partitions(now=NOW)
    assert made["made"] > 0
    assert keep_partitions(now=NOW) == {"made": 0, "dropped": 0}

    later = keep_partitions(now=NOW + timedelta(days=401))

    assert later["dropped"] >= 2
    assert WebEvent.objects.count() == 0


def test_an_event_of_another_workspaces_site_is_refused_by_the_database(
    browser, site, other_workspace
):
    browser.send(call(event()))
    row = WebEvent.objects.get()
    row.workspace = other_workspace
    row.event_id = event_id(NOW, 77)

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("https://Shop.Example", "https://shop.example"),
        ("https://shop.example:443/", "https://shop.example"),
        ("http://localhost:8765", "http://localhost:8765"),
        ("http://[::1]:80", "http://[::1]"),
        ("shop.example", None),
        ("ftp://shop.example", None),
        ("https://shop.example/path", None),
        ("https://shop.example:99999", None),
        ("https://", None),
        ("https://*", None),
    ],
)
def test_origins(given, clean):
    if clean is None:
        with pytest.raises(SiteError):
            clean_origin(given)
    else:
        assert clean_origin(given) == clean


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda parts: (
        st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=8), parts, max_size=4)
    ),
    max_leaves=8,
)
_FIELDS = (
    "id", "type", "at", "url", "page_id", "title", "referrer", "name", "element", "scroll",
    "seconds", "user_id", "properties", "variants",
)  # fmt: skip


@settings(
    max_examples=examples(80),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(changed=st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=4), rest=_JSON)
def test_nothing_that_is_sent_breaks_the_door(browser, changed, rest):
    with transaction.atomic():
        one = browser.send(call({**event("custom", name="a"), **changed}))
        two = browser.send(rest)
        transaction.set_rollback(True)

    assert one.status_code == 202
    assert two.status_code in (202, 400)


@pytest.fixture(autouse=True)
def _generous(workspace, request):
    if "breaks_the_door" in request.node.name or "many_at_once" in request.node.name:
        for scope in ("ingest", "visitor"):
            ThrottleRate.objects.create(workspace=workspace, scope=scope, calls=10**6, seconds=60)
