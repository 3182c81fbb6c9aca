"""Who is written to: a million people at once, batches before sending, weeks of lives."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.figures import Figure, reset_peak_mb
from benchmarks.outreach_checker import violations
from benchmarks.outreach_lives import (
    BATCH,
    CAMPAIGNS_A_DAY,
    DAYS,
    START,
    Lives,
    recipients,
    unfilled,
)
from outreach.engine.channels import Channel, Purpose
from outreach.engine.deciding import decide
from outreach.engine.decisions import Ledger, Recipients, Rules
from outreach.engine.facts import Facts
from outreach.engine.pacing import Pace
from outreach.engine.permission import permissions

TARGET_S = 60
TARGET_MB = 1_024
_CHANNELS = (Channel.EMAIL, Channel.WHATSAPP, Channel.INSTAGRAM)
_GROWTH = (1, 4, 16)
_NOW = START + np.timedelta64(12 * 3_600, "s")
_BATCHES = 200


def run(people: int, decisions: int) -> list[Figure]:
    """Planning, asking before each send, then the lives."""
    return [_planning(people), _asking(), _lives(decisions)]


def _planning(people: int) -> Figure:
    peak_mb = reset_peak_mb()
    growth = []
    for factor in _GROWTH:
        who = _who(factor * people // 16)
        n = who.facts.n
        rules = _rules(n)
        growth.append((n, _best(lambda: decide(who, rules, Ledger.empty(n), _NOW))))  # noqa: B023  # at once
    # Before the limit is measured: its arrays are not the engine's.
    peak = peak_mb()
    took_s = growth[-1][1]
    return Figure(
        f"{n:,} people × {len(_CHANNELS)} channels decided, 20 days of slots", took_s, "s",
        limit_name="s for NumPy to sort each one's three scores and look one moment up",
        limit=_best(lambda: _least(who)),
        target=f"≤ {TARGET_S} s, ≤ {TARGET_MB:,} MB",
        is_met=took_s <= TARGET_S and peak <= TARGET_MB,
        growth=tuple(growth), peak_mb=peak,
    )  # fmt: skip


def _who(n: int) -> Recipients:
    rng = np.random.default_rng(n)
    return recipients(unfilled(n, _CHANNELS, rng), rng)


def _rules(n: int) -> Rules:
    """Twenty days with room for nearly all, a budget that pays for some."""
    return Rules(
        _CHANNELS, zone="Europe/Berlin", ends_at=_NOW + np.timedelta64(20 * 86_400, "s"),
        templates=frozenset({Channel.WHATSAPP}), lists=((), (Channel.WHATSAPP,)),
        daily_limit=max(1, n // 20), pace=Pace(n * 1_000, 0, 20, 0),
    )  # fmt: skip


def _least(who: Recipients) -> None:
    np.argsort(who.engaged, axis=1)
    moments = who.facts.last_inbound[:, 0]
    np.searchsorted(np.sort(moments[:10_000]), moments)


def _asking() -> Figure:
    facts = _who(_BATCHES * BATCH).facts
    batches = [facts.rows(slice(at, at + BATCH)) for at in range(0, facts.n, BATCH)]

    def ask(some: Facts) -> None:
        permissions(some, purpose=Purpose.MARKETING, at=_NOW)

    each_s = _best(lambda: [ask(one) for one in batches])
    bulk_s = _best(lambda: ask(facts))
    return Figure(
        f"… asked once more before sending, {BATCH} people × {len(_CHANNELS)} channels a call",
        facts.n / each_s, "people/s",
        limit_name=f"people/s for {facts.n:,} in one call", limit=facts.n / bulk_s,
    )  # fmt: skip


def _lives(decisions: int) -> Figure:
    lives = Lives(max(1, -(-decisions // (DAYS * CAMPAIGNS_A_DAY))))
    lives.run(decisions)
    found = violations(lives.sent, lives.truth)
    facts = {name: float(count) for name, count in found.items()}
    return Figure(
        f"breaches in {lives.decisions:,} decisions over {DAYS} days, {len(lives.sent):,} sent,"
        f" {lives.asked - len(lives.sent):,} held back at the last check",
        sum(found.values()), "messages", target="0", is_met=not any(found.values()), facts=facts,
    )  # fmt: skip


def _best(work: Callable[[], object]) -> float:
    """Seconds of the quickest of three."""
    took = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return min(took)
