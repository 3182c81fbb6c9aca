"""How a promotion looks in the queue, and a version's figures beside those of plain models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlops.engine.learning.measures import Measure, measure_of
from mlops.handlers import KIND
from mlops.models import Canary, ModelVersion, Promotion
from mlops.selectors.watch import shadow_report_of
from workspaces.models import Proposal
from workspaces.panels import KindPanel


@dataclass(frozen=True)
class Figures:
    """Measures of one model on the rows held out, in words, by their columns."""

    name: str
    cells: tuple[tuple[str, str], ...]
    is_ours: bool = False


@dataclass(frozen=True)
class Comparison:
    """Measures of a version and of what is plain."""

    measures: tuple[Measure, ...]
    rows: tuple[Figures, ...]


def comparison_of(version: ModelVersion, champion: ModelVersion | None = None) -> Comparison:
    """Set a version's metrics beside its baselines', and the champion's where that is another."""
    others: dict[str, Mapping[str, float]] = dict(version.baselines)
    if champion is not None and champion.pk != version.pk:
        others = {f"Version {champion.version}, which serves": champion.metrics, **others}
    measures = tuple(measure_of(name) for name in version.metrics)

    def cells(found: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
        return tuple((one.full_label, one.text(found.get(one.name))) for one in measures)

    rows = [Figures(f"Version {version.version}", cells(version.metrics), is_ours=True)]
    rows += [Figures(name, cells(found)) for name, found in others.items()]
    return Comparison(measures, tuple(rows))


def _context(proposal: Proposal, _now: datetime) -> dict[str, Any]:
    """The version, and its figures beside those of the one that it would replace."""
    promotion = Promotion.objects.select_related("version").filter(proposal=proposal).first()
    plan = proposal.current_plan
    if promotion is None or plan is None:
        return {}
    replaces = plan.content["replaces"]
    champion = ModelVersion.objects.filter(
        workspace=proposal.workspace, name=plan.content["model"], version=replaces
    ).first()
    return {
        "version": promotion.version,
        "canary": Canary.objects.filter(proposal=proposal).first(),
        "comparison": comparison_of(promotion.version, champion),
        "report": shadow_report_of(promotion.version, champion),
    }


PROMOTION_PANEL = KindPanel(kind=KIND, context=_context)
