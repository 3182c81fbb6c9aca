"""Practices as rows: made, judged anew with a version for each change, given up, taken up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.urls import reverse

from experiments.engine.practices.known import Known
from experiments.engine.practices.traits import read_rule
from experiments.models import (
    BestPractice,
    PracticeSource,
    PracticeState,
    PracticeUse,
    PracticeVersion,
)
from workspaces.models import User, Workspace
from workspaces.roles import Role
from workspaces.services.notices import notify
from workspaces.services.refusals import RefusedError

#: What a version keeps of a practice; a change of one of these is a new version.
_JUDGED: Final = ("state", "why")
_FIGURES: Final = (
    "confidence", "sample_size", "baseline_value", "optimised_value", "effect", "effect_low",
    "effect_high", "correlation", "validation_count",
)  # fmt: skip
_TOLD: Final = {
    PracticeState.VALIDATED: "is proven",
    PracticeState.REVIEW: "should be looked at again",
    PracticeState.DEPRECATED: "no longer holds",
}


class PracticeError(RefusedError):
    """A practice cannot be kept as asked, with a sentence; ``field`` says where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def keep_practice(
    *,
    workspace: Workspace,
    known: Known,
    source: PracticeSource,
    now: datetime,
    source_label: str = "",
    by_label: str = "",
) -> BestPractice:
    """Make a practice with its first version, or return the one of this key as it is.

    Raises
    ------
    PracticeError : its rule says nothing that can be measured
    """
    try:
        rule = read_rule(known.rule)
    except ValueError as error:
        raise PracticeError("rule", str(error)) from None
    with transaction.atomic():
        practice, is_new = BestPractice.objects.get_or_create(
            workspace=workspace,
            key=known.key,
            defaults={
                "category": known.category, "practice_type": known.practice_type,
                "channel": known.channel, "title": known.title, "rule": rule,
                "recommendation": known.recommendation, "source": source,
                "source_label": source_label, "first_seen_at": now, "why": "Not judged yet.",
            },
        )  # fmt: skip
        if is_new:
            _write_version(practice, now, by_label)
    return practice


def judge_practice(
    *, practice: BestPractice, values: Mapping[str, Any], now: datetime, by_label: str = ""
) -> bool:
    """Write what a practice is worth now; a version where its state or its words changed.

    Figures alone change with every test and are kept without one. People are told when it becomes
    proven, falls, or has to be looked at.

    Returns
    -------
    whether a version was written
    """
    with transaction.atomic():
        row = BestPractice.objects.select_for_update().get(pk=practice.pk)
        before = row.state
        is_other = any(name in values and getattr(row, name) != values[name] for name in _JUDGED)
        for name, value in values.items():
            setattr(row, name, value)
        _mark(row, now)
        if is_other:
            row.version += 1
        row.save(update_fields=[*values, "version", "validated_at", "next_check_on",
                                "deprecated_at", "deprecated_reason", "updated_at"])  # fmt: skip
        if is_other:
            _write_version(row, now, by_label)
        if row.state != before and row.state in _TOLD:
            _tell(row, now)
    return is_other


def _mark(row: BestPractice, now: datetime) -> None:
    """Set the times that go with a state."""
    from experiments.engine.practices.judging import due_on

    if row.state == PracticeState.VALIDATED:
        today = now.astimezone(row.workspace.zone).date()
        if row.next_check_on is None or row.next_check_on <= today:
            row.validated_at, row.next_check_on = now, due_on(today)
    is_gone = row.state == PracticeState.DEPRECATED
    row.deprecated_at = (row.deprecated_at or now) if is_gone else None
    row.deprecated_reason = row.why[:300] if is_gone else ""


def _write_version(practice: BestPractice, now: datetime, by_label: str) -> None:
    PracticeVersion.objects.create(
        workspace_id=practice.workspace_id,
        practice=practice,
        version=practice.version,
        at=now,
        state=practice.state,
        why=practice.why,
        values={name: getattr(practice, name) for name in _FIGURES},
        by_label=by_label,
    )


def _tell(practice: BestPractice, now: datetime) -> None:
    notify(
        workspace=practice.workspace,
        topic="experiments",
        title=f"“{practice.title}” {_TOLD[PracticeState(practice.state)]}",
        body=practice.why,
        url=reverse("practice", args=[practice.public_id]),
        dedup_key=f"practice:{practice.pk}:{practice.version}",
        now=now,
        rank=Role.OPERATOR.rank,
        email=False,
    )


def deprecate_practice(
    *, practice: BestPractice, reason: str, by: User, now: datetime
) -> BestPractice:
    """Give a practice up, by a person's word.

    Raises
    ------
    PracticeError : without a reason, or it is given up already
    """
    if not reason.strip():
        raise PracticeError("reason", "Say why it no longer holds.")
    if practice.state == PracticeState.DEPRECATED:
        raise PracticeError("reason", "It is given up already.")
    values = {"state": PracticeState.DEPRECATED, "why": reason.strip()[:300]}
    judge_practice(practice=practice, values=values, now=now, by_label=str(by))
    practice.refresh_from_db()
    return practice


def restore_practice(*, practice: BestPractice, by: User, now: datetime) -> BestPractice:
    """Take a given-up or rejected practice back as a hypothesis; the next round judges it."""
    if practice.state not in (PracticeState.DEPRECATED, PracticeState.REJECTED):
        raise PracticeError("state", "It was not given up.")
    values = {"state": PracticeState.HYPOTHESIS, "why": f"Taken back by {by}."}
    judge_practice(practice=practice, values=values, now=now, by_label=str(by))
    practice.refresh_from_db()
    return practice


def note_use(
    *, practice: BestPractice, subject_key: str, subject_label: str, by_label: str, now: datetime
) -> bool:
    """Note that a draft took a practice up; once for each draft."""
    with transaction.atomic():
        _, is_new = PracticeUse.objects.get_or_create(
            practice=practice,
            subject_key=subject_key,
            defaults={"workspace_id": practice.workspace_id, "subject_label": subject_label,
                      "by_label": by_label, "at": now},
        )  # fmt: skip
        if is_new:
            BestPractice.objects.filter(pk=practice.pk).update(times_applied=F("times_applied") + 1)
    return is_new
