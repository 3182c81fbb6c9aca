"""Every list and detail page of the admin: it opens, shows its rows only, in few queries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import admin_rows
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces.middleware import SESSION_KEY
from workspaces.models import User

MODELS = admin_rows.registered()
LIST_QUERIES = 12
PASSWORD_HASH = "hash-of-a-password"

of_each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker) -> Iterator[Client]:
    """Browser of an admin in a workspace with a row of everything, made once."""
    with django_db_blocker.unblock(), transaction.atomic():
        workspace = WorkspaceFactory(slug="house")
        boss = MembershipFactory(workspace=workspace, role="admin").user
        User.objects.filter(pk=boss.pk).update(password=PASSWORD_HASH)
        boss.refresh_from_db()
        approver = MembershipFactory(workspace=workspace, role="approver").user
        admin_rows.fill(workspace, boss, approver)
        client = Client()
        client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session[SESSION_KEY] = workspace.pk
        session.save()
        # Looked at now, else each test's end would look at the keys of all these rows again.
        connection.check_constraints()
        yield client
        transaction.set_rollback(True)


def _url(model, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@of_each_model
def test_list_shows_rows_in_few_queries(model, house, db, django_assert_max_num_queries):
    with django_assert_max_num_queries(LIST_QUERIES):
        response = house.get(_url(model, "changelist"))

    assert response.status_code == 200
    assert response.context["cl"].result_count >= 1


@of_each_model
def test_list_can_be_searched_or_ordered(model, house, db):
    page = admin.site.get_model_admin(model)
    searches = bool(page.search_fields)
    request = house.get("/admin/").wsgi_request
    request.GET = QueryDict("q=zzz" if searches else "o=1")

    listed = page.get_changelist_instance(request)

    assert listed.result_count == 0 if searches else list(listed.queryset)


@of_each_model
def test_detail_and_history_open_without_secrets(model, house, db):
    row = admin_rows.rows_of(model)[0]
    expected = 403 if model._meta.model_name == "session" else 200

    detail = house.get(_url(model, "change", row.pk))
    history = house.get(_url(model, "history", row.pk))

    assert (detail.status_code, history.status_code) == (expected, expected)
    for secret in ("cipher-of-", "secret-data", "aa" * 20, PASSWORD_HASH):
        assert secret not in detail.text + history.text


def test_every_model_of_ours_has_a_page():
    ours = [
        model
        for label in ("workspaces", "campaigns", "mlops")
        for model in apps.get_app_config(label).get_models()
    ]

    assert [model._meta.label for model in ours if model not in MODELS] == []


@pytest.mark.parametrize("label", ["auth.Group", "rest_framework_api_key.APIKey"])
def test_models_that_are_not_used_have_none(label):
    assert apps.get_model(label) not in MODELS


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("workspaces_proposal", {"q": "Budget"}),
        ("campaigns_pendingadchange", {"q": "Budget"}),
        ("campaigns_adchangehistory", {"q": "nothing-has-this-id"}),
        ("campaigns_adchangehistory", {"status": "applied", "triggered_by": "model"}),
        ("workspaces_proposal", {"kind": "ad_change"}),
    ],
)
def test_lists_of_growing_tables_never_read_all_of_them(page, query, house, db):
    with CaptureQueriesContext(connection) as queries:
        response = house.get(reverse(f"admin:{page}_changelist"), query)

    told = " ".join(query["sql"] for query in queries).upper()
    assert response.status_code == 200
    assert "SELECT DISTINCT" not in told
    assert "LIKE UPPER" not in told
