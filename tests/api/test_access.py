"""Keys and sessions at the door."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from tests.api.conftest import key_client
from workspaces.models import ApiKey, Membership

PATHS = ["/api/whoami/", "/api/whoami", "/api/v1/whoami/", "/api/v1/whoami"]


@pytest.mark.parametrize("path", PATHS)
def test_every_spelling_answers_without_redirect(workspace, path):
    answer = key_client(workspace, ["changes:read"]).get(path)

    assert answer.status_code == 200
    assert answer.json()["workspace"]["slug"] == "acme"


def test_unbound_key_is_nobody_with_its_scopes(workspace):
    client = key_client(workspace, ["changes:read", "insight:read"])

    body = client.get("/api/whoami/").json()

    assert body["person"] is None
    assert body["role"] == ""
    assert body["scopes"] == ["changes:read", "insight:read"]
    assert body["caller"] == "integration"
    assert body["key"] == {
        "name": "test",
        "kind": "integration",
        "prefix": client.api_key.prefix,
        "scopes": ["changes:read", "insight:read"],
        "expires_at": None,
    }


def test_bound_key_is_the_person(workspace, approver):
    client = key_client(workspace, ["changes:sign"], acts_as=approver)

    body = client.get("/api/whoami/").json()

    assert body["person"]["email"] == approver.email
    assert (body["role"], body["scopes"]) == ("approver", ["changes:sign"])


def test_bound_key_has_no_more_rights_than_the_person(workspace, viewer):
    client = key_client(workspace, ["changes:propose"], acts_as=viewer)

    assert client.get("/api/whoami/").json()["scopes"] == []
    assert client.post("/api/proposals/", {}, format="json").status_code == 403


@pytest.mark.parametrize(
    "header",
    ["Api-Key nonsense", "Api-Key abcdefgh.wrong", "Bearer abc", "Api-Key", "Api-Key \x00.a"],
)
def test_unknown_keys_are_refused(workspace, header):
    answer = APIClient().get("/api/whoami/", HTTP_AUTHORIZATION=header)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Api-Key"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("change", [{"revoked": True}, {"expiry_date": "2020-01-01T00:00:00Z"}])
def test_ended_keys_are_refused(workspace, change):
    client = key_client(workspace, ["changes:read"])
    assert client.get("/api/whoami/").status_code == 200

    ApiKey.objects.filter(pk=client.api_key.pk).update(**change)

    assert client.get("/api/whoami/").status_code == 401


@pytest.mark.parametrize("end", ["membership", "account"])
def test_key_of_a_person_who_left_is_refused(workspace, approver, end):
    client = key_client(workspace, ["changes:sign"], acts_as=approver)

    if end == "membership":
        Membership.objects.get(user=approver).delete()
    else:
        approver.is_active = False
        approver.save()

    assert client.get("/api/whoami/").status_code == 401


def test_use_is_noted_at_most_once_a_minute(workspace, django_assert_num_queries):
    client = key_client(workspace, ["changes:read"])

    client.get("/api/whoami/")
    first = ApiKey.objects.get(pk=client.api_key.pk).last_used_at
    with django_assert_num_queries(2):  # the key and its rate
        client.get("/api/whoami/")

    assert ApiKey.objects.get(pk=client.api_key.pk).last_used_at == first
    earlier = timezone.now() - timedelta(minutes=2)
    ApiKey.objects.filter(pk=client.api_key.pk).update(last_used_at=earlier)
    client.get("/api/whoami/")
    assert ApiKey.objects.get(pk=client.api_key.pk).last_used_at > first


def test_nobody_is_asked_to_authenticate(db):
    assert APIClient().get("/api/whoami/").status_code == 401


def test_session_without_workspace_is_refused_in_words(db, browser):
    from tests.workspaces.factories import UserFactory

    answer = browser(UserFactory()).get("/api/whoami/")

    assert answer.status_code == 403
    assert "ask an admin to invite you" in answer.json()["detail"]


def test_session_posts_need_the_csrf_token(workspace, operator, client_as):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = client_as(operator).cookies

    answer = browser.post(
        "/api/kill-switch/", {"on": True, "reason": "x"}, content_type="application/json"
    )

    workspace.refresh_from_db()
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["detail"]
    assert not workspace.kill_switch


@pytest.mark.parametrize("tenant", ["rival", 7, None, ["acme"]])
def test_body_that_names_another_tenant_is_refused(workspace, operator, browser, tenant):
    answer = browser(operator).post(
        "/api/kill-switch/", {"on": True, "reason": "x", "tenant_id": tenant}, format="json"
    )

    workspace.refresh_from_db()
    assert answer.status_code == 403
    assert "tenant_id" in answer.json()["detail"]
    assert not workspace.kill_switch


def test_body_may_name_its_own_tenant(workspace, operator, browser):
    answer = browser(operator).post(
        "/api/kill-switch/",
        {"on": True, "reason": "Odd.", "tenant_id": "acme"},
        format="json",
    )

    assert answer.status_code == 200


def test_times_carry_the_offset_of_the_workspace(workspace, operator, browser):
    workspace.time_zone = "Asia/Kolkata"
    workspace.save()

    answer = browser(operator).post(
        "/api/kill-switch/", {"on": True, "reason": "Odd."}, format="json"
    )

    assert answer.json()["since"].endswith("+05:30")


def test_answers_are_not_kept_by_proxies(workspace):
    answer = key_client(workspace, ["changes:read"]).get("/api/whoami/")

    assert answer.headers["Cache-Control"] == "private, no-store"


def test_other_origins_get_no_permission(workspace):
    client = key_client(workspace, ["changes:read"])

    answer = client.get("/api/whoami/", HTTP_ORIGIN="https://elsewhere.example")

    assert not [name for name in answer.headers if name.lower().startswith("access-control")]
