"""What agents do on the inbox's page, and what nobody else may."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inbox.models import (
    AgentProfile,
    AIClassification,
    Conversation,
    ConversationEvent,
    CustomerResponse,
    InternalNote,
    ReplyDraft,
    ResponseTemplate,
)
from inbox.services.drafting import propose_reply
from inbox.services.topics import TOPIC
from inbox.views.acting import snoozes
from outreach.services.sending.single import NO_CHANNEL
from tests.inbox.desk_steps import answer_to
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.launch_steps import email_on
from tests.outreach.steps import contact_of, point_of
from workspaces.gate import Proposer
from workspaces.models import User, Workspace
from workspaces.services import live

Browse = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def pair(workspace: Workspace) -> list[Conversation]:
    contact = contact_of(workspace)
    return [conversation_of(workspace, contact=contact, subject=name) for name in ("One", "Two")]


@pytest.fixture
def post(client_as: Browse, agent: User, workspace: Workspace) -> Callable[..., Any]:
    client = client_as(agent)

    def send(path: str, *, htmx: bool = True, **form: Any) -> Any:
        given = {"workspace": str(workspace.public_id), **form}
        return client.post(f"/inbox/{path}", given, headers=HTMX if htmx else {})

    return send


def ids(rows: list[Conversation]) -> list[str]:
    return [str(row.public_id) for row in rows]


def states(rows: list[Conversation], name: str) -> list[Any]:
    found = Conversation.objects.in_bulk([row.pk for row in rows])
    return [getattr(found[row.pk], name) for row in rows]


def test_closing_acts_at_once_and_can_be_undone(post: Any, pair: list[Conversation]) -> None:
    answer = post("act/", do="close", pick=ids(pair))

    assert "2 conversations closed." in answer.content.decode()
    assert (answer["HX-Retarget"], answer["HX-Trigger-After-Swap"]) == ("#notes", "inbox-done")
    assert states(pair, "status") == ["closed", "closed"]

    batch = ConversationEvent.objects.get(conversation=pair[0]).batch
    undone = post("undo/", batch=str(batch))
    assert "2 conversations put back." in undone.content.decode()
    assert states(pair, "status") == ["open", "open"]


@pytest.mark.parametrize("do", ["assign", "team", "tag", "snooze", "posture", "merge"])
def test_what_needs_more_is_asked_first(do: str, post: Any, pair: list[Conversation]) -> None:
    html = post("act/", do=do, pick=ids(pair)).content.decode()

    assert "2 conversations</h2>" in html
    assert all(one in html for one in ids(pair))
    assert not ConversationEvent.objects.exists()


@pytest.mark.parametrize(
    ("do", "form", "name", "value"),
    [
        ("team", {"team": "sales"}, "team", "sales"),
        ("tag", {"tags": "VIP, late"}, "tags", ["vip", "late"]),
        ("posture", {"posture": "off"}, "posture", "off"),
        ("snooze", {"until": "hour"}, "status", "snoozed"),
        ("snooze", {"moment": "2030-01-01T09:00"}, "status", "open"),
    ],
)
def test_each_act_does_what_it_says(
    do: str, form: dict[str, str], name: str, value: Any, post: Any, pair: list[Conversation]
) -> None:
    answer = post("act/", do=do, pick=ids(pair), confirmed="yes", **form)

    # More than a year ahead is refused, and nothing happens.
    assert answer.status_code == (409 if "moment" in form else 200)
    assert states(pair, name) == [value, value]


def test_tags_are_taken_off(post: Any, pair: list[Conversation]) -> None:
    Conversation.objects.update(tags=["vip"])

    post("act/", do="tag", pick=ids(pair), confirmed="yes", tags="vip", off="1")

    assert states(pair, "tags") == [[], []]


def test_only_who_may_answer_is_given_work(
    post: Any, pair: list[Conversation], agent: User, viewer: User, outsider: User
) -> None:
    for other in (viewer, outsider):
        refused = post("act/", do="assign", pick=ids(pair), confirmed="yes", assignee=other.pk)
        assert refused.status_code == 400
    assert states(pair, "assignee_id") == [None, None]

    post("act/", do="assign", pick=ids(pair), confirmed="yes", assignee=agent.pk)
    assert states(pair, "assignee_id") == [agent.pk, agent.pk]
    post("act/", do="assign", pick=ids(pair), confirmed="yes", assignee="none")
    assert states(pair, "assignee_id") == [None, None]


def test_all_results_means_what_the_list_holds(
    post: Any, pair: list[Conversation], workspace: Workspace, other_workspace: Workspace
) -> None:
    spared = conversation_of(workspace, contact=pair[0].contact, channel="sms")
    foreign = conversation_of(other_workspace, contact=contact_of(other_workspace))

    asked = post("act/", do="close", all="1", state="channel=email")
    assert "2 conversations</h2>" in asked.content.decode()
    post("act/", do="close", all="1", state="channel=email", confirmed="yes")

    assert states([*pair, spared, foreign], "status") == ["closed", "closed", "open", "open"]


def test_merged_ones_are_taken_apart_again(post: Any, pair: list[Conversation]) -> None:
    response_of(pair[1])
    post("act/", do="merge", pick=ids(pair), into=ids(pair)[0], confirmed="yes")
    assert states(pair, "merged_into_id") == [None, pair[0].pk]
    assert pair[0].responses.count() == 1

    post("act/", do="unmerge", pick=ids(pair)[1:])
    assert states(pair, "merged_into_id") == [None, None]
    assert pair[1].responses.count() == 1


def test_a_message_gets_a_conversation_of_its_own(post: Any, pair: list[Conversation]) -> None:
    response_of(pair[0])
    gone = response_of(pair[0], text="Something else", at=NOW + timedelta(minutes=1))
    asked = post("act/", do="split", pick=ids(pair)[:1])
    assert "Something else" in asked.content.decode()

    answer = post(
        "act/", do="split", pick=ids(pair)[:1], message=str(gone.public_id), confirmed="yes"
    )

    gone.refresh_from_db()
    assert gone.conversation_id not in {one.pk for one in pair}
    assert answer["HX-Redirect"].startswith(f"/inbox/{gone.conversation.public_id}/")


@pytest.mark.parametrize(
    ("form", "status"),
    [({"do": "dance"}, 400), ({"do": "close"}, 400), ({"do": "close", "pick": "x"}, 400),
     ({"do": "close", "all": "1", "state": "view=mars"}, 400), ({"do": "merge", "all": "1"}, 400)],
)  # fmt: skip
def test_requests_without_sense_are_refused(form: dict[str, str], status: int, post: Any) -> None:
    assert post("act/", **form).status_code == status
    assert post("undo/", batch="x").status_code == 400


def test_other_workspaces_are_out_of_reach(post: Any, other_workspace: Workspace) -> None:
    foreign = conversation_of(other_workspace, contact=contact_of(other_workspace))
    message = response_of(foreign)

    post("act/", do="close", pick=ids([foreign]))
    for path in ("viewed", "here", "note", "answer"):
        assert post(f"{foreign.public_id}/{path}", text="x").status_code == 404
    assert post(f"messages/{message.public_id}/reading", intent="spam").status_code == 404

    assert states([foreign], "status") == ["open"]


def test_without_javascript_pages_follow_each_other(
    post: Any, pair: list[Conversation], client_as: Browse, agent: User
) -> None:
    asked = post("act/", htmx=False, do="team", pick=ids(pair))
    assert "<html" in asked.content.decode()

    done = post("act/", htmx=False, do="close", pick=ids(pair), state="view=mine")
    assert done["Location"].startswith("/inbox/?view=mine&done=")
    assert 'action="/inbox/undo/"' in client_as(agent).get(done["Location"]).content.decode()


def test_snoozes_end_in_the_morning_here() -> None:
    moments = {key: moment for key, _label, moment in snoozes(NOW)}

    assert timezone.localtime(moments["tomorrow"]).hour == 9
    assert moments["monday"].weekday() == 0
    assert moments["hour"] - NOW == timedelta(hours=1)


def test_opening_by_an_agent_is_noted(post: Any, pair: list[Conversation]) -> None:
    Conversation.objects.update(unread=1)
    response_of(pair[0])

    assert post(f"{pair[0].public_id}/viewed").status_code == 204
    assert states(pair, "unread") == [0, 1]


def test_what_came_after_the_page_stays_new(post: Any, pair: list[Conversation]) -> None:
    first, _ = (response_of(pair[0]) for _ in range(2))

    post(f"{pair[0].public_id}/viewed", shown=str(first.public_id))
    assert states(pair, "unread") == [1, 0]


def test_agents_see_each_other(
    post: Any, pair: list[Conversation], client_as: Browse, approver: User, agent: User,
    workspace: Workspace,
) -> None:  # fmt: skip
    form = {"workspace": str(workspace.public_id), "what": "typing"}
    client_as(approver).post(f"/inbox/{pair[0].public_id}/here", form)

    assert f"{approver} is typing" in post(f"{pair[0].public_id}/here").content.decode()
    assert post(f"{pair[0].public_id}/here", what="sleeping").status_code == 400


def test_notes_and_corrections(post: Any, pair: list[Conversation], workspace: Workspace) -> None:
    message = response_of(pair[0])
    AIClassification.objects.create(
        workspace=workspace, response=message, intent="question", confidence=0.5, sentiment=0,
        sentiment_label="neutral", urgency="low", model="words", ms=1, read_at=NOW,
    )  # fmt: skip

    assert post(f"{pair[0].public_id}/note", text="Look").status_code == 200
    assert post(f"{pair[0].public_id}/note", text=" ").status_code == 409
    told = post(f"messages/{message.public_id}/reading", intent="spam")
    assert b"Read as spam. It is closed." in told.content
    assert states(pair[:1], "status") == ["closed"]
    assert b"data-undo" in told.content
    assert post(f"messages/{message.public_id}/reading", intent="complaint").status_code == 200

    assert InternalNote.objects.get().text == "Look"
    assert AIClassification.objects.get().corrected_intent == "complaint"


@pytest.fixture
def chat(workspace: Workspace) -> CustomerResponse:
    """What was written on the website: nobody has to carry the answer."""
    contact = contact_of(workspace, "ben@example.com")
    return response_of(conversation_of(workspace, contact=contact), channel="chat")


def test_an_answer_goes_out_and_comes_back(
    post: Any, chat: CustomerResponse, client_as: Browse, agent: User, workspace: Workspace
) -> None:
    ResponseTemplate.objects.create(
        workspace=workspace, name="Lost", body="We send another.", approved_by=agent,
        approved_at=NOW,
    )  # fmt: skip
    address, own = f"{chat.conversation.public_id}/answer", str(chat.public_id)
    form = client_as(agent).get(f"/inbox/{chat.conversation.public_id}/compose", headers=HTMX)
    assert "We send another." in form.content.decode()
    assert own in form.content.decode()

    sent = post(address, to=own, seen=own, text="It is on its way.")
    reply = CustomerResponse.objects.get(direction="out")
    assert (reply.text, reply.delivery, reply.author) == ("It is on its way.", "scheduled", agent)
    assert str(reply.public_id) in sent.content.decode()

    again = post(f"messages/{reply.public_id}/take-back")
    reply.refresh_from_db()
    assert reply.delivery == "cancelled"
    assert "It is on its way." in again.content.decode()


def test_no_answer_forgets_the_filters(post: Any, chat: CustomerResponse) -> None:
    kept, own = "channel=chat", str(chat.public_id)
    address = f"{chat.conversation.public_id}/answer?{kept}"

    sent = post(address, to=own, seen=own, text="Soon.").content.decode()
    (back,) = set(re.findall(r"/inbox/(messages/\S+/take-back\?channel=chat)", sent))
    assert f"compose?{kept}" in sent
    assert f"answer?{kept}" in post(back).content.decode()
    post(address, to=own, seen=own, text="Soon again.")
    reply = CustomerResponse.objects.get(text="Soon again.")
    gone = post(f"messages/{reply.public_id}/take-back?{kept}", htmx=False)
    assert gone["Location"] == f"/inbox/{chat.conversation.public_id}/?{kept}"


def test_what_did_not_arrive_can_be_sent_again(
    client_as: Browse, agent: User, chat: CustomerResponse
) -> None:
    lost = answer_to(chat, delivery="failed", sent_at=None, text="Lost words", error="No way.")
    client, address = client_as(agent), f"/inbox/{chat.conversation.public_id}/"
    page = client.get(address).content.decode()
    assert f"compose?again={lost.public_id}" in page

    form = client.get(f"{address}compose", {"again": str(lost.public_id)}, headers=HTMX)
    assert "Lost words" in form.content.decode()
    sent = answer_to(chat, text="Heard")
    form = client.get(f"{address}compose", {"again": str(sent.public_id)}, headers=HTMX)
    assert "Heard" not in form.content.decode()


@pytest.fixture
def mail(workspace: Workspace) -> CustomerResponse:
    email_on(workspace)
    asked = response_of(conversation_of(workspace), at=timezone.now(), subject="My order")
    asked.point.last_inbound_at = asked.at
    asked.point.save()
    return asked


def test_the_form_of_an_answer_costs_few_queries(
    client_as: Browse, agent: User, mail: CustomerResponse, django_assert_max_num_queries: Any
) -> None:
    client = client_as(agent)
    client.get("/inbox/")

    # Half of them ask whether the one address may be written to now.
    with django_assert_max_num_queries(12):
        client.get(f"/inbox/{mail.conversation.public_id}/compose", headers=HTMX)


def test_files_are_kept_shown_and_sent_with_the_answer(
    post: Any, mail: CustomerResponse, client_as: Browse, agent: User
) -> None:
    address, own = str(mail.conversation.public_id), str(mail.public_id)
    held = post(f"{address}/files", upload=SimpleUploadedFile("a.exe", b"MZ"))
    assert (held.status_code, b"can run" in held.content) == (400, True)
    chosen = post(f"{address}/files", upload=SimpleUploadedFile("a.pdf", b"%PDF-1.4"))
    (token,) = re.findall('name="file" value="([^"]+)"', chosen.content.decode())

    form = {"to": own, "seen": own, "text": "See there.", "file": token}
    second = SimpleUploadedFile("b.pdf", b"%PDF-1.5")
    look = post(f"{address}/preview", **form, upload=second).content.decode()
    for words in ("Re: My order", "See there.", "a.pdf", "b.pdf", "E-mail to"):
        assert words in look
    # Refused, they are not lost.
    again = post(f"{address}/answer", **form | {"text": " "})
    assert (again.status_code, b"a.pdf" in again.content) == (400, True)

    assert post(f"{address}/answer", **form).status_code == 200
    row = CustomerResponse.objects.get(direction="out")
    assert [one.name for one in row.attachments.all()] == ["a.pdf"]
    file = client_as(agent).get(f"/inbox/files/{row.attachments.get().public_id}")
    assert b"".join(file) == b"%PDF-1.4"
    back = post(f"messages/{row.public_id}/take-back")
    assert b"a.pdf" in back.content


@pytest.mark.parametrize("htmx", [True, False])
def test_an_answer_is_looked_at_before_it_goes(
    post: Any, mail: CustomerResponse, agent: User, workspace: Workspace, htmx: bool
) -> None:
    AgentProfile.objects.create(workspace=workspace, user=agent, signature="Eva")
    address, own = f"{mail.conversation.public_id}/preview", str(mail.public_id)
    look = post(address, htmx=htmx, to=own, seen=own, text="Soon, Ann.", subject="News")
    html = look.content.decode()
    assert "As they will have it" in html
    assert "Soon, Ann.\n\n-- \nEva" in html
    assert ("<form" in html) != htmx
    refused = post(address, to=own, seen=own, text="Hello {{ first_name }}")
    assert (refused.status_code, b"Fill in" in refused.content) == (400, True)
    assert not CustomerResponse.objects.filter(direction="out").exists()


def test_a_text_message_tells_its_parts(post: Any, workspace: Workspace) -> None:
    contact = contact_of(workspace, "sam@example.com")
    point_of(contact, "sms", "+436601234567")
    asked = response_of(conversation_of(workspace, channel="sms", contact=contact))
    own = str(asked.public_id)
    look = post(f"{asked.conversation.public_id}/preview", to=own, seen=own, text="a" * 200)
    assert b"2 parts of SMS" in look.content


def test_news_stop_an_answer_and_are_shown(post: Any, chat: CustomerResponse) -> None:
    newer = response_of(
        chat.conversation, point=chat.point, text="Forget it", at=NOW + timedelta(minutes=1)
    )
    own = str(chat.public_id)

    answer = post(f"{chat.conversation.public_id}/answer", to=own, seen=own, text="Typed long")

    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Forget it" in html
    assert "Typed long" in html
    assert f'name="seen" value="{newer.public_id}"' in html
    assert not CustomerResponse.objects.filter(direction="out").exists()


def test_a_second_click_sends_nothing_more(post: Any, chat: CustomerResponse) -> None:
    own = str(chat.public_id)
    for _ in range(2):
        sent = post(
            f"{chat.conversation.public_id}/answer", to=own, seen=own, key="a1", text="Soon."
        )
        assert (sent.status_code, b"Undo" in sent.content) == (200, True)
    assert CustomerResponse.objects.filter(direction="out").count() == 1


def test_what_came_after_the_page_is_news_to_the_composer(
    client_as: Browse, agent: User, chat: CustomerResponse
) -> None:
    talk = chat.conversation
    response_of(talk, point=chat.point, text="Forget it", at=NOW + timedelta(minutes=1))
    client = client_as(agent)
    for shown in (str(chat.public_id), "x", ""):
        form = client.get(f"/inbox/{talk.public_id}/compose", {"shown": shown}, headers=HTMX)
        is_known = shown == str(chat.public_id)
        assert (f'name="seen" value="{shown}"' in form.content.decode()) == is_known


def test_an_answer_to_what_is_elsewhere_is_refused(
    post: Any, chat: CustomerResponse, pair: list[Conversation]
) -> None:
    other = str(response_of(pair[0]).public_id)
    address = f"{chat.conversation.public_id}/answer"

    for to in (other, "x", ""):
        assert post(address, to=to, seen=to, text="Hi").status_code == 400
    assert not CustomerResponse.objects.filter(direction="out").exists()


def test_a_channel_that_is_off_says_so(
    client_as: Browse, agent: User, pair: list[Conversation]
) -> None:
    response_of(pair[0])

    html = client_as(agent).get(f"/inbox/{pair[0].public_id}/compose").content.decode()

    assert NO_CHANNEL in html


@pytest.fixture
def draft(workspace: Workspace, chat: CustomerResponse) -> ReplyDraft:
    proposal = propose_reply(
        to=chat, text="It is on its way.", by=Proposer.rule("Countersign"), reason="They ask.",
        now=timezone.now(),
    )  # fmt: skip
    return ReplyDraft.objects.select_related("proposal__current_plan").get(proposal=proposal)


def shown(draft: ReplyDraft, /, **values: str) -> dict[str, str]:
    plan = draft.proposal.current_plan
    assert plan is not None
    own = {"draft": str(draft.proposal.public_id), "plan_sha256": plan.sha256}
    return {**own, **values}


def test_agents_sign_drafts_as_they_were_shown(
    post: Any, draft: ReplyDraft, django_capture_on_commit_callbacks: Any
) -> None:
    address = f"{draft.conversation.public_id}/draft"

    assert post(address, **shown(draft, plan_sha256="0" * 64)).status_code == 409
    assert post(address, **shown(draft, draft="x")).status_code == 400
    assert post(address, **shown(draft, do="reject")).status_code == 400
    draft.proposal.refresh_from_db()
    assert draft.proposal.status == "pending"

    version = live.version(draft.workspace_id, TOPIC)
    with django_capture_on_commit_callbacks(execute=True):
        assert b"Signed." in post(address, **shown(draft)).content
    # Lists and open conversations show it no more.
    assert live.version(draft.workspace_id, TOPIC) > version
    draft.proposal.refresh_from_db()
    assert draft.proposal.status == "approved"


@pytest.mark.parametrize("htmx", [True, False])
def test_a_signature_can_be_taken_back_while_it_waits(
    post: Any, draft: ReplyDraft, client_as: Browse, agent: User, htmx: bool
) -> None:
    address, own = f"{draft.conversation.public_id}/draft", str(draft.proposal.public_id)
    signed = post(address, htmx=htmx, **shown(draft))
    page = signed if htmx else client_as(agent).get(signed["Location"])
    html = page.content.decode()
    assert "data-undo" in html
    assert f'name="draft" value="{own}"' in html

    undone = post(address, draft=own, do="withdraw")
    assert b"The draft waits again." in undone.content
    draft.proposal.refresh_from_db()
    assert draft.proposal.status == "pending"
    assert post(address, draft=own, do="withdraw").status_code == 409
    opened = client_as(agent).get(f"/inbox/{draft.conversation.public_id}/", {"signed": own})
    assert b"data-undo" not in opened.content


def test_drafts_are_put_into_other_words_and_signed_at_once(post: Any, draft: ReplyDraft) -> None:
    address = f"{draft.conversation.public_id}/draft"
    stale = post(address, **shown(draft, do="edit", text="Mine", plan_sha256="0" * 64))
    empty = post(address, **shown(draft, do="edit", text=" "))
    assert (stale.status_code, empty.status_code) == (409, 400)
    assert draft.proposal.plans.count() == 1

    assert b"Signed." in post(address, **shown(draft, do="edit", text="In my words.")).content

    draft.proposal.refresh_from_db()
    assert draft.proposal.status == "approved"
    texts = [plan.content["text"] for plan in draft.proposal.plans.order_by("version")]
    assert texts == ["It is on its way.", "In my words."]


def test_drafts_are_rejected_with_a_reason(post: Any, draft: ReplyDraft) -> None:
    address = f"{draft.conversation.public_id}/draft"

    assert (
        b"Rejected."
        in post(
            address, **shown(draft, do="reject", because="The tone is wrong", why="Too short")
        ).content
    )

    draft.proposal.refresh_from_db()
    assert (draft.proposal.status, draft.proposal.decision_reason) == (
        "rejected", "The tone is wrong. Too short",
    )  # fmt: skip
