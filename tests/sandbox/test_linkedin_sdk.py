"""LinkedIn's official client, unmodified but for its address, reads and writes the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.conftest import Box
from tests.sandbox.test_linkedin import LINKEDIN, Client, eur

constants = pytest.importorskip("linkedin_api.common.constants")
restli = pytest.importorskip("linkedin_api.clients.restli.client")

ACCESS = {"access_token": "tok", "version_string": "202609"}
CAMPAIGN = "/adAccounts/{account}/adCampaigns/{id}"
KEYS = {"account": 5001, "id": 31}


@pytest.fixture
def client(box: Box, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    box.seed(LINKEDIN, created_at=1790000000)
    # It has no setting for its address.
    monkeypatch.setattr(constants, "VERSIONED_BASE_URL", f"{box.base_url}/rest")
    client = restli.RestliClient()
    client.session.trust_env = False
    yield client
    client.session.close()


def test_reads_one_campaign(client: Any) -> None:
    found = client.get(resource_path=CAMPAIGN, path_keys=KEYS, **ACCESS)

    assert (found.status_code, found.entity["dailyBudget"]) == (200, eur("100.00"))


def test_finds_campaigns_by_status(client: Any) -> None:
    found = client.finder(
        resource_path="/adAccounts/{account}/adCampaigns",
        path_keys={"account": 5001},
        finder_name="search",
        query_params={"search": {"status": {"values": ["PAUSED"]}}, "pageSize": 5},
        **ACCESS,
    )

    assert [element["id"] for element in found.elements] == [32]


def test_reads_a_report_in_the_encoding_that_we_use_too(client: Any) -> None:
    day = {"year": 2026, "month": 11, "day": 19}
    found = client.finder(
        resource_path="/adAnalytics",
        finder_name="statistics",
        query_params={
            "pivots": ["CAMPAIGN", "CREATIVE"],
            "timeGranularity": "DAILY",
            "dateRange": {"start": day, "end": day},
            "accounts": ["urn:li:sponsoredAccount:5001"],
            "fields": "pivotValues,impressions",
        },
        **ACCESS,
    )

    [row] = found.elements
    assert row["pivotValues"] == ["urn:li:sponsoredCampaign:31", "urn:li:sponsoredCreative:41"]
    assert row["impressions"] > 1000


def test_updates_a_budget_as_a_person_would(client: Any, box: Box) -> None:
    done = client.partial_update(
        resource_path=CAMPAIGN,
        path_keys=KEYS,
        patch_set_object={"dailyBudget": eur("120.50")},
        **ACCESS,
    )

    assert done.status_code == 204
    assert Client(box).get("adAccounts/5001/adCampaigns/31")["dailyBudget"] == eur("120.50")


def test_takes_a_refusal_for_an_answer(client: Any) -> None:
    # Why the product does not use it: nothing is raised, whatever LinkedIn said.
    old = ACCESS | {"version_string": "202511"}

    assert client.get(resource_path=CAMPAIGN, path_keys=KEYS, **old).status_code == 426
