"""Results of a test as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from rest_framework.exceptions import ValidationError

from experiments.api.answer_serializers import ABResultsOut
from experiments.models import ABTest, Dimension
from experiments.selectors.results import Series, results_of, segments_of, series_of
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
        "metrics": results.metrics,
        "decision": results.decision,
        "words": decision_words(results),
        "series": _series(series_of(test)),
        "segments": segments_of(test, Dimension(segment), now) if segment else [],
        "roll_outs": test.roll_outs.select_related("variant").order_by("pk"),
    }
    return dict(ABResultsOut(told).data)


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
