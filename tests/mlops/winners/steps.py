"""Ads that say something, and winners with vectors of known directions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from campaigns.models import Ad, AdSet, Creative
from mlops.models import Winner
from mlops.services.winners.keeping import Entry, add_winner
from tests.campaigns.factories import AdFactory, AdSetFactory, DailyPerformanceFactory
from workspaces.engine.embedding.shapes import DIMENSIONS, FloatArray
from workspaces.models import Workspace

SHOES = "Running shoes for the rain, half price until Sunday"
COATS = "Warm winter coats made of recycled wool"


def ad_saying(
    workspace: Workspace, headline: str, ad_set: AdSet | None = None, **values: Any
) -> Ad:
    """An ad whose creative has a headline."""
    ad_set = ad_set or AdSetFactory(campaign__account__workspace=workspace)
    ad = AdFactory(ad_set=ad_set)
    ad.creative = Creative.objects.create(
        workspace=workspace, account=ad.account, external_id=f"c{ad.pk}", headline=headline,
        **values,
    )  # fmt: skip
    ad.save()
    return ad


def did_well(ad: Ad, **values: Any) -> None:
    """A day that makes an ad a winner by the default lines, unless told otherwise."""
    good = {
        "impressions": 2_000, "clicks": 100, "spend": Decimal(60), "conversions": Decimal(3),
        "revenue": Decimal(240),
    }  # fmt: skip
    DailyPerformanceFactory(ad=ad, **{**good, **values})


def directions(count: int, seed: int = 1) -> FloatArray:
    """Vectors of norm 1, the first one alike to every tenth."""
    rng = np.random.default_rng(seed)
    drawn = rng.standard_normal((count, DIMENSIONS))
    drawn[::10] = drawn[0] + 0.4 * rng.standard_normal((len(drawn[::10]), DIMENSIONS))
    unit = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit.astype(np.float32)


def winner_with(
    workspace: Workspace, vector: FloatArray, now: datetime, ad: Ad | None = None, **values: Any
) -> Winner:
    """A winner that somebody added with a vector."""
    ad = ad or AdFactory(ad_set__campaign__account__workspace=workspace)
    entry = Entry(ad.pk, vector, **{"embedder": "given", **values})
    return add_winner(workspace=workspace, ad=ad, entry=entry, by_label="Test", now=now)[0]
