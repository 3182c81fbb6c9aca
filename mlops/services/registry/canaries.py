"""Canaries: a signed version answers a share of the subjects, is watched, and then serves or not.

What was signed says who, how long and what then: without harm it serves everyone by itself. Where
it does harm it ends, and the champion answers all again. Each end is one transaction under the lock
of the name, so there is one champion and one canary at most whoever dies or clicks twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.urls import reverse

from mlops.engine.learning.canary import (
    LEAST_KNOWN,
    Seen,
    harm,
    scores_apart,
    standing,
)
from mlops.engine.learning.shadow import gain_of
from mlops.engine.learning.shadow_rules import rule_of
from mlops.models import Canary, CanaryOutcome, ModelStage, ModelVersion
from mlops.selectors.canary import answers_since, live_pairs, running_canary
from mlops.selectors.registry import champion_of, label_of, why_not_eligible
from mlops.selectors.watch import model_policy
from mlops.services.registry.adding import registry_lock
from mlops.services.registry.replacing import (
    STANDING,
    load_soon,
    put_away,
    require_rank,
    serve_signed,
)
from workspaces.gate import RequestError, StateError, digest
from workspaces.models import Proposal, User, Workspace
from workspaces.roles import Role
from workspaces.services.brake import mark_reverted, record_stop
from workspaces.services.locks import lock_names
from workspaces.services.notices import notify


def start_canary(
    *,
    proposal: Proposal,
    version: ModelVersion,
    champion: ModelVersion,
    share: Decimal,
    days: int,
    now: datetime,
) -> Canary:
    """Let a version answer its share, in the settling transaction and under the name's lock.

    It stands in the shadow meanwhile: users are scored daily by both.
    """
    version.stage = ModelStage.SHADOW
    version.archived_at = version.archived_by = None
    version.save(update_fields=STANDING)
    load_soon()
    return Canary.objects.create(
        workspace=proposal.workspace,
        version=version,
        champion=champion,
        proposal=proposal,
        name=version.name,
        share=share,
        started_at=now,
        ends_at=now + timedelta(days=days),
    )


def watch_canary(*, canary: Canary, now: datetime) -> Canary:
    """Look how an open canary does, and end it where it does harm or its time is up.

    Without harm it then serves everyone. While the kill switch is on it goes on as it is.
    """
    why = look(canary=canary, now=now)
    if why:
        _end_by_harm(canary, why, now)
    elif now >= canary.ends_at and not _is_stopped(canary.workspace_id):
        _serve_all(canary, by=None, why=f"Its time was up. {canary.standing}", now=now)
    canary.refresh_from_db()
    return canary


def look(*, canary: Canary, now: datetime) -> str:
    """Keep what is known of an open canary by now; returns what harm it does, or nothing."""
    rule, limits = rule_of(canary.name), model_policy(canary.workspace).limits
    seen, figures = _seen(canary)
    why = _fault(canary) or harm(rule, seen, limits)
    canary.standing = why or standing(rule, seen)
    Canary.objects.filter(pk=canary.pk, ended_at=None).update(
        seen=figures, standing=canary.standing, seen_at=now
    )
    return why


def serve_everybody(
    *, workspace: Workspace, name: str, by: User, now: datetime, shown: UUID | None = None
) -> ModelVersion:
    """Let an open canary serve everyone before its time is up: that much was signed.

    Raises
    ------
    NotAllowedError : the person is no approver
    StateError : none runs, another one than was shown, it does harm, or the kill switch is on
    """
    require_rank(by, workspace, Role.APPROVER, now, "Letting a canary serve everyone")
    canary = _open(workspace, name, shown)
    if _is_stopped(workspace.pk):
        raise StateError("The kill switch is on. Nothing new serves before it is released.")
    if why := look(canary=canary, now=now):
        raise StateError(f"It does not serve everyone: {why}")
    if not _serve_all(canary, by=by, why=f"{by} did not wait. {canary.standing}", now=now):
        raise StateError("It has just ended. Reload the page.")
    return canary.version


def stop_canary(
    *,
    workspace: Workspace,
    name: str,
    by: User,
    reason: str,
    now: datetime,
    shown: UUID | None = None,
) -> ModelVersion:
    """End a canary at once; the champion answers all again. Returns the version that answered.

    As a roll-back it waits for nobody and acts while the kill switch is on, too.

    Raises
    ------
    NotAllowedError : the person is no approver
    RequestError : no reason was given
    StateError : none runs, or another one than was shown
    """
    require_rank(by, workspace, Role.APPROVER, now, "Stopping a canary")
    if not reason.strip():
        raise RequestError("reason", "Say why the canary is stopped.")
    with transaction.atomic():
        lock_names([registry_lock(workspace, name)])
        canary = _open(workspace, name, shown)
        version = canary.version
        record_stop(
            workspace=workspace,
            by=by,
            rank=Role.APPROVER,
            subject_key=f"model:{name}",
            subject_label=label_of(name),
            summary=f"Stop the canary of version {version.version} of {label_of(name)}",
            body={
                "operation": "stop_canary",
                "subject": f"model:{name}",
                "before": f"version {version.version} answers {canary.share_text}",
                "after": f"version {canary.champion.version} answers all",
                "sha256": version.sha256,
            },
            reason=reason,
            now=now,
            reverts=canary.proposal,
        )
        _close(canary, CanaryOutcome.STOPPED, reason, by, now)
        put_away(version, by=by, now=now)
    return version


def end_beside(champion: ModelVersion, *, by: User | None, now: datetime) -> None:
    """End the canary of a champion that goes: it was signed to follow that one. Under its lock."""
    canary = running_canary(workspace=champion.workspace, name=champion.name)
    if canary is not None:
        why = f"Version {champion.version}, beside which it ran, does not serve any more."
        _close(canary, CanaryOutcome.STOPPED, why, by, now)
        put_away(canary.version, by=by, now=now)


def _open(workspace: Workspace, name: str, shown: UUID | None) -> Canary:
    canary = running_canary(workspace=workspace, name=name)
    if canary is None:
        raise StateError(f"No canary of {label_of(name)} runs. Reload the page.")
    if shown is not None and canary.version.public_id != shown:
        raise StateError(
            f"The canary of version {canary.version.version} runs now, not the one you saw. Look at"
            " it first."
        )
    return canary


def _seen(canary: Canary) -> tuple[Seen, dict[str, float | int | None]]:
    pairs, answers = live_pairs(canary), answers_since(canary)
    known = int(pairs.outcome.size)
    gain = None
    if known >= LEAST_KNOWN:
        gain = gain_of(
            rule_of(canary.name), pairs.outcome, pairs.champion, pairs.canary,
            seed=canary.version.version,
        )  # fmt: skip
    apart = scores_apart(answers.champion_said, answers.canary_said)
    failures = Canary.objects.values_list("failures", flat=True).get(pk=canary.pk)
    seen = Seen(answers.canary, failures, known, gain, apart)
    return seen, {
        "answers": answers.canary,
        "champion_answers": answers.champion,
        "known": known,
        "apart": apart,
        "champion_figure": gain.champion if gain else None,
        "figure": gain.challenger if gain else None,
        "gain": gain.share.point if gain else None,
        "gain_low": gain.share.low if gain else None,
        "gain_high": gain.share.high if gain else None,
    }


def _fault(canary: Canary) -> str:
    """Why it may not serve whatever it says: the plan or the artefact is not what was signed."""
    plan = canary.proposal.current_plan
    if plan is None or digest(plan.body) != plan.sha256:
        return "The stored plan does not match the hash that was signed."
    return why_not_eligible(canary.version)


@transaction.atomic
def _serve_all(canary: Canary, *, by: User | None, why: str, now: datetime) -> bool:
    """Make its version the champion; ``False``: it had ended, or the champion is another."""
    workspace, version = canary.workspace, canary.version
    lock_names([registry_lock(workspace, canary.name)])
    champion = champion_of(workspace=workspace, name=canary.name)
    if champion is None or champion.pk != canary.champion_id:
        return False
    if not _close(canary, CanaryOutcome.SERVES, why, by, now):
        return False
    serve_signed(proposal=canary.proposal, champion=champion, version=version, now=now)
    _tell(canary, f"Version {version.version} of {label_of(canary.name)} serves everyone", why, now)
    return True


@transaction.atomic
def _end_by_harm(canary: Canary, why: str, now: datetime) -> None:
    lock_names([registry_lock(canary.workspace, canary.name)])
    if not _close(canary, CanaryOutcome.HARMED, why, None, now):
        return
    version = canary.version
    put_away(version, by=None, now=now)
    mark_reverted(canary.proposal, now=now)
    title = f"The canary of version {version.version} of {label_of(canary.name)} was ended"
    _tell(canary, title, f"{why} Version {canary.champion.version} answers all again.", now)


def _close(
    canary: Canary, outcome: CanaryOutcome, why: str, by: User | None, now: datetime
) -> bool:
    """End it once: whoever comes second finds it ended."""
    moved = Canary.objects.filter(pk=canary.pk, ended_at=None).update(
        ended_at=now, outcome=outcome, why=why, ended_by=by
    )
    return bool(moved)


def _is_stopped(workspace_id: int) -> bool:
    return Workspace.objects.filter(pk=workspace_id, kill_switch=True).exists()


def _tell(canary: Canary, title: str, why: str, now: datetime) -> None:
    notify(
        workspace=canary.workspace,
        rank=Role.APPROVER.rank,
        topic="model.canary",
        title=title,
        body=why,
        url=reverse("model", args=[canary.version.public_id]),
        dedup_key=f"canary:{canary.pk}:end",
        now=now,
    )
