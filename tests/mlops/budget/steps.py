"""A workspace whose curves were learnt: two channels, one of them near its end."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from campaigns.engine.response.model import VERSION, ResponseModel
from campaigns.models import ResponseFit
from tests.campaigns.advice.steps import YESTERDAY
from tests.mlops.budget.curves import DAYS, learnt
from workspaces.models import Workspace

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def learnt_fit(workspace: Workspace, **models: ResponseModel) -> ResponseFit:
    """Store curves of revenue and of installs, as a fit does."""
    found = models or {"installs": learnt((10.0, 10.0)), "revenue": learnt()}
    quality = {"mape": 0.1, "naive_mape": 0.2, "steps": 13, "r_squared": 0.9}
    return ResponseFit.objects.create(
        workspace=workspace, fitted_at=NOW, since=YESTERDAY - timedelta(days=DAYS - 1),
        until=YESTERDAY, engine_version=VERSION, currency=workspace.currency, unit="installs",
        curves={name: model.to_json() for name, model in found.items()},
        quality={
            "notes": [], "value_name": "revenue",
            "outcomes": {
                name: {
                    **quality, "source": model.source, "reasons": list(model.reasons),
                    "channels": [asdict(fact) for fact in model.facts],
                }
                for name, model in found.items()
            },
        },
        uses_priors=False,
    )  # fmt: skip
