"""Steps that tests of stage values and deals take."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attribution.engine.stage_documents import as_document
from attribution.engine.stage_templates import TEMPLATES
from attribution.services.ledger import DealRef, Recorded, SeenMove, record_moves
from attribution.services.stage_values import install_template
from workspaces.models import Workspace

CRM = "crm"


def installed(workspace: Workspace, now: datetime, template: str = "ptd_fitness") -> Workspace:
    """The workspace, with the values of a template."""
    install_template(workspace=workspace, template=template, now=now)
    return workspace


def document(**values: str) -> dict[str, Any]:
    """The fitness template as a document, with other values for some stages."""
    found = as_document(TEMPLATES["ptd_fitness"])
    for stage in found["stages"]:
        stage["value"] = values.get(stage["key"], stage["value"])
    return found


def moved(workspace: Workspace, deal: str, stage: str, now: datetime, **options: Any) -> Recorded:
    """A deal seen in a stage now."""
    move = SeenMove(f"{deal}:{stage}", stage, options.pop("at", now))
    return record_moves(
        workspace=workspace, deal=DealRef(CRM, deal), moves=[move], now=now, **options
    )
