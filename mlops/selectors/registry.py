"""Which versions of models there are, which one serves, and which may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from mlops.engine.learning.kinds import KINDS
from mlops.models import (
    Canary,
    DriftReport,
    ModelArtefact,
    ModelStage,
    ModelVersion,
    Promotion,
    ShadowReport,
)
from mlops.models.registry import CHECKSUM
from mlops.selectors.canary import running_canaries
from mlops.selectors.watch import newest_drifts, newest_shadows
from workspaces.models import Proposal, Workspace
from workspaces.models.gate import OPEN

# As the gate names it; the handler that registers it stands above this module.
PROMOTION_KIND: Final = "model_promotion"
MOST_SHOWN: Final = 20


@dataclass(frozen=True)
class Family:
    """The newest versions of one name, the newest first, and the one that serves.

    ``shadow`` and ``drift`` are what was found last of what serves, ``canary`` runs beside it.
    """

    name: str
    label: str
    goal: str
    versions: tuple[ModelVersion, ...]
    champion: ModelVersion | None
    fault: str
    waiting: Proposal | None
    shadow: ShadowReport | None = None
    drift: DriftReport | None = None
    canary: Canary | None = None

    @property
    def without(self) -> str:
        """What serves while no version does, in words; empty: nothing."""
        return KINDS[self.name].without if self.name in KINDS else ""

    @property
    def shown(self) -> tuple[ModelVersion, ...]:
        """The newest of them."""
        return self.versions[:MOST_SHOWN]


def families(*, workspace: Workspace) -> list[Family]:
    """Versions by name, with what serves, what is wrong with it and what waits for a signature."""
    place = Window(RowNumber(), partition_by="name", order_by=F("version").desc())
    rows = (
        ModelVersion.objects.filter(workspace=workspace)
        .annotate(place=place)
        .filter(Q(place__lte=MOST_SHOWN) | Q(stage=ModelStage.CHAMPION))
        .defer("card")
        .order_by("name", "-version")
    )
    grouped = [(name, tuple(found)) for name, found in groupby(rows, key=lambda row: row.name)]
    waiting = {
        proposal.subject_key: proposal
        for proposal in Proposal.objects.filter(
            workspace=workspace, kind=PROMOTION_KIND, status__in=OPEN
        )
    }
    sound = set(
        ModelArtefact.objects.filter(
            workspace=workspace, version__stage=ModelStage.CHAMPION, sha256=CHECKSUM
        ).values_list("pk", flat=True)
    )
    shadows, drifts = newest_shadows(workspace), newest_drifts(workspace)
    canaries = running_canaries(workspace)
    return [
        replace(
            _family(name, found, waiting.get(f"model:{name}"), sound),
            shadow=shadows.get(name),
            drift=drifts.get(name),
            canary=canaries.get(name),
        )
        for name, found in grouped
    ]


def family_of(name: str) -> Family:
    """A name without versions."""
    return _family(name, (), None, set())


def _family(
    name: str, versions: tuple[ModelVersion, ...], waiting: Proposal | None, sound: set[int]
) -> Family:
    champion = next((row for row in versions if row.stage == ModelStage.CHAMPION), None)
    fault = ""
    if champion is not None and champion.pk not in sound:
        fault = (
            f"The artefact of version {champion.version} no longer has its checksum, so it does"
            " not serve: the version before it does. Roll back, then train or import a sound one."
        )
    return Family(
        name=name,
        label=label_of(name),
        goal=KINDS[name].goal if name in KINDS else "",
        versions=versions,
        champion=champion,
        fault=fault,
        waiting=waiting,
    )


def label_of(name: str) -> str:
    """Name of a kind of model for people."""
    return KINDS[name].label if name in KINDS else name


def champion_of(*, workspace: Workspace, name: str) -> ModelVersion | None:
    """The version that serves, without what only people read."""
    return (
        ModelVersion.objects.filter(workspace=workspace, name=name, stage=ModelStage.CHAMPION)
        .defer("card", "verdict", "metrics", "baselines")
        .first()
    )


def promotion_of(champion: ModelVersion) -> Promotion | None:
    """The promotion that last made a version the champion."""
    return (
        Promotion.objects.filter(version=champion, done_at__isnull=False)
        .select_related("proposal", "replaced")
        .order_by("-done_at", "-pk")
        .first()
    )


def earlier_champions(champion: ModelVersion) -> Iterator[ModelVersion]:
    """Champions before this one, the last first, each once."""
    seen = {champion.pk}
    promotion = promotion_of(champion)
    while promotion is not None and (before := promotion.replaced) and before.pk not in seen:
        seen.add(before.pk)
        yield before
        promotion = promotion_of(before)


def is_intact(version: ModelVersion) -> bool:
    """Whether the stored bytes still have their checksum; the database counts it."""
    return ModelArtefact.objects.filter(version=version, sha256=CHECKSUM).exists()


def why_not_eligible(version: ModelVersion) -> str:
    """Why a version may not serve, as a sentence; empty: it may."""
    if not version.is_better:
        return f"Version {version.version} is not eligible: {version.verdict}"
    if version.name not in KINDS:
        return f"This installation knows no model called {version.name}; upgrade it first."
    if not is_intact(version):
        return (
            f"The artefact of version {version.version} no longer has its checksum."
            " Train it again, or import it again from its file."
        )
    return ""
