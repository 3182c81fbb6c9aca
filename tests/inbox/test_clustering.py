"""Drafts that say nearly the same: found, shown together, signed each for itself in one click."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox.models import Conversation, CustomerResponse, ReplyDraft, ResponseTemplate
from inbox.selectors.clusters import groups_of, members_of
from inbox.services.clustering import cluster_changed
from inbox.services.drafting import draft_by_template
from inbox.services.signing_together import sign_together, undo_together
from outreach.models import ContactPoint
from tests.inbox.auto_steps import read_as, template_of
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of
from tests.workspaces.gate_steps import fresh, run_due
from workspaces.gate import NotAllowedError, PlanView, RequestError, StateError, handler_of
from workspaces.models import Proposal, Signature, Status, User, Workspace
from workspaces.services import proposing, signing

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=10)
Browse = Callable[[User], Client]


@pytest.fixture
def template(workspace: Workspace, approver: User) -> ResponseTemplate:
    return template_of(workspace, approver)


def drafted(
    template: ResponseTemplate, number: int, name: str = "Ann", now: datetime = NOW, **read: Any
) -> Proposal:
    """A draft by chat, which needs no channel to be sent."""
    workspace = template.workspace
    contact = contact_of(workspace, f"a{number}@example.com", first_name=name)
    contact.points.update(channel="chat")
    talk = conversation_of(workspace, contact=contact, channel="chat")
    asked = response_of(talk, text=f"Where is parcel {number}?")
    read_as(asked, **read)
    made = draft_by_template(to=asked, template=template, why="Alike", now=now)
    assert made is not None
    return fresh(made)


def _pick(proposal: Proposal) -> str:
    assert proposal.current_plan is not None
    return f"{proposal.public_id}:{proposal.current_plan.sha256}"


def _clustered(proposals: list[Proposal]) -> None:
    ReplyDraft.objects.filter(pk__in=[one.pk for one in proposals]).update(cluster=uuid4())


def test_drafts_of_one_key_that_are_alike_get_one_cluster(
    workspace: Workspace, approver: User, template: ResponseTemplate, agent: User
) -> None:
    other = template_of(
        workspace, approver, name="Open", body="Hello {{ first_name }}, we are there from nine."
    )
    alike = [
        drafted(template, number, name) for number, name in enumerate(("Ann", "Bertha", "Ann"))
    ]
    apart = drafted(other, 5)
    assert cluster_changed() == 3
    clusters = dict(ReplyDraft.objects.values_list("pk", "cluster"))
    assert len({clusters[one.pk] for one in alike}) == 1
    assert clusters[apart.pk] is None
    # Nothing changed: nothing is asked of the model, and nothing moves.
    assert cluster_changed() == 0
    ((found,), lone) = groups_of(workspace)
    assert (found.cluster, found.count, lone) == (clusters[alike[0].pk], 3, 1)

    for one in alike[:2]:
        signing.sign(
            proposal_id=one.pk, plan_sha256=_pick(one).partition(":")[2], by=agent, now=NOW
        )
    assert cluster_changed() == 1
    assert groups_of(workspace) == ([], 2)


def test_what_is_other_stands_apart(workspace: Workspace, template: ResponseTemplate) -> None:
    usual, unlike, urgent, flagged = (
        drafted(template, 1), drafted(template, 2), drafted(template, 3, urgency="high"),
        drafted(template, 4),
    )  # fmt: skip
    _clustered([usual, unlike, urgent, flagged])
    ReplyDraft.objects.update(similarity=0.7)
    ReplyDraft.objects.filter(pk=unlike.pk).update(similarity=0.5)
    CustomerResponse.objects.filter(drafts=flagged.pk).update(
        is_flagged=True, flag_reason="Somebody else writes."
    )
    cluster = ReplyDraft.objects.values_list("cluster", flat=True)[0]
    assert cluster is not None
    alike, odd = members_of(workspace, cluster)
    assert [one.draft.pk for one in alike] == [usual.pk]
    assert [one.why for one in odd] == [
        "Their message is less like the template than the others.", "It is urgent.",
        "Somebody else writes.",
    ]  # fmt: skip


def test_each_is_signed_for_itself_and_refused_ones_are_told_by_name(
    workspace: Workspace, template: ResponseTemplate, agent: User
) -> None:
    good, edited, overtaken = (drafted(template, number) for number in range(3))
    picks = [_pick(one) for one in (good, edited, overtaken)]
    own: dict[str, Any] = {"by": agent, "now": NOW}
    proposing.edit(proposal_id=edited.pk, changes={"text": "No."}, **own)
    theirs = ReplyDraft.objects.get(pk=overtaken.pk).answers
    response_of(theirs.conversation, at=NOW + timedelta(seconds=1), text="Forget it")
    done = sign_together(workspace=workspace, picks=[*picks, f"{uuid4()}:0"], **own)
    assert done.done == 2
    assert [why[:20] for _, why in done.refused] == ["This change was upda", "It is not there any "]
    assert Signature.objects.filter(person=agent).count() == 2
    # What they wrote since stops it when it would go.
    run_due(SOON)
    assert fresh(good).status == Status.EXECUTED
    assert fresh(overtaken).status != Status.EXECUTED


def test_many_cost_as_many_queries_as_few(
    workspace: Workspace, template: ResponseTemplate, agent: User
) -> None:
    proposals = [drafted(template, number) for number in range(8)]
    own: dict[str, Any] = {"workspace": workspace, "by": agent, "now": NOW}
    counts = []
    for some in (proposals[:2], proposals[2:]):
        with CaptureQueriesContext(connection) as queries:
            assert sign_together(picks=map(_pick, some), **own).done == len(some)
        counts.append(len(queries))
    with CaptureQueriesContext(connection) as queries:
        assert undo_together(at=NOW, **{**own, "now": SOON}).done == 8
    assert counts[0] == counts[1] <= 24
    assert len(queries) <= 12


def test_drafts_are_judged_together_as_each_alone(
    workspace: Workspace, template: ResponseTemplate, agent: User
) -> None:
    good, overtaken, closed, moved, mail = (drafted(template, number) for number in range(5))
    rows = ReplyDraft.objects.in_bulk()
    response_of(rows[overtaken.pk].conversation, at=NOW + timedelta(seconds=1), text="Forget it")
    told = {closed.pk: {"status": "closed", "closed_at": NOW}, mail.pk: {"posture": "off"}}
    for pk, values in told.items():
        Conversation.objects.filter(pk=rows[pk].conversation_id).update(**values)
    ContactPoint.objects.filter(pk=rows[moved.pk].answers.point_id).update(address="x@y.example")
    views = [
        PlanView.of(one.current_plan, one)
        for one in map(fresh, (good, overtaken, closed, moved, mail))
        if one.current_plan
    ]
    handler = handler_of("inbox.reply")
    together = handler.judge_all(views, now=NOW)
    assert together == [handler.judge(one, now=NOW) for one in views]
    assert [one.held_by for one in together] == [[], ["newest"], ["state"], ["address"], []]


def test_one_click_takes_all_of_them_back(
    workspace: Workspace, template: ResponseTemplate, agent: User, operator: User
) -> None:
    proposals = [drafted(template, number) for number in range(3)]
    sign_together(workspace=workspace, picks=map(_pick, proposals), by=agent, now=NOW)
    with pytest.raises(StateError):
        undo_together(workspace=workspace, at=NOW, by=operator, now=NOW)
    assert undo_together(workspace=workspace, at=NOW, by=agent, now=NOW).done == 3
    run_due(SOON)
    assert {fresh(one).status for one in proposals} == {Status.PENDING}


def test_only_agents_sign_and_only_what_is_theirs(
    workspace: Workspace, template: ResponseTemplate, viewer: User, outsider: User, agent: User,
    other_workspace: Workspace,
) -> None:  # fmt: skip
    pick = _pick(drafted(template, 1))
    for user in (viewer, outsider):
        with pytest.raises(NotAllowedError):
            sign_together(workspace=workspace, picks=[pick], by=user, now=NOW)
    done = sign_together(workspace=other_workspace, picks=[pick], by=outsider, now=NOW)
    assert (done.done, done.refused[0][1]) == (0, "It is not there any more.")
    for wrong in ([], ["x:y"], [f"{uuid4()}:0" for _ in range(501)]):
        with pytest.raises(RequestError):
            sign_together(workspace=workspace, picks=wrong, by=agent, now=NOW)
    assert not Signature.objects.exists()


def test_the_page_shows_each_beside_what_it_answers(
    client_as: Browse, workspace: Workspace, template: ResponseTemplate, agent: User,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    proposals = [drafted(template, number, now=timezone.now()) for number in range(3)]
    _clustered(proposals)
    cluster = ReplyDraft.objects.values_list("cluster", flat=True)[0]
    client = client_as(agent)
    assert "3 that say nearly the same" in client.get("/inbox/drafts/").content.decode()
    with django_assert_max_num_queries(12):
        html = client.get(f"/inbox/drafts/{cluster}/").content.decode()
    assert "Where is parcel 2?" in html
    assert client.get(f"/inbox/drafts/{uuid4()}/").status_code == 404

    form = {"workspace": str(workspace.public_id), "pick": [_pick(one) for one in proposals[:2]]}
    html = client.post("/inbox/drafts/sign/", form).content.decode()
    assert "2 signed." in html
    at = Signature.objects.first().at.isoformat()
    again = client.post(
        "/inbox/drafts/undo/", {"workspace": str(workspace.public_id), "at": at}
    ).content.decode()
    assert "2 taken back." in again
    wrong = client.post(
        "/inbox/drafts/undo/", {"workspace": str(workspace.public_id), "at": "2026-13-01"}
    )
    assert wrong.status_code == 400
