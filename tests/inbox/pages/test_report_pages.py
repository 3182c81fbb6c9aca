"""The report as a page, as files and over REST."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from inbox.models import Conversation
from inbox.services.restating import restate
from tests.inbox.desk_steps import answer_to
from tests.inbox.steps import NOW, conversation_of, response_of
from workspaces.models import User, Workspace

Browse = Callable[[User], Client]
DAYS = "from=2026-09-09&to=2026-09-15"


@pytest.fixture
def conversation(workspace: Workspace, agent: User) -> Conversation:
    made = conversation_of(workspace, assignee=agent)
    answer_to(response_of(made), at=NOW + timedelta(hours=9), author=agent)
    restate([made.pk], now=NOW + timedelta(hours=9))
    return made


def test_the_page_shows_figures_and_leads_to_what_was_missed(
    client_as: Browse, viewer: User, agent: User, conversation: Conversation,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    client = client_as(viewer)
    client.get("/inbox/report/")  # what is looked up once a process

    with django_assert_max_num_queries(12):
        page = client.get(f"/inbox/report/?{DAYS}").content.decode()

    assert "First answer, median" in page
    assert "9 h" in page
    assert f"/inbox/report/missed/?from=2026-09-09&amp;to=2026-09-15&amp;agent={agent.pk}" in page
    with django_assert_max_num_queries(12):
        missed = client.get(f"/inbox/report/missed/?{DAYS}&agent={agent.pk}").content.decode()
    assert f"/inbox/{conversation.public_id}/" in missed
    assert "5 h late" in missed


def test_an_empty_report_says_what_to_do(client_as: Browse, viewer: User) -> None:
    client = client_as(viewer)

    page = client.get("/inbox/report/?days=28&channel=fax&team=x&agent=x&from=2026-13-01")

    assert "Nothing was written in these days." in page.content.decode()
    assert "No promise was missed." in client.get("/inbox/report/missed/").content.decode()


def test_files_hold_the_same(client_as: Browse, viewer: User, conversation: Conversation) -> None:
    client = client_as(viewer)

    told = client.get(f"/inbox/report/export/csv?{DAYS}").content.decode()

    assert "Channel,E-mail,1,1,540.0," in told
    assert client.get(f"/inbox/report/export/xlsx?{DAYS}").content[:2] == b"PK"
    assert client.get("/inbox/report/export/pdf").status_code == 404


def test_the_api_tells_it_and_names_what_is_wrong(
    client_as: Browse, viewer: User, agent: User, outsider: User, conversation: Conversation
) -> None:
    client = client_as(viewer)

    told = client.get(f"/api/responses/analytics/?{DAYS}&agent={agent.email}").json()

    assert (told["from"], told["to"]) == ("2026-09-09", "2026-09-15")
    assert told["total"]["eligible"] == told["total"]["missed"] == 1
    assert told["total"]["first_response"]["median_minutes"] == 540
    assert told["by_channel"][0]["key"] == "email"
    assert told["goals"]["automatic_share"] == 0.6
    for wrong, field in (
        ("from=2026-09-16&to=2026-09-15", "from"), ("from=2026-01-01&to=2026-09-15", "from"),
        ("channel=fax", "channel"), (f"agent={outsider.email}", "agent"), ("to=x", "to"),
    ):  # fmt: skip
        refused = client.get(f"/api/responses/analytics/?{wrong}")
        assert refused.status_code == 400, wrong
        assert refused.json()["errors"][0]["field"] == field
    other = client_as(outsider).get(f"/api/responses/analytics/?{DAYS}").json()
    assert other["volume"] == {"incoming": 0, "outgoing": 0}
