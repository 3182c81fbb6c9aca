"""What to change in a funnel, from its counts: where conversions can be won back, most first.

Gains of two recommendations overlap, as one visitor is lost once; they are for ranking, and each
holds for one change made alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final

from scipy import special

from attribution.engine import advice_texts as texts
from attribution.engine.proportions import ALPHA, sample_size_per_arm, two_proportion_p
from workspaces.formats import share

#: People that a comparison needs on each side, and cases of the rarer outcome.
LEAST_PEOPLE: Final = 100
LEAST_CASES: Final = 5
#: Share of those lost at a step that a good change wins back, as a plan and not a finding.
WON_BACK: Final = 0.10
WON_BACK_SLOW: Final = 0.05
#: A step is slow whose p90 is so many times the others' median p90, and at least a minute.
SLOW_FACTOR: Final = 4.0
SLOW_SECONDS: Final = 60.0


class Kind(StrEnum):
    """What is wrong."""

    WORST_STEP = "worst_step"
    SEGMENT_GAP = "segment_gap"
    SLOW_STEP = "slow_step"
    LANDING_BOUNCE = "landing_bounce"


@dataclass(frozen=True)
class StepCount:
    """People who reached a step, and how long they took from the step before."""

    name: str
    reached: int
    median_seconds: float | None = None
    p90_seconds: float | None = None


@dataclass(frozen=True)
class Segment:
    """People of one kind who reached each step: `("device", "mobile")`."""

    dimension: str
    key: str
    reached: tuple[int, ...]


@dataclass(frozen=True)
class LandingPage:
    """Sessions that began on a page."""

    path: str
    sessions: int
    bounces: int
    conversions: int


@dataclass(frozen=True)
class FunnelFigures:
    """What is known of a funnel in a period of `days`; segments of a dimension share nobody."""

    days: float
    steps: tuple[StepCount, ...]
    segments: tuple[Segment, ...] = ()
    landings: tuple[LandingPage, ...] = ()


@dataclass(frozen=True)
class SuggestedTest:
    """A test of two arms that would show the change: people per arm, and days as things are."""

    metric: str
    baseline: float
    target: float
    per_arm: int
    days: int | None
    text: str


@dataclass(frozen=True)
class Recommendation:
    """One thing to change; `expected_gain` is conversions in a period as long as the one seen."""

    kind: Kind
    area: str
    problem: str
    impact: str
    change: str
    steps: tuple[str, ...]
    expected_gain: float
    gain_text: str
    confidence: float
    test: SuggestedTest
    evidence: Mapping[str, float | int | str] = field(default_factory=dict)


def advise(figures: FunnelFigures, *, limit: int = 10) -> list[Recommendation]:
    """Recommendations for a funnel, most recoverable conversions first.

    *worst_step*: the step where winning back a tenth of those lost is worth most.
    *segment_gap*: a segment that passes a step less often than the rest of its dimension, by a
    two-proportion test at 5 % over all comparisons (Bonferroni); the gain is what the rest's rate
    would bring. *slow_step*: a step whose p90 is four times the others'. *landing_bounce*: a
    landing page that more sessions leave at once than the others', by the same test.

    Parameters
    ----------
    figures : counts of one period
    limit : most recommendations

    Returns
    -------
    at most one recommendation a segment and a landing page, one worst and one slow step

    Raises
    ------
    ValueError : fewer than two steps, counts that rise or are negative, a segment of another
        length, a period that is not positive
    """
    _check(figures)
    found = [
        *_worst_step(figures),
        *_segment_gaps(figures),
        *_slow_step(figures),
        *_landings(figures),
    ]
    found.sort(key=lambda one: (-one.expected_gain, one.kind, one.area))
    return found[:limit]


def _check(figures: FunnelFigures) -> None:
    if len(figures.steps) < 2:
        raise ValueError(f"steps are {len(figures.steps)}: a funnel has at least two")
    if not figures.days > 0:
        raise ValueError(f"days is {figures.days}: the period must be longer than nothing")
    counts = [tuple(step.reached for step in figures.steps)]
    for reached in (*counts, *(segment.reached for segment in figures.segments)):
        if len(reached) != len(figures.steps):
            raise ValueError(f"reached {reached} has not one count for each step")
        if min(reached) < 0 or any(later > earlier for earlier, later in pairwise(reached)):
            raise ValueError(f"reached {reached} must not rise, and not be negative")


def _onward(reached: Sequence[int], step: int, otherwise: float) -> float:
    """Share of those at a step who come to the end."""
    return reached[-1] / reached[step] if reached[step] else otherwise


def _precision(reached: Sequence[int], step: int) -> float:
    """One less the half width of the gain's 95 % interval, relative to it; never below 0."""
    entered, passed, done = reached[step - 1], reached[step], reached[-1]
    if not passed or passed == entered or not done:
        return 0.0
    lost = passed / (entered * (entered - passed))
    onward = (passed - done) / (passed * done)
    return max(0.0, 1 - float(special.ndtri(0.975)) * math.sqrt(lost + onward))


def _worst_step(figures: FunnelFigures) -> Iterator[Recommendation]:
    reached = [step.reached for step in figures.steps]
    gains = {
        step: WON_BACK * (reached[step - 1] - reached[step]) * _onward(reached, step, 1.0)
        for step in range(1, len(reached))
        if reached[step - 1] >= LEAST_PEOPLE
    }
    step = max(gains, key=gains.__getitem__, default=0)
    if not step or gains[step] <= 0:
        return
    entered, passed = reached[step - 1], reached[step]
    rate = passed / entered
    before, name = figures.steps[step - 1].name, figures.steps[step].name
    yield Recommendation(
        kind=Kind.WORST_STEP,
        area=f"{before} → {name}",
        problem=f"{entered - passed:,} of {entered:,} people who reached “{before}” did not go on "
        f"to “{name}” ({share(1 - rate, 1)}).",
        impact=texts.share_of(gains[step], reached[-1]),
        change=f"Make the way from “{before}” to “{name}” easier.",
        steps=texts.for_step(name),
        expected_gain=gains[step],
        gain_text=f"A tenth of the {entered - passed:,} lost people won back, of whom "
        f"{share(_onward(reached, step, 1.0), 1)} convert as those who pass do now.",
        confidence=_precision(reached, step),
        test=_test(f"people who go on to “{name}”", rate, rate + WON_BACK * (1 - rate),
                   entered, figures.days),
        evidence={"entered": entered, "passed": passed, "rate": rate,
                  "onward_rate": _onward(reached, step, 1.0)},
    )  # fmt: skip


def _segment_gaps(figures: FunnelFigures) -> Iterator[Recommendation]:
    comparisons = len(figures.segments) * (len(figures.steps) - 1)
    for segment in figures.segments:
        others = [one for one in figures.segments if one.dimension == segment.dimension]
        rest = [sum(counts) for counts in zip(*(one.reached for one in others), strict=True)]
        rest = [whole - own for whole, own in zip(rest, segment.reached, strict=True)]
        gaps = [
            gap
            for step in range(1, len(figures.steps))
            if (gap := _gap(figures, segment, rest, step, comparisons))
        ]
        if gaps:
            yield max(gaps, key=lambda gap: gap.expected_gain)


def _gap(
    figures: FunnelFigures, segment: Segment, rest: Sequence[int], step: int, comparisons: int
) -> Recommendation | None:
    entered, passed = segment.reached[step - 1], segment.reached[step]
    p = _lower_rate_p(passed, entered, rest[step], rest[step - 1], comparisons)
    if p is None:
        return None
    own_rate, rest_rate = passed / entered, rest[step] / rest[step - 1]
    onward = _onward(segment.reached, step, _onward(rest, step, 0.0))
    before, name = figures.steps[step - 1].name, figures.steps[step].name
    group = texts.group(segment.dimension, segment.key)
    gain = (rest_rate - own_rate) * entered * onward
    if gain <= 0:
        return None
    return Recommendation(
        kind=Kind.SEGMENT_GAP,
        area=f"{group} at {before} → {name}",
        problem=f"Of {entered:,} people ({group}) at “{before}”, {share(own_rate, 1)} go on to"
        f" “{name}”; of the others {share(rest_rate, 1)} do.",
        impact=texts.share_of(gain, figures.steps[-1].reached),
        change=f"Find what holds {group} up at “{name}”, and remove it.",
        steps=texts.for_segment(segment.dimension, segment.key, name),
        expected_gain=gain,
        gain_text=f"The others' rate at this step, {share(rest_rate, 1)} instead of"
        f" {share(own_rate, 1)}, for {entered:,} people, of whom"
        f" {share(onward, 1)} convert once they are past it.",
        confidence=1 - p,
        test=_test(f"{group} who go on to “{name}”", own_rate, rest_rate, entered, figures.days),
        evidence={"dimension": segment.dimension, "segment": segment.key, "entered": entered,
                  "passed": passed, "rate": own_rate, "rest_entered": rest[step - 1],
                  "rest_passed": rest[step], "rest_rate": rest_rate, "p_value": p},
    )  # fmt: skip


def _slow_step(figures: FunnelFigures) -> Iterator[Recommendation]:
    timed = {
        number: step.p90_seconds
        for number, step in enumerate(figures.steps)
        if number and step.p90_seconds is not None and step.reached >= LEAST_CASES
    }
    slowest = max(timed, key=timed.__getitem__, default=0)
    others = sorted(seconds for number, seconds in timed.items() if number != slowest)
    if not others:
        return
    middle = others[len(others) // 2]
    if timed[slowest] < max(SLOW_SECONDS, SLOW_FACTOR * middle):
        return
    reached = [step.reached for step in figures.steps]
    entered, passed = reached[slowest - 1], reached[slowest]
    gain = WON_BACK_SLOW * (entered - passed) * _onward(reached, slowest, 1.0)
    if gain <= 0:
        return
    step, rate = figures.steps[slowest], passed / entered
    yield Recommendation(
        kind=Kind.SLOW_STEP,
        area=f"{figures.steps[slowest - 1].name} → {step.name}",
        problem=f"One in ten takes longer than {texts.duration(timed[slowest])} to come to "
        f"“{step.name}”; the other steps take {texts.duration(middle)}.",
        impact=texts.share_of(gain, reached[-1]),
        change=f"Shorten the way to “{step.name}”.",
        steps=texts.SLOW,
        expected_gain=gain,
        gain_text=f"One in twenty of the {entered - passed:,} lost people won back, of whom "
        f"{share(_onward(reached, slowest, 1.0), 1)} convert. Time is a sign, no proof of the"
        " cause.",
        # Half: that people take long does not say that they leave for it.
        confidence=_precision(reached, slowest) / 2,
        test=_test(f"people who go on to “{step.name}”", rate, rate + WON_BACK_SLOW * (1 - rate),
                   entered, figures.days),
        evidence={"p90_seconds": timed[slowest], "others_p90_seconds": middle,
                  "entered": entered, "passed": passed, "rate": rate},
    )  # fmt: skip


def _landings(figures: FunnelFigures) -> Iterator[Recommendation]:
    sessions = sum(page.sessions for page in figures.landings)
    bounces = sum(page.bounces for page in figures.landings)
    stayed, converted = sessions - bounces, sum(page.conversions for page in figures.landings)
    for page in figures.landings:
        own_stayed = page.sessions - page.bounces
        n_rest = sessions - page.sessions
        p = _lower_rate_p(
            own_stayed, page.sessions, stayed - own_stayed, n_rest, len(figures.landings)
        )
        if p is None:
            continue
        rate, rest = page.bounces / page.sessions, (bounces - page.bounces) / n_rest
        onward = page.conversions / own_stayed if own_stayed else converted / stayed
        gain = (rate - rest) * page.sessions * min(1.0, onward)
        if gain > 0:
            yield _landing(figures, page, rate, rest, gain, p)


def _landing(
    figures: FunnelFigures, page: LandingPage, rate: float, rest: float, gain: float, p: float
) -> Recommendation:
    return Recommendation(
        kind=Kind.LANDING_BOUNCE,
        area=f"Landing page {page.path}",
        problem=f"{page.bounces:,} of {page.sessions:,} sessions that begin on {page.path} end "
        f"there at once ({share(rate, 1)}); of the others {share(rest, 1)} do.",
        impact=texts.share_of(gain, sum(one.conversions for one in figures.landings)),
        change=f"Let {page.path} say at once what the ad or link that led there has promised.",
        steps=texts.LANDING,
        expected_gain=gain,
        gain_text=f"The other pages' bounce rate, {share(rest, 1)} instead of {share(rate, 1)}, for"
        f" {page.sessions:,} sessions, of which as many convert as of those that stay now.",
        confidence=1 - p,
        test=_test(f"sessions that go on from {page.path}", 1 - rate, 1 - rest,
                   page.sessions, figures.days),
        evidence={"path": page.path, "sessions": page.sessions, "bounces": page.bounces,
                  "rate": rate, "rest_rate": rest, "p_value": p},
    )  # fmt: skip


def _lower_rate_p(own: int, n_own: int, rest: int, n_rest: int, comparisons: int) -> float | None:
    """Give the adjusted p-value where the own rate is surely lower; None where it is not."""
    if min(n_own, n_rest) < LEAST_PEOPLE or own / n_own >= rest / n_rest:
        return None
    if min(own + rest, n_own + n_rest - own - rest) < LEAST_CASES:
        return None
    p = min(1.0, comparisons * two_proportion_p(own, n_own, rest, n_rest))
    return p if p < ALPHA else None


def _test(metric: str, baseline: float, target: float, people: int, days: float) -> SuggestedTest:
    per_arm = sample_size_per_arm(baseline, target)
    needed = math.ceil(2 * per_arm * days / people) if people else None
    return SuggestedTest(
        metric=metric,
        baseline=baseline,
        target=target,
        per_arm=per_arm,
        days=needed,
        text=f"Show the change to half of them. To see {metric} rise from {share(baseline, 1)} to "
        f"{share(target, 1)} with 80 % power at 5 %, each half needs {per_arm:,}"
        + (f", about {needed:,} days at present." if needed else "."),
    )
