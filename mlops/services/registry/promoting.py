"""Where versions stand: scored in the shadow, promoted by a signed plan, rolled back at once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from mlops.engine.learning.kinds import KINDS
from mlops.models import Canary, ModelStage, ModelVersion
from mlops.selectors.registry import (
    champion_of,
    earlier_champions,
    label_of,
    promotion_of,
    why_not_eligible,
)
from mlops.services.registry.adding import registry_lock
from mlops.services.registry.canaries import end_beside, start_canary
from mlops.services.registry.replacing import (
    load_soon,
    put_away,
    replace_champion,
    require_rank,
    serve_signed,
)
from workspaces.gate import RequestError, StateError
from workspaces.models import Proposal, User, Workspace
from workspaces.roles import Role
from workspaces.services.brake import record_stop
from workspaces.services.locks import lock_names


def to_shadow(*, version: ModelVersion, by: User | None, now: datetime) -> ModelVersion:
    """Let a challenger be scored beside the champion; what it says is not used.

    Without a person it is the machine's own step: it changes nothing that serves.

    Raises
    ------
    NotAllowedError : the person is no operator
    StateError : it is no challenger
    """
    if by is not None:
        require_rank(by, version.workspace, Role.OPERATOR, now, "Scoring in the shadow")
    moved = ModelVersion.objects.filter(pk=version.pk, stage=ModelStage.CHALLENGER).update(
        stage=ModelStage.SHADOW
    )
    version.refresh_from_db()
    if not moved:
        raise StateError(f"It is {version.get_stage_display().lower()}, not a challenger.")
    return version


def promote(
    *, proposal: Proposal, version_id: int, share: Decimal, days: int, now: datetime
) -> None:
    """Let the version of a signed plan serve. Called in the settling transaction.

    With a share below one, and another version that serves, a canary starts; a repeat adds nothing.
    """
    workspace = proposal.workspace
    version = ModelVersion.objects.get(workspace=workspace, pk=version_id)
    lock_names([registry_lock(workspace, version.name)])
    champion = champion_of(workspace=workspace, name=version.name)
    if champion is not None and champion.pk == version.pk:
        return
    if champion is None or share >= 1:
        if champion is not None:
            end_beside(champion, by=proposal.decided_by, now=now)
        serve_signed(proposal=proposal, champion=champion, version=version, now=now)
    elif not Canary.objects.filter(proposal=proposal).exists():
        start_canary(
            proposal=proposal, version=version, champion=champion, share=share, days=days, now=now
        )


def rollback(
    *,
    workspace: Workspace,
    name: str,
    by: User,
    reason: str,
    now: datetime,
    shown: UUID | None = None,
) -> ModelVersion | None:
    """Go back to the champion before this one, at once; returns the one that serves now.

    ``None``: none came before it, and what ships with the product serves, where a kind has that.
    Stopping what we promoted ourselves waits for nobody: it stands in the record as an executed
    proposal signed by the policy 'stop', and acts while the kill switch is on, too. ``shown`` is
    the champion that the person saw: a second click does not go back two versions.

    Raises
    ------
    NotAllowedError : the person is no approver
    RequestError : no reason was given
    StateError : none serves, another one than was shown, or no sound one came before it
    """
    require_rank(by, workspace, Role.APPROVER, now, "Rolling a model back")
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
        back_to = f"version {target.version}" if target else KINDS[name].without
        promotion = promotion_of(champion)
        record_stop(
            workspace=workspace,
            by=by,
            rank=Role.APPROVER,
            subject_key=f"model:{name}",
            subject_label=label_of(name),
            summary=f"Roll {label_of(name)} back to {back_to}",
            body={
                "operation": "roll_back_model",
                "subject": f"model:{name}",
                "before": f"version {champion.version}",
                "after": back_to,
                "sha256": target.sha256 if target else "",
            },
            reason=reason,
            now=now,
            reverts=promotion.proposal if promotion else None,
        )
        end_beside(champion, by=by, now=now)
        if target is None:
            put_away(champion, by=by, now=now)
            load_soon()
        else:
            replace_champion(champion, target, by=by, now=now)
    return target


def _sound_before(champion: ModelVersion) -> ModelVersion | None:
    for version in earlier_champions(champion):
        if not why_not_eligible(version):
            return version
    if champion.name in KINDS and KINDS[champion.name].without:
        return None
    raise StateError(
        f"No sound version served before version {champion.version}. Propose another one instead."
    )
