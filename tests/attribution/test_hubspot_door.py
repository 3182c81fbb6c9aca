"""Events of HubSpot that another system passes on over REST."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import key_client
from tests.workspaces.inbound_calls import connect
from workspaces import scopes
from workspaces.models import InboundEvent

EVENT = {
    "portalId": 33, "subscriptionType": "deal.propertyChange", "objectId": 7,
    "propertyName": "dealstage", "propertyValue": "closedwon", "occurredAt": 1795262400000,
}  # fmt: skip


@pytest.fixture
def client(workspace, admin):
    """A key of the workspace."""
    return key_client(workspace, scopes.SCOPES, acts_as=admin)


@pytest.fixture
def portal(workspace):
    """A connection to portal 33."""
    return connect(workspace, "hubspot", access_token="t", portal_id="33", client_secret="s")


def _post(client, **changes):
    body = {name: value for name, value in {**EVENT, **changes}.items() if value is not None}
    return client.post("/api/ml/process-hubspot-event/", body, format="json")


def test_an_event_is_queued_once_as_its_webhook_would_be(client, portal):
    answers = [_post(client), _post(client), _post(client, portalId=None)]

    row = InboundEvent.objects.get()
    assert [answer.status_code for answer in answers] == [202] * 3
    assert answers[0].json()["status"] == "queued"
    assert (row.connection, row.kind) == (portal, "deal.propertyChange")
    assert json.loads(row.body) == EVENT


def test_a_portal_of_others_is_not_known(client, portal, other_workspace):
    connect(other_workspace, "hubspot", access_token="t", portal_id="44", client_secret="s")

    answer = _post(client, portalId=44)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "portalId"
    assert InboundEvent.objects.count() == 0


def test_one_of_several_portals_must_be_named(client, portal, workspace):
    connect(workspace, "hubspot", name="b", access_token="t", portal_id="44", client_secret="s")

    assert "several portals" in _post(client, portalId=None).json()["errors"][0]["message"]
    assert InboundEvent.objects.count() == 0


@pytest.mark.parametrize("change", [{"subscriptionType": "form.sent"}, {"objectId": "x"},
                                    {"occurredAt": None}, {"surprise": 1}])  # fmt: skip
def test_what_is_no_event_is_refused(client, portal, change):
    assert _post(client, **change).status_code == 400
    assert InboundEvent.objects.count() == 0
