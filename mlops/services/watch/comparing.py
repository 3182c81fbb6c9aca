"""Challengers into the shadow, their comparison with the champion, and the proposal that follows.

Everything here is repeated every day and does each thing once: a version goes to the shadow once,
a report stands once a day, and a version is proposed once, whatever became of that proposal.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import transaction

from mlops.engine.learning.shadow import (
    Agreement,
    Gain,
    agreement_of,
    eligibility,
    limits_for,
    threshold_of,
)
from mlops.engine.learning.shadow_rules import Rule, rule_of
from mlops.models import ModelStage, ModelVersion, ShadowReport
from mlops.selectors.canary import running_canary
from mlops.selectors.registry import PROMOTION_KIND, champion_of, is_intact, label_of
from mlops.selectors.watch import Pairs, model_policy, watched_versions
from mlops.services.registry.adding import registry_lock
from mlops.services.registry.promoting import to_shadow
from mlops.services.watch.beside import BESIDE, Beside
from workspaces.gate import GateError, Proposer
from workspaces.models import Proposal, Workspace
from workspaces.models.gate import OPEN
from workspaces.services.locks import lock_names
from workspaces.services.proposing import propose

logger = logging.getLogger(__name__)

MOST_DIFFERING: Final = 20
#: As what was decided otherwise names its rows.
_KEYS: Final = {"user": "install", "campaign": "campaign", "message": "message"}


@transaction.atomic
def advance(*, workspace: Workspace, name: str, now: datetime) -> ModelVersion | None:
    """Move the newest challenger that beats the plain models and is newer than what serves.

    It goes beside the champion into the shadow; shadows before it that nobody proposed are put
    away. Without a champion there is nothing to be compared with, so nothing moves, nor while a
    canary runs.
    """
    lock_names([registry_lock(workspace, name)])
    champion = champion_of(workspace=workspace, name=name)
    if champion is None or running_canary(workspace=workspace, name=name) is not None:
        return None
    rows = ModelVersion.objects.filter(
        workspace=workspace, name=name, is_better=True, version__gt=champion.version
    )
    newest = rows.filter(stage=ModelStage.CHALLENGER).order_by("-version").first()
    if newest is None or not is_intact(newest):
        return None
    if rows.filter(stage=ModelStage.SHADOW, version__gt=newest.version).exists():
        return None
    proposed = Proposal.objects.filter(
        workspace=workspace, kind=PROMOTION_KIND, status__in=OPEN
    ).values("promotion__version")
    rows.filter(stage=ModelStage.SHADOW).exclude(pk__in=proposed).update(
        stage=ModelStage.ARCHIVED, archived_at=now
    )
    return to_shadow(version=newest, by=None, now=now)


def compare(*, workspace: Workspace, name: str, now: datetime) -> ShadowReport | None:
    """Set a name's shadow against its champion and keep what was found; ``None``: no shadow."""
    versions = watched_versions(workspace=workspace, name=name)
    if len(versions) < 2:
        return None
    champion, shadow = versions
    rule = rule_of(name)
    beside = BESIDE[name](champion, shadow, now)
    known, both, gain = beside.known, beside.both, beside.gain
    limits = limits_for(rule, model_policy(workspace).limits)
    far = beside.moved.beyond(limits.most_moved, beside.chance)
    is_eligible, verdict = eligibility(
        rule,
        gain,
        len(known),
        next(iter(far.values()), beside.moved.most) if beside.words is None else None,
        limits,
        is_by_chance=not far,
    )
    found = beside.agreement or _agreement(rule, champion, shadow, both)
    report, _ = ShadowReport.objects.update_or_create(
        version=shadow,
        champion=champion,
        day=now.astimezone(workspace.zone).date(),
        defaults={
            "workspace": workspace,
            "rows": len(known),
            "scored": len(both),
            "campaigns": gain.campaigns if gain else None,
            "metric": rule.metric_label,
            **_figures(gain),
            "moved": rounded(beside.moved.features),
            "chance": rounded(beside.chance.features if beside.chance else {}),
            "rank_correlation": found.rank_correlation if len(both) else None,
            "same_decisions": found.same_decisions,
            "differing": _differing(rule, beside, found),
            "effect": _effect(rule, gain, workspace),
            "is_eligible": is_eligible,
            "verdict": verdict,
            "made_at": now,
        },
    )
    return report


def propose_ready(*, workspace: Workspace, name: str, now: datetime) -> Proposal | None:
    """Propose the version that may serve, once; ``None``: there is none, or it was proposed.

    The first version of a name needs to beat the plain models; one beside a champion needs the
    comparison in the shadow, too.
    """
    if not model_policy(workspace).proposes_by_itself:
        return None
    ready = _ready(workspace, name, now.astimezone(workspace.zone).date())
    if ready is None or ready[0].promotions.exists():
        return None
    version, reason = ready
    try:
        return propose(
            workspace=workspace,
            kind=PROMOTION_KIND,
            request={"model": name, "version": version.version},
            proposer=Proposer.rule("comparison of models"),
            reason=reason,
            idempotency_key=f"version:{version.public_id}",
            now=now,
        )
    except GateError as error:
        # A person's proposal, or one that is signed, goes first.
        logger.info("not proposed", extra={"version": version.pk, "why": str(error)})
        return None


def _ready(workspace: Workspace, name: str, today: date) -> tuple[ModelVersion, str] | None:
    versions = watched_versions(workspace=workspace, name=name)
    if not versions:
        rows = ModelVersion.objects.filter(workspace=workspace, name=name, is_better=True)
        first = rows.exclude(stage=ModelStage.ARCHIVED).order_by("-version").first()
        if first is None or not is_intact(first):
            return None
        return first, f"No version of {label_of(name)} serves yet. {first.verdict}"
    report = (
        ShadowReport.objects.filter(
            version=versions[-1], champion=versions[0], day__gte=today - timedelta(days=1)
        )
        .order_by("-day")
        .first()
    )
    if report is None or not report.is_eligible:
        return None
    return versions[-1], report.verdict


def rounded(found: Mapping[str, float]) -> dict[str, float]:
    """Figures as reports keep them."""
    return {name: round(value, 4) for name, value in found.items()}


def _agreement(rule: Rule, champion: ModelVersion, shadow: ModelVersion, pairs: Pairs) -> Agreement:
    limits = (
        threshold_of(rule, champion.card, pairs.champion),
        threshold_of(rule, shadow.card, pairs.challenger),
    )
    first, second = limits
    both = None if first is None or second is None else (first, second)
    return agreement_of(pairs.champion, pairs.challenger, thresholds=both)


def _differing(rule: Rule, beside: Beside, found: Agreement) -> list[dict[str, Any]]:
    pairs = beside.both
    return [
        {
            _KEYS[rule.subject]: int(pairs.keys[place]),
            "began_on": str(pairs.began_on[place]),
            "champion": round(float(pairs.champion[place]), 4),
            "challenger": round(float(pairs.challenger[place]), 4),
            "outcome": None if np.isnan(pairs.outcome[place]) else float(pairs.outcome[place]),
            **_in_words(beside, place),
        }
        for place in _each_once(pairs.keys, found.differing)[:MOST_DIFFERING]
    ]


def _in_words(beside: Beside, place: np.intp) -> dict[str, str]:
    """What was said of a row, where that is no figure."""
    if beside.words is None:
        return {}
    names = ("champion_said", "challenger_said", "meant")
    return {name: str(said[place]) for name, said in zip(names, beside.words, strict=True)}


def _each_once(keys: npt.NDArray[np.int64], places: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Places of the first row of each user or campaign: a campaign has many days."""
    _, first = np.unique(keys[places], return_index=True)
    return places[np.sort(first)]


def _figures(gain: Gain | None) -> dict[str, float | None]:
    if gain is None:
        names = ("champion_figure", "challenger_figure", "gain", "gain_low", "gain_high")
        return dict.fromkeys(names)
    return {
        "champion_figure": gain.champion,
        "challenger_figure": gain.challenger,
        "gain": gain.share.point,
        "gain_low": gain.share.low,
        "gain_high": gain.share.high,
    }


def _effect(rule: Rule, gain: Gain | None, workspace: Workspace) -> dict[str, Any] | None:
    """What promoting would bring, as the gate tells predicted effects."""
    if gain is None or gain.top is None:
        return None
    step = Decimal("0.01") if rule.is_money else Decimal("0.1")
    ends = {"delta": gain.top.point, "low": gain.top.low, "high": gain.top.high}
    return {
        "metric": rule.top_label,
        **{name: str(Decimal(str(value)).quantize(step)) for name, value in ends.items()},
        "per": "",
        "horizon_days": rule.horizon_days,
        "confidence": str(round(Decimal(str(gain.confidence)), 4)),
        **({"currency": workspace.currency} if rule.is_money else {}),
    }
