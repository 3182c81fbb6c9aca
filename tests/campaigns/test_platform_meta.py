"""Meta: what goes over the wire, and what its answers mean."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from campaigns.platforms.base import Change, CreativeState, EntityRef, LearningState, Receipt
from tests.campaigns.payloads import CANARY, Wire, answer, meta
from workspaces.platforms.errors import ErrorKind, PlatformError

ADSET = EntityRef("adset", "23001", "1")
RAISE = Change(ADSET, "daily_budget", Decimal("138.00"), "USD")


def with_account(name: str) -> httpx.Response:
    """The account and an entity as one request for both is answered."""
    told = [answer("meta/account"), answer(name)]
    return httpx.Response(200, json=[{"code": 200, "headers": [], "body": r.text} for r in told])


def test_budget_is_one_form_field_in_minor_units():
    wire = Wire(answer("meta/account"), answer("meta/success", x_fb_request_id="R1"))

    receipt = meta(wire).apply(RAISE)

    request = wire.requests[-1]
    assert (request.method, request.url.path) == ("POST", "/v26.0/23001")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert wire.form() == {"daily_budget": "13800"}
    assert receipt == Receipt("R1", {"http_status": 200, "body": {"success": True}})


def test_token_travels_in_the_header_only():
    wire = Wire(answer("meta/account"), answer("meta/success"))

    meta(wire).apply(RAISE)

    assert [r.headers["authorization"] for r in wire.requests] == [f"Bearer {CANARY}"] * 2
    assert not any(CANARY in str(r.url) or CANARY in r.content.decode() for r in wire.requests)


@pytest.mark.parametrize(
    ("level", "field", "value", "form"),
    [
        ("campaign", "lifetime_budget", Decimal(900), {"lifetime_budget": "90000"}),
        ("adset", "bid", Decimal("2.50"), {"bid_amount": "250"}),
        ("ad", "status", "paused", {"status": "PAUSED"}),
        ("campaign", "status", "active", {"status": "ACTIVE"}),
        ("adset", "status", "archived", {"status": "ARCHIVED"}),
    ],
)
def test_each_change_has_its_field(level, field, value, form):
    wire = Wire(*([] if field == "status" else [answer("meta/account")]), answer("meta/success"))

    meta(wire).apply(Change(EntityRef(level, "5", "act_1"), field, value, "USD"))

    assert wire.form() == form


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (Change(EntityRef("ad", "5", "1"), "daily_budget", Decimal(5), "USD"), "daily_budget"),
        (Change(EntityRef("campaign", "5", "1"), "bid", Decimal(5), "USD"), "bid"),
        (Change(ADSET, "status", "removed"), "status"),
        (Change(EntityRef("adset", "../me", "1"), "status", "paused"), ""),
    ],
)
def test_impossible_change_is_refused_before_any_call(change, field):
    wire = Wire()

    with pytest.raises(PlatformError) as caught:
        meta(wire).apply(change)

    assert (caught.value.kind, caught.value.field) == (ErrorKind.INVALID, field)
    assert wire.requests == []


def test_validate_only_is_asked_for_in_the_same_form():
    wire = Wire(answer("meta/account"), answer("meta/success"))

    meta(wire).validate(RAISE)

    assert wire.form() == {
        "daily_budget": "13800",
        "execution_options": '["validate_only"]',
    }


def test_ad_set_is_read_with_learning_state_and_owner():
    wire = Wire(with_account("meta/adset"))

    state = meta(wire).read_entity(ADSET)

    account, ad_set = (part["relative_url"] for part in json.loads(wire.form()["batch"]))
    assert account.startswith("act_1?")
    fields = httpx.URL(ad_set).params["fields"]
    assert "learning_stage_info" in fields
    assert "campaign{daily_budget,lifetime_budget}" in fields
    assert (state.status, state.effective_status) == ("active", "CAMPAIGN_PAUSED")
    assert (state.daily_budget, state.lifetime_budget) == (Decimal(120), None)
    assert (state.bid, state.currency) == (Decimal("2.5"), "USD")
    assert state.budget_ref == ADSET
    assert state.learning == LearningState(
        "learning", 17, datetime.fromtimestamp(1_795_000_000, UTC)
    )
    assert state.starts_on == date(2026, 10, 1)


def test_campaign_budget_makes_the_campaign_the_owner():
    wire = Wire(with_account("meta/adset_under_campaign_budget"))

    state = meta(wire).read_entity(EntityRef("adset", "23002", "1"))

    assert state.daily_budget is None
    assert state.budget_ref == EntityRef("campaign", "12002", "1")


def test_ad_is_read_with_its_creative():
    wire = Wire(with_account("meta/ad"))

    state = meta(wire).read_entity(EntityRef("ad", "34001", "1"))

    assert (state.parent_campaign_id, state.parent_adset_id) == ("12001", "23001")
    assert state.budget_ref == ADSET
    assert state.creative == CreativeState(
        "45001",
        "Warm by Friday",
        "Order today.",
        "SHOP_NOW",
        "video",
        "https://cdn.example/a.jpg",
    )


def test_account_is_read_once():
    wire = Wire(with_account("meta/adset"), answer("meta/adset"))
    adapter = meta(wire)

    assert adapter.read_entity(ADSET) == adapter.read_entity(ADSET)

    assert [r.method for r in wire.requests] == ["POST", "GET"]


def test_listing_goes_on_after_an_empty_page_and_never_follows_an_address():
    pages = [f"meta/campaigns_page_{n}" for n in ("1", "2_empty", "3")]
    wire = Wire(answer("meta/account"), *map(answer, pages))

    states = list(meta(wire).list_entities("act_1", "campaign"))

    assert [state.ref.external_id for state in states] == ["12001", "12002"]
    assert [state.budget_ref is None for state in states] == [True, False]
    assert [r.url.path for r in wire.requests[1:]] == ["/v26.0/act_1/campaigns"] * 3
    assert [r.url.params.get("after") for r in wire.requests[1:]] == [None, "c1", "c2"]


def test_repeated_cursor_is_an_error_not_an_endless_or_a_cut_list():
    pages = [answer("meta/campaigns_page_1") for _ in range(2)]

    with pytest.raises(PlatformError, match="cursor of its next page"):
        list(meta(Wire(answer("meta/account"), *pages)).list_entities("1", "campaign"))


def test_budgets_are_no_level_of_their_own():
    with pytest.raises(PlatformError, match="budgets sit on campaigns"):
        list(meta(Wire()).list_entities("1", "budget"))


def test_insights_take_one_action_type_and_never_add():
    wire = Wire(answer("meta/insights"))

    first, second = meta(wire).insights("1", date(2026, 11, 19), date(2026, 11, 20), "adset")

    asked = wire.query()
    assert asked["time_increment"] == "1"
    assert asked["level"] == "adset"
    assert json.loads(asked["time_range"]) == {"since": "2026-11-19", "until": "2026-11-20"}
    assert "ad_id" not in asked["fields"].split(",")
    assert (first.conversions, first.revenue) == (Decimal(3), Decimal("150.25"))
    assert (first.spend, first.reach, first.engagement) == (Decimal("12.34"), 900, 60)
    assert (second.conversions, second.clicks, second.spend) == (Decimal(0), 0, Decimal(0))


def test_conversion_action_is_configurable():
    wire = Wire(answer("meta/insights"))

    adapter = meta(wire, conversion_action="lead")

    rows = list(adapter.insights("1", date(2026, 11, 19), date(2026, 11, 20), "adset"))
    assert [row.conversions for row in rows] == [Decimal(9), Decimal(0)]


def test_batch_answers_each_change_by_itself():
    changes = [
        RAISE,
        Change(EntityRef("adset", "23002", "1"), "daily_budget", Decimal(9), "USD"),
        Change(EntityRef("adset", "23003", "1"), "daily_budget", Decimal(9), "EUR"),
        Change(EntityRef("ad", "34001", "1"), "status", "paused"),
    ]
    wire = Wire(answer("meta/account"), answer("meta/batch_mixed"))
    adapter = meta(wire)

    done, limited, refused, not_run = adapter.apply_batch(changes)

    assert wire.requests[-1].url.path == "/v26.0/"
    assert json.loads(wire.form()["batch"]) == [
        {"method": "POST", "relative_url": "23001", "body": "daily_budget=13800"},
        {"method": "POST", "relative_url": "23002", "body": "daily_budget=900"},
        {"method": "POST", "relative_url": "34001", "body": "status=PAUSED"},
    ]
    assert isinstance(done, Receipt)
    assert (done.request_id, done.usage.pct, adapter.usage.pct) == ("Abc", 41.5, 41.5)
    assert (limited.kind, limited.retry_after_s) == (ErrorKind.ENTITY_LIMIT, 3600.0)
    assert (refused.kind, refused.field) == (ErrorKind.INVALID, "currency")
    assert not_run.kind is ErrorKind.TRANSIENT


def test_lost_batch_leaves_every_change_unknown():
    wire = Wire(answer("meta/account"), httpx.ReadTimeout("slow"))

    results = meta(wire).apply_batch([RAISE, RAISE])

    assert [result.kind for result in results] == [ErrorKind.UNKNOWN] * 2


def test_batch_with_another_number_of_answers_is_unknown():
    wire = Wire(answer("meta/account"), answer("meta/batch_mixed"))

    results = meta(wire).apply_batch([RAISE, RAISE])

    assert [result.kind for result in results] == [ErrorKind.UNKNOWN] * 2


def test_batch_of_51_is_refused_whole():
    with pytest.raises(PlatformError, match="at most 50"):
        meta(Wire()).apply_batch([RAISE] * 51)


def test_batch_of_refused_changes_sends_nothing():
    wire = Wire()

    (result,) = meta(wire).apply_batch([Change(ADSET, "status", "sideways")])

    assert (result.kind, wire.requests) == (ErrorKind.INVALID, [])


def test_account_is_read_once_for_many_changes():
    wire = Wire(answer("meta/account"), answer("meta/success"), answer("meta/success"))
    adapter = meta(wire)

    adapter.apply(RAISE)
    adapter.apply(Change(EntityRef("adset", "23002", "act_1"), "daily_budget", Decimal(7), "USD"))

    assert [r.method for r in wire.requests] == ["GET", "POST", "POST"]


def test_version_warning_is_logged(caplog):
    warned = answer("meta/account", x_ad_api_version_warning="v26.0 ends soon")

    with caplog.at_level(logging.WARNING):
        meta(Wire(warned)).read_account("1")

    assert "v26.0 ends soon" in caplog.text


def test_error_names_field_advice_and_trace():
    wire = Wire(answer("meta/account"), answer("meta/error_blamed", 400))

    with pytest.raises(PlatformError) as caught:
        meta(wire).apply(RAISE)

    error = caught.value
    assert error.message == (
        "Meta: Your budget must be at least $1.00 per day. "
        "Correct the value and propose the change again."
    )
    assert (error.field, error.trace_id) == ("daily_budget", "AbCdEf")
    assert (error.provider_code, error.provider_subcode) == ("100", "1487901")
    assert error.response["http_status"] == 400


def test_held_change_is_recognised_on_reading_back():
    state = meta(Wire(with_account("meta/adset"))).read_entity(ADSET)

    assert state.holds(Change(ADSET, "daily_budget", Decimal("120.00"), "USD"))
    assert not state.holds(RAISE)
    assert state.holds(Change(ADSET, "status", "active"))


def test_version_must_look_like_one():
    with pytest.raises(PlatformError, match=r"such as v26\.0"):
        meta(Wire(), api_version="latest/../v1")


def test_platform_forbids_nothing_by_the_clock():
    assert meta(Wire()).earliest(RAISE, datetime(2026, 11, 21, 23, 58, tzinfo=UTC), UTC) is None
