"""Two contacts that may be one person: found, confirmed once, and taken apart without loss."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from attribution.models import IdentityMerge, Person
from attribution.services.identity import merge_people
from inbox.models import ConversationEvent, IdentitySuggestion
from inbox.selectors.timeline import conversations_of
from inbox.services.joining import (
    JoiningError,
    ask_again,
    confirm,
    find_suggestions,
    refuse,
    take_apart,
)
from inbox.services.topics import UNCONFIRMED
from outreach.models import ContactPoint
from outreach.services.people.erasing import erase_contact
from tests.inbox.chat.steps import begin, chat_of
from tests.inbox.steps import NOW, conversation_of, response_of
from tests.outreach.steps import contact_of, point_of
from workspaces.gate import NotAllowedError, Proposer
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
ACTS = {"confirm": confirm, "refuse": refuse, "apart": take_apart, "again": ask_again}


@pytest.fixture
def asked(workspace: Workspace) -> IdentitySuggestion:
    """Ann, with an open and a closed conversation, and Annie who wrote once."""
    ann, annie = contact_of(workspace), contact_of(workspace, "annie@example.com")
    conversation_of(workspace, contact=ann)
    conversation_of(workspace, contact=ann, status="closed", closed_at=NOW, subject="Old")
    conversation_of(workspace, contact=annie, subject="Hers")
    return IdentitySuggestion.objects.create(
        workspace=workspace, first=ann, second=annie, evidence=["Same phone +1: known; known"]
    )


def story() -> list[tuple[str, str]]:
    rows = ConversationEvent.objects.order_by("pk")
    return [(one.conversation.subject, one.kind) for one in rows]


def test_confirmed_twice_they_are_joined_once_and_taken_apart_as_before(
    asked: IdentitySuggestion, agent: User
) -> None:
    by = Proposer.person(agent)
    before = [*Person.objects.order_by("pk").values()]
    places = [*ContactPoint.objects.order_by("pk").values("contact", "address")]
    talk = asked.first.conversations.get(status="open")

    for _click in range(2):
        done = confirm(suggestion=asked, by=by, now=NOW)
    assert (done.status, done.decided_by, done.decided_at) == ("confirmed", agent, NOW)
    assert done.merge == IdentityMerge.objects.get()
    assert done.merge.evidence == {"reason": f"Confirmed in the inbox: {asked.public_id}"}
    talk.refresh_from_db()
    assert {one.subject for one in conversations_of(_fresh(talk))} == {"My order", "Old", "Hers"}
    assert story() == [("My order", "joined"), ("Hers", "joined")]
    with pytest.raises(JoiningError, match="are the same person"):
        refuse(suggestion=asked, by=by, now=NOW)

    for _click in range(2):
        apart = take_apart(suggestion=asked, by=by, now=LATER)
    assert (apart.status, apart.decided_at) == ("taken_back", LATER)
    assert [*Person.objects.order_by("pk").values()] == before
    assert [*ContactPoint.objects.order_by("pk").values("contact", "address")] == places
    assert {one.subject for one in conversations_of(_fresh(talk))} == {"My order", "Old"}
    assert story()[2:] == [("My order", "parted"), ("Hers", "parted")]
    with pytest.raises(JoiningError, match="taken apart again already"):
        confirm(suggestion=asked, by=by, now=LATER)


def _fresh(talk: Any) -> Any:
    return type(talk).objects.select_related("contact__person").get(pk=talk.pk)


def test_two_people_are_asked_about_once_and_never_again(
    asked: IdentitySuggestion, agent: User, workspace: Workspace
) -> None:
    by = Proposer.person(agent)
    for _click in range(2):
        assert refuse(suggestion=asked, by=by, now=NOW).status == "refused"
    assert (IdentityMerge.objects.count(), story()) == (0, [])
    point_of(asked.first, "sms", "+491701")
    point_of(asked.second, "whatsapp", "+491701")
    assert find_suggestions(workspace=workspace, now=LATER) == 0
    for act, words in ((confirm, "are two people"), (take_apart, "are two people")):
        with pytest.raises(JoiningError, match=words):
            act(suggestion=asked, by=by, now=NOW)


def test_a_slip_is_mended_by_asking_again(asked: IdentitySuggestion, agent: User) -> None:
    by = Proposer.person(agent)
    refuse(suggestion=asked, by=by, now=NOW)
    for _click in range(2):
        row = ask_again(suggestion=asked, by=by, now=LATER)
        assert (row.status, row.decided_by, row.decided_at) == ("open", None, None)
    confirm(suggestion=asked, by=by, now=LATER)
    with pytest.raises(JoiningError, match="are the same person"):
        ask_again(suggestion=asked, by=by, now=LATER)
    take_apart(suggestion=asked, by=by, now=LATER)
    assert ask_again(suggestion=asked, by=by, now=LATER).merge is None
    assert confirm(suggestion=asked, by=by, now=LATER).merge is not None
    assert IdentityMerge.objects.count() == 2


@pytest.mark.parametrize("act", ACTS.values())
def test_agents_decide_and_nobody_below_nor_a_machine(
    asked: IdentitySuggestion, viewer: User, act: Any
) -> None:
    with pytest.raises(NotAllowedError, match="agent"):
        act(suggestion=asked, by=Proposer.person(viewer), now=NOW)
    with pytest.raises(JoiningError, match="A person has to say"):
        act(suggestion=asked, by=Proposer.rule("Finder"), now=NOW)
    asked.refresh_from_db()
    assert (asked.status, IdentityMerge.objects.count()) == ("open", 0)


def test_who_was_one_before_is_confirmed_and_stays_one(
    asked: IdentitySuggestion, agent: User
) -> None:
    by = Proposer.person(agent)
    people = asked.first.person, asked.second.person
    merge_people(left=people[0], right=people[1], by=agent, reason="CRM", now=NOW)
    assert confirm(suggestion=asked, by=by, now=NOW).merge is None
    with pytest.raises(JoiningError, match="one person before"):
        take_apart(suggestion=asked, by=by, now=NOW)
    assert IdentityMerge.objects.filter(undone_at=None).count() == 1


def test_the_finder_asks_of_what_two_have_and_nothing_else(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    ann, bob, office = (contact_of(workspace, f"{one}@example.com") for one in "abc")
    point_of(ann, "sms", "+491701")
    point_of(bob, "whatsapp", "+491701")
    # What somebody of another workspace has says nothing here.
    point_of(office, "sms", "+493333")
    point_of(contact_of(other_workspace, "d@example.com"), "whatsapp", "+493333")
    widget = chat_of(workspace)
    visitors = [
        begin(widget, email="shared@example.com")[0].point.contact_id for _number in range(2)
    ]
    typed = conversation_of(workspace, contact=bob)
    response_of(
        typed, point=ContactPoint.objects.get(contact=ann, channel="email"), is_flagged=True,
        flag_reason=UNCONFIRMED,
    )  # fmt: skip

    assert find_suggestions(workspace=workspace, now=NOW) == 2
    assert find_suggestions(workspace=workspace, now=LATER) == 0
    rows = IdentitySuggestion.objects.order_by("first")
    assert [(one.first_id, one.second_id, one.evidence) for one in rows] == [
        (ann.pk, bob.pk, ["Same email a@example.com: known; typed in a form",
                          "Same phone +491701: known; known"]),
        (*sorted(visitors), ["Same email shared@example.com: typed in a chat; typed in a chat"]),
    ]  # fmt: skip


def test_erasing_one_takes_what_spoke_for_it_and_the_merge(
    asked: IdentitySuggestion, agent: User, admin: User
) -> None:
    confirm(suggestion=asked, by=Proposer.person(agent), now=NOW)
    take_apart(suggestion=asked, by=Proposer.person(agent), now=NOW)
    erase_contact(contact=asked.first, by=Proposer.person(admin), now=LATER)
    asked.refresh_from_db()
    assert (asked.evidence, asked.merge, asked.status) == ([], None, "taken_back")
    assert IdentityMerge.objects.count() == 0


def test_who_was_erased_is_joined_with_nobody(
    asked: IdentitySuggestion, agent: User, admin: User
) -> None:
    erase_contact(contact=asked.first, by=Proposer.person(admin), now=LATER)
    by = Proposer.person(agent)
    with pytest.raises(JoiningError, match="erased"):
        confirm(suggestion=asked, by=by, now=LATER)
    refuse(suggestion=asked, by=by, now=LATER)
    with pytest.raises(JoiningError, match="erased"):
        ask_again(suggestion=asked, by=by, now=LATER)


@pytest.fixture
def post(client_as: Callable[[User], Client], workspace: Workspace) -> Callable[..., Any]:
    def send(user: User, row: IdentitySuggestion, do: str) -> Any:
        values = {"workspace": str(workspace.public_id), "do": do}
        return client_as(user).post(f"/inbox/people/{row.public_id}/", values)

    return send


def test_the_page_shows_both_and_takes_each_answer(
    asked: IdentitySuggestion, agent: User, viewer: User, post: Callable[..., Any],
    client_as: Callable[[User], Client], django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    client = client_as(agent)
    client.get("/inbox/people/")
    with django_assert_max_num_queries(12):
        shown = client.get("/inbox/people/").content.decode()
    for words in ("Same phone +1", "annie@example.com", "ann@example.com", "The same person"):
        assert words in shown
    assert 'value="confirm"' not in client_as(viewer).get("/inbox/people/").content.decode()
    only = client.get(f"/inbox/people/?contact={asked.first.public_id}").content.decode()
    assert "annie@example.com" in only

    assert [post(agent, asked, do).status_code for do in ("", "apart", "confirm", "refuse")] == [
        400, 409, 302, 409,
    ]  # fmt: skip
    client = client_as(agent)
    assert "Nobody to decide about." in client.get("/inbox/people/").content.decode()
    decided = client.get("/inbox/people/?show=decided").content.decode()
    assert "Take apart" in decided
    assert post(agent, asked, "apart").status_code == 302
    decided = client.get("/inbox/people/?show=decided").content.decode()
    assert 'value="apart"' not in decided
    assert 'value="again"' in decided


def test_the_card_says_that_somebody_is_asked(
    asked: IdentitySuggestion, agent: User, client_as: Callable[[User], Client]
) -> None:
    talk = asked.second.conversations.get()
    address = f"/inbox/{talk.public_id}/customer"
    assert "May be the same person" in client_as(agent).get(address).content.decode()
    refuse(suggestion=asked, by=Proposer.person(agent), now=NOW)
    assert "May be the same person" not in client_as(agent).get(address).content.decode()
