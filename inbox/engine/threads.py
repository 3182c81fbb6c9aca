"""Conversations that are merged, taken apart and split, and where an answer may go.

What stands in a conversation is never copied or moved by a merge: the conversation that is merged
points to the one it went into, and both are shown there. Taking it apart removes the pointer, so a
merge can be taken back at any time, in any order, whatever happened in between. A message of ours
has no place of its own: it stands where the message stands that it answers. So what holds for each
single answer,

    an answer goes to an address that wrote in the conversation in which it stands,

cannot be broken by anything that is done with conversations afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType


class Refused(ValueError):
    """Something that cannot be done with conversations, in words for people."""


class NewerMessage(Refused):
    """Something arrived since the draft was opened; `messages` are its ids."""

    def __init__(self, messages: tuple[int, ...]) -> None:
        super().__init__("They wrote again since you opened this answer: read that first.")
        self.messages = messages


@dataclass(frozen=True)
class Address:
    """Where somebody writes from, as one channel knows it."""

    channel: str
    value: str


@dataclass(frozen=True)
class Inbound:
    """A message of theirs; `home` is the conversation that it belongs to by itself."""

    id: int
    address: Address
    home: int


@dataclass(frozen=True)
class Outbound:
    """A message of ours, to the address that wrote what it answers."""

    id: int
    address: Address
    answers: int


@dataclass(frozen=True)
class Desk:
    """Conversations and their messages.

    Attributes
    ----------
    conversations : ids
    merged_into : of the conversations that are shown in another one, which
    inbound, outbound : messages by id; ids rise with time
    """

    conversations: frozenset[int] = frozenset()
    merged_into: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    inbound: Mapping[int, Inbound] = field(default_factory=lambda: MappingProxyType({}))
    outbound: Mapping[int, Outbound] = field(default_factory=lambda: MappingProxyType({}))

    def shown_in(self, conversation: int) -> int:
        """Conversation in which another one is shown: the end of its merges, or itself."""
        while conversation in self.merged_into:
            conversation = self.merged_into[conversation]
        return conversation

    def place_of(self, message: int) -> int:
        """Conversation in which a message is shown."""
        if message in self.outbound:
            message = self.outbound[message].answers
        return self.shown_in(self.inbound[message].home)

    def theirs(self, conversation: int) -> list[Inbound]:
        """Messages of theirs that are shown in a conversation, in order."""
        return [
            self.inbound[id_]
            for id_ in sorted(self.inbound)
            if self.shown_in(self.inbound[id_].home) == conversation
        ]

    def addresses(self, conversation: int) -> tuple[Address, ...]:
        """All addresses that an answer in a conversation may go to, the latest writer first."""
        return tuple(dict.fromkeys(one.address for one in reversed(self.theirs(conversation))))


def open_conversation(desk: Desk, conversation: int) -> Desk:
    """Begin a conversation.

    Raises
    ------
    Refused : there is one of this id
    """
    if conversation in desk.conversations:
        raise Refused(f"There is a conversation {conversation}.")
    return replace(desk, conversations=desk.conversations | {conversation})


def arrive(desk: Desk, message: int, address: Address, conversation: int) -> Desk:
    """Put a message of theirs into a conversation.

    Parameters
    ----------
    desk : before
    message : its new id
    address : that wrote
    conversation : that it belongs to; where others were merged into it, the one of them in which
        this address wrote last, so that it is found there again when they are taken apart

    Raises
    ------
    Refused : no such conversation, or a message that is there already
    """
    _check(desk, conversation)
    if message in desk.inbound or message in desk.outbound:
        raise Refused(f"There is a message {message}.")
    home = conversation
    if conversation not in desk.merged_into:
        wrote = [one for one in desk.theirs(conversation) if one.address == address]
        home = wrote[-1].home if wrote else conversation
    added = Inbound(message, address, home)
    return replace(desk, inbound=MappingProxyType({**desk.inbound, message: added}))


def reply(desk: Desk, message: int, *, conversation: int, answers: int, seen: int) -> Desk:
    """Answer a message.

    Parameters
    ----------
    desk : as it is now, not as it was when the draft was opened
    message : new id of the answer
    conversation : in which the person who answers sees it
    answers : message of theirs; the answer goes to the address that wrote it, nowhere else
    seen : latest message of theirs that was shown when the draft was opened

    Returns
    -------
    Desk with the answer; its address is `outbound[message].address`

    Raises
    ------
    Refused : the conversation was merged or taken apart since, so that the message is not in it
    NewerMessage : they wrote again since
    """
    _check(desk, conversation)
    if message in desk.inbound or message in desk.outbound:
        raise Refused(f"There is a message {message}.")
    if answers not in desk.inbound:
        raise Refused("Only what somebody wrote can be answered.")
    place = desk.place_of(answers)
    if place != conversation:
        raise Refused(f"This message is in conversation {place} by now: answer it there.")
    newer = tuple(one.id for one in desk.theirs(conversation) if one.id > seen)
    if newer:
        raise NewerMessage(newer)
    sent = Outbound(message, desk.inbound[answers].address, answers)
    return replace(desk, outbound=MappingProxyType({**desk.outbound, message: sent}))


def merge(desk: Desk, conversation: int, *, into: int) -> Desk:
    """Show a conversation in another one.

    Raises
    ------
    Refused : one is not there or merged already, or both are the same
    """
    for one in (conversation, into):
        _check(desk, one)
        if one in desk.merged_into:
            place = desk.shown_in(one)
            raise Refused(f"Conversation {one} was merged into {place}: take that one.")
    if conversation == into:
        raise Refused("A conversation cannot be merged into itself.")
    pointers = {**desk.merged_into, conversation: into}
    return replace(desk, merged_into=MappingProxyType(pointers))


def unmerge(desk: Desk, conversation: int) -> Desk:
    """Take a conversation out of the one it was merged into, with what was merged into it.

    Raises
    ------
    Refused : it is not merged
    """
    if conversation not in desk.merged_into:
        raise Refused(f"Conversation {conversation} was not merged.")
    pointers = {one: into for one, into in desk.merged_into.items() if one != conversation}
    return replace(desk, merged_into=MappingProxyType(pointers))


@dataclass(frozen=True)
class Split:
    """What a split did, so that it can be taken back: old conversations of its messages."""

    conversation: int
    homes: tuple[tuple[int, int], ...]


def split(desk: Desk, messages: Iterable[int], *, new: int) -> tuple[Desk, Split]:
    """Put messages of theirs, with our answers to them, into a conversation of their own.

    Parameters
    ----------
    desk : before
    messages : shown in one conversation; at least one other of theirs stays there
    new : id of the new conversation

    Raises
    ------
    Refused : nothing or all would be split off, or messages of several conversations
    """
    chosen = sorted(set(messages))
    if not chosen or any(id_ not in desk.inbound for id_ in chosen):
        raise Refused("Choose messages that they wrote; our answers go with them.")
    places = {desk.place_of(id_) for id_ in chosen}
    if len(places) > 1:
        raise Refused("These messages are in several conversations.")
    if len(desk.theirs(places.pop())) == len(chosen):
        raise Refused("All their messages are chosen: nothing would stay behind.")
    opened = open_conversation(desk, new)
    homes = tuple((id_, desk.inbound[id_].home) for id_ in chosen)
    return _rehomed(opened, {id_: new for id_, _ in homes}), Split(new, homes)


def unsplit(desk: Desk, done: Split) -> Desk:
    """Take a split back: its messages return to the conversations that they came from.

    What was split once more since stays where it is now. What arrived in the new conversation in
    the meantime goes along, to the conversation of the first message that was split off; the empty
    one is shown there, so that a late answer to it is still found.

    Raises
    ------
    Refused : the new conversation was merged since; take it out first
    """
    _check(desk, done.conversation)
    if done.conversation in desk.merged_into:
        raise Refused("The conversation was merged since: take it out first.")
    first = done.homes[0][1]
    old = dict(done.homes)
    homes = {
        one.id: old.get(one.id, first)
        for one in desk.inbound.values()
        if one.home == done.conversation
    }
    back = _rehomed(desk, homes)
    if back.shown_in(first) == done.conversation:
        return back
    pointers = {**back.merged_into, done.conversation: back.shown_in(first)}
    return replace(back, merged_into=MappingProxyType(pointers))


def _rehomed(desk: Desk, homes: Mapping[int, int]) -> Desk:
    moved = {id_: replace(desk.inbound[id_], home=home) for id_, home in homes.items()}
    return replace(desk, inbound=MappingProxyType({**desk.inbound, **moved}))


def _check(desk: Desk, conversation: int) -> None:
    if conversation not in desk.conversations:
        raise Refused(f"There is no conversation {conversation}.")


def moved(before: Desk, after: Desk) -> dict[int, int]:
    """List messages that are shown elsewhere than before, with where they are now."""
    return {
        id_: after.place_of(id_)
        for id_ in (*before.inbound, *before.outbound)
        if before.place_of(id_) != after.place_of(id_)
    }
