"""From a comment to the answer, the private message and the sale, with the far end."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from attribution.models import Conversion
from outreach.models import (
    ChannelPolicy,
    Contact,
    Enrolment,
    MessageStatus,
    OutreachCampaign,
    OutreachMessage,
    OutreachTask,
    SocialAccount,
    SocialEngagement,
    SocialFunnelEntry,
    SocialPerson,
    SocialPost,
)
from outreach.selectors.message_page import grounds_of, signature_of, signers_of
from outreach.services.hearing import Heard, hear
from outreach.services.sending.calling import Senders
from outreach.services.sending.dispatching import dispatch
from outreach.services.social.following import follow_entries
from outreach.services.social.matching import match_funnels
from outreach.services.social.syncing import read_network
from tests.outreach.social.steps import (
    NOON,
    comment_at,
    done_of,
    funnel_of,
    network_to,
    page_on,
    person_of,
)
from tests.outreach.steps import audience_of, campaign_of, contact_of, let_go, plan_of, point_of
from tests.workspaces.gate_steps import fresh, run_due, sign
from workspaces.models import Proposal, Status, User, Workspace
from workspaces.selectors_undo import undoable_ids
from workspaces.services.proposing import edit
from workspaces.services.reverting import revert
from workspaces.services.signing import reject

MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(box, workspace: Workspace):
    return page_on(box, workspace)


def answer_at(box, minutes: float) -> datetime:
    """Set the far end's clock, match, execute, send."""
    now = NOON + minutes * MINUTE
    box.control("clock", {"set": now.isoformat()})
    run_due(now)
    with Senders() as senders:
        dispatch(worker="w", clock=lambda: now, senders=senders, run_for=timedelta(0))
    return now


def replies(box) -> list[str]:
    """What we wrote below the first comment at the far end."""
    token = {"Authorization": "Bearer sandbox-meta-social-ptd-fitness"}
    answer = box.http.get("/v26.0/c1/replies", params={"fields": "id,text"}, headers=token)
    return [one["text"] for one in answer.json()["data"]]


def test_a_comment_is_answered_in_public_then_privately_and_its_sale_counts(
    box, workspace: Workspace, account
) -> None:
    funnel = funnel_of(workspace)
    done = comment_at(box, account, name="c1", text="How much is it?")

    assert match_funnels(workspace=workspace, now=NOON) == 1
    assert match_funnels(workspace=workspace, now=NOON + MINUTE) == 0
    answer_at(box, 4)
    early = replies(box)
    answer_at(box, 5)
    answer_at(box, 29)
    waiting = OutreachMessage.objects.get()
    sent = answer_at(box, 30)

    message = OutreachMessage.objects.get()
    assert (early, replies(box)) == ([], ["We wrote to you, user.u1."])
    assert (waiting.status, waiting.send_at) == (MessageStatus.SCHEDULED, NOON + 30 * MINUTE)
    assert (message.status, message.sent_at) == (MessageStatus.SENT, sent)
    assert (message.proof["window"], message.reply_to_comment) == ("comment", "c1")
    signed = signature_of(message)
    assert signed is not None
    assert signed.kind == "outreach.answer"
    assert signers_of(message)
    told = {one.label: one.words for one in grounds_of(message)}
    assert told["Window"].startswith("They commented lately")
    assert told["Answer"].endswith("with the words that were signed.")
    assert message.approved_by_label == "The funnel's rules"
    person = message.contact.person
    Conversion.objects.create(
        workspace=workspace, person=person, conversion_id="v1", type="purchase", value=150,
        currency="USD", converted_at=NOON + timedelta(days=2),
    )  # fmt: skip
    follow_entries(workspace=workspace, now=NOON + timedelta(days=3))
    entry = SocialFunnelEntry.objects.get()
    done = SocialEngagement.objects.get(pk=done.pk)
    assert (entry.funnel, entry.keyword, entry.dm_at, entry.value) == (
        funnel, "how much", sent, Decimal(150),
    )  # fmt: skip
    assert entry.reply_external_id
    assert (done.auto_responded_at, done.dm_at) == (NOON + 5 * MINUTE, sent)
    assert (done.converted_at, done.conversion_value) == (NOON + timedelta(days=2), Decimal(150))


def test_an_answer_waits_for_its_signature_and_can_be_rewritten(
    box, workspace: Workspace, account, approver: User, admin: User
) -> None:
    funnel_of(workspace, needs_approval=True)
    comment_at(box, account)
    match_funnels(workspace=workspace, now=NOON)
    answer_at(box, 10)
    proposal = Proposal.objects.get()
    unsigned = (proposal.status, replies(box), OutreachMessage.objects.count())

    edit(proposal_id=proposal.pk, changes={"reply": "It is 49."}, by=approver, now=NOON)
    sign(fresh(proposal), admin, NOON + 11 * MINUTE)
    answer_at(box, 12)

    assert unsigned == (Status.PENDING, [], 0)
    assert replies(box) == ["It is 49."]
    assert OutreachMessage.objects.get().approved_by_label == str(admin)


def test_a_reply_is_taken_back_and_nothing_more_is_sent(
    box, workspace: Workspace, account, operator: User, approver: User
) -> None:
    funnel_of(workspace)
    comment_at(box, account)
    match_funnels(workspace=workspace, now=NOON)
    answer_at(box, 6)

    answered = Proposal.objects.get()
    assert undoable_ids([answered]) == {answered.pk}
    undo = revert(proposal_id=answered.pk, by=operator, now=NOON + 7 * MINUTE)
    waits = replies(box)
    sign(undo, approver, NOON + 7 * MINUTE)
    answer_at(box, 31)

    entry = SocialFunnelEntry.objects.get()
    assert (len(waits), replies(box)) == (1, [])
    assert entry.taken_back_at == NOON + 31 * MINUTE
    undo.refresh_from_db()
    assert (undo.status, undoable_ids([undo])) == (Status.EXECUTED, set())
    assert OutreachMessage.objects.get().status == MessageStatus.CANCELLED


def test_a_lost_answer_is_found_again_and_not_written_twice(
    box, workspace: Workspace, account
) -> None:
    funnel_of(workspace, dm_text="")
    comment_at(box, account)
    match_funnels(workspace=workspace, now=NOON)
    box.control(
        "faults",
        {"kind": "reset", "commit": True, "platform": "meta", "method": "POST", "times": 1},
    )

    answer_at(box, 5)
    answer_at(box, 15)

    assert replies(box) == ["We wrote to you, user.u1."]
    assert SocialFunnelEntry.objects.get().reply_external_id
    assert Proposal.objects.get().status == Status.EXECUTED


def test_nothing_is_said_while_the_kill_switch_is_on(box, workspace: Workspace, account) -> None:
    funnel_of(workspace)
    comment_at(box, account)
    match_funnels(workspace=workspace, now=NOON)
    Workspace.objects.filter(pk=workspace.pk).update(kill_switch=True)

    answer_at(box, 31)
    stopped = (replies(box), OutreachMessage.objects.count())
    Workspace.objects.filter(pk=workspace.pk).update(kill_switch=False)
    answer_at(box, 32)

    assert stopped == ([], 0)
    assert len(replies(box)) == 1


def test_a_funnel_that_is_switched_off_answers_no_more(box, workspace: Workspace, account) -> None:
    funnel = funnel_of(workspace)
    comment_at(box, account)
    match_funnels(workspace=workspace, now=NOON)
    funnel.is_on = False
    funnel.save()

    answer_at(box, 6)
    follow_entries(workspace=workspace, now=NOON + 6 * MINUTE)

    assert replies(box) == []
    assert SocialFunnelEntry.objects.get().stopped_reason == "The answer was cancelled."


def test_who_rejects_ends_the_way(box, workspace: Workspace, account, approver: User) -> None:
    funnel_of(workspace, needs_approval=True)
    comment_at(box, account)
    match_funnels(workspace=workspace, now=NOON)
    proposal = Proposal.objects.get()

    reject(
        proposal_id=proposal.pk, plan_sha256=proposal.current_plan.sha256, by=approver, now=NOON,
        why="No",
    )  # fmt: skip
    follow_entries(workspace=workspace, now=NOON)

    entry = SocialFunnelEntry.objects.get()
    assert entry.stopped_reason == "Nobody signed the answer: it was rejected."


def test_a_closed_window_is_a_persons_task(workspace: Workspace, account) -> None:
    """A mention lets nobody write; who wrote to us three days ago is written to by a person."""
    funnel_of(workspace, kinds=["mention"], keywords=[], public_reply="")
    ann = person_of(workspace)
    contact = contact_of(workspace)
    point_of(contact, "instagram", "id-ann", last_inbound_at=NOON - timedelta(days=3))
    done_of(ann, "m1", kind="mention")
    match_funnels(workspace=workspace, now=NOON)

    for minutes in (30, 31):
        now = NOON + minutes * MINUTE
        run_due(now)
        with Senders() as senders:
            dispatch(worker="w", clock=lambda now=now: now, senders=senders)

    task = OutreachTask.objects.get()
    assert (task.reason, task.message.contact) == ("window_closed", contact)
    assert task.message.status == MessageStatus.PENDING


def test_who_never_wrote_and_only_mentioned_us_gets_nothing(workspace: Workspace, account) -> None:
    funnel_of(workspace, kinds=["mention"], keywords=[], public_reply="")
    done_of(person_of(workspace), "m1", kind="mention")
    match_funnels(workspace=workspace, now=NOON)
    now = NOON + 30 * MINUTE

    run_due(now)
    with Senders() as senders:
        dispatch(worker="w", clock=lambda: now, senders=senders)
    follow_entries(workspace=workspace, now=now)

    entry = SocialFunnelEntry.objects.get()
    assert OutreachMessage.objects.get().status == MessageStatus.CANCELLED
    assert entry.stopped_reason.startswith("They have not written lately")


def test_on_linkedin_a_person_sends_the_draft(workspace: Workspace, account) -> None:
    ChannelPolicy.objects.create(workspace=workspace, channel="linkedin", is_on=True)
    SocialAccount.objects.create(
        workspace=workspace, connection=account.connection, platform="linkedin", external_id="9"
    )
    funnel_of(workspace, platforms=["linkedin"], dm_text="")
    lee = SocialPerson.objects.create(
        workspace=workspace, platform="linkedin", external_id="lee-1", name="Lee Ray"
    )
    done_of(lee, "l1", text="Send me the link")
    match_funnels(workspace=workspace, now=NOON)
    now = NOON + 30 * MINUTE

    run_due(now)
    with Senders() as senders:
        dispatch(worker="w", clock=lambda: now, senders=senders)

    task = OutreachTask.objects.get()
    assert (task.reason, task.message.text) == ("assisted", "We wrote to you, Lee.")
    assert task.link == "https://www.linkedin.com/in/lee-1/"


def test_days_people_feelings_and_posts_hold_a_funnel_back(workspace: Workspace, account) -> None:
    funnel_of(workspace, daily_limit=2, excluded=["@Staff"])
    names = ["ann", "bob", "cem", "dee", "staff"]
    rows = {name: person_of(workspace, name) for name in names}
    for place, name in enumerate(names):
        done_of(rows[name], f"c{place}", text="How much?", at=NOON + place * MINUTE,
                sentiment=-0.5 if name == "ann" else 0.0)  # fmt: skip
    done_of(rows["bob"], "c9", text="Link please", at=NOON + 9 * MINUTE)

    now = NOON + timedelta(hours=1)
    assert match_funnels(workspace=workspace, now=now) == 2
    assert match_funnels(workspace=workspace, now=now) == 0

    answered = SocialFunnelEntry.objects.order_by("pk").values_list("person__username", flat=True)
    assert list(answered) == ["bob", "cem"]


def test_posts_have_switches_and_words_of_their_own(workspace: Workspace, account) -> None:
    funnel_of(workspace)
    post = SocialPost.objects.get()
    ann, bob = person_of(workspace), person_of(workspace, "bob")
    done_of(ann, "c1", text="Coach me", post=post)
    before = match_funnels(workspace=workspace, now=NOON)

    SocialPost.objects.update(keyword_triggers=["coach me"])
    by_word = match_funnels(workspace=workspace, now=NOON)
    SocialPost.objects.update(auto_respond=False)
    done_of(bob, "c2", text="How much?", post=post)

    assert (before, by_word) == (0, 1)
    assert match_funnels(workspace=workspace, now=NOON) == 0


def test_three_interactions_in_a_week_are_enough(workspace: Workspace, account) -> None:
    funnel_of(workspace, least_interactions=3)
    ann = person_of(workspace)
    done_of(ann, "c1", text="Nice", at=NOON - timedelta(days=3))
    done_of(ann, "s1", kind="save", at=NOON - timedelta(days=2))
    done_of(ann, "c2", text="Very nice", at=NOON)

    assert match_funnels(workspace=workspace, now=NOON) == 1
    assert SocialFunnelEntry.objects.get().engagement.external_id == "c2"


def test_who_answers_goes_on_in_the_sequence_that_was_signed(
    box, workspace: Workspace, account
) -> None:
    contact = contact_of(workspace)
    sequence = campaign_of(workspace, audience_of(workspace, contact), type="sequence")
    let_go(plan_of(sequence, contact))
    OutreachCampaign.objects.update(status="active", launched_at=NOON)
    funnel_of(workspace, follow_up=sequence)
    comment_at(box, account)
    match_funnels(workspace=workspace, now=NOON)
    answer_at(box, 5)
    answer_at(box, 30)
    message = OutreachMessage.objects.get(channel="instagram")
    before = follow_entries(workspace=workspace, now=NOON + 31 * MINUTE)["enrolled"]

    hear(
        workspace=workspace, now=NOON + 40 * MINUTE,
        events=[Heard(kind="replied", at=NOON + 40 * MINUTE, key="r", message=message.public_id)],
    )  # fmt: skip
    after = follow_entries(workspace=workspace, now=NOON + 41 * MINUTE)["enrolled"]

    assert (before, after) == (0, 1)
    new = Enrolment.objects.get(contact=Contact.objects.get(source="social"))
    assert (new.campaign, new.next_position) == (sequence, 1)


@pytest.mark.parametrize("accepts", [True, False])
def test_on_x_who_takes_messages_gets_one_and_a_reply_can_be_deleted(
    box, workspace: Workspace, operator: User, approver: User, *, accepts: bool
) -> None:
    connection = network_to(box, workspace, "x")
    token = "sandbox-x-social-ptd-fitness"
    box.control("seed", {"accounts": [{"platform": "x", "id": "77", "token": token}]})
    on = {"network": "x", "account": "77", "at": NOON.isoformat()}
    for item in (
        {"kind": "post", "id": "500", "text": "Week 12"},
        {"kind": "person", "id": "42", "username": "uma", "name": "Uma", "accepts_dm": accepts},
        {"kind": "comment", "id": "501", "author": "42", "parent": "500", "text": "Link please"},
    ):
        box.control("social/item", {**on, **item})
    ChannelPolicy.objects.create(
        workspace=workspace, channel="twitter", connection=connection, is_on=True
    )
    read_network(connection, "twitter", now=NOON)
    funnel_of(workspace, platforms=["twitter"])

    match_funnels(workspace=workspace, now=NOON)
    answer_at(box, 5)
    answer_at(box, 30)
    entry = SocialFunnelEntry.objects.get()
    message = OutreachMessage.objects.get()
    undo = revert(proposal_id=Proposal.objects.get().pk, by=operator, now=NOON + 31 * MINUTE)
    sign(undo, approver, NOON + 31 * MINUTE)
    answer_at(box, 32)
    read_network(connection, "twitter", now=NOON + 33 * MINUTE)

    assert entry.reply_external_id
    assert message.status == (MessageStatus.SENT if accepts else MessageStatus.CANCELLED)
    assert SocialFunnelEntry.objects.get().taken_back_at == NOON + 32 * MINUTE
    gone = box.http.get(
        f"/2/tweets/{entry.reply_external_id}", headers={"Authorization": f"Bearer {token}"}
    )
    assert "data" not in gone.json()
    assert SocialPost.objects.count() == 1
