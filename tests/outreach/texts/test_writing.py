"""Texts in versions: written, put into use, taken back, copied, put away."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from outreach.models import ChannelTemplate, OutreachPolicy, TemplateStatus
from outreach.services.texts.writing import (
    TextRefusedError,
    activate_text,
    archive_text,
    change_details,
    copy_text,
    create_text,
    digest_of,
    save_version,
)
from tests.outreach.steps import NOW, campaign_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import User, Workspace

MAIL = {
    "channel": "email", "name": "News", "subject": "News for {{ first_name }}", "markup": "html",
    "body": '<html lang="en"><p>Hello</p><a href="{{ unsubscribe_url }}">Unsubscribe</a>'
            "<p>{{ postal_address }}</p></html>",
}  # fmt: skip


@pytest.fixture
def by(operator: User) -> Proposer:
    """An operator."""
    return Proposer.person(operator)


@pytest.fixture(autouse=True)
def _address(workspace: Workspace) -> None:
    OutreachPolicy.objects.create(workspace=workspace, postal_address="1 Main Street, Town")


def _made(workspace: Workspace, by: Proposer, **values: Any) -> ChannelTemplate:
    return create_text(workspace=workspace, values={**MAIL, **values}, by=by, now=NOW)


def test_a_text_is_a_draft_until_it_is_put_into_use(workspace: Workspace, by: Proposer) -> None:
    template = _made(workspace, by)
    assert (template.status, template.current) == (TemplateStatus.DRAFT, None)

    used = activate_text(template=template, version=None, by=by, now=NOW)

    assert (used.status, used.current.number) == (TemplateStatus.ACTIVE, 1)


def test_new_words_make_a_version_that_is_not_sent_yet(workspace: Workspace, by: Proposer) -> None:
    template = _made(workspace, by)
    first = activate_text(template=template, version=None, by=by, now=NOW).current

    second = save_version(template=template, values={"subject": "Other"}, by=by, now=NOW)

    template.refresh_from_db()
    assert (second.number, second.body, template.current) == (2, first.body, first)
    assert activate_text(template=template, version=None, by=by, now=NOW).current == second
    assert activate_text(template=template, version=first, by=by, now=NOW).current == first


def test_same_words_make_no_version(workspace: Workspace, by: Proposer) -> None:
    template = _made(workspace, by)

    again = save_version(template=template, values=MAIL, by=by, now=NOW)

    assert (again.number, template.versions.count()) == (1, 1)
    assert _made(workspace, by, name="Same").versions.get().sha256 == again.sha256
    assert digest_of({**vars(again), "subject": "x"}) != again.sha256


def test_who_wrote_meanwhile_is_not_overwritten(workspace: Workspace, by: Proposer) -> None:
    template = _made(workspace, by)
    save_version(template=template, values={"subject": "Theirs"}, by=by, now=NOW, based_on=1)

    with pytest.raises(TextRefusedError, match="version 2 was saved"):
        save_version(template=template, values={"subject": "Mine"}, by=by, now=NOW, based_on=1)

    assert template.versions.count() == 2


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"subject": "Hi {{ firstname }}"}, "subject", "did you mean 'first_name'"),
        ({"body": "<p>\n{% if x %}</p>"}, "body", "Line 2"),
        ({"markup": "mjml", "body": "<p>no</p>"}, "body", "no MJML"),
        ({"variables": [{"name": "Size"}]}, "variables", "no name"),
        ({"variables": [{"name": "offer"}]}, "variables", "no value"),
        ({"variables": [{"name": "n", "sample": "a\x00"}]}, "variables", "control"),
        ({"variables": [{"name": f"n{n}", "sample": "x"} for n in range(51)]}, "variables", "50"),
        ({"markup": "docx"}, "markup", "Choose among"),
        ({"channel": "sms", "text": "Hi"}, "markup", "Only e-mail"),
        ({"channel": "fax"}, "channel", "Choose among"),
        ({"category": "spam"}, "category", "Choose among"),
        ({"name": " "}, "name", "1 to 120"),
        ({"subject": "a" * 301}, "subject", "at most 300"),
        ({"text": 5}, "text", "Give a text"),
    ],
)
def test_wrong_values_are_named(
    workspace: Workspace, by: Proposer, values: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        _made(workspace, by, **values)

    assert words in " ".join(refused.value.message_dict[field])
    assert not ChannelTemplate.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"body": "<html lang='en'><p>{{ postal_address }}</p></html>"}, "body"),
        ({"subject": ""}, "subject"),
        ({"subject": "Re: us"}, "subject"),
        ({"text": "Hello [first_name]"}, "text"),
    ],
)
def test_errors_keep_a_text_from_being_used(
    workspace: Workspace, by: Proposer, values: dict[str, Any], field: str
) -> None:
    template = _made(workspace, by, **values)

    with pytest.raises(ValidationError) as refused:
        activate_text(template=template, version=None, by=by, now=NOW)

    template.refresh_from_db()
    assert list(refused.value.message_dict) == [field]
    assert template.status == TemplateStatus.DRAFT


def test_a_text_in_use_does_not_become_marketing_without_a_way_out(
    workspace: Workspace, by: Proposer
) -> None:
    template = _made(workspace, by, category="service", body='<html lang="en"><p>Sent</p></html>')
    activate_text(template=template, version=None, by=by, now=NOW)

    with pytest.raises(ValidationError, match="unsubscribe_url"):
        change_details(template=template, values={"category": "marketing"}, by=by, now=NOW)

    assert ChannelTemplate.objects.get().category == "service"


def test_names_are_taken_once_while_in_use(workspace: Workspace, by: Proposer) -> None:
    template = _made(workspace, by)
    with pytest.raises(ValidationError, match="of this name"):
        _made(workspace, by)

    assert copy_text(template=template, by=by, now=NOW).name == "News (copy)"
    assert copy_text(template=template, by=by, now=NOW).name == "News (copy 2)"
    archive_text(template=template, by=by, now=NOW)
    assert _made(workspace, by).name == "News"


def test_an_archived_text_stays_as_it_is(workspace: Workspace, by: Proposer) -> None:
    template = _made(workspace, by)
    archive_text(template=template, by=by, now=NOW)

    for change in (
        lambda: save_version(template=template, values={"subject": "x"}, by=by, now=NOW),
        lambda: activate_text(template=template, version=None, by=by, now=NOW),
        lambda: change_details(template=template, values={"name": "x"}, by=by, now=NOW),
        lambda: archive_text(template=template, by=by, now=NOW),
    ):
        with pytest.raises(TextRefusedError, match="archived"):
            change()


def test_a_text_of_a_campaign_is_not_put_away(workspace: Workspace, by: Proposer) -> None:
    campaign = campaign_of(workspace)
    template = ChannelTemplate.objects.get()

    with pytest.raises(TextRefusedError, match="June news"):
        archive_text(template=template, by=by, now=NOW)

    campaign.status = "completed"
    campaign.save()
    assert archive_text(template=template, by=by, now=NOW).status == TemplateStatus.ARCHIVED


def test_an_empty_draft_is_deleted(workspace: Workspace, by: Proposer) -> None:
    template = create_text(
        workspace=workspace, values={"name": "New", "channel": "sms"}, by=by, now=NOW
    )
    with pytest.raises(TextRefusedError, match="Write a text"):
        activate_text(template=template, version=None, by=by, now=NOW)

    archive_text(template=template, by=by, now=NOW)

    assert not ChannelTemplate.objects.exists()


def test_another_texts_version_is_refused(workspace: Workspace, by: Proposer) -> None:
    template, other = _made(workspace, by), _made(workspace, by, name="Other")

    with pytest.raises(TextRefusedError):
        activate_text(template=template, version=other.versions.get(), by=by, now=NOW)


def test_viewer_writes_nothing(workspace: Workspace, by: Proposer, viewer: User) -> None:
    template, reader = _made(workspace, by), Proposer.person(viewer)

    for change in (
        lambda: _made(workspace, reader, name="Mine"),
        lambda: save_version(template=template, values={"subject": "x"}, by=reader, now=NOW),
        lambda: activate_text(template=template, version=None, by=reader, now=NOW),
        lambda: archive_text(template=template, by=reader, now=NOW),
        lambda: copy_text(template=template, by=reader, now=NOW),
        lambda: change_details(template=template, values={"name": "x"}, by=reader, now=NOW),
    ):
        with pytest.raises(NotAllowedError):
            change()
    template.refresh_from_db()
    assert (template.status, template.name, template.versions.count()) == ("draft", "News", 1)
