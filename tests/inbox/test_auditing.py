"""The audit of drafts: drawn at night, judged blind, and what ends automatic sending."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from inbox.models import AuditedReply, AutoSendRule, ReplyDraft
from inbox.selectors.automation import record_for
from inbox.services.answering import Words, answer
from inbox.services.auditing import draw, judge, review, waiting_for
from inbox.services.auto_sending import switch_on
from inbox.services.drafting import draft_by_template
from tests.inbox.auto_steps import asked_about, judged, read_as, template_of
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of
from tests.workspaces.gate_steps import fresh, run_due, sign
from workspaces.gate import NotAllowedError, Proposer, RequestError, StateError
from workspaces.models import Notification, Proposal, User, Workspace
from workspaces.services import proposing, signing

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=10)
Browse = Callable[[User], Client]


@pytest.fixture
def template(workspace: Workspace, approver: User) -> Any:
    return template_of(workspace, approver)


def drafted(
    workspace: Workspace, number: int, template: Any, posture: str = "draft_only", **read: Any
) -> Proposal:
    """A draft of a question by chat, which needs no channel to be sent."""
    contact = contact_of(workspace, f"ann{number}@example.com")
    contact.points.update(channel="chat")
    asked = response_of(
        conversation_of(workspace, contact=contact, channel="chat", posture=posture)
    )
    read_as(asked, **read)
    made = draft_by_template(to=asked, template=template, why="Alike", now=NOW)
    assert made is not None
    return fresh(made)


def _rows(workspace: Workspace) -> list[tuple[str, str, str]]:
    draw(workspace=workspace, day=NOW.date())
    rows = AuditedReply.objects.order_by("draft")
    return list(rows.values_list("draft__proposal__subject_label", "intent", "verdict"))


def test_signing_tells_what_is_good_and_the_rest_is_asked(
    workspace: Workspace, template: Any, agent: User, operator: User
) -> None:
    proposals = [drafted(workspace, number, template) for number in range(5)]
    plain, edited, rejected, otherwise, _open = proposals
    sign(plain, agent, NOW)
    proposing.edit(proposal_id=edited.pk, changes={"text": "Tomorrow."}, by=agent, now=NOW)
    sign(fresh(edited), agent, NOW + timedelta(seconds=1))
    signing.reject(
        proposal_id=rejected.pk, plan_sha256=rejected.current_plan.sha256, by=agent, now=NOW,
        why="It was lost.",
    )  # fmt: skip
    asked = ReplyDraft.objects.get(proposal=otherwise).answers
    answer(to=asked, words=Words("No."), by=Proposer.person(operator), now=NOW)
    run_due(SOON + timedelta(seconds=1))

    assert draw(workspace=workspace, day=NOW.date()) == 4
    told = {row.draft_id: row for row in AuditedReply.objects.all()}
    assert [(told[one.pk].verdict, told[one.pk].why) for one in proposals[:4]] == [
        ("good", "Signed as it was."), ("", ""), ("bad", "It was lost."), ("", ""),
    ]  # fmt: skip
    assert draw(workspace=workspace, day=NOW.date()) == 0
    assert (record_for(workspace, "question").good, record_for(workspace, "question").bad) == (1, 1)
    # Who answered is not asked.
    assert waiting_for(workspace=workspace, user=agent).get().draft_id == otherwise.pk
    assert waiting_for(workspace=workspace, user=operator).get().draft_id == edited.pk


def test_what_could_not_have_gone_out_alone_says_nothing(
    workspace: Workspace, template: Any, agent: User
) -> None:
    for number, read in enumerate(
        [{"confidence": 0.85}, {"urgency": "high"}, {"sentiment": -0.5}, {"intent": "complaint"}]
    ):
        sign(drafted(workspace, number, template, **read), agent, NOW + timedelta(seconds=number))
    run_due(SOON + timedelta(seconds=9))
    assert draw(workspace=workspace, day=NOW.date()) == 0


def test_what_goes_out_after_midnight_is_of_the_new_day(
    workspace: Workspace, template: Any, agent: User
) -> None:
    early, late = (drafted(workspace, number, template) for number in range(2))
    sign(early, agent, NOW)
    run_due(SOON)
    sign(late, agent, SOON)
    assert draw(workspace=workspace, day=NOW.date()) == 1

    tomorrow = NOW + timedelta(days=1)
    run_due(tomorrow)
    assert fresh(late).status == "executed"
    assert draw(workspace=workspace, day=NOW.date()) == 0
    assert draw(workspace=workspace, day=tomorrow.date()) == 1


def test_what_was_signed_in_one_click_is_asked_about(
    workspace: Workspace, template: Any, agent: User
) -> None:
    proposals = [drafted(workspace, number, template) for number in range(3)]
    pairs = [(one.pk, one.current_plan.sha256) for one in proposals]
    signing.bulk_sign(pairs=pairs, by=agent, now=NOW)
    run_due(SOON)
    assert draw(workspace=workspace, day=NOW.date()) == 3
    assert not AuditedReply.objects.exclude(verdict="").exists()


def test_a_night_mixes_what_went_out_alone_with_what_people_signed(
    workspace: Workspace, template: Any, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.engine.auto_send.LEAST_PRECISION", 0.0)
    rule = AutoSendRule.objects.create(workspace=workspace, intent="question", is_on=True)
    alone = [drafted(workspace, number, template, posture="auto") for number in range(2)]
    signed = drafted(workspace, 2, template)
    unsure = drafted(workspace, 3, template, confidence=0.85)
    for second, one in enumerate((signed, unsure), 1):
        sign(one, agent, NOW + timedelta(seconds=second))
    run_due(SOON + timedelta(seconds=9))
    assert ReplyDraft.objects.filter(was_auto=True, proposal__in=alone).count() == 2

    assert rule.audit_share == 0.1
    # Half as many that a person signed: one of the two, by the draw.
    assert draw(workspace=workspace, day=NOW.date()) == 3
    rows = AuditedReply.objects.order_by("pk")
    assert sorted(rows.values_list("was_auto", flat=True)) == [False, True, True]
    assert not rows.exclude(verdict="").exists()
    cover = rows.get(was_auto=False)
    assert cover.intent == ("question" if cover.draft_id == signed.pk else "")


def test_planted_errors_end_it_at_once_until_a_person_switches_it_on(
    workspace: Workspace, approver: User, agent: User, admin: User
) -> None:
    judged(workspace, approver, good=472)
    switch_on(workspace=workspace, intent="question", by=admin, now=NOW)
    first, second = asked_about(workspace, 2)
    # 1 bad of 473 still shows 99 %, 2 of 474 do not.
    judge(audited=first, verdict="bad", why="Wrong.", by=agent, now=SOON)
    assert AutoSendRule.objects.get().is_on
    judge(audited=second, verdict="bad", why="Wrong.", by=agent, now=SOON)
    rule = AutoSendRule.objects.get()
    assert (rule.is_on, rule.demoted_at) == (False, SOON)
    assert rule.demoted_because.startswith("472 of 474 judged replies were good, which shows 98.6")
    stop = Proposal.objects.get(kind="workspaces.stop")
    assert (stop.status, stop.proposer_label) == ("executed", "Audit of automatic answers")
    assert Notification.objects.filter(topic="inbox.demoted", user=admin).count() == 1

    with pytest.raises(StateError, match="154 more"):
        switch_on(workspace=workspace, intent="question", by=admin, now=SOON)
    judged(workspace, approver, good=154, at=SOON)
    assert review(workspace=workspace, now=SOON) == 0
    assert not AutoSendRule.objects.get(intent="question").is_on  # it stays off by itself
    assert switch_on(workspace=workspace, intent="question", by=admin, now=SOON).is_on


def test_verdicts_are_given_once_with_a_reason_by_who_may(
    workspace: Workspace, other_workspace: Workspace, agent: User, viewer: User, outsider: User
) -> None:
    (row,) = asked_about(workspace)
    for user in (viewer, outsider):
        with pytest.raises(NotAllowedError):
            judge(audited=row, verdict="good", by=user, now=SOON)
    with pytest.raises(RequestError, match="good or bad"):
        judge(audited=row, verdict="fine", by=agent, now=SOON)
    with pytest.raises(RequestError, match="what is wrong"):
        judge(audited=row, verdict="bad", why=" ", by=agent, now=SOON)
    judge(audited=row, verdict="good", by=agent, now=SOON)
    with pytest.raises(StateError, match="already"):
        judge(audited=row, verdict="bad", why="No", by=agent, now=SOON)
    assert AuditedReply.objects.get().verdict == "good"


def test_who_judges_sees_the_draft_and_not_what_became_of_it(
    client_as: Browse, workspace: Workspace, template: Any, agent: User, operator: User,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    proposal = drafted(workspace, 1, template)
    proposing.edit(proposal_id=proposal.pk, changes={"text": "Tomorrow."}, by=operator, now=NOW)
    sign(fresh(proposal), operator, NOW)
    run_due(SOON)
    draw(workspace=workspace, day=NOW.date())
    row = AuditedReply.objects.get()
    client = client_as(agent)
    client.get("/inbox/audit/")

    with django_assert_max_num_queries(12):
        html = client.get("/inbox/audit/").content.decode()
    assert "Hello Ann, it is on its way." in html
    assert "Where is my order?" in html
    for telling in ("Tomorrow.", str(row.draft.conversation.public_id), "without a signature"):
        assert telling not in html

    form = {"workspace": str(workspace.public_id), "verdict": "bad", "why": "It was lost."}
    answer_ = client.post(f"/inbox/audit/{row.pk}/", form)
    assert answer_["Location"] == f"/inbox/audit/?bad={row.pk}"
    html = client.get(answer_["Location"]).content.decode()
    assert f"/inbox/{row.draft.conversation.public_id}/" in html
    assert "Nothing to judge." in html
    # What others judged is not told.
    assert "Open the conversation" not in client_as(operator).get(
        answer_["Location"]
    ).content.decode()  # fmt: skip


def test_admins_switch_it_on_its_page(
    client_as: Browse, workspace: Workspace, admin: User, operator: User, approver: User,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    judged(workspace, approver, good=299)
    form = {"workspace": str(workspace.public_id), "do": "on"}
    assert client_as(operator).post("/inbox/automation/question/", form).status_code == 403
    client = client_as(admin)
    assert client.post("/inbox/automation/purchase/", form).status_code == 409
    assert client.post("/inbox/automation/complaint/", form).status_code == 400
    client.post("/inbox/automation/question/", form)
    assert AutoSendRule.objects.get(is_on=True).intent == "question"
    client.post("/inbox/automation/question/", {**form, "do": "share", "share": "25"})
    assert AutoSendRule.objects.get(intent="question").audit_share == 0.25
    wrong = client.post("/inbox/automation/question/", {**form, "do": "share", "share": "0"})
    assert wrong.status_code == 400

    client.get("/inbox/automation/")
    with django_assert_max_num_queries(12):
        html = client.get("/inbox/automation/").content.decode()
    for words in ("Switch off", "299", "99 %", "Who switched it"):
        assert words in html, words
    client_as(operator).post(
        "/inbox/automation/question/", {**form, "do": "off", "reason": "Odd answers."}
    )
    assert not AutoSendRule.objects.filter(is_on=True).exists()
