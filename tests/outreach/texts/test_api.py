"""Texts over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from outreach.models import ChannelTemplate
from tests.outreach.steps import campaign_of, contact_of
from workspaces.models import User, Workspace

PATH = "/api/outreach/templates/"
SMS = {"name": "Offer", "channel": "sms", "text": "Hi {{ first_name }}. STOP ends it"}


@pytest.fixture
def api(client_as: Callable[[User], Client], operator: User) -> Client:
    """An operator at the API."""
    return client_as(operator)


def _post(api: Client, path: str, body: dict[str, Any]) -> Any:
    return api.post(path, body, content_type="application/json")


def test_a_text_from_its_first_words_into_use(api: Client, workspace: Workspace) -> None:
    made = _post(api, PATH, SMS).json()
    path = f"{PATH}{made['id']}/"
    written = _post(api, f"{path}versions/", {"text": "Hello. STOP ends it", "based_on": 1})
    used = api.patch(path, {"version": 1}, content_type="application/json").json()

    assert (made["status"], made["newest"]["number"], made["rates"]["sent"]) == ("draft", 1, 0)
    assert (written.status_code, written.json()["newest_version"]) == (201, 2)
    assert (used["status"], used["version_in_use"], used["newest_version"]) == ("active", 1, 2)
    versions = api.get(f"{path}versions/").json()["results"]
    assert [one["text"] for one in versions] == ["Hello. STOP ends it", SMS["text"]]
    assert [one["name"] for one in api.get(f"{PATH}?status=active").json()["results"]] == ["Offer"]


def test_previews_render_and_check(api: Client, workspace: Workspace) -> None:
    contact = contact_of(workspace, first_name="Ben")
    made = _post(api, PATH, SMS).json()

    unsaved = _post(api, f"{PATH}preview/", {"channel": "sms", "text": "Hi {{ nme }}"}).json()
    own = {"contact": str(contact.public_id), "version": 1}
    saved = _post(api, f"{PATH}{made['id']}/preview/", own).json()

    assert unsaved["problems"][0]["text"] == "'nme' is none of the variables; did you mean 'name'?"
    assert (unsaved["rendered"], unsaved["sms"]) == (None, None)
    assert saved["rendered"]["text"] == "Hi Ben. STOP ends it"
    assert (saved["sms"]["segments"], saved["findings"]) == (1, [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "{{ nme }}"}, "text"),
        ({"variables": [{"name": "x", "type": "html"}]}, "variables.0.type"),
        ({"words": "x"}, "words"),
    ],
)
def test_wrong_words_are_named(api: Client, body: dict[str, Any], field: str) -> None:
    answer = _post(api, PATH, {**SMS, **body})

    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == [field]
    assert not ChannelTemplate.objects.exists()


def test_errors_and_other_writers_are_refused(api: Client, workspace: Workspace) -> None:
    path = f"{PATH}{_post(api, PATH, {**SMS, 'text': 'Buy'}).json()['id']}/"

    used = api.patch(path, {"version": 1}, content_type="application/json")
    late = _post(api, f"{path}versions/", {"text": "Hi", "based_on": 0})
    missing = api.patch(path, {"version": 7}, content_type="application/json")
    stranger = _post(api, f"{path}preview/", {"contact": "0198d1d0-0000-7000-8000-000000000000"})

    assert (used.status_code, used.json()["errors"][0]["field"]) == (400, "text")
    assert (late.status_code, "version 1 was saved" in late.json()["detail"]) == (409, True)
    assert missing.json()["errors"][0]["field"] == "version"
    assert stranger.json()["errors"][0]["field"] == "contact"
    assert ChannelTemplate.objects.get().status == "draft"


def test_archiving_and_its_refusals(api: Client, workspace: Workspace) -> None:
    campaign_of(workspace)
    used = f"{PATH}{ChannelTemplate.objects.get().public_id}/"
    path = f"{PATH}{_post(api, PATH, SMS).json()['id']}/"

    def patch(where: str, value: object) -> Any:
        return api.patch(where, {"is_archived": value}, content_type="application/json")

    assert patch(used, True).status_code == 409
    assert api.get(used).json()["used_in"] == ["June news"]
    assert patch(path, True).json()["status"] == "archived"
    assert patch(path, False).json()["errors"][0]["field"] == "is_archived"


def test_one_page_takes_few_queries(
    api: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        _post(api, PATH, {**SMS, "name": f"Offer {number}"})

    with django_assert_max_num_queries(9):
        assert len(api.get(PATH).json()["results"]) == 5


def test_viewers_read_only(
    client_as: Callable[[User], Client], viewer: User, workspace: Workspace
) -> None:
    reader = client_as(viewer)

    assert _post(reader, PATH, SMS).status_code == 403
    assert reader.get(PATH).status_code == 200
    assert not ChannelTemplate.objects.exists()
