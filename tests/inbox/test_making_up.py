"""What a worker that died after a reading left undone is done once more, and once only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from inbox.models import CustomerResponse, InboxPolicy, ReplyDraft, ResponseTemplate
from inbox.services.making_up import make_up
from inbox.services.reading import draft_each, draft_read, read_new
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.launch_steps import email_on
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=3)


@pytest.fixture
def asked(workspace: Workspace, approver: User) -> CustomerResponse:
    cache.clear()
    email_on(workspace)
    ResponseTemplate.objects.create(
        workspace=workspace, approved_by=approver, approved_at=NOW, intents=["question"],
        name="How long delivery takes", body="Hello, delivery takes 3 days.",
    )  # fmt: skip
    InboxPolicy.objects.create(
        workspace=workspace, acknowledges=True, acknowledgement="We have it."
    )
    return response_of(conversation_of(workspace), text="How long does delivery usually take?")


def _draft(rows: Any, now: Any) -> None:
    draft_read(ids=[row.pk for row in rows], now=now)


def _made_up(now: Any = LATER) -> tuple[int, int, int]:
    """For how many; drafts and acknowledgements after it."""
    told = CustomerResponse.objects.filter(direction="out", is_auto=True)
    return make_up(now=now, draft=_draft), ReplyDraft.objects.count(), told.count()


def test_what_was_left_is_made_up_for_once(asked: CustomerResponse) -> None:
    def dies(*_: Any) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        read_new(now=NOW, draft=dies)
    assert _made_up(NOW + timedelta(minutes=1)) == (0, 0, 0)
    assert _made_up() == (1, 1, 1)
    ReplyDraft.objects.all().delete()
    assert _made_up() == (0, 0, 1)


def test_what_was_tried_is_not_tried_again(asked: CustomerResponse) -> None:
    ResponseTemplate.objects.all().delete()
    read_new(now=NOW)
    assert _made_up() == (0, 0, 1)


def test_who_has_a_draft_is_told_too(asked: CustomerResponse) -> None:
    """Another worker drafts: the one that read may die all the same."""

    def dies(rows: Any, now: Any) -> None:
        draft_each(rows, now)
        raise SystemExit

    with pytest.raises(SystemExit):
        read_new(now=NOW, draft=dies)
    assert _made_up() == (1, 1, 1)


def test_what_is_over_or_long_ago_is_left(asked: CustomerResponse) -> None:
    read_new(now=NOW, draft=lambda *_: None)
    assert _made_up(NOW + timedelta(minutes=31)) == (0, 0, 1)
    asked.conversation.status = "closed"
    asked.conversation.closed_at = NOW
    asked.conversation.save()
    assert _made_up() == (0, 0, 1)


def test_a_message_is_drafted_once_however_often_it_is_asked(asked: CustomerResponse) -> None:
    read_new(now=NOW)
    first = ReplyDraft.objects.get().pk
    draft_read(ids=[asked.pk], now=LATER)
    assert ReplyDraft.objects.get().pk == first
