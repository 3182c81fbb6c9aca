"""Send to a few first, and stop by itself when too much bounces or too many complain.

Two sequential probability ratio tests run next to each other, one on hard bounces and one on
complaints, each of the line to warn against the line to stop. They hold at every look, so it may
be looked after each batch. The bound to stop is one over alpha (Ville's inequality), so a
send whose rates are at or below the lines to warn is stopped with probability alpha at most,
whatever its size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from workspaces import formats

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LEAST_FOR_LINES: Final = 500


@dataclass(frozen=True)
class Line:
    """A rate that is still fine, and one that is not.

    Attributes
    ----------
    warn, stop : shares of sends, 0 < warn < stop < 1
    """

    warn: float
    stop: float

    def __post_init__(self) -> None:
        if not 0 < self.warn < self.stop < 1:
            raise ValueError(f"line: 0 < {self.warn} < {self.stop} < 1 does not hold")


BOUNCES: Final = Line(0.02, 0.05)
COMPLAINTS: Final = Line(0.001, 0.003)


@dataclass(frozen=True)
class CanaryPlan:
    """How a send grows.

    Attributes
    ----------
    shares : of the recipients, after each stage, rising to 1
    bounces, complaints : lines
    alpha : probability to stop a send that is fine, both tests together
    hold_alpha : probability to hold one that is fine at the end of a stage, both together
    beta : probability to call one fine that is not, each test
    """

    shares: tuple[float, ...] = (0.01, 0.1, 1.0)
    bounces: Line = BOUNCES
    complaints: Line = COMPLAINTS
    alpha: float = 0.01
    hold_alpha: float = 0.1
    beta: float = 0.05

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip((0, *self.shares), self.shares, strict=False))
        if not self.shares or not rising or self.shares[-1] != 1:
            raise ValueError(f"shares: {self.shares} do not rise from above 0 to 1")
        if not 0 < self.alpha <= self.hold_alpha < 1 or not 0 < self.beta < 1:
            raise ValueError(
                f"alpha: {self.alpha}, {self.hold_alpha}, {self.beta} are not between 0 and 1, "
                "or a send is sooner halted than held"
            )


@dataclass(frozen=True)
class Counts:
    """What is known of a send.

    Attributes
    ----------
    sent : of them; all that left us
    judged : of these, long enough ago that a bounce or complaint would be known
    bounced, complained : hard bounces and complaints of all that were sent
    """

    sent: int
    judged: int
    bounced: int = 0
    complained: int = 0


class Verdict(StrEnum):
    """What to do next."""

    SEND = "send"  # the stage is not full
    WAIT = "wait"  # the stage is full, its answers are not in
    ADVANCE = "advance"  # on to the next stage
    HOLD = "hold"  # too likely bad to go on by itself: a person looks
    HALT = "halt"
    DONE = "done"


@dataclass(frozen=True)
class CanaryState:
    """Where a send stands.

    Attributes
    ----------
    verdict : what to do next
    stage : place in the plan's shares
    room : messages that may still be sent in this stage
    reason : in words; empty where nothing is out of the ordinary
    bounce_evidence, complaint_evidence : logarithm of the likelihood ratio, above 0 is bad
    """

    verdict: Verdict
    stage: int
    room: int
    reason: str
    bounce_evidence: float
    complaint_evidence: float


def evidence(events: IntArray | int, sends: IntArray | int, line: Line) -> FloatArray:
    """Logarithm of how much likelier the counts are at the line to stop than at the one to warn.

    Parameters
    ----------
    events, sends : counts, of one shape
    line : the two rates

    Returns
    -------
    of that shape

    References
    ----------
    Wald (1945), Annals of Mathematical Statistics 16(2), 117-186, section 5.
    """
    hit = math.log(line.stop / line.warn)
    miss = math.log((1 - line.stop) / (1 - line.warn))
    events_, sends_ = np.asarray(events, np.float64), np.asarray(sends, np.float64)
    return np.asarray(events_ * hit + (sends_ - events_) * miss, dtype=np.float64)


def stage_sizes(recipients: int, plan: CanaryPlan) -> tuple[int, ...]:
    """Recipients reached after each stage; small stages are rounded up."""
    return tuple(min(recipients, math.ceil(recipients * share - 1e-9)) for share in plan.shares)


def judge(counts: Counts, stage: int, recipients: int, plan: CanaryPlan) -> CanaryState:
    """Say what to do next.

    Halting counts every bounce and complaint there is against what is judged, or against all
    events where these are more; going on counts what is judged only, so answers that are still
    on their way are no good news.

    Parameters
    ----------
    counts : of the send, over all its stages
    stage : place of the present one in `plan.shares`
    recipients : of the whole send
    plan : lines and shares

    Returns
    -------
    CanaryState

    Raises
    ------
    ValueError : counts contradict each other, or there is no such stage
    """
    _check(counts, stage, recipients, plan)
    sends = max(counts.judged, counts.bounced, counts.complained)
    bounces = float(evidence(counts.bounced, sends, plan.bounces))
    complaints = float(evidence(counts.complained, sends, plan.complaints))
    room = max(0, stage_sizes(recipients, plan)[stage] - counts.sent)

    def state(verdict: Verdict, reason: str = "") -> CanaryState:
        return CanaryState(verdict, stage, room, reason, bounces, complaints)

    bound = math.log(2 / plan.alpha)  # half of alpha for each test
    if bounces >= bound:
        return state(Verdict.HALT, _words(counts.bounced, sends, "bounced", plan.bounces))
    if complaints >= bound:
        return state(Verdict.HALT, _words(counts.complained, sends, "complained", plan.complaints))
    if room:
        return state(Verdict.SEND)
    if counts.judged < counts.sent:
        return state(Verdict.WAIT)
    if stage == len(plan.shares) - 1:
        return state(Verdict.DONE)
    if max(bounces, complaints) >= math.log(2 / plan.hold_alpha):
        name, line, events = (
            ("bounced", plan.bounces, counts.bounced)
            if bounces >= complaints
            else ("complained", plan.complaints, counts.complained)
        )
        return state(Verdict.HOLD, _words(events, sends, name, line))
    return state(Verdict.ADVANCE)


def _check(counts: Counts, stage: int, recipients: int, plan: CanaryPlan) -> None:
    if not 0 <= stage < len(plan.shares):
        raise ValueError(f"stage: {stage} is none of {len(plan.shares)}")
    if not 0 <= counts.judged <= counts.sent <= recipients:
        raise ValueError(
            f"counts: {counts.judged} judged of {counts.sent} sent of {recipients} recipients"
        )
    for name in ("bounced", "complained"):
        if not 0 <= getattr(counts, name) <= counts.sent:
            raise ValueError(f"{name}: {getattr(counts, name)} of {counts.sent} sent")


def _words(events: int, sends: int, what: str, line: Line) -> str:
    return (
        f"{events:,} of {sends:,} {what}; {formats.share(line.warn, 1)} is fine,"
        f" {formats.share(line.stop, 1)} is not."
    )


def is_cleared(state: CanaryState, plan: CanaryPlan) -> bool:
    """Whether both rates are shown to be below their line to stop, at the plan's beta."""
    bound = math.log(plan.beta)
    return state.bounce_evidence <= bound and state.complaint_evidence <= bound


class Light(StrEnum):
    """How a rate stands to its lines."""

    FEW = "few"  # too few sends to say
    FINE = "fine"
    WARN = "warn"
    STOP = "stop"


def light(events: int, sends: int, line: Line, least: int = LEAST_FOR_LINES) -> Light:
    """Hold a rate, as it was seen, against its lines: for a sending domain over some days.

    Parameters
    ----------
    events, sends : counts
    line : lines to warn and to stop; a rate on a line is past it
    least : sends below which nothing is said
    """
    if sends < least:
        return Light.FEW
    rate = events / sends
    if rate >= line.stop:
        return Light.STOP
    return Light.WARN if rate >= line.warn else Light.FINE


@dataclass(frozen=True)
class CanaryFigures:
    """What a plan does with sends of given rates.

    Attributes
    ----------
    halted, held : shares of the sends that were stopped, or held for a person
    sent : mean share of the recipients that were reached
    harm : mean number of complaints
    """

    halted: float
    held: float
    sent: float
    harm: float


def simulate(
    bounce_rate: float,
    complaint_rate: float,
    *,
    recipients: int,
    plan: CanaryPlan,
    batch: int,
    runs: int,
    seed: int,
) -> CanaryFigures:
    """Play sends out, all answers known at once, looking after each batch.

    Parameters
    ----------
    bounce_rate, complaint_rate : true shares
    recipients : of each send
    plan : lines and shares
    batch : messages between looks
    runs : sends played
    seed : of the draws

    Returns
    -------
    CanaryFigures
    """
    rng = np.random.default_rng(seed)
    sizes = stage_sizes(recipients, plan)
    looks = sorted({*sizes, *range(batch, recipients, batch)})
    sent = np.zeros(runs, dtype=np.int64)
    bounced, complained = sent.copy(), sent.copy()
    halted, held = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    bound, doubt = math.log(2 / plan.alpha), math.log(2 / plan.hold_alpha)
    before = 0
    for look in looks:
        going = np.flatnonzero(~halted & ~held)
        sent[going] = look
        bounced[going] += rng.binomial(look - before, bounce_rate, len(going))
        complained[going] += rng.binomial(look - before, complaint_rate, len(going))
        worst = np.maximum(
            evidence(bounced[going], sent[going], plan.bounces),
            evidence(complained[going], sent[going], plan.complaints),
        )
        halted[going] = worst >= bound
        if look in sizes[:-1]:
            held[going] = ~halted[going] & (worst >= doubt)
        before = look
    return CanaryFigures(
        float(halted.mean()), float(held.mean()), float(sent.mean() / recipients),
        float(complained.mean()),
    )  # fmt: skip
