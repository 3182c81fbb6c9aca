"""The daily round: evidence once, states with versions, people told; and its doors."""

from __future__ import annotations

from datetime import timedelta

import pytest

from experiments.engine.practices.known import KNOWN, Known
from experiments.engine.practices.traits import Piece
from experiments.models import BestPractice, PracticeEvidence, PracticeState, PracticeVersion
from experiments.piece_sources import SentPiece
from experiments.selectors.practice_board import standing_of, suggestions
from experiments.services.practices import refreshing
from experiments.services.practices.keeping import (
    PracticeError,
    deprecate_practice,
    note_use,
    restore_practice,
)
from experiments.services.practices.refreshing import add_hypothesis, refresh_practices
from tests.experiments.practices.steps import finished_of, practice_of
from tests.experiments.steps import NOW
from tests.workspaces.factories import MembershipFactory, WorkspaceFactory
from workspaces.models import Notification, Workspace
from workspaces.roles import Role

pytestmark = pytest.mark.django_db
BETTER = {"Many ways": (10_000, 1_000), "7 ways": (10_000, 1_400)}
WORSE = {"Many ways": (10_000, 1_000), "7 ways": (10_000, 700)}


@pytest.fixture
def workspace() -> Workspace:
    """Where tests ended."""
    return WorkspaceFactory()


def _number(workspace: Workspace) -> BestPractice:
    return BestPractice.objects.get(workspace=workspace, key="number")


def test_a_pattern_of_two_tests_is_proven(workspace: Workspace) -> None:
    approver = MembershipFactory(workspace=workspace, role=Role.APPROVER).user
    for key in ("one", "two"):
        finished_of(workspace, key, BETTER, channel="email")

    counts = refresh_practices(workspace=workspace, now=NOW)

    row = _number(workspace)
    assert (row.state, row.source, row.validation_count) == ("validated", "ab_test", 2)
    assert row.sample_size == 40_000
    assert (row.baseline_value, row.optimised_value) == (0.1, 0.14)
    assert row.effect is not None
    assert 0.2 < row.effect < 0.4
    assert row.segments == {"email": {"effect": pytest.approx(0.4), "tests": 2}}
    assert row.next_check_on == NOW.date() + timedelta(days=30)
    assert counts["tests"] == 2
    told = Notification.objects.get(user=approver, topic="experiments")
    assert told.title == "“Name a number” is proven"


def test_a_round_again_changes_nothing(workspace: Workspace) -> None:
    finished_of(workspace, "one", BETTER)
    refresh_practices(workspace=workspace, now=NOW)
    before = PracticeVersion.objects.count()

    counts = refresh_practices(workspace=workspace, now=NOW + timedelta(hours=1))

    assert (counts["evidence"], counts["changed"], counts["patterns"]) == (0, 0, 0)
    assert PracticeVersion.objects.count() == before


def test_what_was_expected_is_kept_beside_the_test(workspace: Workspace) -> None:
    finished_of(workspace, "one", BETTER)
    finished_of(workspace, "two", BETTER, at=NOW + timedelta(days=1))

    refresh_practices(workspace=workspace, now=NOW + timedelta(days=2))

    rows = PracticeEvidence.objects.filter(practice__key="number").order_by("at")
    assert [row.predicted is None for row in rows] == [True, False]
    standing = standing_of(workspace, NOW + timedelta(days=2))
    assert standing.right == 1.0
    assert standing.validated == 1.0
    assert standing.adopted == 0.0


def test_a_proven_practice_falls_by_newer_tests(workspace: Workspace) -> None:
    finished_of(workspace, "one", BETTER)
    refresh_practices(workspace=workspace, now=NOW)
    later = NOW + timedelta(days=31)
    finished_of(workspace, "two", WORSE, at=later - timedelta(days=1))

    refresh_practices(workspace=workspace, now=later)

    row = _number(workspace)
    assert row.state == "deprecated"
    assert row.deprecated_reason == "Newer tests say −30.0 %: it no longer holds."
    assert PracticeVersion.objects.filter(practice=row).count() == row.version == 3


def test_a_practice_of_one_channel_hears_only_its_tests(workspace: Workspace) -> None:
    known = KNOWN["number"]
    practice_of(
        workspace,
        Known("mine", "copy", "headline", "Mine", "Do it.", known.rule, channel="linkedin"),
    )
    finished_of(workspace, "one", BETTER, channel="email")

    refresh_practices(workspace=workspace, now=NOW)

    assert BestPractice.objects.get(key="mine").validation_count == 0


def test_running_tests_say_nothing_yet(workspace: Workspace) -> None:
    test = finished_of(workspace, "one", BETTER)
    type(test).objects.filter(pk=test.pk).update(status="running", ended_at=None, end_reason="")

    assert refresh_practices(workspace=workspace, now=NOW)["tests"] == 0


def _pieces(*, long_is_better: bool) -> list[SentPiece]:
    sizes = range(100, 700, 20)
    rates = [size if long_is_better else 800 - size for size in sizes]
    return [
        SentPiece("instagram", Piece(body="x" * size), 10_000, rate)
        for size, rate in zip(sizes, rates, strict=True)
    ]


@pytest.mark.parametrize(("long_is_better", "state"), [(True, "rejected"), (False, "supported")])
def test_starter_hypotheses_are_held_against_own_data(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, long_is_better: bool, state: str
) -> None:
    pieces = _pieces(long_is_better=long_is_better)
    monkeypatch.setattr(refreshing, "sent_pieces", lambda workspace, now: pieces)

    refresh_practices(workspace=workspace, now=NOW)

    states = dict(BestPractice.objects.values_list("key", "state"))
    assert states["instagram-dm-length"] == state
    assert states["linkedin-length"] == "to_test"  # nothing went out there


def test_what_is_not_known_is_suggested_for_a_test(workspace: Workspace) -> None:
    refresh_practices(workspace=workspace, now=NOW)

    found = suggestions(workspace)

    assert len(found) == 3
    assert {(one.expected, one.low, one.high) for one in found} == {(0.0, -0.2, 0.2)}


def test_a_person_gives_a_practice_up_and_takes_it_back(workspace: Workspace) -> None:
    user = MembershipFactory(workspace=workspace).user
    row = practice_of(workspace)

    with pytest.raises(PracticeError, match="Say why"):
        deprecate_practice(practice=row, reason=" ", by=user, now=NOW)
    row = deprecate_practice(practice=row, reason="Not with us.", by=user, now=NOW)
    refresh_practices(workspace=workspace, now=NOW)

    row.refresh_from_db()
    assert (row.state, row.deprecated_reason) == (PracticeState.DEPRECATED, "Not with us.")
    row = restore_practice(practice=row, by=user, now=NOW)
    assert (row.state, row.deprecated_at, row.version) == ("hypothesis", None, 3)


def test_a_use_counts_once(workspace: Workspace) -> None:
    row = practice_of(workspace)
    asked = {"practice": row, "subject_key": "test:1", "subject_label": "Button", "now": NOW}

    assert [note_use(**asked, by_label="me") for _ in range(2)] == [True, False]
    row.refresh_from_db()
    assert row.times_applied == 1


def test_a_rule_that_cannot_be_measured_is_refused(workspace: Workspace) -> None:
    known = Known("x", "copy", "x", "X", "Do it.", {"charm": ((1, None),)})

    with pytest.raises(PracticeError, match="no measure 'charm'"):
        add_hypothesis(workspace=workspace, known=known, source_label="", by_label="me", now=NOW)

    assert not BestPractice.objects.exists()
