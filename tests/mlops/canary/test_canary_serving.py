"""A canary answers its share, the champion the rest; both are kept and can be made again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from mlops.engine.learning.canary import is_chosen, subject_of_row
from mlops.engine.learning.feature_rows import RowError, rows_of
from mlops.models import Canary, ModelPrediction, PredictionDoor
from mlops.services.predicting import NoModelError, predict
from mlops.services.registry.canaries import stop_canary
from mlops.services.registry.serving import shelf
from mlops.services.reproducing import reproduce
from mlops.services.watch.live import score_batch_in_shadow
from mlops.tasks import warm_up
from tests.mlops.canary.steps import canary_of, trained_version
from tests.mlops.registry.steps import champion, proposed, spoil
from tests.mlops.serving.steps import users

NAME = "churn"
HOUR = timedelta(hours=1)
ROWS = rows_of(users(40, seed=9))
SUBJECTS = [f"u{number}" for number in range(40)]


@pytest.fixture
def pair(workspace, approver, now):
    """A champion and a canary of half of the subjects."""
    first, second = (trained_version(workspace, now, seed) for seed in (3, 5))
    champion(first, now, approver)
    canary_of(second, now + HOUR, approver)
    return first, second


def ask(workspace, now, rows=None, subjects=(), **said):
    return predict(
        workspace=workspace, name=NAME, now=now, door=PredictionDoor.API,
        rows=ROWS if rows is None else rows, subjects=subjects, **said,
    )  # fmt: skip


def mine(version, subjects=SUBJECTS):
    return [is_chosen(one, Decimal("0.5"), salt=version.sha256) for one in subjects]


def test_each_subject_is_answered_by_one_version_every_time(pair, workspace, now):
    first, second = pair
    wanted = [second if one else first for one in mine(second)]
    assert {*wanted} == {first, second}

    told = ask(workspace, now + 2 * HOUR, subjects=SUBJECTS)
    again = ask(workspace, now + 9 * HOUR, ROWS[::-1], SUBJECTS[::-1])

    assert list(told.versions) == wanted
    assert list(again.versions) == wanted[::-1]
    assert told.version == first
    both = [
        ask(workspace, now + 2 * HOUR, only=version.public_id).outputs[:, 0] for version in pair
    ]
    assert told.outputs[:, 0].tolist() == [both[one][at] for at, one in enumerate(mine(second))]


def test_what_both_said_is_kept_with_the_version_and_comes_out_again(pair, workspace, now):
    second = pair[1]
    told = ask(workspace, now + 2 * HOUR, subjects=SUBJECTS)

    rows = list(ModelPrediction.objects.filter(batch=told.batch).order_by("position"))
    shelf.clear()
    found = reproduce(batch=told.batch, now=now)

    assert [row.subject for row in rows] == SUBJECTS
    assert [row.role for row in rows] == ["canary" if one else "champion" for one in mine(second)]
    assert [row.version for row in rows] == list(told.versions)
    assert [row.output for row in rows] == told.outputs.tolist()
    assert len(found) == 40
    assert all(one.is_same for one in found)


def test_rows_of_nobody_are_split_by_what_stands_in_them(pair, workspace, now):
    _, second = pair

    told = ask(workspace, now + 2 * HOUR)

    stands = [subject_of_row(row) for row in ROWS]
    assert [version == second for version in told.versions] == mine(second, stands)


def test_the_shadow_scores_the_champions_rows_at_their_places(pair, workspace, now):
    second = pair[1]
    told = ask(workspace, now + 2 * HOUR, subjects=SUBJECTS)

    count = score_batch_in_shadow(batch=told.batch, now=now + 2 * HOUR)

    rows = ModelPrediction.objects.filter(batch=told.batch, role="shadow")
    left = [place for place, one in enumerate(mine(second)) if not one]
    assert count == len(left)
    assert sorted(rows.values_list("position", flat=True)) == left
    assert {row.version for row in rows} == {second}


def test_one_version_alone_can_be_asked_where_it_serves(pair, workspace, now):
    first, second = pair
    third = trained_version(workspace, now, 7)

    for version, role in ((first, "champion"), (second, "canary")):
        told = ask(workspace, now + 2 * HOUR, subjects=SUBJECTS, only=version.public_id)
        assert {*told.versions} == {version} == {told.version}
        assert {row.role for row in ModelPrediction.objects.filter(batch=told.batch)} == {role}
    with pytest.raises(NoModelError, match="does not serve; version 1 does"):
        ask(workspace, now + 2 * HOUR, only=third.public_id)


def test_where_the_canary_gives_no_number_the_champion_answers_and_it_is_counted(
    pair, workspace, now, monkeypatch
):
    first, second = pair
    model = shelf.take(second, now=now, is_serving=False)
    monkeypatch.setattr(model, "predict", lambda rows: np.array([np.nan]), raising=False)

    told = ask(workspace, now + 2 * HOUR, subjects=SUBJECTS)

    assert {*told.versions} == {first}
    assert Canary.objects.get().failures == sum(mine(second))


def test_rows_that_only_the_champion_can_read_are_not_held_against_the_canary(
    pair, workspace, now, monkeypatch
):
    first, _ = pair
    monkeypatch.setattr("mlops.services.splitting.read_rows", _refuse_to_read)

    told = ask(workspace, now + 2 * HOUR, subjects=SUBJECTS)

    assert {*told.versions} == {first}
    assert Canary.objects.get().failures == 0


def _refuse_to_read(*_):
    raise RowError("rows[0].age", "There is no age.")


def test_a_faulty_canary_answers_nothing_and_never_serves_on(pair, workspace, now):
    first, second = pair
    spoil(second)

    told = ask(workspace, now + 2 * HOUR, subjects=SUBJECTS)

    assert {*told.versions} == {first}
    assert shelf.last(first).version == first


def test_a_stopped_canary_answers_nothing_from_the_next_call_on(pair, workspace, approver, now):
    first = pair[0]
    ask(workspace, now + 2 * HOUR, subjects=SUBJECTS)

    stop_canary(workspace=workspace, name=NAME, by=approver, reason="Odd.", now=now + 3 * HOUR)

    assert {*ask(workspace, now + 3 * HOUR, subjects=SUBJECTS).versions} == {first}


def test_another_workspace_has_no_part_in_it(pair, other_workspace, now):
    own = trained_version(other_workspace, now, 3)
    champion(own, now)

    told = ask(other_workspace, now + 2 * HOUR, subjects=SUBJECTS)

    assert {*told.versions} == {own}


def test_what_waits_for_a_signature_is_loaded_before_it_serves(workspace, approver, now):
    first, second = (trained_version(workspace, now, seed) for seed in (3, 5))
    champion(first, now, approver)
    shelf.clear()
    proposed(second, now + HOUR)

    assert warm_up() == 2

    assert {key[0] for key in shelf._models} == {first.pk, second.pk}
    assert shelf.last(second).version == first
