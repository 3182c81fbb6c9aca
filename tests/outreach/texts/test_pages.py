"""Pages of texts: the gallery, the editor with its preview, versions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from outreach.models import ChannelTemplate, MessageDay
from tests.outreach.steps import campaign_of, contact_of, template_of
from workspaces.models import User, Workspace

Post = Callable[..., Any]


@pytest.fixture
def client(client_as: Callable[[User], Client], operator: User) -> Client:
    """An operator's browser."""
    return client_as(operator)


@pytest.fixture
def post(client: Client, workspace: Workspace) -> Post:
    """Send a form of a text's page."""

    def send(page: str, /, *args: object, **form: object) -> Any:
        path = reverse(page, args=args)
        return client.post(path, {"workspace": str(workspace.public_id), **form})

    return send


def _body(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_an_empty_gallery_offers_starters(client: Client, post: Post) -> None:
    assert "No templates yet" in _body(client.get("/outreach/texts/"))

    post("texts-starters")

    page = _body(client.get("/outreach/texts/"))
    assert "WhatsApp order update" in page
    assert "9 drafts added." in page


def test_gallery_shows_rates_in_few_queries(
    client: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        template = template_of(workspace, name=f"Text {number}")
    MessageDay.objects.create(
        workspace=workspace, day=date(2026, 6, 1), channel="email", version=template.current,
        sent=100, delivered=100, opened=40,
    )  # fmt: skip

    with django_assert_max_num_queries(12):
        page = _body(client.get("/outreach/texts/?channel=email"))

    assert "Of 100 that arrived" in page
    assert page.count("Not sent yet.") == 3


def test_from_a_name_to_a_text_in_use(post: Post, client: Client, workspace: Workspace) -> None:
    made = post("text-new", name="Offer", channel="sms", category="marketing")
    template = ChannelTemplate.objects.get()
    assert made.url == f"/outreach/texts/{template.public_id}/"

    form = {
        "text": "{{ offer }}! STOP ends it", "variable-0-name": "offer", "based_on": "0",
        "variable-0-sample": "20% off", "variable-0-type": "text", "variable-0-required": "on",
    }  # fmt: skip
    post("text-save", template.public_id, **form, do="use")

    template.refresh_from_db()
    assert (template.status, template.current.number) == ("active", 1)
    assert template.current.variables == [
        {"name": "offer", "type": "text", "sample": "20% off", "required": True}
    ]
    assert "Version 1 is in use" in _body(client.get(made.url))


def test_refused_words_stay_in_the_form(post: Post, workspace: Workspace) -> None:
    template = template_of(workspace, "sms")

    wrong = post("text-save", template.public_id, text="{{ nme }} typed", based_on="1")
    late = post("text-save", template.public_id, text="typed", based_on="0")

    assert wrong.status_code == late.status_code == 400
    assert "did you mean &#x27;name&#x27;" in _body(wrong)
    assert "{{ nme }} typed" in _body(wrong)
    assert "version 1 was saved" in _body(late)
    assert template.versions.count() == 1


def test_preview_is_for_a_contact_and_in_a_closed_frame(post: Post, workspace: Workspace) -> None:
    contact_of(workspace, "ben@example.com", first_name="Ben")
    template = template_of(workspace)
    form = {"subject": "Hi {{ first_name }}", "body": "<p>Hi<script>x()</script></p>",
            "markup": "html", "recipient": "ben@example.com"}  # fmt: skip

    page = _body(post("text-preview", template.public_id, **form))

    assert "As Ben would get it" in page
    assert "Hi Ben" in page
    assert 'sandbox=""' in page
    assert "<script" not in page
    assert "x()" not in page
    assert "Add a link to {{ unsubscribe_url }}." in page
    assert template.versions.count() == 1


def test_contacts_of_others_are_nobody(
    post: Post, workspace: Workspace, other_workspace: Workspace
) -> None:
    contact_of(other_workspace, "eve@example.com", first_name="Eve")

    page = post("text-preview", template_of(workspace, "chat").public_id,
                text="Hi {{ first_name }}", recipient="eve@example.com")  # fmt: skip

    assert "Nobody here has this address" in _body(page)
    assert "Hi Ann" in _body(page)


def test_versions_differ_and_go_back(post: Post, client: Client, workspace: Workspace) -> None:
    template = template_of(workspace, "chat", text="Old words")
    post("text-save", template.public_id, text="New words", based_on="1", do="use")
    path = reverse("text-versions", args=[template.public_id])

    page = _body(client.get(path))
    post("text-act", template.public_id, "use", version="1")

    template.refresh_from_db()
    assert "<ins>+ New words</ins>" in page
    assert "<del>- Old words</del>" in page
    assert template.current.number == 1


def test_copies_names_and_what_is_used(post: Post, client: Client, workspace: Workspace) -> None:
    campaign_of(workspace)
    template = ChannelTemplate.objects.get()

    post("text-act", template.public_id, "archive")
    post("text-act", template.public_id, "details", name="Renamed", category="marketing")
    copied = post("text-act", template.public_id, "copy")

    template.refresh_from_db()
    assert (template.status, template.name) == ("active", "Renamed")
    page = _body(client.get(copied.url))
    assert "It is used in “June news”" in page
    assert "Renamed (copy)" in page


def test_viewer_reads_and_has_nothing_to_press(
    client_as: Callable[[User], Client], viewer: User, workspace: Workspace
) -> None:
    template = template_of(workspace)
    page = _body(client_as(viewer).get(f"/outreach/texts/{template.public_id}/"))

    assert "Save a version" not in page
    assert "readonly" in page


@pytest.mark.parametrize("who", ["viewer", "operator"])
def test_editor_takes_few_queries(
    client_as: Callable[[User], Client], workspace: Workspace, who: str,
    request: pytest.FixtureRequest, django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    campaign_of(workspace)
    path = f"/outreach/texts/{ChannelTemplate.objects.get().public_id}/"
    client = client_as(request.getfixturevalue(who))
    client.get(path)

    with django_assert_max_num_queries(12):
        assert client.get(path).status_code == 200
