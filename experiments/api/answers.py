"""Results of a test as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from rest_framework.exceptions import ValidationError

from experiments.api.answer_serializers import ABResultsOut
from experiments.models import ABTest, Dimension, Mode
from experiments.selectors.results import Results, Series, results_of, segments_of, series_of
from experiments.selectors.splits import causes_of
from experiments.selectors.weighing import weighted_of
from experiments.selectors.wording import decision_words


def results_shown(test: ABTest, segment: str, now: datetime) -> dict[str, Any]:
    """Show results, with the segments of one dimension where it is asked for."""
    if segment and segment not in Dimension.values:
        raise ValidationError({"segment": f"Choose one of {', '.join(Dimension.values)}."})
    results = results_of(test, now)
    told = {
        "test": test,
        "days": results.days,
        "newest_day": results.newest_day,
        "is_shown": results.is_shown,
        "split": results.split,
        "causes": _causes(results),
        "metrics": results.metrics,
        "decision": results.decision,
        "words": decision_words(results),
        "weighted": _weighted(results),
        "series": _series(series_of(test)),
        "segments": segments_of(test, Dimension(segment), now) if segment else [],
        "roll_outs": test.roll_outs.select_related("variant").order_by("pk"),
    }
    return dict(ABResultsOut(told).data)


def _causes(results: Results) -> list[Any]:
    """Parts of the units in which the split is off, where it is off at all."""
    if not results.is_gated:
        return []
    return causes_of(results.test, [one.variant for one in results.split.arms])


def _weighted(results: Results) -> list[dict[str, Any]]:
    """Means of a bandit's variants that allow for its moving shares; hidden as all figures are."""
    if results.test.mode != Mode.BANDIT or results.primary is None:
        return []
    if results.is_gated or not results.is_shown:
        return []
    found = weighted_of(results.test, results.primary.metric)
    return [
        {"variant": arm.variant, "value": one.value, "low": one.low, "high": one.high,
         "effective_units": one.effective_units}
        for arm, one in zip(results.split.arms, found, strict=True)
        if one is not None
    ]  # fmt: skip


def _series(series: Series) -> dict[str, Any]:
    return {
        "days": series.days,
        "lines": [
            {
                "variant": line.variant.key,
                **{
                    name: [
                        float(value) if is_known and np.isfinite(value) else None
                        for value, is_known in zip(values, line.is_known, strict=True)
                    ]
                    for name, values in (
                        ("effect", line.effect), ("low", line.low), ("high", line.high),
                    )
                },
            }
            for line in series.lines
        ],
    }  # fmt: skip
