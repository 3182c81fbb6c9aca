from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.sandbox.conftest import ADS, Box

TIKTOK = {
    "platform": "tiktok",
    "id": "7001",
    "token": "tok",
    "timezone": "America/New_York",
    "traffic": {"ads": {"41": ADS["301"]}},
    "campaigns": [
        {
            "id": "21",
            "name": "By ad group",
            "adsets": [
                {"id": "31", "daily_budget": "100.00", "bid": "12.00", "ads": [{"id": "41"}]},
                {"id": "32", "lifetime_budget": "900.00"},
            ],
        },
        {"id": "22", "name": "By campaign", "daily_budget": "300.00", "adsets": [{"id": "33"}]},
    ],
}


class Client:
    def __init__(self, box: Box) -> None:
        self.box = box
        self.headers = {"Access-Token": "tok"}

    def get(self, path: str, **params: object) -> dict:
        query = {"advertiser_id": "7001"} | {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in params.items()
        }
        url = f"/open_api/v1.3/{path}"
        answer = self.box.http.get(url, params=query, headers=self.headers)
        assert answer.status_code == 200
        return answer.json()

    def post(self, path: str, **body: object) -> dict:
        url = f"/open_api/v1.3/{path}"
        payload = {"advertiser_id": "7001"} | body
        answer = self.box.http.post(url, json=payload, headers=self.headers)
        assert answer.status_code == 200
        return answer.json()

    def adgroup(self, entity_id: str) -> dict:
        [row] = self.get("adgroup/get/", filtering={"adgroup_ids": [entity_id]})["data"]["list"]
        return row

    def schedule(self, entity_id: str, budget: object) -> dict:
        entry = {"adgroup_id": entity_id, "scheduled_budget": budget}
        return self.post("adgroup/budget/update/", scheduled_budget=[entry])


@pytest.fixture
def tiktok(box: Box) -> Client:
    box.seed(TIKTOK, created_at=1790000000)
    return Client(box)


def test_daily_budget_waits_for_midnight_of_the_account(tiktok: Client) -> None:
    assert tiktok.schedule("31", 120.5)["code"] == 0
    row = tiktok.adgroup("31")
    assert (row["budget"], row["scheduled_budget"]) == (100.0, 120.5)

    tiktok.box.control("clock", {"set": "2026-11-21T23:59:59-05:00"})
    assert tiktok.adgroup("31")["budget"] == 100.0
    tiktok.box.control("clock", {"advance_s": 1})

    row = tiktok.adgroup("31")
    assert (row["budget"], row["scheduled_budget"]) == (120.5, 0.0)
    assert tiktok.box.effects("31", "daily_budget") == [("100", "120.5")]


def test_a_second_schedule_takes_the_place_of_the_first(tiktok: Client) -> None:
    tiktok.schedule("31", 120)
    tiktok.schedule("31", 140)
    tiktok.box.control("clock", {"advance_s": 86_400})

    assert tiktok.adgroup("31")["budget"] == 140.0
    assert tiktok.box.effects("31", "daily_budget") == [("100", "140")]
    scheduled = [("100", "120"), ("120", "140")]
    assert tiktok.box.effects("31", "scheduled_daily_budget") == scheduled


def test_lifetime_budget_changes_at_once(tiktok: Client) -> None:
    entry = {"adgroup_id": "32", "budget": 950}

    assert tiktok.post("adgroup/budget/update/", budget=[entry])["code"] == 0
    assert tiktok.adgroup("32")["budget"] == 950.0


@pytest.mark.parametrize(("at", "code"), [("23:54:59", 0), ("23:55:00", 40002), ("00:00:00", 0)])
def test_budgets_are_locked_before_midnight(tiktok: Client, at: str, code: int) -> None:
    tiktok.box.control("clock", {"set": f"2026-11-22T{at}-05:00"})

    assert tiktok.schedule("31", 120)["code"] == code


def test_kinds_of_budget_are_not_mixed(tiktok: Client) -> None:
    daily = {"adgroup_id": "31", "budget": 120}

    assert tiktok.post("adgroup/budget/update/", budget=[daily])["code"] == 40002
    assert tiktok.schedule("32", 120)["code"] == 40002
    assert tiktok.schedule("33", 120)["code"] == 40002


@pytest.mark.parametrize("budget", ["120", 19, 120.555, -5, True, None])
def test_bad_amounts_are_refused(tiktok: Client, budget: object) -> None:
    assert tiktok.schedule("31", budget)["code"] == 40002
    assert tiktok.box.effects("31") == []


def test_campaign_budget_and_bid(tiktok: Client) -> None:
    assert tiktok.post("campaign/update/", campaign_id="22", budget=330.0)["code"] == 0
    assert tiktok.post("adgroup/update/", adgroup_id="31", conversion_bid_price=14.5)["code"] == 0

    assert tiktok.get("campaign/get/")["data"]["list"][1]["budget"] == 330.0
    assert tiktok.adgroup("31")["conversion_bid_price"] == 14.5


def test_status_changes_all_or_none(tiktok: Client) -> None:
    unknown = tiktok.post(
        "adgroup/status/update/", adgroup_ids=["31", "99"], operation_status="DISABLE"
    )
    assert unknown["code"] == 40007
    assert tiktok.box.effects("31") == []

    done = tiktok.post("adgroup/status/update/", adgroup_ids=["31"], operation_status="DISABLE")

    assert done["code"] == 0
    assert tiktok.adgroup("31")["operation_status"] == "DISABLE"
    [ad] = tiktok.get("ad/get/")["data"]["list"]
    assert (ad["operation_status"], ad["secondary_status"]) == (
        "ENABLE",
        "AD_STATUS_ADGROUP_DISABLE",
    )


def test_deleted_leaves_the_list(tiktok: Client) -> None:
    tiktok.post("campaign/status/update/", campaign_ids=["22"], operation_status="DELETE")

    assert [row["campaign_id"] for row in tiktok.get("campaign/get/")["data"]["list"]] == ["21"]


def test_pages(tiktok: Client) -> None:
    data = tiktok.get("adgroup/get/", page="2", page_size="2")["data"]

    assert [row["adgroup_id"] for row in data["list"]] == ["33"]
    assert data["page_info"] == {"page": 2, "page_size": 2, "total_number": 3, "total_page": 2}


def test_report_by_day(tiktok: Client) -> None:
    data = tiktok.get(
        "report/integrated/get/",
        report_type="BASIC",
        data_level="AUCTION_ADGROUP",
        dimensions=["adgroup_id", "stat_time_day"],
        metrics=["spend", "clicks", "likes", "sales_lead", "campaign_id"],
        start_date="2026-11-14",
        end_date="2026-11-20",
        page_size="100",
    )["data"]

    assert len(data["list"]) == 7
    first = data["list"][0]
    assert first["dimensions"] == {"adgroup_id": "31", "stat_time_day": "2026-11-14 00:00:00"}
    assert first["metrics"]["campaign_id"] == "21"
    assert Decimal("93.99") <= Decimal(first["metrics"]["spend"]) <= 100


def test_report_takes_thirty_days_at_most(tiktok: Client) -> None:
    common = {
        "report_type": "BASIC",
        "data_level": "AUCTION_AD",
        "dimensions": ["ad_id"],
        "start_date": "2026-10-01",
    }

    assert tiktok.get("report/integrated/get/", **common, end_date="2026-10-30")["code"] == 0
    assert tiktok.get("report/integrated/get/", **common, end_date="2026-10-31")["code"] == 40002


def test_tokens_and_advertisers_are_checked(tiktok: Client) -> None:
    foreign = tiktok.get("campaign/get/", advertiser_id="7002")
    info = tiktok.get("advertiser/info/", advertiser_ids=["7001"])["data"]["list"][0]
    tiktok.headers = {"Authorization": "Bearer tok"}

    assert foreign["code"] == 40001
    assert (info["currency"], info["timezone"]) == ("USD", "America/New_York")
    assert tiktok.get("campaign/get/")["code"] == 40105
