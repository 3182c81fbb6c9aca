"""Visitors and sessions over REST."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.api.conftest import key_client
from tests.attribution.website.web_steps import happened, seen, session_of, shop, visitor_of
from workspaces import scopes


@pytest.fixture
def client(workspace):
    return key_client(workspace, [scopes.ATTRIBUTION_READ])


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def visited(workspace, now):
    site = shop(workspace)
    visitor = visitor_of(site, now, user_id="u-17", value=Decimal("12.5"))
    return session_of(site, visitor, now, number=2, value=Decimal("12.5"))


def test_a_visitor_comes_with_his_sessions(client, visited, now):
    site, visitor = visited.site, visited.visitor
    older = session_of(site, visitor, now - timedelta(days=1))
    session_of(site, visitor_of(site, now), now)

    answer = client.get(f"/api/website/visitors/{visitor.public_id}").json()

    assert answer["id"] == str(visitor.public_id)
    assert answer["site"] == str(site.public_id)
    assert answer["user_id"] == "u-17"
    assert answer["value"] == {"amount": "12.50", "currency": "USD"}
    assert [one["id"] for one in answer["sessions"]] == [
        str(visited.public_id), str(older.public_id),
    ]  # fmt: skip
    assert answer["sessions"][0]["number"] == 2
    assert answer["sessions"][1]["value"] is None


def test_a_session_comes_with_its_pages_and_what_was_done(client, visited, now):
    key = visited.visitor_key
    first = happened(visited.site, key, now, path="/p/1")
    seen(visited, first)
    happened(visited.site, key, now + timedelta(seconds=9), "custom", name="purchase",
             category="conversion", value=Decimal("59.9"), currency="EUR",
             page_id=first.event_id)  # fmt: skip
    happened(visited.site, key, now + timedelta(seconds=9), "engagement", seconds=9)

    answer = client.get(f"/api/website/sessions/{visited.public_id}/").json()

    assert answer["visitor"] == str(visited.visitor.public_id)
    (page,) = answer["pages"]
    assert (page["path"], page["stage"], page["seconds"]) == ("/p/1", "product", 12)
    assert [(one["type"], one["name"]) for one in answer["done"]] == [
        ("page_view", "page_view"), ("custom", "purchase"),
    ]  # fmt: skip
    assert answer["done"][1]["value"] == {"amount": "59.90", "currency": "EUR"}


def test_a_session_costs_as_many_queries_however_much_was_done(
    client, visited, now, django_assert_max_num_queries
):
    for number in range(20):
        happened(visited.site, visited.visitor_key, now + timedelta(seconds=number))

    with django_assert_max_num_queries(9):
        answer = client.get(f"/api/website/sessions/{visited.public_id}/")

    assert len(answer.json()["done"]) == 20


@pytest.mark.parametrize("what", ["visitors", "sessions"])
def test_rows_of_others_do_not_exist(client, other_workspace, now, what):
    site = shop(other_workspace, "Theirs")
    session = session_of(site, visitor_of(site, now), now)
    theirs = {"visitors": session.visitor.public_id, "sessions": session.public_id}

    ours = client.get(f"/api/website/{what}/{theirs[what]}")
    nobodys = client.get(f"/api/website/{what}/{uuid4()}")

    assert (ours.status_code, nobodys.status_code) == (404, 404)
    assert ours.json()["detail"] == nobodys.json()["detail"]
