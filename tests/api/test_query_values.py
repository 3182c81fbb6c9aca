"""What a filter cannot understand is refused by name: an answer to another question misleads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from campaigns.models import Creative
from tests.api.conftest import key_client
from tests.campaigns.factories import AdAccountFactory
from workspaces import scopes
from workspaces.models import User, Workspace

#: No true or false, number, moment, day, id or choice of ours.
WRONG = "no-such~thing"
#: Nothing is there before a model was trained.
ELSEWHERE = ("/api/recommendations/latest/",)


@pytest.fixture
def client(workspace: Workspace, admin: User) -> APIClient:
    return key_client(workspace, scopes.SCOPES, acts_as=admin)


def asked(client: APIClient) -> Iterator[tuple[str, str]]:
    """Lists and reports, each with a parameter that takes no free text."""
    paths = client.get("/api/schema/?format=json").json()["paths"]
    for path, methods in paths.items():
        for one in methods.get("get", {}).get("parameters", []):
            is_list = "{" not in path and path not in ELSEWHERE
            if one["in"] == "query" and is_list and is_bound(one["schema"]):
                yield path, one["name"]


def is_bound(schema: dict[str, Any]) -> bool:
    """Whether only some values make sense."""
    kinds = schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")]
    inner = schema.get("items")
    return (
        bool({"boolean", "integer", "number"} & set(kinds))
        or "enum" in schema
        or "$ref" in schema
        or "oneOf" in schema
        or schema.get("format") in {"date", "date-time", "uuid"}
        or bool(inner and is_bound(inner))
    )


def test_values_of_another_kind_are_refused_by_name(client: APIClient) -> None:
    answers = {}
    for path, name in asked(client):
        answer = client.get(path, {name: WRONG})
        named = [one["field"] for one in answer.json().get("errors", [])]
        answers[path, name] = (answer.status_code, named)

    assert len(answers) > 60
    assert {key: one for key, one in answers.items() if one[0] != 400 or key[1] not in one[1]} == {}


@pytest.mark.parametrize(
    ("said", "status"),
    [("true", 200), ("False", 200), ("1", 200), ("0", 200), ("", 200), ("maybe", 400), ("2", 400)],
)
def test_true_and_false_are_what_they_say(client: APIClient, said: str, status: int) -> None:
    assert client.get("/api/contacts/", {"is_archived": said}).status_code == status


def test_creatives_are_filtered_by_their_format(client: APIClient, workspace: Workspace) -> None:
    account = AdAccountFactory(workspace=workspace)
    for form in ("image", "video"):
        Creative.objects.create(workspace=workspace, account=account, external_id=form, format=form)

    found = client.get("/api/creatives/", {"format": "video"}).json()["results"]

    assert [one["format"] for one in found] == ["video"]
