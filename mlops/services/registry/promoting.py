"""Where versions stand: scored in the shadow, promoted by a signed plan, rolled back at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from mlops.models import ModelStage, ModelVersion, Promotion
from mlops.selectors.registry import (
    champion_of,
    earlier_champions,
    label_of,
    promotion_of,
    why_not_eligible,
)
from mlops.services.registry.adding import registry_lock
from workspaces.gate import NotAllowedError, RequestError, StateError
from workspaces.models import Proposal, User, Workspace
from workspaces.roles import Role
from workspaces.selectors import effective_rank
from workspaces.services.brake import record_stop
from workspaces.services.locks import lock_names
from workspaces.services.webhooks_out import publish

_STANDING = ["stage", "promoted_at", "promoted_by", "archived_at", "archived_by"]


def to_shadow(*, version: ModelVersion, by: User | None, now: datetime) -> ModelVersion:
    """Let a challenger be scored beside the champion; what it says is not used.

    Without a person it is the machine's own step: it changes nothing that serves.

    Raises
    ------
    NotAllowedError : the person is no operator
    StateError : it is no challenger
    """
    if by is not None:
        _require_rank(by, version.workspace, Role.OPERATOR, now, "Scoring in the shadow")
    moved = ModelVersion.objects.filter(pk=version.pk, stage=ModelStage.CHALLENGER).update(
        stage=ModelStage.SHADOW
    )
    version.refresh_from_db()
    if not moved:
        raise StateError(f"It is {version.get_stage_display().lower()}, not a challenger.")
    return version


def promote(*, proposal: Proposal, version_id: int, now: datetime) -> None:
    """Make the version of a signed plan the champion. Called in the settling transaction."""
    workspace = proposal.workspace
    version = ModelVersion.objects.get(workspace=workspace, pk=version_id)
    lock_names([registry_lock(workspace, version.name)])
    champion = champion_of(workspace=workspace, name=version.name)
    if champion is not None and champion.pk == version.pk:
        return
    Promotion.objects.filter(proposal=proposal).update(replaced=champion, done_at=now)
    _replace(champion, version, by=proposal.decided_by, now=now)
    publish(
        workspace=workspace,
        event_type="model.promoted",
        data=_told(version, champion),
        event_id=f"{proposal.public_id}:model",
        now=now,
    )


def rollback(
    *,
    workspace: Workspace,
    name: str,
    by: User,
    reason: str,
    now: datetime,
    shown: UUID | None = None,
) -> ModelVersion:
    """Go back to the champion before this one, at once; returns the one that serves now.

    Stopping what we promoted ourselves waits for nobody: it stands in the record as an executed
    proposal signed by the policy 'stop', and acts while the kill switch is on, too. ``shown`` is
    the champion that the person saw: a second click does not go back two versions.

    Raises
    ------
    NotAllowedError : the person is no approver
    RequestError : no reason was given
    StateError : none serves, another one than was shown, or no sound one came before it
    """
    _require_rank(by, workspace, Role.APPROVER, now, "Rolling a model back")
    if not reason.strip():
        raise RequestError("reason", "Say what is wrong with the version that serves.")
    with transaction.atomic():
        lock_names([registry_lock(workspace, name)])
        champion = champion_of(workspace=workspace, name=name)
        if champion is None:
            raise StateError(f"No version of {label_of(name)} serves: nothing to roll back.")
        if shown is not None and champion.public_id != shown:
            raise StateError(
                f"Version {champion.version} serves now, not the one you saw. Look at it before"
                " rolling back."
            )
        target = _sound_before(champion)
        promotion = promotion_of(champion)
        record_stop(
            workspace=workspace,
            by=by,
            rank=Role.APPROVER,
            subject_key=f"model:{name}",
            subject_label=label_of(name),
            summary=f"Roll {label_of(name)} back to version {target.version}",
            body={
                "operation": "roll_back_model",
                "subject": f"model:{name}",
                "before": f"version {champion.version}",
                "after": f"version {target.version}",
                "sha256": target.sha256,
            },
            reason=reason,
            now=now,
            reverts=promotion.proposal if promotion else None,
        )
        _replace(champion, target, by=by, now=now)
    return target


def _sound_before(champion: ModelVersion) -> ModelVersion:
    for version in earlier_champions(champion):
        if not why_not_eligible(version):
            return version
    raise StateError(
        f"No sound version served before version {champion.version}. Propose another one instead."
    )


def _replace(
    champion: ModelVersion | None, version: ModelVersion, *, by: User | None, now: datetime
) -> None:
    """Demote one and promote the other, in the caller's transaction and under its lock."""
    if champion is not None:
        champion.stage = ModelStage.ARCHIVED
        champion.archived_at, champion.archived_by = now, by
        champion.save(update_fields=_STANDING)
    version.stage = ModelStage.CHAMPION
    version.promoted_at, version.promoted_by = now, by
    version.archived_at = version.archived_by = None
    version.save(update_fields=_STANDING)


def _told(version: ModelVersion, champion: ModelVersion | None) -> dict[str, object]:
    return {
        "id": str(version.public_id),
        "name": version.name,
        "version": version.version,
        "replaced_version": champion.version if champion else None,
        "sha256": version.sha256,
    }


def _require_rank(by: User, workspace: Workspace, role: Role, now: datetime, what: str) -> None:
    if effective_rank(user=by, workspace=workspace, now=now) < role.rank:
        raise NotAllowedError(f"{what} needs the role of {role.label.lower()}.")
