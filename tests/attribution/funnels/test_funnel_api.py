"""Funnels over REST."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from attribution.models import FunnelDefinition
from attribution.services.funnels.defining import create_funnel
from attribution.services.funnels.refreshing import refresh_funnel
from tests.api.conftest import key_client
from tests.attribution.funnels.steps import act, document, event, make_site, page, store, walk
from workspaces import scopes

PATH = "/api/website/funnels/"
SHOP = {"name": "Shop", **document(page("/"), act("buy"), mode="loose")}


@pytest.fixture
def client(workspace, admin):
    return key_client(workspace, [scopes.ATTRIBUTION_READ, scopes.EVENTS_WRITE], acts_as=admin)


def post(client, body):
    return client.post(PATH, body, format="json")


def test_a_funnel_is_defined_and_listed(client, workspace, admin):
    site = make_site(workspace)

    made = post(client, {**SHOP, "site": str(site.public_id), "alert_drop_pct": 20})

    assert made.status_code == 201
    assert made.json() | {"id": "", "created_at": ""} == {
        "id": "", "name": "Shop", "site": str(site.public_id), "steps": SHOP["steps"],
        "exclusions": [], "window_seconds": 86_400, "mode": "ordered", "alert_drop_pct": 20,
        "is_active": True, "version": 1, "refreshed_at": None, "created_at": "",
    }  # fmt: skip
    assert client.get(PATH).json()["results"] == [made.json()]
    assert FunnelDefinition.objects.get().created_by == admin


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"steps": []}, "steps"),
        ({"window_seconds": 0}, "window_seconds"),
        ({"site": str(uuid4())}, "site"),
        ({"colour": "red"}, "colour"),
        ({"steps": [{"name": "A", "any_of": [page("cart")]}]}, "steps[0].any_of[0].match"),
        (
            {"steps": [{"name": "A", "any_of": [
                page("/", {"property": "v", "op": "gt", "value": "x"})]}]},
            "steps[0].any_of[0].where[0].value",
        ),
    ],
)  # fmt: skip
def test_what_is_no_funnel_is_refused_by_its_place(client, change, field):
    answer = post(client, {**SHOP, **change})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert not FunnelDefinition.objects.exists()


def test_analytics_tell_how_far_people_get(client, workspace):
    now = timezone.now()
    site, begun = make_site(workspace), now - timedelta(days=2)
    buyer = uuid4()
    store(walk(site, buyer, begun, "/", source="mail", device="mobile"))
    store([event(site, buyer, begun + timedelta(minutes=2), name="buy", value="40",
                 currency=workspace.currency)])  # fmt: skip
    store(walk(site, uuid4(), begun, "/", source="mail", device="desktop"))
    given = document(page("/"), act("buy"))
    funnel = create_funnel(workspace=workspace, name="Shop", document=given, by=None, now=now)
    refresh_funnel(funnel=funnel, now=now)

    answer = client.get(f"{PATH}{funnel.public_id}/analytics", {"by": "device"}).json()

    current = answer["current"]
    assert (current["entered"], current["completed"], current["rate"]) == (2, 1, 0.5)
    assert current["revenue"] == {"amount": "40.00", "currency": workspace.currency}
    assert current["steps"][1] == {
        "number": 2, "name": "Step 2", "reached": 1, "rate_from_previous": 0.5,
        "rate_from_first": 0.5, "dropped": 1, "drop_off": 0.5, "median_seconds": 120,
        "p90_seconds": 120,
    }  # fmt: skip
    assert answer["previous"]["entered"] == 0
    assert {line["key"]: line["reached"] for line in answer["breakdown"]} == {
        "mobile": [1, 1], "desktop": [1, 0],
    }  # fmt: skip
    assert [line["entered"] for line in answer["days"][-3:]] == [0, 2, 0]
    assert sum(bar["people"] for bar in answer["times"]) == 1

    mobile = client.get(f"{PATH}{funnel.public_id}/analytics", {"device": "mobile"}).json()
    assert mobile["current"]["entered"] == 1


def test_a_funnel_of_another_workspace_is_none(client, other_workspace, now):
    theirs = create_funnel(
        workspace=other_workspace, name="Theirs", document=document(page("/")), by=None, now=now
    )

    assert client.get(f"{PATH}{theirs.public_id}/analytics").status_code == 404
    assert client.get(PATH).json()["results"] == []
