"""How each model of a workspace stands, by our criterion and by that of customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mlops.engine.learning.criteria import CRITERIA, Judged
from mlops.engine.learning.kinds import KINDS
from mlops.models import ModelStage, ModelVersion
from mlops.selectors.registry import label_of
from workspaces.models import Workspace

OURS: Final = "ours"
CUSTOMERS: Final = "the customer's"


@dataclass(frozen=True)
class Line:
    """One criterion of one model.

    ``version`` and ``found`` are ``None`` where there is no version, or where the figure was not
    taken; ``is_met`` is then false.
    """

    model: str
    label: str
    version: int | None
    stage: str
    by: str
    measure: str
    found: float | None
    beside: str
    goal: str
    is_met: bool


def evaluation_of(workspace: Workspace) -> list[Line]:
    """Lines of all kinds of models; where none serves, those of the newest version. One query."""
    rows = ModelVersion.objects.filter(workspace=workspace).defer("card", "features", "levels")
    newest = rows.order_by("name", "-version").distinct("name")
    champions = rows.filter(stage=ModelStage.CHAMPION)
    versions: dict[str, ModelVersion] = {}
    for version in rows.filter(pk__in=newest.values("pk").union(champions.values("pk"))):
        known = versions.get(version.name)
        if known is None or version.stage == ModelStage.CHAMPION:
            versions[version.name] = version
    return [line for name in KINDS for line in _lines(name, versions.get(name))]


def _lines(name: str, version: ModelVersion | None) -> Iterator[Line]:
    criteria = CRITERIA.get(name)
    if criteria is None:
        return
    measure, label = criteria.measure, label_of(name)
    number = None if version is None else version.version
    stage = "" if version is None else version.get_stage_display()
    judged = _judged(version)
    best = criteria.best_plain(judged)
    yield Line(
        name, label, number, stage, OURS, measure.label, judged.metrics.get(measure.name),
        "" if best is None else f"{best[0]} {best[1]:.4f}", KINDS[name].goal, judged.is_better,
    )  # fmt: skip
    for wish in criteria.wishes:
        found = None if version is None else wish.found(judged)
        yield Line(
            name, label, number, stage, CUSTOMERS, wish.label, found, "", wish.goal,
            found is not None and wish.is_met(found),
        )  # fmt: skip


def _judged(version: ModelVersion | None) -> Judged:
    if version is None:
        return Judged({}, {}, is_better=False)
    return Judged(version.metrics, version.baselines, version.is_better)
