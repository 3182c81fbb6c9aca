"""Versions of models: they arrive as challengers, serve when signed, and go back in one click."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from mlops.models import ModelArtefact, ModelStage, ModelVersion
from mlops.models.registry import LARGEST_BYTES
from mlops.panels import comparison_of
from mlops.selectors.registry import champion_of
from mlops.services.registry.adding import add_version
from mlops.services.registry.promoting import rollback, to_shadow
from tests.mlops.registry.steps import NAME, SOON, champion, proposed, spoil, trained, version_of
from tests.workspaces.gate_steps import InThread, fresh, run_due, sign
from workspaces.gate import NotAllowedError, Proposer, RequestError, StateError
from workspaces.models import Proposal, Status
from workspaces.models.gate_triggers import STOP_KIND
from workspaces.selectors_undo import undoable_ids
from workspaces.services import brake, proposing, reverting

HOUR = timedelta(hours=1)


@pytest.fixture
def two(workspace, approver, now) -> tuple[ModelVersion, ModelVersion]:
    """Two versions; the second serves, the first did before."""
    first, second = version_of(workspace, now), version_of(workspace, now, meta=2.0)
    champion(first, now, approver)
    champion(second, now + HOUR, approver)
    first.refresh_from_db()
    return first, second


def _serving(workspace) -> int | None:
    found = champion_of(workspace=workspace, name=NAME)
    return found.version if found else None


def test_arrives_as_challenger_with_all_that_is_known(workspace, other_workspace, operator, now):
    made = trained()
    first = add_version(workspace=workspace, trained=made, now=now, by=operator)
    second = version_of(workspace, now)
    elsewhere = version_of(other_workspace, now)

    assert [first.version, second.version, elsewhere.version] == [1, 2, 1]
    assert (first.stage, first.name, first.format) == ("challenger", NAME, "json")
    assert (first.sha256, first.metrics, first.baselines) == (
        made.artefact.sha256, made.metrics, made.baselines,
    )  # fmt: skip
    assert (first.features, first.rows, first.held_out, first.seed) == (["channel"], 6, 4, 7)
    assert (first.created_by_label, second.created_by_label) == (str(operator), "Training")
    assert bytes(first.artefact.data) == made.artefact.data
    assert len(first.code_version) == 12


def test_refuses_what_says_nothing(workspace, now):
    made = trained()
    large = replace(made.artefact, data=bytes(LARGEST_BYTES + 1))
    for bad, words in (
        (replace(made, kind="crystal_ball"), "known: "),
        (replace(made, metrics={"mae": float("nan")}), "says nothing"),
        (replace(made, artefact=large), "smaller"),
    ):
        with pytest.raises(StateError, match=words):
            add_version(workspace=workspace, trained=bad, now=now)
    assert not ModelVersion.objects.exists()


# --- Walls in the database -----------------------------------------------------------------------


def _refused(action) -> str:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        action()
    return str(caught.value)


def test_database_keeps_what_a_version_is(workspace, other_workspace, now):
    version = version_of(workspace, now)
    rows = ModelVersion.objects.filter(pk=version.pk)
    bytes_ = ModelArtefact.objects.filter(pk=version.pk)

    assert "Cannot update" in _refused(lambda: rows.update(metrics={"mae": 9}))
    assert "Cannot update" in _refused(lambda: rows.update(is_better=False))
    assert "Cannot delete" in _refused(rows.delete)
    assert "Cannot update" in _refused(lambda: bytes_.update(data=b"{}"))
    values = {
        "version": version, "workspace": workspace, "sha256": version.sha256, "data": b"other",
        "size_bytes": 5,
    }  # fmt: skip
    with _writable("mlops_modelartefact"):
        bytes_.delete()
        assert "mlops_modelartefact_sha256" in _refused(
            lambda: ModelArtefact.objects.create(**values)
        )
        data = trained().artefact.data
        good = {**values, "data": data, "size_bytes": len(data)}
        assert "mlops_modelartefact_version" in _refused(
            lambda: ModelArtefact.objects.create(**{**good, "workspace": other_workspace})
        )
        ModelArtefact.objects.create(**good)


def test_database_lets_no_version_serve_that_nobody_signed(workspace, now):
    version = version_of(workspace, now)
    rows = ModelVersion.objects.filter(pk=version.pk)

    words = _refused(lambda: rows.update(stage="champion", promoted_at=now))
    assert "by a signed proposal only" in words
    proposed(version, now)
    words = _refused(lambda: rows.update(stage="champion", promoted_at=now))
    assert "by a signed proposal only" in words
    copy = {
        field.name: getattr(version, field.name)
        for field in ModelVersion._meta.fields
        if field.name not in ("id", "public_id")
    }
    fake = ModelVersion(**{**copy, "version": 2, "stage": "shadow"})
    assert "arrives as challenger" in _refused(fake.save)


def test_database_holds_one_champion(two, now):
    first, _ = two
    rows = ModelVersion.objects.filter(pk=first.pk)

    with pytest.raises(IntegrityError, match="one_champion"), transaction.atomic():
        rows.update(stage="champion", promoted_at=now)


@contextmanager
def _writable(table: str) -> Iterator[None]:
    """Switch the triggers of a table off, as only the owner of the database can."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


# --- Promotion -----------------------------------------------------------------------------------


def test_serves_once_signed_and_carried_out(workspace, approver, now):
    version = version_of(workspace, now)
    proposal = proposed(version, now)
    run_due(now + SOON)
    assert _serving(workspace) is None
    assert proposal.summary == "Let version 1 of ROI by channel mean serve"

    sign(proposal, approver, now)
    run_due(now + SOON)

    version.refresh_from_db()
    assert fresh(proposal).status == Status.EXECUTED
    assert (version.stage, version.promoted_at, version.promoted_by) == (
        "champion", now + SOON, approver,
    )  # fmt: skip


def test_promotes_and_demotes_together(two, approver, now):
    first, second = two

    assert (first.stage, second.stage) == ("archived", "champion")
    assert (first.archived_by, first.archived_at) == (approver, now + HOUR + SOON)
    promotion = second.promotions.get()
    assert promotion.replaced == first
    assert promotion.proposal.summary.endswith("serve instead of version 1")


def test_only_what_beats_the_plain_ones_may_be_proposed(workspace, now):
    worse = version_of(workspace, now, meta=1.0, google=1.0)

    with pytest.raises(StateError, match=r"Version 1 is not eligible: .* not better"):
        proposed(worse, now)


def test_an_artefact_that_changed_is_neither_proposed_nor_promoted(workspace, approver, now):
    version = version_of(workspace, now)
    proposal = sign(proposed(version, now), approver, now)
    spoil(version)

    run_due(now + SOON)

    assert _serving(workspace) is None
    assert fresh(proposal).status in (Status.PENDING, Status.CANCELLED)
    with pytest.raises(StateError, match="no longer has its checksum"):
        proposed(version, now)


@pytest.mark.parametrize(
    ("asked", "field"), [({}, "model"), ({"model": NAME}, "version"),
                         ({"model": NAME, "version": 9}, "version")],
)  # fmt: skip
def test_says_which_part_of_a_request_is_wrong(asked, field, workspace, operator, now):
    with pytest.raises(RequestError) as caught:
        proposing.propose(
            workspace=workspace, kind="model_promotion", request=asked, reason="r",
            proposer=Proposer.person(operator), now=now,
        )  # fmt: skip
    assert caught.value.field == field


def test_evidence_names_measures_as_the_models_page_does(workspace, now):
    version = version_of(workspace, now)

    told = proposed(version, now).current_plan.evidence

    page = comparison_of(version)
    assert "Mean absolute error" in told["metrics"]
    assert told["metrics"] == {
        one.label: text for one, (_, text) in zip(page.measures, page.rows[0].cells, strict=True)
    }
    assert {tuple(one) for one in told["baselines"].values()} == {tuple(told["metrics"])}


# --- Going back ----------------------------------------------------------------------------------


def test_rolls_back_at_once_and_on_record(two, workspace, approver, operator, now):
    first, second = two
    brake.pull(workspace=workspace, by=operator, reason="Odd.", now=now)

    back = rollback(workspace=workspace, name=NAME, by=approver, reason="Odd scores.", now=now)

    second.refresh_from_db()
    assert (back, _serving(workspace), second.stage) == (first, 1, "archived")
    stop = Proposal.objects.get(kind=STOP_KIND, subject_key=f"model:{NAME}")
    assert (stop.status, stop.proposed_by, stop.reason) == ("executed", approver, "Odd scores.")
    assert stop.summary == "Roll ROI by channel mean back to version 1"
    assert stop.reverts.status == Status.REVERTED
    assert stop.reverts == second.promotions.get().proposal


def test_goes_back_one_version_by_two_clicks(two, workspace, approver, admin, now):
    _, second = two
    say = {"workspace": workspace, "name": NAME, "reason": "Odd.", "now": now}
    rollback(by=approver, shown=second.public_id, **say)

    with pytest.raises(StateError, match="Version 1 serves now"):
        rollback(by=admin, shown=second.public_id, **say)
    with pytest.raises(StateError, match="No sound version served before version 1"):
        rollback(by=admin, **say)


def test_going_back_needs_an_approver_a_reason_and_a_champion(workspace, operator, approver, now):
    say = {"workspace": workspace, "name": NAME, "now": now}

    with pytest.raises(NotAllowedError, match="role of approver"):
        rollback(by=operator, reason="r", **say)
    with pytest.raises(RequestError, match="what is wrong"):
        rollback(by=approver, reason=" ", **say)
    with pytest.raises(StateError, match="nothing to roll back"):
        rollback(by=approver, reason="r", **say)


def test_undo_over_the_gate_asks_for_the_version_before(two, workspace, admin, approver, now):
    _, second = two
    later = now + 2 * HOUR

    assert [bool(undoable_ids([one.promotions.get().proposal])) for one in two] == [False, True]
    undo = reverting.revert(proposal_id=second.promotions.get().proposal_id, by=admin, now=later)
    assert _serving(workspace) == 2
    sign(undo, approver, later)
    run_due(later + SOON)

    assert _serving(workspace) == 1
    assert fresh(undo.reverts).status == Status.REVERTED


def test_shadow_is_for_challengers(two, workspace, viewer, operator, now):
    _, second = two
    fresh_one = version_of(workspace, now)

    with pytest.raises(NotAllowedError):
        to_shadow(version=fresh_one, by=viewer, now=now)
    assert to_shadow(version=fresh_one, by=operator, now=now).stage == ModelStage.SHADOW
    with pytest.raises(StateError, match="It is champion"):
        to_shadow(version=second, by=operator, now=now)


@pytest.mark.django_db(transaction=True)
def test_a_promotion_and_a_rollback_at_once_leave_one_champion(two, workspace, approver, now):
    later = now + 2 * HOUR
    sign(proposed(version_of(workspace, now, meta=2.5), later), approver, later)
    say = {"workspace": workspace, "name": NAME, "by": approver, "reason": "Odd.", "now": later}
    shown = two[1].public_id

    racing = [
        InThread(lambda: run_due(later + SOON)),
        InThread(lambda: rollback(shown=shown, **say)),
        InThread(lambda: rollback(shown=shown, **say)),
    ]
    refused = [end for end in (one.outcome() for one in racing) if isinstance(end, Exception)]

    assert [one for one in refused if not isinstance(one, StateError)] == []
    assert 1 <= len(refused) <= 2
    assert ModelVersion.objects.filter(stage="champion").count() == 1
