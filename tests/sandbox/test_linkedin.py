from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from tests.sandbox.conftest import ADS, Box

LINKEDIN = {
    "platform": "linkedin",
    "id": "5001",
    "name": "B2B",
    "token": "tok",
    "currency": "EUR",
    "traffic": {"ads": {"41": ADS["301"], "42": ADS["302"]}},
    "campaigns": [
        {
            "id": "21",
            "name": "Leaders",
            "adsets": [
                {
                    "id": "31",
                    "name": "CFOs",
                    "daily_budget": "100.00",
                    "bid": "12.50",
                    "ads": [
                        {"id": "41", "creative": {"id": "9", "title": "Close faster"}},
                        {"id": "42", "status": "paused"},
                    ],
                },
                {"id": "32", "lifetime_budget": "900.00", "status": "paused"},
            ],
        },
        {"id": "22", "name": "By group", "daily_budget": "300.00", "adsets": [{"id": "33"}]},
    ],
}
GROUPS, CAMPAIGNS = "adAccounts/5001/adCampaignGroups", "adAccounts/5001/adCampaigns"
CREATIVES = "adAccounts/5001/creatives"
CREATIVE_41 = "urn%3Ali%3AsponsoredCreative%3A41"
ACCOUNT = "accounts=List(urn%3Ali%3AsponsoredAccount%3A5001)"
WEEK = "dateRange=(start:(year:2026,month:11,day:14),end:(year:2026,month:11,day:20))"


class Client:
    def __init__(self, box: Box) -> None:
        self.box = box
        self.headers = {
            "Authorization": "Bearer tok",
            "LinkedIn-Version": "202609",
            "X-Restli-Protocol-Version": "2.0.0",
        }

    def call(self, path: str, **headers: str) -> httpx.Response:
        return self.box.http.get(f"/rest/{path}", headers=self.headers | headers)

    def get(self, path: str) -> dict:
        answer = self.call(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, path: str) -> list[object]:
        return [row["id"] for row in self.get(path)["elements"]]

    def update(self, path: str, values: dict, method: str = "PARTIAL_UPDATE") -> httpx.Response:
        return self.box.http.post(
            f"/rest/{path}",
            json={"patch": {"$set": values}},
            headers=self.headers | {"X-RestLi-Method": method},
        )


@pytest.fixture
def linkedin(box: Box) -> Client:
    box.seed(LINKEDIN, created_at=1790000000)
    return Client(box)


def eur(amount: str) -> dict:
    return {"amount": amount, "currencyCode": "EUR"}


def test_campaign_shows_budget_bid_and_group(linkedin: Client) -> None:
    row = linkedin.get(f"{CAMPAIGNS}/31")

    assert (row["id"], row["account"]) == (31, "urn:li:sponsoredAccount:5001")
    assert row["campaignGroup"] == "urn:li:sponsoredCampaignGroup:21"
    assert (row["dailyBudget"], row["unitCost"]) == (eur("100.00"), eur("12.50"))
    assert "totalBudget" not in row
    assert (row["status"], row["servingStatuses"]) == ("ACTIVE", ["RUNNABLE"])
    assert row["runSchedule"] == {"start": 1_790_000_000_000}


def test_creative_goes_by_its_whole_name(linkedin: Client) -> None:
    row = linkedin.get(f"{CREATIVES}/{CREATIVE_41}")

    assert row["campaign"] == "urn:li:sponsoredCampaign:31"
    assert row["content"]["textAd"]["headline"] == "Close faster"
    assert (row["intendedStatus"], row["isServing"]) == ("ACTIVE", True)
    assert linkedin.call(f"{CREATIVES}/41").status_code == 404


def test_finders_follow_status_and_parent(linkedin: Client) -> None:
    paused = "search=(status:(values:List(PAUSED)))"
    group = "search=(campaignGroup:(values:List(urn%3Ali%3AsponsoredCampaignGroup%3A22)))"
    of_31 = "campaigns=List(urn%3Ali%3AsponsoredCampaign%3A31)&intendedStatuses=List(ACTIVE)"

    assert linkedin.ids(f"{GROUPS}?q=search") == [21, 22]
    assert linkedin.ids(f"{CAMPAIGNS}?q=search&{paused}") == [32]
    assert linkedin.ids(f"{CAMPAIGNS}?q=search&{group}") == [33]
    assert linkedin.ids(f"{CREATIVES}?q=criteria&{of_31}") == ["urn:li:sponsoredCreative:41"]


def test_pages_follow_their_tokens(linkedin: Client) -> None:
    first = linkedin.get(f"{CAMPAIGNS}?q=search&pageSize=2")
    token = first["metadata"]["nextPageToken"]
    second = linkedin.get(f"{CAMPAIGNS}?q=search&pageSize=2&pageToken={token}")

    assert [row["id"] for row in first["elements"] + second["elements"]] == [31, 32, 33]
    assert second["metadata"] == {}


def test_partial_update_is_answered_with_nothing(linkedin: Client) -> None:
    values = {"dailyBudget": eur("120.50"), "status": "PAUSED"}

    answer = linkedin.update(f"{CAMPAIGNS}/31", values)

    assert (answer.status_code, answer.content) == (204, b"")
    row = linkedin.get(f"{CAMPAIGNS}/31")
    assert (row["status"], row["dailyBudget"]) == ("PAUSED", eur("120.50"))
    assert linkedin.box.effects("31", "daily_budget") == [("100", "120.5")]
    creative = linkedin.get(f"{CREATIVES}/{CREATIVE_41}")
    assert creative["servingHoldReasons"] == ["CAMPAIGN_STOPPED"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"dailyBudget": {"amount": "120", "currencyCode": "USD"}}, "/dailyBudget/currencyCode"),
        ({"dailyBudget": eur("9.99")}, "/dailyBudget"),
        ({"dailyBudget": eur("120.555")}, "/dailyBudget/amount"),
        ({"dailyBudget": {"amount": 120, "currencyCode": "EUR"}}, "/dailyBudget/amount"),
        ({"status": "ENABLE"}, "/status"),
        ({"objectiveType": "X"}, "/objectiveType"),
        ({}, "/patch/$set"),
    ],
)
def test_bad_updates_name_their_field(linkedin: Client, values: dict, field: str) -> None:
    answer = linkedin.update(f"{CAMPAIGNS}/31", values)

    [error] = answer.json()["errorDetails"]["inputErrors"]
    assert (answer.status_code, error["input"]["inputPath"]["fieldPath"]) == (400, field)
    assert linkedin.box.effects("31") == []


def test_update_needs_its_method_and_an_entity(linkedin: Client) -> None:
    values = {"status": "PAUSED"}

    assert linkedin.update(f"{CAMPAIGNS}/31", values, method="").status_code == 400
    assert linkedin.update(f"{CAMPAIGNS}/99", values).status_code == 404
    assert linkedin.update("adAccounts/5002/adCampaigns/31", values).status_code == 403
    assert linkedin.box.effects("31") == []


def test_removed_is_shown_only_where_asked_for(linkedin: Client) -> None:
    linkedin.update(f"{GROUPS}/22", {"status": "PENDING_DELETION"})

    assert linkedin.ids(f"{GROUPS}?q=search") == [21]
    assert linkedin.ids(f"{GROUPS}?q=search&search=(status:(values:List(REMOVED)))") == [22]


def test_report_by_day_and_creative(linkedin: Client) -> None:
    pivots = "pivots=List(CAMPAIGN_GROUP,CAMPAIGN,CREATIVE)"
    fields = "fields=dateRange,pivotValues,costInLocalCurrency,clicks,oneClickLeads"

    found = linkedin.get(
        f"adAnalytics?q=statistics&{pivots}&timeGranularity=DAILY&{WEEK}&{ACCOUNT}&{fields}"
    )["elements"]

    assert len(found) == 7
    assert found[0]["pivotValues"] == [
        "urn:li:sponsoredCampaignGroup:21",
        "urn:li:sponsoredCampaign:31",
        "urn:li:sponsoredCreative:41",
    ]
    assert found[0]["dateRange"]["start"] == {"year": 2026, "month": 11, "day": 14}
    assert Decimal("93.99") <= Decimal(found[0]["costInLocalCurrency"]) <= 100


def test_report_adds_up(linkedin: Client) -> None:
    rest = f"{WEEK}&{ACCOUNT}&fields=costInLocalCurrency"

    days = linkedin.get(f"adAnalytics?q=analytics&pivot=CREATIVE&timeGranularity=DAILY&{rest}")
    whole = linkedin.get(f"adAnalytics?q=analytics&pivot=ACCOUNT&timeGranularity=ALL&{rest}")

    [total] = whole["elements"]
    spent = sum(Decimal(row["costInLocalCurrency"]) for row in days["elements"])
    assert Decimal(total["costInLocalCurrency"]) == spent > 600


@pytest.mark.parametrize(
    "query",
    [
        f"q=analytics&pivot=CREATIVE&timeGranularity=DAILY&{WEEK}",
        f"q=analytics&pivot=MEMBER&timeGranularity=DAILY&{WEEK}&{ACCOUNT}",
        f"q=analytics&pivot=CREATIVE&timeGranularity=HOURLY&{WEEK}&{ACCOUNT}",
        f"q=analytics&pivot=CREATIVE&timeGranularity=DAILY&{ACCOUNT}",
        f"q=analytics&pivot=CREATIVE&timeGranularity=DAILY&{WEEK}&{ACCOUNT}&fields=spend",
        # Structure that was encoded, and a name inside a list that was not.
        f"q=analytics&pivot=CREATIVE&timeGranularity=DAILY&{ACCOUNT}&dateRange=%28start%3A%281%29",
        f"q=analytics&pivot=CREATIVE&timeGranularity=DAILY&{WEEK}"
        "&accounts=List(urn:li:sponsoredAccount:5001)",
        "q=analytics&pivot=CREATIVE&accounts=List(1",
    ],
)
def test_bad_reports_are_refused(linkedin: Client, query: str) -> None:
    answer = linkedin.call(f"adAnalytics?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "ILLEGAL_ARGUMENT")


def test_report_of_a_foreign_account_is_empty(linkedin: Client) -> None:
    foreign = ACCOUNT.replace("5001", "5002")
    query = f"q=analytics&pivot=CREATIVE&timeGranularity=DAILY&{WEEK}&{foreign}"

    assert linkedin.get(f"adAnalytics?{query}")["elements"] == []


@pytest.mark.parametrize(
    ("version", "status"),
    [("202511", 426), ("202601", 200), ("202611", 200), ("202612", 426), ("2026-01", 426)],
)
def test_versions_live_a_year(linkedin: Client, version: str, status: int) -> None:
    answer = linkedin.call(GROUPS + "?q=search", **{"LinkedIn-Version": version})

    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "NONEXISTENT_VERSION"


def test_headers_are_checked(linkedin: Client) -> None:
    def refused(**headers: str) -> tuple[int, str]:
        answer = linkedin.call("adAccounts?q=search", **headers)
        return answer.status_code, answer.json()["code"]

    assert refused(**{"LinkedIn-Version": ""}) == (400, "VERSION_MISSING")
    assert refused(**{"X-Restli-Protocol-Version": "1.0.0"}) == (400, "ILLEGAL_ARGUMENT")
    assert refused(Authorization="Bearer other") == (401, "INVALID_ACCESS_TOKEN")
    assert linkedin.ids("adAccounts?q=search") == [5001]
    assert linkedin.get("adAccounts/5001")["currency"] == "EUR"


def test_throttling_says_nothing_about_when(linkedin: Client) -> None:
    linkedin.box.control("faults", {"kind": "linkedin_status", "times": 1})

    answer = linkedin.call("adAccounts/5001")

    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_REQUESTS")
    assert "retry-after" not in answer.headers
    assert linkedin.call("adAccounts/5001").status_code == 200
