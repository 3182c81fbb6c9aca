"""A workspace whose curves were learnt: two channels, one of them near its end."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from campaigns.engine.response.fit import prior_model
from campaigns.engine.response.model import VERSION, ChannelFacts, ResponseModel
from campaigns.engine.response.series import Series
from campaigns.models import ResponseFit
from tests.campaigns.advice.steps import YESTERDAY
from workspaces.models import Workspace

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
DAYS = 90
PRESENT = {"google_ads": 100.0, "meta": 60.0}


def learnt(
    units: tuple[float, ...] = (150.0, 150.0),
    halves: tuple[float, ...] = (0.6, 1.8),
    channels: tuple[str, ...] = tuple(PRESENT),
    spends: tuple[float, ...] = tuple(PRESENT.values()),
) -> ResponseModel:
    """Curves that are nearly sure: units at the present spend, and where half is reached."""
    spend = np.tile(np.array(spends), (DAYS, 1))
    series = Series(channels=channels, spend=spend, outcome=np.full(DAYS, 2.0 * sum(units)))
    model = prior_model(series, ("Not learnt.",), draws=40)
    sure = np.stack(
        [
            np.log(np.array(units) / model.scale),
            np.full(len(units), -0.4),
            np.log(halves),
            np.zeros(len(units)),
        ],
        axis=-1,
    )
    blurred = sure + 0.01 * np.random.default_rng(1).standard_normal((40, len(units), 4))
    facts = tuple(ChannelFacts(name, "fitted", 0.9) for name in channels)
    return replace(model, source="fitted", reasons=(), facts=facts, curves=blurred)


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
