"""Google Ads: tokens, shared budgets, partial failures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from campaigns.platforms.base import Change, EntityRef, LearningState, Receipt
from campaigns.platforms.google import Google
from campaigns.platforms.google_wire import RefreshingToken
from tests.campaigns.payloads import CANARY, Wire, answer, google
from workspaces.platforms.errors import ErrorKind, PlatformError

ACCOUNT = "123-456-7890"
BUDGET = EntityRef("budget", "5", ACCOUNT)
CAMPAIGN = EntityRef("campaign", "77", ACCOUNT)
RAISE = Change(BUDGET, "daily_budget", Decimal("13.50"), "USD")
PAUSE = Change(CAMPAIGN, "status", "paused")
ROOT = "/v26/customers/1234567890"


def opened(*answers: httpx.Response | Exception, account: bool = True) -> Wire:
    first = [answer("google/token"), *([answer("google/customer")] if account else [])]
    return Wire(*first, *answers)


def test_access_token_is_fetched_once_with_the_refresh_token():
    wire = opened(answer("google/campaign"), answer("google/sharing"))

    google(wire).read_entity(CAMPAIGN)

    token, *calls = wire.requests
    assert str(token.url) == "https://oauth2.googleapis.com/token"
    assert wire.form(0) == {
        "grant_type": "refresh_token",
        "client_id": "client",
        "client_secret": f"{CANARY}-client",
        "refresh_token": f"{CANARY}-refresh",
    }
    assert "authorization" not in token.headers
    assert [c.headers["authorization"] for c in calls] == [f"Bearer {CANARY}"] * 3
    assert {c.headers["developer-token"] for c in calls} == {f"{CANARY}-developer"}
    assert {c.headers["login-customer-id"] for c in calls} == {"9999999999"}
    assert {c.url.path for c in calls} == {f"{ROOT}/googleAds:search"}


def test_token_is_fetched_again_a_minute_before_its_end():
    clock = iter([1_000.0, 4_538.0])
    auth = RefreshingToken(
        client_id="c",
        client_secret="s",
        refresh_token="r",
        developer_token="d",
        monotonic=lambda: next(clock, 4_539.0),
    )
    asked = ["token", "customer", "customer", "token", "customer"]
    wire = Wire(*(answer(f"google/{name}") for name in asked))
    adapter = Google(auth=auth, transport=wire.transport)

    for _ in range(3):
        adapter.read_account(ACCOUNT)

    assert [r.url.host == "oauth2.googleapis.com" for r in wire.requests] == [
        name == "token" for name in asked
    ]


def test_refused_token_is_forgotten():
    wire = opened(
        answer("google/error_unauthenticated", 401),
        answer("google/token"),
        answer("google/customer"),
        account=False,
    )
    adapter = google(wire)

    with pytest.raises(PlatformError, match="Authorise the Google Ads connection again") as caught:
        adapter.read_account(ACCOUNT)

    assert caught.value.kind == ErrorKind.AUTH
    assert adapter.read_account(ACCOUNT).currency == "USD"


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), ErrorKind.AUTH),
        (httpx.Response(503, json={"error": "internal_failure"}), ErrorKind.TRANSIENT),
        (httpx.Response(502, text="<html>"), ErrorKind.TRANSIENT),
        (httpx.Response(200, json={}), ErrorKind.TRANSIENT),
        (httpx.ReadTimeout("slow"), ErrorKind.TRANSIENT),
    ],
)
def test_change_without_token_was_never_sent(given, kind):
    wire = Wire(given)

    with pytest.raises(PlatformError) as caught:
        google(wire).apply(PAUSE)

    assert (caught.value.kind, len(wire.requests)) == (kind, 1)


def test_campaign_names_its_budget_and_who_shares_it():
    wire = opened(answer("google/campaign"), answer("google/sharing"))

    state = google(wire).read_entity(CAMPAIGN)

    assert (state.daily_budget, state.currency) == (Decimal("12.34"), "USD")
    assert state.budget_ref == EntityRef("budget", "5", ACCOUNT)
    assert state.budget_shared_by == ("77", "78")
    assert state.learning == LearningState("learning")
    assert (state.starts_on, state.ends_on) == (date(2026, 9, 1), None)
    assert "campaign.id = 77" in wire.json(2)["query"]
    assert "customers/1234567890/campaignBudgets/5" in wire.json(3)["query"]


def test_budget_is_read_as_an_entity_of_its_own():
    state = google(opened(answer("google/budget"), answer("google/sharing"))).read_entity(BUDGET)

    assert (state.ref, state.daily_budget) == (BUDGET, Decimal("12.34"))
    assert state.budget_shared_by == ("77", "78")


def test_missing_entity_is_gone():
    with pytest.raises(PlatformError) as caught:
        google(opened(answer("google/nothing"))).read_entity(CAMPAIGN)

    assert caught.value.kind == ErrorKind.GONE


def test_empty_object_is_not_taken_for_gone():
    with pytest.raises(PlatformError) as caught:
        google(opened(httpx.Response(200, json={}))).read_entity(CAMPAIGN)

    assert caught.value.kind == ErrorKind.UNKNOWN


def test_ads_are_listed_over_pages_under_their_compound_id():
    wire = opened(
        answer("google/sharing"), answer("google/ads_page_1"), answer("google/ads_page_2")
    )

    states = list(google(wire).list_entities(ACCOUNT, "ad"))

    assert [s.ref.external_id for s in states] == ["8~9", "8~10"]
    assert [s.status for s in states] == ["paused", "active"]
    assert {(s.parent_campaign_id, s.parent_adset_id) for s in states} == {("77", "8")}
    assert {s.budget_shared_by for s in states} == {("77", "78")}
    assert wire.json()["pageToken"] == "p2"
    assert "ad_group_ad.status != 'REMOVED'" in wire.json()["query"]


def test_ad_is_found_by_its_resource_name():
    wire = opened(answer("google/ads_page_2"), answer("google/sharing"))

    google(wire).read_entity(EntityRef("ad", "8~10", ACCOUNT))

    assert (
        "ad_group_ad.resource_name = 'customers/1234567890/adGroupAds/8~10'"
        in (wire.json(2)["query"])
    )


def test_budget_change_goes_to_the_budget():
    wire = opened(answer("google/mutated_budget"))

    receipt = google(wire).apply(RAISE)

    assert wire.requests[-1].url.path == f"{ROOT}/campaignBudgets:mutate"
    assert wire.json() == {
        "operations": [
            {
                "updateMask": "amountMicros",
                "update": {
                    "resourceName": "customers/1234567890/campaignBudgets/5",
                    "amountMicros": "13500000",
                },
            }
        ],
        "partialFailure": True,
        "validateOnly": False,
    }
    assert receipt.effective_at is None


@pytest.mark.parametrize(
    ("ref", "field", "value", "path", "update"),
    [
        (CAMPAIGN, "status", "paused", "campaigns", {"status": "PAUSED"}),
        (EntityRef("adset", "8", ACCOUNT), "status", "active", "adGroups", {"status": "ENABLED"}),
        (EntityRef("ad", "8~9", ACCOUNT), "status", "paused", "adGroupAds", {"status": "PAUSED"}),
        (EntityRef("adset", "8", ACCOUNT), "bid", Decimal("1.25"), "adGroups",
         {"cpcBidMicros": "1250000"}),
        (BUDGET, "lifetime_budget", Decimal(900), "campaignBudgets",
         {"totalAmountMicros": "900000000"}),
    ],
)  # fmt: skip
def test_each_change_has_its_resource(ref, field, value, path, update):
    name = f"customers/1234567890/{path}/{ref.external_id}"
    done = httpx.Response(200, json={"results": [{"resourceName": name}]})
    wire = opened(done, account=field != "status")

    google(wire).apply(Change(ref, field, value, "USD"))

    (operation,) = wire.json()["operations"]
    assert wire.requests[-1].url.path == f"{ROOT}/{path}:mutate"
    assert operation == {
        "updateMask": next(iter(update)),
        "update": {"resourceName": name} | update,
    }


@pytest.mark.parametrize(
    "change",
    [
        Change(CAMPAIGN, "daily_budget", Decimal(5), "USD"),
        Change(BUDGET, "status", "paused"),
        Change(CAMPAIGN, "status", "removed"),
        Change(EntityRef("campaign", "1 OR 1=1", ACCOUNT), "status", "paused"),
    ],
)
def test_impossible_change_is_refused_before_any_call(change):
    wire = Wire()

    with pytest.raises(PlatformError) as caught:
        google(wire).apply(change)

    assert (caught.value.kind, wire.requests) == (ErrorKind.INVALID, [])


@pytest.mark.parametrize("body", [{}, {"results": []}, {"results": [{}]}, {"results": [{"resourceName": "customers/1234567890/campaignBudgets/6"}]}])  # fmt: skip  # noqa: E501
def test_answer_that_does_not_name_the_resource_is_unknown(body):
    with pytest.raises(PlatformError) as caught:
        google(opened(httpx.Response(200, json=body))).apply(RAISE)

    assert caught.value.kind == ErrorKind.UNKNOWN


def test_dry_run_changes_nothing_and_answers_with_errors_only():
    wire = opened(httpx.Response(200, json={}))

    google(wire).validate(RAISE)

    assert (wire.json()["validateOnly"], wire.json()["partialFailure"]) == (True, False)


def test_single_failure_is_raised_with_its_kind():
    with pytest.raises(PlatformError) as caught:
        google(opened(answer("google/mutated_first_failed"))).apply(RAISE)

    error = caught.value
    assert (error.kind, error.trace_id) == (ErrorKind.TRANSIENT, "rq8")
    assert (error.provider_code, error.provider_subcode) == (
        "CONCURRENT_MODIFICATION",
        "databaseError",
    )


def test_batch_keeps_good_ones_beside_a_bad_one():
    changes = [
        RAISE,
        Change(EntityRef("budget", "9", ACCOUNT), "daily_budget", Decimal(2), "USD"),
        Change(CAMPAIGN, "daily_budget", Decimal(2), "USD"),
        PAUSE,
        Change(EntityRef("budget", "6", ACCOUNT), "daily_budget", Decimal(3), "USD"),
    ]
    paused = {"results": [{"resourceName": "customers/1234567890/campaigns/77"}]}
    wire = opened(answer("google/mutated_partly"), httpx.Response(200, json=paused))

    first, bad, misplaced, pause, last = google(wire).apply_batch(changes)

    assert [isinstance(r, Receipt) for r in (first, pause, last)] == [True] * 3
    assert (bad.kind, bad.field, bad.trace_id) == (ErrorKind.INVALID, "amount_micros", "rq7")
    assert bad.provider_code == "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"
    assert misplaced.kind is ErrorKind.INVALID
    assert wire.requests[-1].extensions["timeout"]["read"] == 30
    assert wire.requests[-2].extensions["timeout"]["read"] == 60


def test_lost_group_leaves_its_changes_unknown():
    wire = opened(httpx.ReadTimeout("slow"))

    results = google(wire).apply_batch([RAISE, RAISE])

    assert [r.kind for r in results] == [ErrorKind.UNKNOWN] * 2


def test_quota_error_says_how_long_to_wait():
    failure = {
        "errorCode": {"quotaError": "RESOURCE_EXHAUSTED"},
        "message": "Too many requests.",
        "details": {"quotaErrorDetails": {"retryDelay": "900s", "rateScope": "DEVELOPER"}},
    }
    error = {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"errors": [failure]}]}

    with pytest.raises(PlatformError) as caught:
        google(opened(httpx.Response(429, json={"error": error}))).apply(RAISE)

    assert (caught.value.kind, caught.value.retry_after_s) == (ErrorKind.THROTTLED, 900)


def test_insights_are_daily_rows():
    wire = opened(answer("google/insights"), account=False)

    (row,) = google(wire).insights(ACCOUNT, date(2026, 11, 19), date(2026, 11, 20), "ad")

    assert "BETWEEN '2026-11-19' AND '2026-11-20'" in wire.json()["query"]
    assert (row.campaign_id, row.adset_id, row.ad_id) == ("77", "8", "8~9")
    assert (row.spend, row.conversions, row.revenue) == (
        Decimal("7.654321"),
        Decimal("2.5"),
        Decimal("199.99"),
    )
    assert (row.impressions, row.clicks, row.reach) == (500, 25, 0)


def test_manager_account_must_be_digits():
    with pytest.raises(PlatformError, match="digits only"):
        RefreshingToken(
            client_id="c",
            client_secret="s",
            refresh_token="r",
            developer_token="d",
            login_customer_id="12x",
        )


def test_platform_forbids_nothing_by_the_clock():
    assert google(Wire()).earliest(RAISE, datetime(2026, 11, 21, 23, 58, tzinfo=UTC), UTC) is None
