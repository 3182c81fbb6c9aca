"""TikTok: the code in the body, budgets that wait for midnight, reports in windows."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import httpx
import pytest

from campaigns.platforms.base import Change, EntityRef, Receipt
from tests.campaigns.payloads import CANARY, Wire, answer, payload, tiktok
from workspaces.platforms.errors import ErrorKind, PlatformError

ADGROUP = EntityRef("adset", "8001", "7001")
CAMPAIGN = EntityRef("campaign", "9001", "7001")
RAISE = Change(ADGROUP, "daily_budget", Decimal("48.60"), "USD")
NEW_YORK = ZoneInfo("America/New_York")


def test_daily_budget_is_scheduled_for_the_accounts_next_midnight():
    wire = Wire(answer("tiktok/advertiser"), answer("tiktok/ok"))
    noon = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)

    receipt = tiktok(wire, clock=lambda: noon).apply(RAISE)

    request = wire.requests[-1]
    assert request.url.path == "/open_api/v1.3/adgroup/budget/update/"
    assert request.headers["access-token"] == CANARY
    assert "authorization" not in request.headers
    assert wire.json() == {
        "advertiser_id": "7001",
        "scheduled_budget": [{"adgroup_id": "8001", "scheduled_budget": 48.6}],
    }
    assert receipt.effective_at == datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
    assert receipt.request_id == "2026112107"


@pytest.mark.parametrize(
    ("ref", "field", "value", "path", "body"),
    [
        (ADGROUP, "lifetime_budget", Decimal(900), "adgroup/budget/update",
         {"budget": [{"adgroup_id": "8001", "budget": 900}]}),
        (CAMPAIGN, "daily_budget", Decimal("70.5"), "campaign/update",
         {"campaign_id": "9001", "budget": 70.5}),
        (CAMPAIGN, "status", "paused", "campaign/status/update",
         {"campaign_ids": ["9001"], "operation_status": "DISABLE"}),
        (ADGROUP, "status", "active", "adgroup/status/update",
         {"adgroup_ids": ["8001"], "operation_status": "ENABLE"}),
        (EntityRef("ad", "6001", "7001"), "status", "paused", "ad/status/update",
         {"ad_ids": ["6001"], "operation_status": "DISABLE"}),
    ],
)  # fmt: skip
def test_each_change_has_its_path_and_no_field_nobody_set(ref, field, value, path, body):
    wire = Wire(answer("tiktok/advertiser"), answer("tiktok/ok"))

    receipt = tiktok(wire).apply(Change(ref, field, value, "USD"))

    assert wire.requests[-1].url.path == f"/open_api/v1.3/{path}/"
    assert wire.json() == {"advertiser_id": "7001"} | body
    assert receipt.effective_at is None


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("tiktok/adgroup", "conversion_bid_price"),
        ("tiktok/adgroup_under_campaign_budget", "bid_price"),
    ],
)
def test_bid_goes_into_the_field_that_the_ad_group_uses(row, field):
    wire = Wire(answer("tiktok/advertiser"), answer(row), answer("tiktok/ok"))

    tiktok(wire).apply(Change(ADGROUP, "bid", Decimal("7.10"), "USD"))

    assert wire.requests[-1].url.path == "/open_api/v1.3/adgroup/update/"
    assert wire.json() == {"advertiser_id": "7001", "adgroup_id": "8001", field: 7.1}


@pytest.mark.parametrize(
    "change",
    [
        Change(EntityRef("ad", "6001", "7001"), "daily_budget", Decimal(5), "USD"),
        Change(CAMPAIGN, "bid", Decimal(5), "USD"),
        Change(CAMPAIGN, "status", "archived"),
        Change(EntityRef("budget", "5", "7001"), "daily_budget", Decimal(5), "USD"),
    ],
)
def test_impossible_change_is_refused_before_writing(change):
    wire = Wire(answer("tiktok/advertiser"))

    with pytest.raises(PlatformError) as caught:
        tiktok(wire).apply(change)

    assert caught.value.kind == ErrorKind.INVALID
    assert [r.method for r in wire.requests] == ["GET"]


def test_ad_group_is_read_exactly():
    wire = Wire(answer("tiktok/advertiser"), answer("tiktok/adgroup"))

    state = tiktok(wire).read_entity(ADGROUP)

    assert json.loads(wire.query()["filtering"]) == {"adgroup_ids": ["8001"]}
    assert (state.daily_budget, state.lifetime_budget) == (Decimal("40.5"), None)
    assert (state.bid, state.status, state.effective_status) == (
        Decimal("6.2"),
        "active",
        "ADGROUP_STATUS_DELIVERY_OK",
    )
    assert (state.budget_ref, state.parent_campaign_id) == (ADGROUP, "9001")
    assert state.starts_on == date(2026, 10, 1)


def test_scheduled_budget_counts_on_reading_back():
    wire = Wire(answer("tiktok/advertiser"), answer("tiktok/adgroup_scheduled"))

    state = tiktok(wire).read_entity(ADGROUP)

    assert (state.daily_budget, state.scheduled_daily_budget) == (Decimal("40.5"), Decimal("48.6"))
    assert state.holds(RAISE)
    assert not state.holds(Change(ADGROUP, "daily_budget", Decimal("40.5"), "USD"))


def test_ad_group_without_budget_spends_its_campaigns():
    wire = Wire(answer("tiktok/advertiser"), answer("tiktok/adgroup_under_campaign_budget"))

    state = tiktok(wire).read_entity(ADGROUP)

    assert (state.daily_budget, state.lifetime_budget, state.budget_ref) == (None, None, CAMPAIGN)


def test_listing_goes_through_all_pages():
    pages = [answer(f"tiktok/campaigns_page_{n}") for n in (1, 2)]
    wire = Wire(answer("tiktok/advertiser"), *pages)

    first, second = tiktok(wire).list_entities("7001", "campaign")

    assert [r.url.params["page"] for r in wire.requests[1:]] == ["1", "2"]
    assert (first.status, first.lifetime_budget) == ("paused", Decimal(5000))
    assert second.status == "removed"


def test_missing_entity_is_gone():
    wire = Wire(answer("tiktok/advertiser"), answer("tiktok/nothing"))

    with pytest.raises(PlatformError) as caught:
        tiktok(wire).read_entity(ADGROUP)

    assert caught.value.kind == ErrorKind.GONE


@pytest.mark.parametrize(
    "body", [{}, {"success": True}, {"code": "0"}, {"code": None}, {"code": True}, []]
)
def test_answer_without_its_code_is_unknown(body):
    wire = Wire(answer("tiktok/advertiser"), httpx.Response(200, json=body))

    with pytest.raises(PlatformError) as caught:
        tiktok(wire).apply(RAISE)

    assert caught.value.kind == ErrorKind.UNKNOWN


def test_good_code_with_a_bad_status_is_no_success():
    wire = Wire(answer("tiktok/advertiser"), httpx.Response(500, json={"code": 0, "message": "OK"}))

    with pytest.raises(PlatformError) as caught:
        tiktok(wire).apply(RAISE)

    assert caught.value.kind == ErrorKind.UNKNOWN


@pytest.mark.parametrize(
    ("local", "ends"),
    [
        (datetime(2026, 11, 21, 23, 54, 59, tzinfo=NEW_YORK), None),
        (
            datetime(2026, 11, 21, 23, 55, 0, tzinfo=NEW_YORK),
            datetime(2026, 11, 22, 5, 0, tzinfo=UTC),
        ),
        (
            datetime(2026, 11, 21, 23, 59, 59, tzinfo=NEW_YORK),
            datetime(2026, 11, 22, 5, 0, tzinfo=UTC),
        ),
        (datetime(2026, 11, 22, 0, 0, 0, tzinfo=NEW_YORK), None),
        # The clocks go back an hour on the day that follows: midnight is still EDT.
        (
            datetime(2026, 10, 31, 23, 57, 0, tzinfo=NEW_YORK),
            datetime(2026, 11, 1, 4, 0, tzinfo=UTC),
        ),
    ],
)
def test_budgets_are_locked_before_midnight(local, ends):
    now = local.astimezone(UTC)

    assert tiktok(Wire()).earliest(RAISE, now, NEW_YORK) == ends


def test_lock_is_for_budgets_only():
    now = datetime(2026, 11, 21, 23, 57, tzinfo=NEW_YORK)

    pause = Change(ADGROUP, "status", "paused")

    assert tiktok(Wire()).earliest(pause, now, NEW_YORK) is None


def test_report_is_asked_in_windows_of_thirty_days():
    reports = [answer("tiktok/report"), answer("tiktok/nothing"), answer("tiktok/nothing")]
    wire = Wire(answer("tiktok/advertiser"), *reports)

    rows = list(tiktok(wire).insights("7001", date(2026, 9, 1), date(2026, 11, 1), "adset"))

    asked = [(r.url.params["start_date"], r.url.params["end_date"]) for r in wire.requests[1:]]
    assert asked == [
        ("2026-09-01", "2026-09-30"),
        ("2026-10-01", "2026-10-30"),
        ("2026-10-31", "2026-11-01"),
    ]
    assert wire.query()["data_level"] == "AUCTION_ADGROUP"
    assert json.loads(wire.query()["dimensions"]) == ["adgroup_id", "stat_time_day"]
    (row,) = rows
    assert (row.day, row.campaign_id, row.adset_id) == (date(2026, 11, 19), "9001", "8001")
    assert (row.spend, row.conversions, row.revenue) == (
        Decimal("33.10"),
        Decimal(4),
        Decimal("180.40"),
    )
    assert (row.engagement, row.reach, row.currency) == (8, 1800, "USD")


def test_validate_looks_without_writing():
    wire = Wire(answer("tiktok/advertiser"), answer("tiktok/adgroup"))

    tiktok(wire).validate(RAISE)

    assert [r.method for r in wire.requests] == ["GET", "GET"]


def test_batch_holds_one_change():
    wire = Wire(answer("tiktok/advertiser"), answer("tiktok/ok"))
    adapter = tiktok(wire)

    (result,) = adapter.apply_batch([RAISE])

    assert isinstance(result, Receipt)
    with pytest.raises(PlatformError, match="at most 1"):
        adapter.apply_batch([RAISE, RAISE])


def test_unknown_zone_is_refused_before_anything_is_promised():
    body = payload("tiktok/advertiser")
    body["data"]["list"][0]["timezone"] = "Mars/Olympus"
    wire = Wire(httpx.Response(200, json=body))

    with pytest.raises(PlatformError, match="time zone"):
        tiktok(wire).apply(RAISE)

    assert [r.method for r in wire.requests] == ["GET"]
