"""Drafts that a machine writes: of the template that fits, until somebody writes again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from inbox.models import (
    AIClassification,
    CustomerResponse,
    InboxChannel,
    InboxPolicy,
    ReplyDraft,
    ResponseTemplate,
)
from inbox.services import drafting
from inbox.services.drafting import draft_for, template_for
from inbox.services.incoming import Incoming
from inbox.services.reading import read_new
from inbox.services.taking import take
from inbox.tasks import draft_answers, read_arrived
from tests.inbox.steps import NOW, response_of
from tests.outreach.launch_steps import email_on
from tests.outreach.steps import contact_of
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def templates(workspace: Workspace, approver: User) -> dict[str, ResponseTemplate]:
    email_on(workspace)
    contact_of(workspace)
    own: dict[str, Any] = {
        "workspace": workspace, "approved_by": approver, "approved_at": NOW,
        "intents": ["question"],
    }  # fmt: skip
    told = {
        "delivery": ("How long delivery takes", "Hello {{ first_name }}, delivery takes 3 days."),
        "returns": ("How to send something back", "Print the label and send it back to us."),
    }
    return {
        key: ResponseTemplate.objects.create(name=name, body=body, **own)
        for key, (name, body) in told.items()
    }


def wrote(workspace: Workspace, text: str, number: int = 1) -> CustomerResponse:
    one = Incoming(
        channel=InboxChannel.EMAIL, address="ann@example.com", external_id=f"{number}@x",
        at=NOW + timedelta(seconds=number), text=text, subject="A question",
    )  # fmt: skip
    (kept,) = take(workspace=workspace, incoming=[one], now=LATER)
    read_new(now=LATER)
    return kept


def test_a_question_is_drafted_from_the_template_that_is_like_it(
    workspace: Workspace, templates: dict[str, ResponseTemplate]
) -> None:
    asked = wrote(workspace, "How long does delivery usually take?")
    draft = ReplyDraft.objects.select_related("proposal").get()
    assert (draft.answers, draft.template, draft.source) == (
        asked, templates["delivery"], "template",
    )  # fmt: skip
    assert draft.text == "Hello Ann, delivery takes 3 days."
    assert (draft.proposal.status, draft.proposal.proposer_label) == (
        "pending", "Answers from templates",
    )  # fmt: skip
    assert AIClassification.objects.get().template == templates["delivery"]


@pytest.mark.parametrize("subject", ["How long does delivery take?", ""])
def test_what_has_no_words_of_its_own_is_like_its_subject_or_no_template(
    workspace: Workspace, templates: dict[str, ResponseTemplate], subject: str
) -> None:
    row = wrote(workspace, "How long does delivery usually take?")
    CustomerResponse.objects.filter(pk=row.pk).update(text=" ", subject=subject)
    row.refresh_from_db()
    found, _why = template_for(row)
    assert found == (templates["delivery"] if subject else None)


@pytest.mark.usefixtures("templates")
def test_a_busy_worker_drafts_later_what_it_read(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    later: list[int] = []
    one = Incoming(
        channel=InboxChannel.EMAIL, address="ann@example.com", external_id="1@x", at=NOW,
        text="How long does delivery usually take?", subject="A question",
    )  # fmt: skip
    (asked,) = take(workspace=workspace, incoming=[one], now=LATER)
    monkeypatch.setattr(
        "inbox.tasks.draft_answers.delay", lambda *, responses: later.extend(responses)
    )
    monkeypatch.setattr("inbox.tasks.timezone.now", lambda: LATER)
    assert read_arrived() == 1
    assert (later, ReplyDraft.objects.count()) == ([asked.pk], 0)
    draft_answers(responses=later)
    assert ReplyDraft.objects.get().answers == asked


@pytest.mark.usefixtures("templates")
def test_who_writes_again_voids_the_draft_and_gets_another(workspace: Workspace) -> None:
    wrote(workspace, "How long does delivery usually take?")
    wrote(workspace, "How can I send something back to you?", 2)
    first, second = ReplyDraft.objects.select_related("proposal").order_by("pk")
    assert (first.proposal.status, first.proposal.decision_reason) == (
        "cancelled", "They wrote again.",
    )  # fmt: skip
    assert (second.proposal.status, second.text) == (
        "pending", "Print the label and send it back to us.",
    )  # fmt: skip


@pytest.mark.usefixtures("templates")
@pytest.mark.parametrize("who", ["they", "we"])
def test_what_is_said_while_a_template_is_chosen_voids_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("inbox.services.reading.draft_for", lambda row, *, now: None)
        asked = wrote(workspace, "How long does delivery usually take?")
    asked = CustomerResponse.objects.get(pk=asked.pk)
    choose = drafting._chosen

    def slowly(response: CustomerResponse) -> Any:
        found = choose(response)
        ours = {"direction": "out", "delivery": "scheduled", "answers": response}
        response_of(response.conversation, at=LATER, **(ours if who == "we" else {}))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(drafting, "_chosen", slowly)
        assert draft_for(asked, now=LATER) is None
    assert not ReplyDraft.objects.exists()


@pytest.mark.usefixtures("templates")
def test_nothing_is_drafted_where_nothing_fits(workspace: Workspace) -> None:
    asked = wrote(workspace, "What is the name of your founder's dog?")
    assert not ReplyDraft.objects.exists()
    asked.refresh_from_db()
    assert template_for(asked) == (None, "No template for question on email is like the message.")


def test_no_draft_has_an_empty_place(
    workspace: Workspace, templates: dict[str, ResponseTemplate]
) -> None:
    ResponseTemplate.objects.exclude(pk=templates["delivery"].pk).delete()
    contact = templates["delivery"].workspace.contact_set.get()
    contact.first_name = ""
    contact.save()
    asked = wrote(workspace, "How long does delivery usually take?")
    assert not ReplyDraft.objects.exists()
    asked = CustomerResponse.objects.get(pk=asked.pk)
    assert template_for(asked) == (None, "It lacks first_name.")


@pytest.mark.usefixtures("templates")
def test_a_workspace_can_do_without(workspace: Workspace) -> None:
    InboxPolicy.objects.create(workspace=workspace, drafts_on=False)
    wrote(workspace, "How long does delivery usually take?")
    assert not ReplyDraft.objects.exists()


def test_what_nobody_approved_or_others_wrote_is_not_used(
    workspace: Workspace, other_workspace: Workspace, templates: dict[str, ResponseTemplate]
) -> None:
    templates["returns"].delete()
    mine = templates["delivery"]
    mine.approved_by = mine.approved_at = None
    mine.save()
    ResponseTemplate.objects.create(
        workspace=other_workspace, name="Delivery takes", body="Theirs", approved_at=NOW,
        approved_by=User.objects.filter(memberships__workspace=workspace).first(),
    )  # fmt: skip
    wrote(workspace, "How long does delivery usually take?")
    assert not ReplyDraft.objects.exists()
