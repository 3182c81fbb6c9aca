"""Scenarios over REST: tried, kept, read, sent; refused by the name of the field."""

from __future__ import annotations

import pytest
import time_machine

from campaigns.models import Scenario
from tests.api.conftest import key_client
from tests.campaigns.change_steps import policy_of
from tests.campaigns.scenarios.steps import NOW, curves_of, two_channels
from workspaces import scopes
from workspaces.models import Proposal

pytestmark = pytest.mark.django_db
PATH = "/api/scenarios/"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client(workspace, operator):
    return key_client(workspace, [scopes.INSIGHT_READ, scopes.INSIGHT_WRITE], acts_as=operator)


@pytest.fixture
def fit(workspace):
    two_channels(workspace)
    return curves_of(workspace)


def post(client, path, body, **headers):
    return client.post(f"{PATH}{path}", body, format="json", headers=headers)


def test_without_curves_it_says_what_to_do(workspace, client):
    answer = post(client, "predict/", {})

    assert answer.status_code == 409
    assert "POST jobs/response-curves/run/" in answer.json()["detail"]


def test_a_plan_is_tried_and_nothing_is_stored(client, fit):
    body = {"shifts": {"meta": 50}, "horizon_days": 7, "best_split": {"most": {"meta": 90}}}
    answer = post(client, "predict", body)

    assert answer.status_code == 200
    told = answer.json()
    assert told["inputs"]["budgets"] == {"google_ads": 100.0, "meta": 90.0}
    assert told["results"]["total"]["spend"] == 190.0 * 7
    assert told["results"]["total"]["revenue"]["change"]["p10"] > 0
    assert sum(told["best_split"]["budgets"].values()) == pytest.approx(190.0)
    assert Scenario.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"budgets": {"radio": 5}}, "budgets.radio"),
        ({"budgets": {"meta": "much"}}, "budgets.meta"),
        ({"budgets": ["meta"]}, "budgets"),
        ({"horizon_days": 0}, "horizon_days"),
        ({"budget": {"meta": 5}}, "budget"),
        ({"content_cadence": 0}, "content_cadence"),
        ({"best_split": {"total": 10, "least": {"meta": 60}}}, "best_split.least"),
        ({"best_split": {"most": {"radio": 60}}}, "best_split.most.radio"),
    ],
)
def test_what_is_wrong_is_named(client, fit, body, field):
    answer = post(client, "predict/", body)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_one_is_kept_once_for_a_key_and_read_again(client, fit):
    body = {"name": "Push Meta", "budgets": {"meta": 90}}
    first = post(client, "", body, **{"Idempotency-Key": "k"})
    again = post(client, "", body, **{"Idempotency-Key": "k"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() == client.get(f"{PATH}{first.json()['id']}/").json()
    (row,) = client.get(PATH).json()["results"]
    assert (row["name"], row["outcome"]["state"]) == ("Push Meta", "not_sent")
    assert Scenario.objects.count() == 1
    assert post(client, "", {"budgets": {}}).json()["errors"][0]["field"] == "name"


def test_sent_twice_is_one_bundle(workspace, client, fit):
    policy_of(workspace)
    kept = post(client, "", {"name": "Push Meta", "shifts": {"meta": 20}}).json()
    path = f"{kept['id']}/send-to-approval/"

    first, again = post(client, path, {}), post(client, path, {})

    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["outcome"] == again.json()["outcome"]
    (proposal,) = Proposal.objects.all()
    assert first.json()["outcome"]["proposals"] == [str(proposal.public_id)]
    assert str(proposal.bundle_id) == kept["id"]
