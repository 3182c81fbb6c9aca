"""A text mailed to whoever writes it: by the real way, counted nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from outreach.models import (
    ChannelPolicy,
    ChannelTemplate,
    Consent,
    MessageDay,
    MessageEvent,
    OutreachMessage,
    OutreachPolicy,
    Suppression,
    TrackedLink,
)
from outreach.services.texts.trying_out import MOST_AN_HOUR, TooManyTestsError, Tried, send_test
from outreach.services.texts.writing import TextRefusedError
from sandbox.server import Sandbox
from tests.api.conftest import key_client
from tests.outreach.sending.steps import channel_on, letters, provider_to, smtp_to
from tests.outreach.steps import NOW, contact_of, template_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import Connection, ConnectionStatus, User, Workspace

pytestmark = pytest.mark.django_db

PARTS: dict[str, Any] = {
    "subject": "News, {{ first_name }}", "preheader": "", "markup": "html", "variables": [],
    "text": "Hello {{ first_name }} {{ unsubscribe_url }} {{ postal_address }}",
    "body": '<p>Hello {{ first_name }} <a href="https://shop.example/sale">Sale</a> '
            '<a href="{{ unsubscribe_url }}">Leave</a></p>',
}  # fmt: skip


@pytest.fixture
def template(workspace: Workspace) -> ChannelTemplate:
    OutreachPolicy.objects.create(
        workspace=workspace, postal_address="1 Main Street", tracks_opens=True, tracks_clicks=True
    )
    return template_of(workspace)


def _try(template: ChannelTemplate, by: User, **values: Any) -> Tried:
    given = {"parts": PARTS, "by": Proposer.person(by), "now": NOW, **values}
    return send_test(template=template, **given)


def test_a_test_arrives_marked_and_counts_nowhere(
    box: Sandbox, workspace: Workspace, template: ChannelTemplate, operator: User, client: Client
) -> None:
    channel_on(smtp_to(box, workspace))
    ben = contact_of(workspace, "ben@example.com", first_name="Ben")

    tried = _try(template, operator, contact=ben)

    assert tried == Tried(
        True, operator.email, f"Sent to {operator.email}; it should be there soon."
    )
    (mail,) = letters(box)
    assert (mail["recipient"], mail["subject"]) == (operator.email, "[Test] News, Ben")
    assert 'href="https://shop.example/sale"' in mail["html"]
    assert "<img" not in mail["html"]
    assert "1 Main Street" in mail["text"]
    leave = re.search(r'href="[^"]+(/o/u/[^"]+)"', mail["html"])
    assert leave
    assert client.post(leave[1]).status_code == 200
    assert not Suppression.objects.exists()
    assert Consent.objects.get().is_given
    assert not OutreachMessage.objects.exists()
    assert not MessageDay.objects.exists()
    assert not MessageEvent.objects.exists()
    assert not TrackedLink.objects.exists()


def test_without_a_contact_it_has_the_samples(
    box: Sandbox, workspace: Workspace, template: ChannelTemplate, operator: User
) -> None:
    channel_on(smtp_to(box, workspace))

    _try(template, operator)

    assert letters(box)[0]["subject"] == "[Test] News, Ann"


def test_what_the_provider_says_is_told(
    box: Sandbox, workspace: Workspace, template: ChannelTemplate, operator: User
) -> None:
    connection = provider_to(box, workspace, "postmark")
    channel_on(connection)
    box.control("seed", {"accounts": [{"platform": "postmark", "id": "m1", "token": "another"}]})

    tried = _try(template, operator)

    assert not tried.is_sent
    assert "Postmark" in tried.words
    connection.refresh_from_db()
    assert connection.status == ConnectionStatus.NEEDS_LOGIN
    assert letters(box) == []


def test_an_hour_takes_twenty_tests_of_a_member(
    box: Sandbox, workspace: Workspace, template: ChannelTemplate, operator: User, approver: User
) -> None:
    channel_on(smtp_to(box, workspace))
    for _ in range(MOST_AN_HOUR):
        _try(template, operator)

    with pytest.raises(TooManyTestsError, match="20 tests in an hour"):
        _try(template, operator)

    assert _try(template, approver).to == approver.email
    assert len(letters(box)) == MOST_AN_HOUR + 1


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda ws: ChannelPolicy.objects.update(is_on=False), "switched off"),
        (lambda ws: Connection.objects.update(status="paused"), "not connected"),
        (lambda ws: Workspace.objects.update(kill_switch=True), "kill switch"),
        (lambda ws: User.objects.update(email=""), "no e-mail address"),
        (
            lambda ws: Suppression.objects.create(
                workspace=ws, value="otto@example.com", reason="bounce", at=NOW
            ),
            "suppressed here",
        ),
    ],
)
def test_what_keeps_a_test_from_being_sent_is_said(
    box: Sandbox, workspace: Workspace, template: ChannelTemplate, operator: User,
    spoil: Callable[[Workspace], object], why: str,
) -> None:  # fmt: skip
    channel_on(smtp_to(box, workspace))
    User.objects.filter(pk=operator.pk).update(email="otto@example.com")
    spoil(workspace)
    template = ChannelTemplate.objects.get()
    operator = User.objects.get(pk=operator.pk)

    with pytest.raises(TextRefusedError, match=why):
        _try(template, operator)

    assert letters(box) == []


def test_other_channels_keys_and_viewers_are_refused(
    workspace: Workspace, template: ChannelTemplate, operator: User, viewer: User
) -> None:
    short = template_of(workspace, channel="sms", name="Short")

    with pytest.raises(TextRefusedError, match="Only e-mail"):
        _try(short, operator)
    with pytest.raises(NotAllowedError):
        _try(template, viewer)


@pytest.mark.parametrize(
    ("parts", "part"),
    [({"text": "{{ colour }}"}, "text"), ({"text": " ", "body": "", "markup": "none"}, "text")],
)
def test_a_text_that_cannot_be_written_names_its_part(
    box: Sandbox, workspace: Workspace, template: ChannelTemplate, client_as: Any, operator: User,
    parts: dict[str, str], part: str,
) -> None:  # fmt: skip
    channel_on(smtp_to(box, workspace))

    told = client_as(operator).post(
        reverse("text-test", args=[template.public_id]),
        {"workspace": str(workspace.public_id), **PARTS, "variables": "", **parts},
    )

    assert f"{part.capitalize()}: " in told.text
    assert letters(box) == []


def test_the_editor_mails_what_stands_in_it(
    box: Sandbox, workspace: Workspace, template: ChannelTemplate, client_as: Any, operator: User,
    viewer: User,
) -> None:  # fmt: skip
    channel_on(smtp_to(box, workspace))
    path = reverse("text-test", args=[template.public_id])
    form = {
        "workspace": str(workspace.public_id), "subject": "Not saved yet", "text": "Hello",
        "markup": "none", "recipient": "",
    }  # fmt: skip

    told = client_as(operator).post(path, form, headers={"hx-request": "true"})

    assert f"Sent to {operator.email}" in told.text
    assert letters(box)[0]["subject"] == "[Test] Not saved yet"
    assert template.versions.count() == 1
    assert client_as(viewer).post(path, form).status_code == 403
    assert len(letters(box)) == 1
    assert "Mail it to me as a test" in client_as(operator).get(
        reverse("text", args=[template.public_id])
    ).text  # fmt: skip


def test_over_rest_a_member_gets_it_and_a_key_does_not(
    box: Sandbox, workspace: Workspace, template: ChannelTemplate, client_as: Any, operator: User
) -> None:
    channel_on(smtp_to(box, workspace))
    path = f"/api/outreach/templates/{template.public_id}/test-send/"

    told = client_as(operator).post(path, {"version": 1}, content_type="application/json")
    key = key_client(workspace, ["outreach:read", "outreach:write"]).post(path, {}, format="json")

    assert told.json() == {
        "is_sent": True, "to": operator.email,
        "words": f"Sent to {operator.email}; it should be there soon.",
    }  # fmt: skip
    assert letters(box)[0]["subject"] == "[Test] News"
    assert (key.status_code, "a key is none" in key.json()["detail"]) == (409, True)
    gone = client_as(operator).post(path, {"version": 9}, content_type="application/json")
    assert gone.json()["errors"][0]["field"] == "version"


def test_a_contact_of_another_workspace_is_unknown(
    box: Sandbox, workspace: Workspace, other_workspace: Workspace, template: ChannelTemplate,
    client_as: Any, operator: User,
) -> None:  # fmt: skip
    channel_on(smtp_to(box, workspace))
    stranger = contact_of(other_workspace)

    told = client_as(operator).post(
        f"/api/outreach/templates/{template.public_id}/test-send/",
        {"contact": str(stranger.public_id)}, content_type="application/json",
    )  # fmt: skip

    assert told.json()["errors"][0]["field"] == "contact"
    assert letters(box) == []
