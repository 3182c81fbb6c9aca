from __future__ import annotations

import httpx
import pytest

from tests.sandbox.conftest import ADS, Box

GOOGLE = {
    "platform": "google",
    "id": "555",
    "token": "refresh-a",
    "traffic": {"ads": {"41": ADS["301"], "42": ADS["302"]}},
    "budgets": [
        {"id": "11", "name": "Shared", "daily_budget": "100.00", "explicitly_shared": True},
        {"id": "12", "name": "Own", "daily_budget": "40.00"},
    ],
    "campaigns": [
        {
            "id": "21",
            "name": "One",
            "budget_id": "11",
            "adsets": [{"id": "31", "name": "G", "bid": "1.50", "ads": [{"id": "41"}]}],
        },
        {
            "id": "22",
            "name": "Two",
            "budget_id": "11",
            "adsets": [{"id": "32", "ads": [{"id": "42"}]}],
        },
        {"id": "23", "name": "Three", "budget_id": "12", "status": "paused"},
    ],
}


class Client:
    """What a Google client does: buy an access token, then call."""

    def __init__(self, box: Box) -> None:
        self.box = box
        form = {
            "grant_type": "refresh_token",
            "client_id": "c",
            "client_secret": "s",
            "refresh_token": "refresh-a",
        }
        token = box.http.post("/token", data=form).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}", "developer-token": "d"}

    def post(self, path: str, body: object) -> httpx.Response:
        url = f"/v26/customers/555/{path}"
        return self.box.http.post(url, json=body, headers=self.headers)

    def search(self, query: str) -> list[dict]:
        answer = self.post("googleAds:search", {"query": query})
        assert answer.status_code == 200, answer.text
        return answer.json().get("results", [])

    def set_budget(self, budget: str, micros: object, **more: object) -> httpx.Response:
        return self.post(
            "campaignBudgets:mutate", {"operations": [budget_op(budget, micros)], **more}
        )


def budget_op(budget: str, micros: object) -> dict:
    name = f"customers/555/campaignBudgets/{budget}"
    return {"updateMask": "amountMicros", "update": {"resourceName": name, "amountMicros": micros}}


@pytest.fixture
def google(box: Box) -> Client:
    box.seed(GOOGLE, created_at=1790000000)
    return Client(box)


def test_budget_is_written_in_micros_and_read_back(google: Client) -> None:
    answer = google.set_budget("11", "123450000")

    assert answer.json() == {"results": [{"resourceName": "customers/555/campaignBudgets/11"}]}
    [row] = google.search(
        "SELECT campaign_budget.amount_micros, campaign_budget.reference_count,"
        " campaign_budget.explicitly_shared FROM campaign_budget WHERE campaign_budget.id = 11"
    )
    assert row["campaignBudget"] == {
        "resourceName": "customers/555/campaignBudgets/11",
        "amountMicros": "123450000",
        "referenceCount": "2",
        "explicitlyShared": True,
    }
    assert google.box.effects("11") == [("100", "123.45")]


@pytest.mark.parametrize(
    ("micros", "group", "code"),
    [
        ("123456789", "campaignBudgetError", "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"),
        ("0", "campaignBudgetError", "MONEY_AMOUNT_TOO_SMALL"),
        ("12.5", "requestError", "BAD_NUMBER"),
    ],
)
def test_bad_amounts_are_refused(google: Client, micros: str, group: str, code: str) -> None:
    error = google.set_budget("11", micros).json()["error"]

    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    [failure] = error["details"][0]["errors"]
    assert failure["errorCode"] == {group: code}
    assert failure["location"]["fieldPathElements"][0] == {"fieldName": "operations"}
    assert google.box.effects("11") == []


def test_without_partial_failure_it_is_all_or_nothing(google: Client) -> None:
    operations = [budget_op("11", "1000000"), budget_op("99", "1000000")]

    answer = google.post("campaignBudgets:mutate", {"operations": operations})

    [failure] = answer.json()["error"]["details"][0]["errors"]
    assert failure["errorCode"] == {"mutateError": "RESOURCE_NOT_FOUND"}
    assert failure["location"]["fieldPathElements"][0]["index"] == 1
    assert google.box.effects("11") == []


def test_with_partial_failure_the_good_ones_run(google: Client) -> None:
    operations = [budget_op("99", "1000000"), budget_op("11", "5000000")]

    reply = google.post(
        "campaignBudgets:mutate", {"operations": operations, "partialFailure": True}
    ).json()

    assert reply["results"] == [{}, {"resourceName": "customers/555/campaignBudgets/11"}]
    [failure] = reply["partialFailureError"]["details"][0]["errors"]
    assert "index" not in failure["location"]["fieldPathElements"][0]
    assert google.box.effects("11") == [("100", "5")]


def test_validate_only_answers_with_errors_only(google: Client) -> None:
    good = google.set_budget("11", "5000000", validateOnly=True)
    bad = google.set_budget("11", "1", validateOnly=True)

    assert good.json() == {}
    assert bad.status_code == 400
    assert google.box.effects("11") == []


def test_field_mask_decides(google: Client) -> None:
    operation = budget_op("11", "5000000") | {"updateMask": "amount_micros"}
    missing = budget_op("11", "6000000") | {"updateMask": ""}

    good = google.post("campaignBudgets:mutate", {"operations": [operation]})
    bad = google.post("campaignBudgets:mutate", {"operations": [missing]})

    assert (good.status_code, bad.status_code) == (200, 400)
    assert google.box.effects("11") == [("100", "5")]


@pytest.mark.parametrize(
    ("collection", "name", "entity"),
    [("campaigns", "21", "21"), ("adGroups", "31", "31"), ("adGroupAds", "31~41", "41")],
)
def test_status_of_every_level(google: Client, collection: str, name: str, entity: str) -> None:
    update = {"resourceName": f"customers/555/{collection}/{name}", "status": "PAUSED"}

    answer = google.post(
        f"{collection}:mutate", {"operations": [{"updateMask": "status", "update": update}]}
    )

    assert answer.status_code == 200
    assert google.box.effects(entity, "status") == [("active", "paused")]


def test_query_for_campaigns_with_their_budgets(google: Client) -> None:
    rows = google.search(
        "SELECT campaign.id, campaign.status, campaign_budget.id FROM campaign"
        " WHERE campaign.status != 'REMOVED' AND campaign_budget.id IN (11, 12)"
        " ORDER BY campaign.id DESC"
    )

    assert [row["campaign"]["id"] for row in rows] == ["23", "22", "21"]
    assert rows[0]["campaign"]["status"] == "PAUSED"
    assert rows[1]["campaignBudget"]["id"] == "11"


def test_metrics_by_day_sum_to_the_period(google: Client) -> None:
    where = "WHERE segments.date BETWEEN '2026-11-14' AND '2026-11-20'"
    metrics = "metrics.cost_micros, metrics.clicks"

    daily = google.search(f"SELECT segments.date, {metrics} FROM ad_group_ad {where}")
    [whole] = google.search(f"SELECT {metrics} FROM customer {where}")

    spent = sum(int(row["metrics"]["costMicros"]) for row in daily)
    assert len(daily) == 14
    assert spent == int(whole["metrics"]["costMicros"])
    assert spent <= 7 * 100_000_000


def test_pages_follow_a_token(google: Client) -> None:
    google.box.control("settings", {"google_page_size": "2"})
    body = {"query": "SELECT campaign.id FROM campaign"}

    first = google.post("googleAds:search", body).json()
    second = google.post("googleAds:search", body | {"pageToken": first["nextPageToken"]}).json()

    assert [row["campaign"]["id"] for row in first["results"]] == ["21", "22"]
    assert [row["campaign"]["id"] for row in second["results"]] == ["23"]
    assert "nextPageToken" not in second


def test_stream_is_a_list_of_batches(google: Client) -> None:
    [batch] = google.post(
        "googleAds:searchStream", {"query": "SELECT campaign.id FROM campaign LIMIT 1"}
    ).json()

    assert [row["campaign"]["id"] for row in batch["results"]] == ["21"]
    assert batch["fieldMask"] == "campaign.id"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT campaign.colour FROM campaign",
        "SELECT x FROM nothing",
        "DELETE FROM campaign",
        "SELECT campaign.id FROM campaign WHERE campaign.id",
        "SELECT metrics.clicks FROM campaign",
    ],
)
def test_bad_queries_are_query_errors(google: Client, query: str) -> None:
    answer = google.post("googleAds:search", {"query": query})

    [failure] = answer.json()["error"]["details"][0]["errors"]
    assert answer.status_code == 400
    assert list(failure["errorCode"]) == ["queryError"]


def test_nothing_found_leaves_results_out(google: Client) -> None:
    answer = google.post(
        "googleAds:search", {"query": "SELECT campaign.id FROM campaign WHERE campaign.id = 0"}
    )

    assert "results" not in answer.json()
    assert answer.json()["fieldMask"] == "campaign.id"


def test_tokens_are_checked(google: Client) -> None:
    form = {"grant_type": "refresh_token", "client_id": "c", "refresh_token": "nope"}
    refused = google.box.http.post("/token", data=form)
    google.headers["Authorization"] = "Bearer nope"
    called = google.set_budget("11", "5000000")
    google.headers |= Client(google.box).headers
    elsewhere = google.box.http.post(
        "/v26/customers/556/campaigns:mutate", json={}, headers=google.headers
    )

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert (called.status_code, called.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert elsewhere.status_code == 403
