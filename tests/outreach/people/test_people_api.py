"""Contacts, consent, suppressions and audiences over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from outreach.models import Audience, Consent, Contact, Suppression
from tests.outreach.steps import audience_of, contact_of, point_of
from workspaces.models import User, Workspace

Browse = Callable[[User], Client]
JSON = "application/json"


@pytest.fixture
def api(client_as: Browse, operator: User) -> Client:
    """An operator at the API."""
    return client_as(operator)


def _fields(response: Any) -> list[str]:
    return [one["field"] for one in response.json()["errors"]]


def test_contact_from_its_first_call_to_an_audience(api: Client, workspace: Workspace) -> None:
    made = api.post(
        "/api/contacts/",
        {"first_name": "Ann", "attributes": {"plan": "pro"},
         "points": [{"channel": "email", "address": "Ann@Example.com"}]},
        content_type=JSON,
    )  # fmt: skip
    contact = made.json()
    agreed = api.put(
        f"/api/contacts/{contact['id']}/consent/",
        {"statement": "Asked for it at the fair.",
         "consents": [{"channel": "email", "is_given": True}]},
        content_type=JSON,
    )  # fmt: skip
    rules = {"match": "all", "rules": [
        {"what": "consent", "channel": "email"}, {"what": "reachable", "channel": "email"},
        {"what": "attribute", "name": "plan", "test": "is", "value": "PRO"},
    ]}  # fmt: skip
    audience = api.post("/api/audiences/", {"name": "Pros", "rules": rules}, content_type=JSON)

    assert (made.status_code, contact["points"][0]["address"]) == (201, "ann@example.com")
    assert agreed.json()["current"][0]["evidence"]["statement"] == "Asked for it at the fair."
    assert (audience.status_code, audience.json()["count"]) == (201, 1)
    assert audience.json()["contacts"][0]["name"] == "Ann"
    assert api.get("/api/contacts/?q=ann@ex").json()["results"][0]["id"] == contact["id"]
    assert api.get("/api/contacts/?address=nobody@example.com").json()["results"] == []


def test_patch_archives_and_takes_back(api: Client, workspace: Workspace) -> None:
    contact = contact_of(workspace)
    path = f"/api/contacts/{contact.public_id}/"

    gone = api.patch(path, {"first_name": "Anna", "is_archived": True}, content_type=JSON)
    refused = api.patch(path, {"first_name": "Bob"}, content_type=JSON)
    back = api.patch(path, {"first_name": "Bob", "is_archived": False}, content_type=JSON)

    assert gone.json()["first_name"] == "Anna"
    assert gone.json()["archived_at"] is not None
    assert refused.status_code == 409
    assert (back.json()["first_name"], back.json()["archived_at"]) == ("Bob", None)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("contacts", {"points": [{"channel": "email", "address": "x"}]}, "points.0.address"),
        ("contacts", {"time_zone": "Mars"}, "time_zone"),
        ("contacts", {"shoe": 1}, "shoe"),
        ("audiences", {"name": "A", "rules": {"rules": [{"what": "did"}]}}, "rules.0.event"),
        ("audiences/preview", {"rules": {"rules": [{"what": "did"}]}}, "rules.0.event"),
        ("audiences", {"name": "A", "add": ["01932f6e-0000-7000-8000-000000000001"],
                       "kind": "list"}, "add"),
        ("suppressions", {"values": ["ann@example.com", "no"], "channel": "email"}, "values.1"),
        ("contacts", {"locale": "not a locale"}, "locale"),
        ("suppressions", {"values": ["b.com"], "is_domain": True, "channel": "sms"}, "channel"),
        ("suppressions", {"values": ["+49170"]}, "values.0"),
        ("suppressions", {"values": ["a@b.com"], "until": "2020-01-01T00:00:00Z"}, "until"),
    ],
)  # fmt: skip
def test_wrong_field_is_named_and_nothing_is_kept(
    api: Client, workspace: Workspace, path: str, body: dict[str, Any], field: str
) -> None:
    answer = api.post(f"/api/{path}/", body, content_type=JSON)

    assert (answer.status_code, _fields(answer)) == (400, [field])
    assert not any(model.objects.exists() for model in (Contact, Audience, Suppression))


def test_consent_without_proof_is_refused(api: Client, workspace: Workspace) -> None:
    contact = contact_of(workspace)

    answer = api.put(
        f"/api/contacts/{contact.public_id}/consent/",
        {"consents": [{"channel": "sms", "is_given": True}]}, content_type=JSON,
    )  # fmt: skip

    assert (answer.status_code, _fields(answer)) == (400, ["evidence"])
    assert Consent.objects.count() == 1


def test_suppressions_are_added_once_and_lifted_by_admins(
    api: Client, client_as: Browse, admin: User, workspace: Workspace
) -> None:
    body = {"values": ["Ann@Example.com", "bob@example.com"], "note": "Asked by phone."}

    first = api.post("/api/suppressions/", body, content_type=JSON)
    again = api.post("/api/suppressions/", body, content_type=JSON)
    row = api.get("/api/suppressions/?value=ann@example.com").json()["results"][0]
    path = f"/api/suppressions/{row['id']}/lift/"
    refused = api.post(path, {"reason": "Wrote to us."}, content_type=JSON)
    lifted = client_as(admin).post(path, {"reason": "Wrote to us."}, content_type=JSON)

    assert (first.json(), again.json()) == ({"added": 2}, {"added": 0})
    assert refused.status_code == 403
    assert lifted.json()["lifted_at"] is not None
    assert len(api.get("/api/suppressions/?is_lifted=false").json()["results"]) == 1


def test_list_is_filled_and_emptied(api: Client, workspace: Workspace) -> None:
    ann, bob = contact_of(workspace), contact_of(workspace, "bob@example.com")
    everybody = audience_of(workspace, bob)

    made = api.post(
        "/api/audiences/",
        {"name": "VIPs", "kind": "list", "add": [str(ann.public_id)],
         "add_from": str(everybody.public_id)}, content_type=JSON,
    )  # fmt: skip
    path = f"/api/audiences/{made.json()['id']}/"
    less = api.patch(path, {"remove": [str(ann.public_id)]}, content_type=JSON)
    gone = api.patch(path, {"is_archived": True}, content_type=JSON)

    assert [made.json()["count"], less.json()["count"]] == [2, 1]
    assert gone.json()["archived_at"] is not None
    left = api.get("/api/audiences/?is_archived=false").json()["results"]
    assert [one["name"] for one in left] == ["Everybody"]


def test_lists_take_few_queries(
    api: Client, workspace: Workspace, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(12):
        contact_of(workspace, f"p{number}@example.com")

    with django_assert_max_num_queries(12):
        assert len(api.get("/api/contacts/?q=p1").json()["results"]) == 3


def test_contact_is_found_once_by_an_address_in_any_spelling(
    api: Client, workspace: Workspace, other_workspace: Workspace
) -> None:
    ann = contact_of(workspace)
    for channel in ("sms", "whatsapp"):
        point_of(ann, channel, "+491701234567")
    contact_of(other_workspace)

    for asked in ("Ann@Example.COM", "%2B49 170 1234567", "ann@example.com"):
        found = api.get(f"/api/contacts/?address={asked}").json()["results"]
        assert [one["id"] for one in found] == [str(ann.public_id)]
