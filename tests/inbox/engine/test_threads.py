"""Merging, taking apart and splitting conversations; where answers may go."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from benchmarks.misrouting import ADDRESSES, Truth, play
from inbox.engine.threads import (
    Address,
    Desk,
    NewerMessage,
    Refused,
    Split,
    arrive,
    merge,
    moved,
    open_conversation,
    reply,
    split,
    unmerge,
    unsplit,
)
from tests.examples import examples

ANNA, BEN = Address("email", "anna@x.example"), Address("sms", "+4366012345")


def desk() -> Desk:
    """Anna wrote 11 and 12 in conversation 1, Ben wrote 21 in conversation 2."""
    found = open_conversation(open_conversation(Desk(), 1), 2)
    for message, address, conversation in ((11, ANNA, 1), (12, ANNA, 1), (21, BEN, 2)):
        found = arrive(found, message, address, conversation)
    return found


def test_an_answer_goes_to_who_wrote() -> None:
    found = reply(desk(), 30, conversation=2, answers=21, seen=21)

    assert found.outbound[30].address == BEN
    assert found.place_of(30) == 2


def test_merged_conversations_are_shown_as_one_and_each_answer_finds_its_way() -> None:
    merged = merge(desk(), 2, into=1)

    assert merged.addresses(1) == (BEN, ANNA)
    assert merged.theirs(2) == []
    answered = reply(merged, 30, conversation=1, answers=21, seen=21)
    assert answered.outbound[30].address == BEN
    apart = unmerge(answered, 2)
    assert (apart.place_of(30), apart.addresses(1), apart.addresses(2)) == (2, (ANNA,), (BEN,))


def test_a_page_from_before_cannot_send_to_the_wrong_one() -> None:
    merged = merge(desk(), 2, into=1)
    apart = unmerge(merged, 2)

    with pytest.raises(Refused, match="in conversation 1 by now"):
        reply(merged, 30, conversation=2, answers=21, seen=21)
    with pytest.raises(Refused, match="in conversation 2 by now"):
        reply(apart, 30, conversation=1, answers=21, seen=21)


def test_an_answer_waits_for_what_arrived_since() -> None:
    newer = arrive(desk(), 22, BEN, 2)

    with pytest.raises(NewerMessage) as refused:
        reply(newer, 30, conversation=2, answers=21, seen=21)

    assert refused.value.messages == (22,)
    assert reply(newer, 30, conversation=2, answers=21, seen=22).outbound[30].address == BEN


def test_what_arrives_in_a_merged_one_goes_back_with_its_sender() -> None:
    merged = merge(desk(), 2, into=1)
    later = arrive(arrive(merged, 40, BEN, 1), 41, Address("email", "new@x.example"), 1)
    apart = unmerge(later, 2)

    assert (apart.place_of(40), apart.place_of(41)) == (2, 1)
    assert moved(later, apart) == {21: 2, 40: 2}


def test_merges_are_taken_back_in_any_order() -> None:
    three = arrive(open_conversation(desk(), 3), 31, BEN, 3)
    chain = merge(merge(three, 3, into=2), 2, into=1)

    assert chain.place_of(31) == 1
    assert unmerge(chain, 3).place_of(31) == 3
    assert unmerge(chain, 2).place_of(31) == 2
    assert unmerge(unmerge(chain, 2), 3) == three
    assert unmerge(unmerge(chain, 3), 2) == three


def test_a_split_takes_our_answers_along_and_can_be_taken_back() -> None:
    answered = reply(desk(), 30, conversation=1, answers=12, seen=12)
    apart, done = split(answered, [12], new=9)

    assert (apart.place_of(12), apart.place_of(30), apart.place_of(11)) == (9, 9, 1)
    late = arrive(apart, 50, ANNA, 9)
    back = unsplit(late, done)
    assert [back.place_of(id_) for id_ in (12, 30, 50)] == [1, 1, 1]
    assert back.shown_in(9) == 1


def test_what_cannot_be_done_is_refused_in_words() -> None:
    merged = merge(desk(), 2, into=1)
    for words, do in (
        ("no conversation 7", lambda: arrive(desk(), 40, ANNA, 7)),
        ("is a message 11", lambda: arrive(desk(), 11, ANNA, 1)),
        ("is a conversation 1", lambda: open_conversation(desk(), 1)),
        ("is a message 21", lambda: reply(desk(), 21, conversation=2, answers=21, seen=21)),
        ("Only what somebody wrote", lambda: reply(desk(), 30, conversation=2, answers=5, seen=9)),
        ("into itself", lambda: merge(desk(), 1, into=1)),
        ("merged into 1", lambda: merge(merged, 2, into=1)),
        ("merged into 1", lambda: merge(open_conversation(merged, 3), 3, into=2)),
        ("was not merged", lambda: unmerge(desk(), 1)),
        ("nothing would stay", lambda: split(desk(), [11, 12], new=9)),
        ("several conversations", lambda: split(desk(), [11, 21], new=9)),
        ("that they wrote", lambda: split(desk(), [], new=9)),
        ("was merged since", lambda: unsplit(merged, Split(2, ((21, 1),)))),
    ):
        with pytest.raises(Refused, match=words):
            do()


class Desks(RuleBasedStateMachine):
    """All that people do at once, beside a book-keeping of boxes."""

    conversations, messages, splits = Bundle("conversations"), Bundle("messages"), Bundle("splits")

    def __init__(self) -> None:
        super().__init__()
        self.desk, self.truth, self.next = Desk(), Truth(), 0

    def _id(self) -> int:
        self.next += 1
        return self.next

    @rule(target=conversations)
    def begin(self) -> int:
        conversation = self._id()
        self.desk = open_conversation(self.desk, conversation)
        self.truth.boxes[conversation] = []
        return conversation

    @rule(target=messages, conversation=conversations, address=st.sampled_from(ADDRESSES))
    def write(self, conversation: int, address: Address) -> int:
        message = self._id()
        self.desk = arrive(self.desk, message, address, conversation)
        self.truth.boxes[self.desk.inbound[message].home].append(message)
        self.truth.wrote[message] = address
        assert self.desk.place_of(message) == self.desk.shown_in(conversation)
        return message

    @rule(conversation=conversations, message=messages, late=st.booleans())
    def answer(self, conversation: int, message: int, *, late: bool) -> None:
        inside = self.truth.inside(conversation)
        seen = max(inside, default=0) - late
        answer = self._id()
        try:
            self.desk = reply(
                self.desk, answer, conversation=conversation, answers=message, seen=seen
            )
        except Refused:
            assert late or message not in inside
        else:
            assert self.truth.may_go(conversation, self.desk.outbound[answer].address)

    @rule(first=conversations, second=conversations)
    def merge(self, first: int, second: int) -> None:
        sources = {source for source, _ in self.truth.shown}
        before = self.desk
        try:
            self.desk = merge(before, first, into=second)
        except Refused:
            assert first == second or {first, second} & sources
        else:
            self.truth.shown.append((first, second))
            assert unmerge(self.desk, first) == before

    @rule(conversation=conversations)
    def unmerge(self, conversation: int) -> None:
        try:
            self.desk = unmerge(self.desk, conversation)
        except Refused:
            assert all(source != conversation for source, _ in self.truth.shown)
        self.truth.shown = [one for one in self.truth.shown if one[0] != conversation]

    @rule(target=splits, conversation=conversations, data=st.data())
    def split(self, conversation: int, data: st.DataObject) -> object:
        inside = sorted(self.truth.inside(conversation))
        if len(inside) < 2:
            return multiple()
        some = st.lists(st.sampled_from(inside), min_size=1, max_size=len(inside) - 1, unique=True)
        chosen, new = data.draw(some), self._id()
        before = self.desk
        self.desk, done = split(before, chosen, new=new)
        back = unsplit(self.desk, done)
        assert all(back.place_of(id_) == before.place_of(id_) for id_ in before.inbound)
        for box in self.truth.boxes.values():
            box[:] = [message for message in box if message not in chosen]
        self.truth.boxes[new] = chosen
        return done

    @rule(done=consumes(splits))
    def unsplit(self, done: Split) -> None:
        try:
            self.desk = unsplit(self.desk, done)
        except Refused:
            return
        kept, self.truth.boxes[done.conversation] = self.truth.boxes[done.conversation], []
        old, first = dict(done.homes), done.homes[0][1]
        for message in kept:
            self.truth.boxes[old.get(message, first)].append(message)
        if into := self.desk.merged_into.get(done.conversation):
            self.truth.shown.append((done.conversation, into))

    @invariant()
    def every_message_is_where_the_boxes_have_it(self) -> None:
        for conversation in self.desk.conversations:
            theirs = {one.id for one in self.desk.theirs(conversation)}
            assert theirs == self.truth.inside(conversation)

    @invariant()
    def every_answer_stands_where_its_address_wrote(self) -> None:
        for sent in self.desk.outbound.values():
            assert self.truth.may_go(self.desk.place_of(sent.id), sent.address)


TestDesks = Desks.TestCase
TestDesks.settings = settings(max_examples=examples(50), stateful_step_count=30)


def test_no_answer_goes_astray_in_some_sequences() -> None:
    tally = play(300)

    assert (tally.misrouted, tally.moved_astray) == (0, 0)
    assert tally.replies > 800
    assert tally.stale > 50


@pytest.mark.slow
def test_no_answer_goes_astray_in_a_hundred_thousand_sequences() -> None:
    tally = play(100_000, seed=2)

    assert (tally.misrouted, tally.moved_astray) == (0, 0)
    assert tally.replies > 250_000
