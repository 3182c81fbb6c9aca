"""The fake HubSpot: its paths, its limits, its oddities, and what it tells by webhook."""

from __future__ import annotations

import json

import httpx
import jsonschema
import pytest

from attribution.hubspot.webhook import HubSpotProvider
from tests.sandbox.conftest import Box
from tests.workspaces.inbound_calls import call
from workspaces.inbound.base import ForgedError

PORTAL = {
    "platform": "hubspot", "id": "33", "token": "pat-sandbox-33", "client_secret": "s3cret",
}  # fmt: skip
SECRET = {"client_secret": "s3cret"}
URL = "https://countersign.example/api/webhooks/hubspot/1"
TEXT, MOMENT = {"type": "string"}, {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT.*\.\d{3}Z$"}
DEAL = {
    "type": "object",
    "required": ["id", "properties", "createdAt", "updatedAt", "archived"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": r"^\d+$"},
        "properties": {
            "type": "object",
            "required": ["createdate", "hs_lastmodifieddate", "hs_object_id"],
            "additionalProperties": TEXT,
        },
        "propertiesWithHistory": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["value", "timestamp", "sourceType"],
                    "properties": {"value": TEXT, "timestamp": MOMENT, "sourceType": TEXT},
                },
            },
        },
        "createdAt": MOMENT,
        "updatedAt": MOMENT,
        "archived": {"type": "boolean"},
    },
}
BATCH = {
    "type": "object",
    "required": ["status", "results", "startedAt", "completedAt"],
    "additionalProperties": False,
    "properties": {
        "status": {"const": "COMPLETE"},
        "results": {"type": "array", "items": DEAL},
        "startedAt": MOMENT,
        "completedAt": MOMENT,
        "numErrors": {"type": "integer"},
        "errors": {"type": "array", "items": {"required": ["status", "category", "message"]}},
    },
}


class Client:
    """A portal over plain HTTP."""

    def __init__(self, box: Box) -> None:
        self.box = box

    def call(self, method: str, path: str, **more: object) -> httpx.Response:
        headers = {"Authorization": "Bearer pat-sandbox-33"}
        return self.box.http.request(method, path, headers=headers, **more)

    def do(self, name: str, **body: object) -> str:
        return self.box.control(f"hubspot/{name}", {"portal": "33", **body}).get("id", "")

    def read(self, *ids: str, **body: object) -> httpx.Response:
        inputs = [{"id": one} for one in ids]
        asked = {"properties": ["dealname"], "propertiesWithHistory": ["dealstage"], **body}
        return self.call(
            "POST", "/crm/v3/objects/deals/batch/read", json={"inputs": inputs, **asked}
        )

    def search(self, **body: object) -> httpx.Response:
        return self.call("POST", "/crm/v3/objects/deals/search", json=body)


@pytest.fixture
def crm(box: Box) -> Client:
    """A portal with one deal that moved once."""
    box.seed(PORTAL)
    client = Client(box)
    client.do("deal", id="1", stage="appointmentscheduled", properties={"dealname": "Mara"})
    client.do("deal", id="1", stage="closedwon")
    return client


def test_history_of_a_stage_comes_newest_first(crm):
    answer = crm.read("1")

    jsonschema.validate(answer.json(), BATCH)
    deal = answer.json()["results"][0]
    stages = deal["propertiesWithHistory"]["dealstage"]
    assert answer.status_code == 200
    assert deal["properties"]["dealname"] == "Mara"
    assert [(row["value"], row["timestamp"]) for row in stages] == [
        ("closedwon", "2026-11-21T12:00:00.001Z"),
        ("appointmentscheduled", "2026-11-21T12:00:00.000Z"),
    ]  # fmt: skip


def test_missing_deals_make_a_partial_answer(crm):
    answer = crm.read("1", "77")

    jsonschema.validate(answer.json(), BATCH)
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert answer.json()["errors"][0]["context"] == {"ids": ["77"]}
    assert crm.read(*map(str, range(101))).status_code == 400


def test_merged_deals_answer_under_their_old_id_with_the_new_one(crm):
    crm.do("deal", id="2", stage="contractsent")

    target = crm.do("merge", primary="1", merged=["2"])

    assert [row["id"] for row in crm.read("1", "2").json()["results"]] == [target]
    assert target not in ("1", "2")


def test_search_walks_pages_and_stops_at_its_cap(crm, box):
    box.control("settings", {"hubspot_search_cap": 3})
    for number in range(2, 6):
        box.control("clock", {"advance_s": 1})
        crm.do("deal", id=str(number), stage="contractsent")
    sort = [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}]

    first = crm.search(sorts=sort, limit=2).json()
    beyond = crm.search(sorts=sort, limit=2, after=first["paging"]["next"]["after"])

    assert first["total"] == 5
    assert [row["id"] for row in first["results"]] == ["1", "2"]
    assert beyond.status_code == 400


def test_search_filters_by_change_and_its_index_lags(crm, box):
    box.control("clock", {"advance_s": 60})
    crm.do("deal", id="2", stage="contractsent")
    since = [{"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE",
                           "value": "1795262430000"}]}]  # fmt: skip

    assert [row["id"] for row in crm.search(filterGroups=since).json()["results"]] == ["2"]
    box.control("settings", {"hubspot_index_lag_s": 10})
    assert crm.search(filterGroups=since).json()["results"] == []


def test_six_searches_in_a_second_are_one_too_many(crm, box):
    statuses = [crm.search().status_code for _ in range(6)]
    refused = crm.search()

    assert statuses == [200] * 5 + [429]
    assert refused.json()["policyName"] == "SECONDLY"
    assert "Retry-After" not in refused.headers
    box.control("clock", {"advance_s": 1})
    assert crm.search().status_code == 200


def test_headers_count_down_to_the_limit(crm, box):
    box.seed({**PORTAL, "limits": {"per_10_s": 2}})
    answers = [crm.call("GET", "/crm/v3/pipelines/deals") for _ in range(3)]

    left = [answer.headers["X-HubSpot-RateLimit-Remaining"] for answer in answers]
    assert left == ["1", "0", "0"]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["policyName"] == "TEN_SECONDLY_ROLLING"


def test_associations_name_the_contacts_of_a_deal(crm):
    contact = crm.do("contact", properties={"email": "mara@example.com"})
    crm.do("deal", id="1", contacts=[contact])

    path = "/crm/v4/associations/deals/contacts/batch/read"
    answer = crm.call("POST", path, json={"inputs": [{"id": "1"}, {"id": "9"}]})
    by_email = crm.call(
        "POST", "/crm/v3/objects/contacts/batch/read",
        json={"inputs": [{"id": "mara@example.com"}], "idProperty": "email"},
    )  # fmt: skip

    assert answer.status_code == 207
    assert answer.json()["results"][0]["to"][0]["toObjectId"] == int(contact)
    assert by_email.json()["results"][0]["id"] == contact


def test_a_list_goes_on_until_there_is_no_next(crm):
    crm.do("deal", id="2", stage="contractsent")

    first = crm.call("GET", "/crm/v3/objects/deals", params={"limit": 1}).json()
    after = first["paging"]["next"]["after"]
    last = crm.call("GET", "/crm/v3/objects/deals", params={"limit": 1, "after": after}).json()

    assert [first["results"][0]["id"], last["results"][0]["id"]] == ["1", "2"]
    assert "paging" not in last


def test_stages_carry_texts_for_truth_and_chance(crm):
    stage = crm.call("GET", "/crm/v3/pipelines/deals").json()["results"][0]["stages"][5]

    assert (stage["id"], stage["metadata"]) == (
        "closedwon", {"isClosed": "true", "probability": "1.0"},
    )  # fmt: skip


def test_a_wrong_token_is_refused(crm, box):
    refused = box.http.get("/crm/v3/pipelines/deals", headers={"Authorization": "Bearer no"})
    info = crm.call("POST", "/oauth/v2/private-apps/get/access-token-info",
                    json={"tokenKey": "pat-sandbox-33"})  # fmt: skip

    assert (refused.status_code, refused.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert info.json()["hubId"] == 33


@pytest.mark.parametrize(
    ("rule", "status"),
    [({"kind": "hubspot_429", "policy": "DAILY"}, 429),
     ({"kind": "hubspot_status", "code": 423}, 423),
     ({"kind": "hubspot_partial"}, 207)],
)  # fmt: skip
def test_faults_answer_as_the_platform_would(crm, box, rule, status):
    box.control("faults", rule)

    assert crm.read("1").status_code == status


def test_calls_are_signed_so_that_the_product_takes_them(crm, now):
    told = crm.box.control("hubspot/deliver", {"portal": "33", "url": URL, "keep": True})["calls"]
    wrong = crm.box.control("hubspot/deliver", {"portal": "33", "url": URL, "signature": "wrong"})

    provider, sent = HubSpotProvider(), told[0]
    received = now.replace(hour=12)
    signed = call(sent["body"].encode(), sent["headers"], url=URL)
    provider.verify(signed, SECRET, now=received)
    kinds = [event.kind for event in provider.split(signed, SECRET).events]
    assert kinds == ["deal.creation", *["deal.propertyChange"] * 4]
    forged = call(wrong["calls"][0]["body"].encode(), wrong["calls"][0]["headers"], url=URL)
    with pytest.raises(ForgedError):
        provider.verify(forged, SECRET, now=received)


def test_repeats_and_another_order_are_delivered_on_request(crm):
    told = crm.box.control(
        "hubspot/deliver", {"portal": "33", "url": URL, "duplicates": 2, "order": "reversed"}
    )["calls"]

    events = json.loads(told[0]["body"])
    values = [
        event["propertyValue"] for event in events if event.get("propertyName") == "dealstage"
    ]
    assert values == ["closedwon", "appointmentscheduled"] * 2
    assert len({event["eventId"] for event in events}) == len(events)


def test_calls_are_made_outside_of_the_sandboxs_own_transaction(crm):
    body = {"portal": "33", "send": True, "batch": 3, "url": f"{crm.box.base_url}/nobody"}

    told = crm.box.control("hubspot/deliver", body)

    assert told["statuses"] == [404, 404]
    assert crm.box.control("hubspot/deliver", body)["calls"] == []
