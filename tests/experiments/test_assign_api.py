"""GET /api/ab-tests/assign/: for servers, and for pages by their site's key."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from attribution.models import Site
from experiments.engine.assignment import TestPlan, assign
from experiments.models import ABTest, ExperimentPolicy, Exposure
from tests.api.conftest import key_client
from tests.experiments.served_steps import ORIGIN, TITLE, met, pause, runs_on, shop_of
from tests.experiments.steps import running_of
from workspaces.models import ThrottleRate, Workspace

PATH = "/api/ab-tests/assign/"


@pytest.fixture
def site(workspace: Workspace) -> Site:
    return shop_of(workspace)


@pytest.fixture
def caller(workspace: Workspace) -> APIClient:
    return key_client(workspace, ["experiments:read"])


def ask(caller: APIClient, unit: str = "u-1", **query: str) -> dict[str, tuple]:
    answer = caller.get(PATH, {"unit": unit, **query})
    assert answer.status_code == 200, answer.json()
    assert answer.json()["unit"] == unit
    return {one["test"]: (one["variant"], one["reason"]) for one in answer.json()["assignments"]}


def plan_of(test: ABTest) -> TestPlan:
    return TestPlan(test.key, test.seed, (("control", 5_000), ("blue", 5_000)))


def test_all_tests_that_run(site: Site, caller: APIClient) -> None:
    title = runs_on(site)
    mails = running_of(site.workspace, "mails", surface="message")
    pause(runs_on(site, "paused"))

    found = ask(caller)

    assert found == {
        "title": (assign(plan_of(title), "u-1").variant, "assigned"),
        "mails": (assign(plan_of(mails), "u-1").variant, "assigned"),
    }
    assert ask(caller, test="mails") == {"mails": found["mails"]}
    assert not Exposure.objects.exists()


def test_what_the_variant_changes_comes_along(site: Site, caller: APIClient) -> None:
    runs_on(site, weights={"control": 0, "blue": 10_000})

    (one,) = caller.get(PATH, {"unit": "u"}).json()["assignments"]

    assert one == {"test": "title", "variant": "blue", "reason": "assigned", "config": TITLE}


def test_whoever_met_a_variant_keeps_it(site: Site, caller: APIClient) -> None:
    test = runs_on(site, weights={"control": 10_000, "blue": 0}, traffic=0)
    met(test, "u-1", "blue")

    assert ask(caller, "u-1") == {"title": ("blue", "known")}
    assert ask(caller, "u-2") == {"title": (None, "traffic")}


def test_the_holdout_is_in_no_test(site: Site, caller: APIClient) -> None:
    runs_on(site)
    ExperimentPolicy.objects.update_or_create(
        workspace=site.workspace, defaults={"holdout": 5_000, "holdout_seed": "h"}
    )

    found = [ask(caller, f"u-{number}")["title"][1] for number in range(20)]

    assert (found.count("holdout"), found.count("assigned")) == (14, 6)


def test_facts_come_by_parameters(site: Site, caller: APIClient) -> None:
    targeting = {
        "devices": ["mobile"],
        "countries": ["DE"],
        "customer_types": ["new"],
        "query": {"ref": "mail"},
    }
    runs_on(site, targeting=targeting, pattern="/shop/*", weights={"control": 10_000, "blue": 0})
    facts = {
        "device": "mobile",
        "country": "de",
        "customer_type": "new",
        "url": "https://shop.example/shop/7?ref=mail",
    }

    assert ask(caller, **facts) == {"title": ("control", "assigned")}
    for name in facts:
        less = {key: value for key, value in facts.items() if key != name}
        assert ask(caller, **less) == {"title": (None, "targeting")}


def test_a_variant_to_look_at(site: Site, caller: APIClient) -> None:
    runs_on(site, traffic=0)

    assert ask(caller, cs_variant="title:blue") == {"title": ("blue", "forced")}
    assert ask(caller, cs_variant="title:unknown") == {"title": (None, "traffic")}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "unit"),
        ({"unit": ""}, "unit"),
        ({"unit": "u" * 121}, "unit"),
        ({"unit": "a\x00"}, "unit"),
        ({"unit": "u", "device": "fridge"}, "device"),
        ({"unit": "u", "country": "DEU"}, "country"),
        ({"unit": "u", "customer_type": "old"}, "customer_type"),
        ({"unit": "u", "cs_variant": "title"}, "cs_variant"),
        ({"unit": "u", "cs_variant": "a:b:c"}, "cs_variant"),
        ({"unit": "u", "url": "/" * 2001}, "url"),
    ],
)
def test_wrong_parameters_are_named(caller: APIClient, query: dict, field: str) -> None:
    answer = caller.get(PATH, query)

    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_a_test_that_does_not_run_is_not_found(
    site: Site, caller: APIClient, other_workspace: Workspace
) -> None:
    pause(runs_on(site, "paused"))
    runs_on(shop_of(other_workspace), "theirs")

    for key in ("paused", "theirs", "unknown"):
        assert caller.get(PATH, {"unit": "u", "test": key}).status_code == 404
    assert ask(caller) == {}


def test_another_workspace_knows_nothing_of_a_unit(site: Site, other_workspace: Workspace) -> None:
    mine = runs_on(site, weights={"control": 10_000, "blue": 0})
    met(mine, "u-1", "blue")
    runs_on(shop_of(other_workspace), weights={"control": 10_000, "blue": 0})

    found = ask(key_client(other_workspace, ["experiments:read"]), "u-1")

    assert found == {"title": ("control", "assigned")}


def test_a_key_without_the_scope_and_nobody_are_refused(site: Site) -> None:
    assert APIClient().get(PATH, {"unit": "u"}).status_code == 401
    key = key_client(site.workspace, ["experiments:write"])
    assert key.get(PATH, {"unit": "u"}).status_code == 403


def page(site: Site, origin: str = ORIGIN, key: str = "") -> Any:
    query = {"unit": "u", "site": key or site.key}
    return APIClient().get(PATH, query, headers={"Origin": origin})


def test_a_page_asks_by_its_sites_key(site: Site) -> None:
    runs_on(site, weights={"control": 10_000, "blue": 0})
    runs_on(shop_of(site.workspace, "Second"), "second")
    running_of(site.workspace, "mails", surface="message")

    answer = page(site)

    assert [one["test"] for one in answer.json()["assignments"]] == ["title"]
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert answer["Vary"].split(", ")[0] == "Origin"
    refused = page(site, "https://evil.example")
    assert (refused.status_code, "Access-Control-Allow-Origin" in refused) == (403, False)
    assert page(site, key="unknown").status_code == 401
    assert page(site, key="\x00").status_code == 401


def test_of_a_page_the_connection_tells_device_and_country(site: Site, settings: Any) -> None:
    settings.GEO_HEADERS = {"country": "X-Country", "region": "", "city": ""}
    runs_on(site, targeting={"countries": ["DE"]}, weights={"control": 10_000, "blue": 0})
    client = APIClient(headers={"Origin": ORIGIN, "X-Country": "DE"})

    found = client.get(PATH, {"unit": "u", "site": site.key}).json()["assignments"]
    told = client.get(PATH, {"unit": "u", "site": site.key, "country": "FR"}).json()["assignments"]

    assert [found[0]["reason"], told[0]["reason"]] == ["assigned", "targeting"]


def test_calls_of_one_visitor_are_counted(site: Site) -> None:
    ThrottleRate.objects.create(workspace=site.workspace, scope="visitor", calls=2, seconds=3600)
    assert [page(site).status_code for _ in range(2)] == [200, 200]

    answer = page(site)

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_a_keys_calls_are_counted_as_reading(site: Site, caller: APIClient) -> None:
    ThrottleRate.objects.create(workspace=site.workspace, scope="read", calls=1, seconds=3600)

    assert [caller.get(PATH, {"unit": "u"}).status_code for _ in range(2)] == [200, 429]


def test_few_queries(site: Site, caller: APIClient, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        runs_on(site, f"test-{number}")
    ask(caller)

    with django_assert_max_num_queries(9):
        ask(caller)
