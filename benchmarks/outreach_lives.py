"""Three weeks of people who agree, withdraw, write and are written to; clocks change twice.

Campaigns are decided for everybody with the engine; each message is asked about once more in the
batch that sends it, for in between people say stop. Everything is drawn from a seed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.outreach_checker import Sent, Truth
from outreach.engine.caps import CapUse, cap_use
from outreach.engine.channels import Channel, Purpose
from outreach.engine.deciding import decide
from outreach.engine.decisions import Decisions, Ledger, Recipients, Rules
from outreach.engine.facts import Consent, Facts, Suppression
from outreach.engine.permission import Verdict, permissions
from outreach.engine.zones import NEVER, Zones, zones_of_country

CHANNELS = tuple(Channel)
# Summer time ends in Europe on 25 October, in America on 1 November, and begins in Sydney on the
# 4th.
START = np.datetime64("2026-10-19T00:00:00")
DAYS = 21
CAMPAIGNS_A_DAY = 4
BATCH = 100
_CAMPAIGNS, _CONTENTS = 12, 40
_HOUR, _DAY, _WEEK = (np.timedelta64(hours * 3_600, "s") for hours in (1, 24, 168))
_ZONES = (
    ("Europe/Berlin",), ("Europe/London",), ("America/New_York",), ("America/Los_Angeles",),
    ("Asia/Kolkata",), ("Australia/Sydney",), ("Pacific/Auckland",), ("America/Sao_Paulo",),
    zones_of_country("US"), zones_of_country("AU"),
)  # fmt: skip
_FORMS = {
    Verdict.ALLOW: "free", Verdict.TEMPLATE_ONLY: "template", Verdict.TASK_FOR_HUMAN: "task",
}  # fmt: skip


def unfilled(n: int, channels: tuple[Channel, ...], rng: np.random.Generator) -> Facts:
    """People at random: most agreed, most have an address, some wrote lately."""
    shape = (n, len(channels))
    facts = Facts.unknown(n, channels, Zones(_ZONES))
    return replace(
        facts,
        point=rng.choice(4, shape, p=[0.2, 0.5, 0.05, 0.25]).astype(np.int8),
        consent=rng.choice(3, shape, p=[0.15, 0.75, 0.1]).astype(np.int8),
        consent_id=rng.integers(1, 2**40, shape),
        last_inbound=START - rng.integers(0, 9 * 86_400, shape).astype("timedelta64[s]"),
        is_nanp=rng.random(n) < 0.3,
        zone=rng.integers(0, len(_ZONES), n).astype(np.int16),
    )


def recipients(facts: Facts, rng: np.random.Generator) -> Recipients:
    """People with all that a choice rests on, at random."""
    n = facts.n
    return replace(
        Recipients.of(facts),
        segment=rng.integers(-1, 3, n).astype(np.int32),
        customer_type=rng.integers(0, 3, n).astype(np.int8),
        device=rng.integers(-1, 2, n).astype(np.int8),
        preferred=rng.choice([-1, -1, -1, 0, 2], n).astype(np.int8),
        engaged=rng.random(facts.point.shape, np.float32),
        best_hour=rng.integers(-1, 24, n).astype(np.int8),
    )


@dataclass
class Waiting:
    """Messages that are planned, by their moment."""

    at: np.ndarray
    person: np.ndarray
    channel: np.ndarray
    is_marketing: np.ndarray
    campaign: np.ndarray
    content: np.ndarray

    @classmethod
    def none(cls) -> Waiting:
        """No messages."""
        codes = [np.zeros(0, np.int64) for _ in range(5)]
        return cls(np.zeros(0, "datetime64[s]"), *codes)

    def rows(self, which: np.ndarray) -> Waiting:
        """Some of them."""
        return Waiting(*(part[which] for part in vars(self).values()))

    def with_more(self, more: Waiting) -> Waiting:
        """All, in the order of their moments."""
        both = zip(vars(self).values(), vars(more).values(), strict=True)
        joined = Waiting(*(np.concatenate(pair) for pair in both))
        return joined.rows(np.argsort(joined.at, kind="stable"))


class Lives:
    """The simulation; `run` gives what was sent."""

    def __init__(self, people: int, seed: int = 20261122) -> None:
        self._rng = np.random.default_rng(seed)
        self.people = people
        self.who = recipients(unfilled(people, CHANNELS, self._rng), self._rng)
        self.facts = self.who.facts
        self.truth = Truth(
            [_ZONES[code] for code in self.facts.zone.tolist()], self.facts.is_nanp.tolist()
        )
        self._begin()
        self.waiting = Waiting.none()
        self.sent: list[Sent] = []
        self.decisions = self.asked = self._launched = 0
        self.asking_s = 0.0
        self._any = np.full((people, 10), NEVER)
        self._marketing = np.full((people, 4), NEVER)
        self._gone = Waiting.none()  # sent lately, for the plan's caps
        self._by_campaign = np.full((_CAMPAIGNS, people), NEVER)
        self._by_content = np.full((_CONTENTS, people), NEVER)

    def run(self, decisions: int) -> None:
        """Live hour after hour until so many decisions were made, or the days are over."""
        for hour in range(DAYS * 24):
            now = START + hour * _HOUR
            self._something_happens(now)
            if hour % (24 // CAMPAIGNS_A_DAY) == 3 and self.decisions < decisions:
                self._campaign(now)
            self._send(now + _HOUR)

    def _begin(self) -> None:
        words = {Consent.GIVEN: "given", Consent.WITHDRAWN: "withdrawn"}
        long_ago = int(START.astype(np.int64)) - 10 * 86_400
        for person, column in np.argwhere(self.facts.consent > 0).tolist():
            what = words[Consent(self.facts.consent[person, column])]
            self.truth.said[person, CHANNELS[column].key].append((long_ago, what))
        wrote = self.facts.last_inbound.astype(np.int64)
        for person in range(self.people):
            for column, channel in enumerate(CHANNELS):
                self.truth.wrote[person, channel.key].append(int(wrote[person, column]))

    def _some(self, share: float) -> list[list[int]]:
        """People and channels to whom something happens in an hour."""
        count = self._rng.binomial(self.people * len(CHANNELS), share)
        cells = self._rng.integers(0, [self.people, len(CHANNELS)], (count, 2))
        return np.unique(cells, axis=0).tolist()

    def _something_happens(self, now: np.datetime64) -> None:
        at = int(now.astype(np.int64))
        for person, column in self._some(0.001):
            key, is_given = (person, CHANNELS[column].key), self._rng.random() < 0.5
            self.truth.said[key].append((at, "given" if is_given else "withdrawn"))
            self.facts.consent[person, column] = Consent.GIVEN if is_given else Consent.WITHDRAWN
        for person, column in self._some(0.0002):
            self.truth.stopped[person, CHANNELS[column].key].append(at)
            self.facts.suppression[person, column] = Suppression.UNSUBSCRIBE
        for person, column in self._some(0.004):
            self.truth.wrote[person, CHANNELS[column].key].append(at)
            self.facts.last_inbound[person, column] = now
        for person, column in self._some(0.0005):
            self.truth.clicked[person, CHANNELS[column].key].append(at)
            self.facts.ad_entry[person, column] = now

    def _campaign(self, now: np.datetime64) -> None:
        rng = self._rng
        self._launched += 1
        columns = np.sort(rng.permutation(len(CHANNELS))[:3])
        channels = tuple(CHANNELS[one] for one in columns)
        campaign, content = self._launched % _CAMPAIGNS, int(rng.integers(_CONTENTS))
        purpose = Purpose.MARKETING if rng.random() < 0.7 else Purpose.SERVICE
        rules = Rules(
            channels, zone="Europe/Berlin", ends_at=now + 3 * _DAY, purpose=purpose,
            templates=frozenset({Channel.WHATSAPP}) if rng.random() < 0.7 else frozenset(),
            optimises_time=rng.random() < 0.6, waits_for_caps=rng.random() < 0.3,
            daily_limit=self.people // 3 if rng.random() < 0.5 else None,
        )  # fmt: skip
        ledger = Ledger(self._by_campaign[campaign], self._by_content[content])
        found = decide(self._asked(columns, channels, now), rules, ledger, now)
        self.decisions += self.people
        self._plan(found, purpose, campaign, content)

    def _asked(
        self, columns: np.ndarray, channels: tuple[Channel, ...], now: np.datetime64
    ) -> Recipients:
        # One plan in five is made beside another one and does not see it.
        is_blind = self._rng.random() < 0.2
        every = self._gone if is_blind else self._gone.with_more(self.waiting)
        some = {
            name: getattr(self.facts, name)[:, columns]
            for name in (
                "point", "consent", "consent_id", "suppression", "last_inbound", "ad_entry",
            )
        }  # fmt: skip
        caps = cap_use(
            every.person, every.at, every.is_marketing.astype(np.bool_), people=self.people, now=now
        )
        facts = replace(self.facts, channels=channels, caps=caps, **some)
        return replace(self.who, facts=facts, engaged=self.who.engaged[:, columns])

    def _plan(self, found: Decisions, purpose: Purpose, campaign: int, content: int) -> None:
        rows = np.flatnonzero(found.is_sent)
        told = (purpose == Purpose.MARKETING, campaign, content)
        self.waiting = self.waiting.with_more(
            Waiting(
                found.slot[rows], rows, found.channel[rows].astype(np.int64),
                *(np.full(rows.size, int(one), np.int64) for one in told),
            )
        )  # fmt: skip
        self._by_campaign[campaign, rows] = found.slot[rows]
        self._by_content[content, rows] = found.slot[rows]

    def _send(self, until: np.datetime64) -> None:
        """Claim what is due in batches, the first ones first, one of a person at a time."""
        is_due = self.waiting.at < until
        due, self.waiting = self.waiting.rows(is_due), self.waiting.rows(~is_due)
        done = Waiting.none()
        while due.at.size:
            first = np.unique(due.person[:BATCH], return_index=True)[1]
            is_in = np.zeros(due.at.size, np.bool_)
            is_in[first] = True
            done = done.with_more(self._batch(due.rows(is_in)))
            due = due.rows(~is_in)
        self._gone = self._gone.rows(self._gone.at > until - _WEEK - _DAY).with_more(done)

    def _batch(self, claimed: Waiting) -> Waiting:
        """Ask once more, with what is known now, and send what may be sent."""
        is_sent = np.zeros(claimed.at.size, np.bool_)
        for is_marketing in (1, 0):
            for channel in CHANNELS:
                mine = np.flatnonzero(
                    (claimed.channel == channel) & (claimed.is_marketing == is_marketing)
                )
                if mine.size:
                    purpose = Purpose.MARKETING if is_marketing else Purpose.SERVICE
                    is_sent[mine] = self._ask(claimed.rows(mine), channel, purpose)
        return claimed.rows(is_sent)

    def _ask(self, mine: Waiting, channel: Channel, purpose: Purpose) -> np.ndarray:
        started = time.perf_counter()
        facts = replace(self.facts.only(channel, mine.person), caps=self._caps(mine.person))
        verdict = permissions(facts, purpose=purpose, at=mine.at).verdict[:, 0]
        self.asking_s += time.perf_counter() - started
        self.asked += mine.at.size
        is_fine = (verdict != Verdict.NEVER) & (verdict != Verdict.WAIT)
        for row in np.flatnonzero(is_fine).tolist():
            self._go(mine, row, channel, purpose, _FORMS[Verdict(verdict[row])])
        return is_fine

    def _caps(self, person: np.ndarray) -> CapUse:
        some, every = self._marketing[person], self._any[person]
        counts = np.zeros((person.size, 4), np.int16)
        return CapUse(some[:, 0], some[:, 3], every[:, 2], every[:, 9], counts)

    def _go(self, mine: Waiting, row: int, channel: Channel, purpose: Purpose, form: str) -> None:
        person, at = int(mine.person[row]), mine.at[row]
        self.sent.append(
            Sent(
                int(at.astype(np.int64)), person, channel.key, purpose.key, form,
                int(mine.campaign[row]), int(mine.content[row]),
            )
        )  # fmt: skip
        for kept in (self._any, self._marketing) if purpose == Purpose.MARKETING else (self._any,):
            kept[person] = np.append(at, kept[person, :-1])  # the latest first
