"""``python -m benchmarks.misrouting``: answers that go astray while conversations are rearranged.

Plays random sequences of messages, merges, splits, their reversals and answers. Answers are tried
on what a person may still see on an old page: any message, any conversation, any moment. What went
out is judged by a second book-keeping that only knows which messages lie in which box.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import dataclass, field

from inbox.engine.threads import (
    Address,
    Desk,
    NewerMessage,
    Refused,
    Split,
    arrive,
    merge,
    open_conversation,
    reply,
    split,
    unmerge,
    unsplit,
)

SEQUENCES = 100_000
STEPS = 24
ADDRESSES = tuple(
    Address(channel, f"{who}@{channel}") for channel in ("email", "chat") for who in "abc"
)


@dataclass
class Truth:
    """Boxes of messages, and which box is shown in which."""

    boxes: dict[int, list[int]] = field(default_factory=dict)
    shown: list[tuple[int, int]] = field(default_factory=list)
    wrote: dict[int, Address] = field(default_factory=dict)

    def inside(self, conversation: int) -> set[int]:
        """Messages that a person sees in a conversation."""
        if any(source == conversation for source, _ in self.shown):
            return set()
        boxes, size = {conversation}, 0
        while size < len(boxes):
            size = len(boxes)
            boxes |= {source for source, into in self.shown if into in boxes}
        return {message for box in boxes for message in self.boxes[box]}

    def may_go(self, conversation: int, address: Address) -> bool:
        """Whether an address wrote what a person sees there."""
        return address in {self.wrote[message] for message in self.inside(conversation)}


@dataclass
class Tally:
    """What was tried and what became of it."""

    replies: int = 0
    refused: int = 0
    stale: int = 0
    misrouted: int = 0
    moved_astray: int = 0


class Play:
    """One sequence: the engine and the truth beside it."""

    def __init__(self, rng: random.Random, tally: Tally) -> None:
        self.rng, self.tally = rng, tally
        self.desk, self.truth = Desk(), Truth()
        self.splits: list[Split] = []
        self.ids = iter(range(1, 1_000_000))
        for _ in range(3):
            self._begin()

    def step(self) -> None:
        """Do one thing at random."""
        do = self.rng.choices(
            (self.write, self.answer, self.merge, self.unmerge, self.split, self.unsplit),
            (6, 6, 3, 2, 2, 1),
        )[0]
        try:
            do()
        except NewerMessage:
            self.tally.stale += 1
        except Refused:
            self.tally.refused += 1

    def _begin(self) -> int:
        conversation = next(self.ids)
        self.desk = open_conversation(self.desk, conversation)
        self.truth.boxes[conversation] = []
        return conversation

    def _any(self) -> int:
        return self.rng.choice(list(self.truth.boxes))

    def write(self) -> None:
        message, address, conversation = next(self.ids), self.rng.choice(ADDRESSES), self._any()
        self.desk = arrive(self.desk, message, address, conversation)
        # Where it is kept is the engine's to choose among what is shown together.
        self.truth.boxes[self.desk.inbound[message].home].append(message)
        self.truth.wrote[message] = address

    def answer(self) -> None:
        if not self.truth.wrote:
            return
        message, answers = next(self.ids), self.rng.choice(list(self.truth.wrote))
        conversation = self._any()
        if self.rng.random() < 0.8:
            conversation = self.desk.place_of(answers)
        latest = max(self.truth.inside(conversation), default=0)
        seen = latest if self.rng.random() < 0.9 else latest - 1
        self.desk = reply(self.desk, message, conversation=conversation, answers=answers, seen=seen)
        self.tally.replies += 1
        address = self.desk.outbound[message].address
        self.tally.misrouted += not self.truth.may_go(conversation, address)

    def merge(self) -> None:
        source, into = self._any(), self._any()
        self.desk = merge(self.desk, source, into=into)
        self.truth.shown.append((source, into))

    def unmerge(self) -> None:
        conversation = self._any()
        self.desk = unmerge(self.desk, conversation)
        self.truth.shown = [one for one in self.truth.shown if one[0] != conversation]

    def split(self) -> None:
        inside = sorted(self.truth.inside(self._any()))
        if not inside:
            return
        chosen = self.rng.sample(inside, self.rng.randint(1, len(inside)))
        new = next(self.ids)
        self.desk, done = split(self.desk, chosen, new=new)
        self.splits.append(done)
        for box in self.truth.boxes.values():
            box[:] = [message for message in box if message not in chosen]
        self.truth.boxes[new] = list(chosen)

    def unsplit(self) -> None:
        if not self.splits:
            return
        done = self.rng.choice(self.splits)
        self.desk = unsplit(self.desk, done)
        first, old = done.homes[0][1], dict(done.homes)
        kept, self.truth.boxes[done.conversation] = self.truth.boxes[done.conversation], []
        for message in kept:
            self.truth.boxes[old.get(message, first)].append(message)
        if done.conversation in self.desk.merged_into:
            self.truth.shown.append((done.conversation, self.desk.merged_into[done.conversation]))

    def check(self) -> None:
        """Count messages of ours that stand where their address never wrote."""
        for sent in self.desk.outbound.values():
            place = self.desk.place_of(sent.id)
            self.tally.moved_astray += not self.truth.may_go(place, sent.address)


def play(sequences: int, *, seed: int = 1, steps: int = STEPS) -> Tally:
    """Play sequences and count."""
    rng, tally = random.Random(seed), Tally()  # chance of a trial, no secret
    for _ in range(sequences):
        one = Play(rng, tally)
        for _ in range(steps):
            one.step()
        one.check()
    return tally


def main() -> None:
    """Print what was counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=SEQUENCES)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.perf_counter()
    tally = play(options.sequences, seed=options.seed)
    took_s = time.perf_counter() - started
    print(
        f"{options.sequences:,} sequences of {STEPS} steps in {took_s:.0f} s:"
        f" {tally.replies:,} answers sent, {tally.stale:,} stopped by a newer message,"
        f" {tally.refused:,} things refused; misrouted {tally.misrouted}, standing where their"
        f" address never wrote {tally.moved_astray}"
    )


if __name__ == "__main__":
    main()
