"""A conversion with a deal of the CRM."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from attribution.models import Conversion, Deal, Person
from tests.workspaces.inbound_calls import connect
from workspaces.models import Connection, Workspace

DEAL = "9000000001"
SOLD_AT = datetime(2026, 9, 1, tzinfo=UTC)


def sold(workspace: Workspace, *, amount: int | None = 1_000, **values: Any) -> Conversion:
    """A conversion worth 1,500, whose deal stands with another amount in our copy."""
    if not Connection.objects.filter(workspace=workspace, kind="hubspot").exists():
        connect(workspace, "hubspot", access_token="pat-sandbox-33", portal_id="33")
    Deal.objects.create(
        workspace=workspace, source="hubspot", portal="33", external_id=DEAL, amount=amount,
        amount_at=SOLD_AT if amount is not None else None,
    )  # fmt: skip
    given: dict[str, Any] = {
        "person": Person.objects.create(workspace=workspace), "conversion_id": "order-1",
        "type": "purchase", "value": 1_500, "currency": workspace.currency, "crm_deal": DEAL,
        "converted_at": SOLD_AT, "has_consent": True,
    }  # fmt: skip
    return Conversion.objects.create(workspace=workspace, **given | values)
