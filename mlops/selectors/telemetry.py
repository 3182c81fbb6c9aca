"""Figures of models for the operator's monitoring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from workspaces.telemetry import Measure, Reading, Source, rows_of

SERVING = Measure("countersign_models_serving", "Versions that serve, one a workspace.", ("model",))
AGE = Measure(
    "countersign_model_age_seconds", "Since the oldest of them was promoted.", ("model",)
)  # fmt: skip
MOVED = Measure(
    "countersign_models_moved",
    "Of these, those whose newest report says that what they read has moved.",
    ("model",),
)
_SQL: Final = """
    SELECT v.name, count(*), coalesce(extract(epoch FROM %(now)s - min(v.promoted_at)), 0),
           count(*) FILTER (WHERE report.is_moved)
    FROM mlops_modelversion v
    LEFT JOIN LATERAL (
        SELECT d.is_moved FROM mlops_driftreport d WHERE d.version_id = v.id
        ORDER BY d.day DESC LIMIT 1
    ) report ON true
    WHERE v.stage = 'champion' GROUP BY v.name
"""


def _models(now: datetime) -> Iterator[Reading]:
    for name, serving, age_s, moved in rows_of(_SQL, {"now": now}):
        yield SERVING, (name,), serving
        yield AGE, (name,), age_s
        yield MOVED, (name,), moved


SOURCE: Final = Source("models", (SERVING, AGE, MOVED), _models)
