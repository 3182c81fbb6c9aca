"""One search over everything: what each app finds, for whom, and what takes too long."""

from __future__ import annotations

import pytest
from django.db import connection

from inbox.models import Conversation
from tests import admin_rows
from tests.api.conftest import key_client
from tests.campaigns.factories import AdFactory
from tests.experiments.steps import draft_of
from tests.inbox.steps import conversation_of, response_of
from tests.outreach.steps import contact_of, template_of
from workspaces import finders, scopes
from workspaces.finders import Finder, Hit, Question

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def _found(client, text: str) -> dict[str, list[str]]:
    groups = client.get("/search/", {"q": text}).context["groups"]
    return {group.key: [hit.title for hit in group.hits] for group in groups}


@pytest.fixture
def house(workspace, other_workspace):
    """In both workspaces the same things, all of which are called Zephyr."""
    for owner, word in ((workspace, "ours"), (other_workspace, "theirs")):
        contact = contact_of(owner, f"zephyr@{word}.example", first_name="Zephyr", last_name=word)
        talk = conversation_of(owner, contact=contact, subject=f"Zephyr {word} subject")
        response_of(talk, text=f"Where is my Zephyr, {word}?")
        ad = AdFactory(name=f"Zephyr {word} ad", ad_set__campaign__account__workspace=owner)
        ad.ad_set.campaign.name = f"Zephyr {word} campaign"
        ad.ad_set.campaign.save(update_fields=["name"])
        draft_of(owner, name=f"Zephyr {word} test")
        template_of(owner, name=f"Zephyr {word} text")
        admin_rows.propose(owner, "zephyr")
    return workspace


def test_everything_of_this_workspace_is_found(
    house, client_as, viewer, django_assert_max_num_queries
):
    client = client_as(viewer)

    with django_assert_max_num_queries(14):
        page = client.get("/search/", {"q": "zephyr"})

    found = {group.key: [hit.title for hit in group.hits] for group in page.context["groups"]}
    assert found["people"] == ["Zephyr ours"]
    assert found["ads"] == ["Zephyr ours campaign", "Zephyr ours ad"]
    assert found["conversations"] == ["Zephyr ours subject"]
    assert found["messages"] == ["Where is my Zephyr, ours?"]
    assert found["tests"] == ["Zephyr ours test"]
    assert found["outreach"] == ["Zephyr ours text"]
    assert len(found["changes"]) == 1
    assert "theirs" not in page.text


def test_every_link_of_what_is_found_leads_somewhere(house, client_as, viewer):
    client = client_as(viewer)

    groups = client.get("/search/", {"q": "zephyr"}).context["groups"]

    urls = [hit.url for group in groups for hit in group.hits] + [one.all_url for one in groups]
    # A draft is shown where it is written.
    refused = [url for url in urls if client.get(url).status_code not in (200, 302)]
    assert refused == []


def test_all_words_count_and_their_beginnings_are_enough(house, client_as, viewer):
    client = client_as(viewer)

    assert _found(client, "zeph subj")["conversations"] == ["Zephyr ours subject"]
    assert "conversations" not in _found(client, "zephyr nothing")
    assert _found(client, "zephyr@ours")["people"] == ["Zephyr ours"]


def test_what_lists_do_not_show_is_not_found(house, client_as, viewer):
    talk = Conversation.objects.get(workspace=house)
    talk.archived_at = talk.opened_at
    talk.save(update_fields=["archived_at"])

    found = _found(client_as(viewer), "zephyr")

    assert "messages" not in found
    assert "conversations" not in found


def test_pages_are_found_by_name_as_far_as_the_role_goes(client_as, viewer, admin):
    assert _found(client_as(viewer), "policy")["pages"][0] == "Safety policy"
    assert "API keys" not in _found(client_as(viewer), "keys").get("pages", [])
    assert "API keys" in _found(client_as(admin), "keys")["pages"]


@pytest.mark.parametrize("text", ["", "   ", "\x00", "'", "&|!:*", "%"])
def test_what_holds_no_word_finds_nothing(client_as, viewer, text):
    page = client_as(viewer).get("/search/", {"q": text})

    assert page.status_code == 200
    assert page.context["groups"] == []


def test_fragment_holds_what_was_found_alone(house, client_as, viewer):
    answer = client_as(viewer).get("/search/", {"q": "zephyr"}, headers=HTMX)

    assert 'id="found"' in answer.text
    assert "<html" not in answer.text


def _slow(question: Question) -> list[Hit]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(20)")
    return []


def _all_url(text: str) -> str:
    return "/everything/"


def _one(name: str, find, **values) -> Finder:
    return Finder(name, name, scopes.CHANGES_READ, find, _all_url, **values)


def test_what_takes_too_long_says_so_and_keeps_nobody_waiting(workspace, monkeypatch):
    monkeypatch.setattr(finders, "LIMIT_MS", 20)
    hit = Hit("1", "Found", "/found/")
    asked = [
        _one("before", lambda _: [hit] * 6),
        _one("slow", _slow),
        _one("less", _slow, sooner=lambda _: [hit]),
        _one("after", lambda _: [hit]),
    ]

    groups = finders.search(Question(workspace, "word"), asked)

    told = [(one.key, len(one.hits), one.has_more, one.is_slow) for one in groups]
    assert told == [
        ("before", 5, True, False), ("slow", 0, False, True), ("less", 1, False, False),
        ("after", 1, False, False),
    ]  # fmt: skip


def test_limit_of_time_ends_with_the_search(workspace):
    finders.search(Question(workspace, "word"), [_one("one", lambda _: [])])

    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] != f"{finders.LIMIT_MS}ms"


def test_api_finds_what_the_scopes_of_a_key_read(house):
    everything = (
        key_client(house, [one for one in scopes.SCOPES if one.endswith(":read")])
        .get("/api/search/?q=zephyr")
        .json()
    )
    tests_only = key_client(house, [scopes.EXPERIMENTS_READ])

    found = tests_only.get("/api/search/?q=zephyr").json()

    assert {group["key"] for group in everything["groups"]} == {
        "people", "changes", "ads", "conversations", "messages", "tests", "outreach",
    }  # fmt: skip
    (group,) = found["groups"]
    (hit,) = group["results"]
    assert (group["key"], group["has_more"], group["is_slow"]) == ("tests", False, False)
    assert (hit["title"], hit["url"]) == ("Zephyr ours test", f"/experiments/{hit['id']}/")
    assert tests_only.get("/api/search/").json() == {"q": "", "groups": []}
    assert tests_only.get("/api/search/", {"q": "x" * 121}).status_code == 400
