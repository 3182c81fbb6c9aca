"""What versions said of campaigns' coming days, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection

from mlops.engine.learning.shapes import FloatArray
from mlops.models import CampaignScore, ModelVersion
from mlops.selectors.watch import unseen_from

#: As many of the newest rows are compared: half a year of sixty campaigns.
MOST_COMPARED: Final = 10_000


@dataclass(frozen=True)
class CampaignPairs:
    """Campaigns on days of which both versions said something, the newest first.

    Attributes
    ----------
    campaigns, began_on : (rows,)
    champion, challenger : (rows, figures) what each said
    outcomes : (rows, outcomes) what came; NaN where it is not known
    scales : (rows, targets) what errors are measured in
    """

    campaigns: npt.NDArray[np.int64]
    began_on: npt.NDArray[np.datetime64]
    champion: FloatArray
    challenger: FloatArray
    outcomes: FloatArray
    scales: FloatArray

    def __len__(self) -> int:
        return self.campaigns.size

    def where(self, chosen: npt.NDArray[np.bool_]) -> CampaignPairs:
        """Take some of them."""
        return CampaignPairs(
            self.campaigns[chosen], self.began_on[chosen], self.champion[chosen],
            self.challenger[chosen], self.outcomes[chosen], self.scales[chosen],
        )  # fmt: skip


_PAIRS: Final = """
    SELECT s.campaign_id, s.began_on, c.figures, s.figures, s.outcomes, s.scales
      FROM mlops_campaignscore s
      JOIN mlops_campaignscore c ON c.campaign_id = s.campaign_id AND c.began_on = s.began_on
                                AND c.version_id = %(champion)s
     WHERE s.version_id = %(challenger)s AND s.began_on >= %(since)s
       AND (s.outcomes IS NOT NULL) = %(known)s
     ORDER BY s.began_on DESC, s.campaign_id
     LIMIT %(most)s
"""


def campaign_pairs_of(
    *, champion: ModelVersion, challenger: ModelVersion, known: bool
) -> CampaignPairs:
    """Newest days of campaigns that neither learnt from, of known outcome or of none yet."""
    asked: dict[str, Any] = {
        "champion": champion.pk,
        "challenger": challenger.pk,
        "since": max(unseen_from(champion), unseen_from(challenger)),
        "known": known,
        "most": MOST_COMPARED,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, asked)
        rows = cursor.fetchall()
    keys, days, before, now, outcomes, scales = zip(*rows, strict=True) if rows else ((),) * 6
    return CampaignPairs(
        np.array(keys, dtype=np.int64),
        np.array(days, dtype="datetime64[D]"),
        _stacked(before),
        _stacked(now),
        _stacked(outcomes),
        _stacked(scales),
    )


@dataclass(frozen=True)
class KnownScores:
    """What a version said, and what came of it."""

    figures: FloatArray
    outcomes: FloatArray

    def __len__(self) -> int:
        return len(self.figures)


def known_scores(version: ModelVersion, *, since: date) -> KnownScores:
    """Scores of days from ``since`` on whose outcome is known."""
    rows = (
        CampaignScore.objects.filter(version=version, outcomes__isnull=False, began_on__gte=since)
        .order_by("-began_on", "campaign_id")
        .values_list("figures", "outcomes")[:MOST_COMPARED]
    )
    told = list(rows)
    figures = _stacked([one for one, _ in told])
    outcomes = _stacked([one for _, one in told])
    some = ~np.isnan(outcomes).all(axis=1) if len(told) else np.empty(0, dtype=bool)
    return KnownScores(figures[some], outcomes[some])


def _stacked(rows: Sequence[Sequence[float | None] | None]) -> FloatArray:
    """(rows, values); none at all where nothing is known of any."""
    if not rows or rows[0] is None:
        return np.empty((len(rows), 0))
    return np.array(rows, dtype=np.float64)
