"""The official Meta SDK, unmodified, reads and writes the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from tests.sandbox.conftest import Box


@pytest.fixture
def api(meta: Box) -> Iterator[FacebookAdsApi]:
    # Never FacebookAdsApi.init(): it sets a global default and a crash reporter.
    session = FacebookSession(access_token="token-a", timeout=5)
    session.GRAPH = meta.base_url
    session.requests.trust_env = False
    yield FacebookAdsApi(session)
    session.requests.close()


def test_reads_campaigns_ad_sets_and_ads(api: FacebookAdsApi) -> None:
    account = AdAccount("act_1001", api=api)

    campaigns = list(account.get_campaigns(fields=["name", "daily_budget", "effective_status"]))
    adsets = list(account.get_ad_sets(fields=["name", "learning_stage_info"], params={"limit": 1}))
    ads = list(account.get_ads(fields=["name", "creative", "effective_status"]))

    assert [c.get("daily_budget") for c in campaigns] == [None, "30000"]
    assert [a["id"] for a in adsets] == ["201", "202", "203"]
    assert adsets[0]["learning_stage_info"]["status"] == "SUCCESS"
    assert [a["id"] for a in ads] == ["301", "302", "303"]


def test_updates_a_budget_and_reads_it_back(api: FacebookAdsApi, meta: Box) -> None:
    AdSet("201", api=api).api_update(params={"daily_budget": 15000})

    read = AdSet("201", api=api).api_get(fields=["daily_budget", "campaign_id"])
    assert (read["daily_budget"], read["campaign_id"]) == ("15000", "101")
    assert meta.effects("201") == [("120", "150")]


def test_pauses_a_campaign(api: FacebookAdsApi) -> None:
    Campaign("101", api=api).api_update(params={"status": "PAUSED"})

    ad = Ad("301", api=api).api_get(fields=["effective_status"])
    assert ad["effective_status"] == "CAMPAIGN_PAUSED"


def test_validates_without_writing(api: FacebookAdsApi, meta: Box) -> None:
    AdSet("201", api=api).api_update(
        params={"daily_budget": 15000, "execution_options": ["validate_only"]}
    )

    assert meta.effects("201") == []


def test_reads_insights(api: FacebookAdsApi) -> None:
    rows = AdAccount("act_1001", api=api).get_insights(
        fields=["ad_id", "impressions", "spend", "actions"],
        params={
            "level": "ad",
            "time_increment": 1,
            "time_range": {"since": "2026-11-19", "until": "2026-11-20"},
            "limit": 3,
        },
    )

    found = [(row["date_start"], row["ad_id"]) for row in rows]
    assert found == [
        ("2026-11-19", "301"),
        ("2026-11-19", "302"),
        ("2026-11-20", "301"),
        ("2026-11-20", "302"),
    ]


def test_runs_an_asynchronous_report(api: FacebookAdsApi) -> None:
    run = AdAccount("act_1001", api=api).get_insights_async(fields=["spend"], params={})
    for _ in range(2):
        run = run.api_get()

    assert run["async_status"] == "Job Completed"
    assert len(list(run.get_insights())) == 1


def test_errors_carry_code_and_subcode(api: FacebookAdsApi) -> None:
    with pytest.raises(FacebookRequestError) as caught:
        AdSet("999", api=api).api_get(fields=["name"])

    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (100, 33)
    assert caught.value.http_status() == 400


def test_batch_runs_each_element_for_itself(api: FacebookAdsApi, meta: Box) -> None:
    batch, good, bad = api.new_batch(), [], []
    for adset, budget in (("201", 15000), ("202", 1), ("999", 15000)):
        AdSet(adset, api=api).api_update(
            params={"daily_budget": budget},
            batch=batch,
            success=good.append,
            failure=lambda answer: bad.append(answer.json()["error"]["code"]),
        )
    AdSet("201", api=api).api_get(fields=["daily_budget"], batch=batch, success=good.append)

    assert batch.execute() is None
    assert [answer.json().get("daily_budget") for answer in good] == [None, "15000"]
    assert bad == [1487901, 100]
    assert (len(meta.effects("201")), len(meta.effects("202"))) == (1, 0)


def test_batch_offers_what_was_not_run_again(api: FacebookAdsApi, meta: Box) -> None:
    meta.control("faults", {"kind": "meta_batch_null", "index": 0, "times": 1})
    batch = api.new_batch()
    AdSet("201", api=api).api_update(params={"daily_budget": 15000}, batch=batch)

    again = batch.execute()
    assert meta.effects("201") == []

    assert again.execute() is None
    assert meta.effects("201") == [("120", "150")]
