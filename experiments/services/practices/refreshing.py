"""The daily round: gather what is said, hold it against own data, keep what it is worth now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

import numpy as np

from experiments.engine.practices.evidence import (
    Contrast,
    Estimate,
    contrast,
    estimates,
    foretold,
    pooled,
)
from experiments.engine.practices.judging import judge_hypothesis, judge_tested, rank_correlation
from experiments.engine.practices.known import RECOMMENDED, SEARCHED, Known
from experiments.engine.practices.traits import Rule, closeness, measured
from experiments.models import BestPractice, PracticeEvidence, PracticeSource, PracticeState
from experiments.piece_sources import SentPiece, sent_pieces
from experiments.selectors.pieces import FinishedTest, finished_tests
from experiments.services.practices.asking import ask_for_practices
from experiments.services.practices.keeping import judge_practice, keep_practice
from workspaces.models import Workspace
from workspaces.services.jobs import Progress

PRACTICES_JOB: Final = "best-practices"
#: A pattern is written down once tests make it so likely.
_LIKELY: Final = 0.8
_Found = dict[str, list[tuple[FinishedTest, Contrast]]]


def refresh_for_workspace(progress: Progress) -> None:
    """Run the round for the workspace of a job."""
    workspace, now = progress.workspace, progress.now
    progress.step("Gathering what others recommend")
    asked = ask_for_practices(workspace=workspace, now=now)
    progress.step("Holding it against finished tests and own ads")
    progress.count(asked=asked, **refresh_practices(workspace=workspace, now=now))


def refresh_practices(*, workspace: Workspace, now: datetime) -> dict[str, int]:
    """Judge every practice by finished tests and by what went out; counts what was done."""
    for starter in RECOMMENDED:
        keep_practice(
            workspace=workspace, known=starter, source=PracticeSource.EXTERNAL_RESEARCH, now=now,
            source_label="Starter hypotheses",
        )  # fmt: skip
    tests = finished_tests(workspace)
    practices = {row.key: row for row in BestPractice.objects.filter(workspace=workspace)}
    found = _contrasts(tests, practices)
    known = estimates({key: [one for _, one in pairs] for key, pairs in found.items()})
    new = _write_patterns(workspace, practices, known, now)
    evidence = _write_evidence(practices, found)
    pieces = sent_pieces(workspace, now)
    changed = sum(
        judge_practice(
            practice=practice,
            values=_values(practice, known.get(key), found.get(key, []), pieces, now),
            now=now,
        )
        for key, practice in practices.items()
        if not _is_given_up(practice)
    )
    return {"tests": len(tests), "patterns": new, "evidence": evidence, "changed": changed}


def _is_given_up(practice: BestPractice) -> bool:
    """A person's or the data's last word stands until somebody takes it back."""
    return practice.state == PracticeState.DEPRECATED


def _contrasts(tests: Sequence[FinishedTest], practices: Mapping[str, BestPractice]) -> _Found:
    """What each test says of each rule that is known or looked for."""
    rules: dict[str, tuple[Rule, str]] = {one.key: (one.rule, one.channel) for one in SEARCHED}
    rules |= {key: (row.rule, row.channel) for key, row in practices.items() if row.rule}
    found: _Found = {}
    for key, (rule, channel) in rules.items():
        for test in tests:
            if channel in ("", test.channel) and (one := contrast(rule, test.arms)):
                found.setdefault(key, []).append((test, one))
    return found


def _write_patterns(
    workspace: Workspace,
    practices: dict[str, BestPractice],
    known: Mapping[str, Estimate],
    now: datetime,
) -> int:
    """Make practices of the patterns that tests show; adds them to ``practices``."""
    new = [one for one in SEARCHED if one.key not in practices and _is_likely(known.get(one.key))]
    for one in new:
        practices[one.key] = keep_practice(
            workspace=workspace, known=one, source=PracticeSource.AB_TEST, now=now
        )
    return len(new)


def _is_likely(estimate: Estimate | None) -> bool:
    return estimate is not None and estimate.confidence >= _LIKELY


def _write_evidence(practices: Mapping[str, BestPractice], found: _Found) -> int:
    """Keep what each test says, once; with what was to be expected before it."""
    rows = [
        PracticeEvidence(
            workspace_id=practices[key].workspace_id, practice=practices[key], test_id=test.pk,
            predicted=predicted, at=test.ended_at, **asdict(one),
        )
        for key, pairs in found.items()
        if key in practices
        for (test, one), predicted in zip(
            pairs, foretold([one for _, one in pairs]), strict=True
        )
    ]  # fmt: skip
    before = PracticeEvidence.objects.filter(practice__in=practices.values()).count()
    PracticeEvidence.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1_000)
    return PracticeEvidence.objects.filter(practice__in=practices.values()).count() - before


def _values(
    practice: BestPractice,
    estimate: Estimate | None,
    pairs: Sequence[tuple[FinishedTest, Contrast]],
    pieces: Sequence[SentPiece],
    now: datetime,
) -> dict[str, Any]:
    if estimate is None:
        return _by_own_data(practice, pieces)
    today = now.astimezone(practice.workspace.zone).date()
    verdict = judge_tested(
        estimate,
        recent=_since(practice, pairs),
        was_validated=practice.validated_at is not None,
        is_due=_is_due(practice, today),
    )
    return {
        "state": verdict.state,
        "why": verdict.why[:500],
        "confidence": estimate.confidence,
        "sample_size": estimate.units,
        "baseline_value": estimate.rate_without,
        "optimised_value": estimate.rate_with,
        "effect": estimate.effect,
        "effect_low": estimate.low,
        "effect_high": estimate.high,
        "validation_count": estimate.tests,
        "segments": _by_channel(pairs),
    }


def _since(practice: BestPractice, pairs: Sequence[tuple[FinishedTest, Contrast]]) -> list[float]:
    """Relative effects of tests that ended after the practice was validated last."""
    if practice.validated_at is None:
        return []
    since = practice.validated_at
    return [float(np.expm1(one.log_effect)) for test, one in pairs if test.ended_at > since]


def _is_due(practice: BestPractice, today: date) -> bool:
    return practice.next_check_on is not None and practice.next_check_on <= today


def _by_channel(pairs: Sequence[tuple[FinishedTest, Contrast]]) -> dict[str, Any]:
    groups: dict[str, list[Contrast]] = {}
    for test, one in pairs:
        groups.setdefault(test.channel or "other", []).append(one)
    return {
        channel: {"effect": float(np.expm1(pooled(ones)[0])), "tests": len(ones)}
        for channel, ones in sorted(groups.items())
    }


def _by_own_data(practice: BestPractice, pieces: Sequence[SentPiece]) -> dict[str, Any]:
    own = [one for one in pieces if practice.channel in ("", one.channel)]
    near = np.array([closeness(practice.rule, measured(one.piece)) for one in own], dtype=float)
    rates = np.array([one.rate for one in own], dtype=float)
    correlation = rank_correlation(near, rates)
    verdict = judge_hypothesis(correlation)
    return {"state": verdict.state, "why": verdict.why, "correlation": correlation}


def add_hypothesis(
    *, workspace: Workspace, known: Known, source_label: str, by_label: str, now: datetime
) -> BestPractice:
    """Keep what somebody read elsewhere, and hold it against own data at once."""
    practice = keep_practice(
        workspace=workspace, known=known, source=PracticeSource.EXTERNAL_RESEARCH, now=now,
        source_label=source_label, by_label=by_label,
    )  # fmt: skip
    values = _by_own_data(practice, sent_pieces(workspace, now))
    judge_practice(practice=practice, values=values, now=now)
    practice.refresh_from_db()
    return practice
