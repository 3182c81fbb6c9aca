"""The OpenAPI document says what the API does."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.api.paths import ALIASES, OPERATIONS


@pytest.fixture(scope="module")
def schema(django_db_setup, django_db_blocker):
    """The document as it is served; `make check` draws it too, and takes no warning."""
    with django_db_blocker.unblock():
        return APIClient().get("/api/schema/?format=json").json()


def test_document_is_of_the_version_that_clients_read(schema):
    assert schema["openapi"] == "3.1.0"


def test_every_operation_stands_once(schema):
    told = {
        f"{method.upper()} {path}"
        for path, methods in schema["paths"].items()
        for method in methods
    }

    wanted = {
        name.replace("<uuid:", "{").replace("<str:", "{").replace(">", "}").replace(" ", " /api/")
        for name in OPERATIONS
        if not any(alias in name for alias in ALIASES)
    }
    assert told == wanted - {"GET /api/schema/", "GET /api/docs/"}


def test_operations_name_scope_problems_and_repeat_key(schema):
    post = schema["paths"]["/api/proposals/"]["post"]

    assert "`changes:propose`" in post["description"]
    assert {"202", "400", "401", "403", "409", "422", "429"} <= set(post["responses"])
    assert "application/problem+json" in post["responses"]["400"]["content"]
    assert "Idempotency-Key" in {parameter["name"] for parameter in post["parameters"]}
    assert post["requestBody"]["content"]["application/json"]["examples"]
    assert {"apiKey": []} in post["security"]


def test_docs_page_loads_nothing_from_elsewhere(db):
    page = APIClient().get("/api/docs/")

    assert page.status_code == 200
    assert b"https://" not in page.content
    assert b"<script>" not in page.content
    script = APIClient().get("/api/docs/?script=")
    assert script.status_code == 200
    assert "javascript" in script.headers["Content-Type"]


def test_lists_are_told_as_pages(schema):
    answer = schema["paths"]["/api/ad-accounts/"]["get"]["responses"]["200"]
    page = answer["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]

    assert set(schema["components"]["schemas"][page]["properties"]) == {
        "next", "previous", "results",
    }  # fmt: skip
    parameters = schema["paths"]["/api/ad-accounts/"]["get"]["parameters"]
    assert {"cursor", "page_size", "platform", "ordering"} <= {p["name"] for p in parameters}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_document_is_written_once_and_sent_once(kind):
    api = APIClient()

    first = api.get(f"/api/schema/?format={kind}")
    second = api.get(f"/api/schema/?format={kind}")
    known = api.get(f"/api/schema/?format={kind}", headers={"If-None-Match": first["ETag"]})

    assert first.rendered_content is second.rendered_content
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.django_db
def test_document_is_indented_as_asked():
    wide = APIClient().get("/api/schema/", headers={"Accept": "application/json; indent=1"})

    assert wide.text.startswith('{\n "openapi"')
