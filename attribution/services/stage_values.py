"""New versions of the stage values: from a template at the start, later from signed plans only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from attribution.engine.stage_documents import DocumentError, from_document
from attribution.engine.stage_templates import TEMPLATES
from attribution.engine.synthetic_revenue import StageValues, problems_of
from attribution.models import PipelineStage, SyntheticRevenueConfig
from workspaces.gate import RequestError, StateError
from workspaces.models import Proposal, Workspace
from workspaces.services.locks import lock_names


def template_values(name: str) -> StageValues:
    """Values of a template.

    Raises
    ------
    RequestError : there is no such template
    """
    try:
        return TEMPLATES[name]
    except KeyError:
        known = ", ".join(TEMPLATES)
        raise RequestError("template", f"There is no template {name!r}; known: {known}.") from None


def read_values(document: Any) -> StageValues:
    """Stage values of a request, checked.

    Raises
    ------
    RequestError : something is missing or out of range, or values fall along the pipeline
    """
    try:
        values = from_document(document)
    except DocumentError as error:
        raise RequestError(error.field, str(error)) from error
    for field, message in problems_of(values).items():
        raise RequestError(field, message)
    return values


def install_template(
    *, workspace: Workspace, template: str, now: datetime
) -> SyntheticRevenueConfig:
    """Give a workspace that has no stage values yet those of a template.

    Raises
    ------
    StateError : there are values already; they change by proposal only
    """
    values = template_values(template)
    with transaction.atomic():
        lock_names([f"stage_values:{workspace.pk}"])
        if SyntheticRevenueConfig.objects.filter(workspace=workspace).exists():
            raise StateError("This workspace has stage values; propose a change of them.")
        return _write(
            SyntheticRevenueConfig(
                workspace=workspace,
                version=1,
                template=template,
                created_by_label=f"Template {template}",
                effective_at=now,
            ),
            values,
        )


def write_version(*, proposal: Proposal, body: dict[str, Any], now: datetime) -> None:
    """Write the version that a signed plan holds, once. Called in the settling transaction."""
    if SyntheticRevenueConfig.objects.filter(proposal=proposal).exists():
        return
    _write(
        SyntheticRevenueConfig(
            workspace=proposal.workspace,
            version=body["before"]["version"] + 1,
            template=body["template"],
            proposal=proposal,
            created_by=proposal.proposed_by,
            created_by_label=proposal.proposer_label,
            effective_at=now,
        ),
        from_document(body["after"]["values"]),
    )


def _write(config: SyntheticRevenueConfig, values: StageValues) -> SyntheticRevenueConfig:
    config.average_deal_value = values.average_deal_value
    config.sales_cycle_days = values.sales_cycle_days
    config.win_rate = values.win_rate
    config.stage_count = len(values.stages)
    config.save(force_insert=True)
    PipelineStage.objects.bulk_create(
        PipelineStage(
            config=config,
            key=stage.key,
            label=stage.label,
            order=stage.order,
            value=stage.value,
            confidence=stage.confidence,
            description=stage.description,
            outcome=stage.outcome,
        )
        for stage in values.stages
    )
    return config
