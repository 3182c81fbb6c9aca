"""Who answers which rows of a call: the champion, and beside it a canary its share of subjects."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import F

from mlops.engine.learning.canary import is_chosen, subject_of_row
from mlops.engine.learning.feature_rows import FeatureRow, RowError, columns_of, read_rows
from mlops.engine.learning.kinds import KINDS
from mlops.engine.learning.shapes import FloatArray, Reasons, Served
from mlops.models import Canary, ModelVersion, PredictionRole
from mlops.selectors.canary import running_canary
from mlops.services.registry.serving import ServedVersion, shelf

logger = logging.getLogger(__name__)


class NoNumberError(ValueError):
    """A model gave something that is no finite number."""


@dataclass(frozen=True)
class Part:
    """Rows of a call that one version answered, by their places in it."""

    version: ModelVersion
    role: PredictionRole
    places: tuple[int, ...]
    rows: Sequence[FeatureRow]
    outputs: FloatArray  # (rows, figures of each)
    reasons: list[Reasons]


@dataclass(frozen=True)
class Beside:
    """An open canary and its loaded model."""

    canary: Canary
    model: Served

    @property
    def version(self) -> ModelVersion:
        """The version that answers a share."""
        return self.canary.version

    def places(self, subjects: Sequence[str], rows: Sequence[FeatureRow]) -> tuple[int, ...]:
        """Rows of the subjects that are its own; a row of nobody stands for itself."""
        return tuple(
            place
            for place, (subject, row) in enumerate(zip(subjects, rows, strict=True))
            if is_chosen(
                subject or subject_of_row(row), self.canary.share, salt=self.version.sha256
            )
        )


def beside(champion: ModelVersion, *, now: datetime) -> Beside | None:
    """The canary that runs beside a champion, loaded; a faulty one answers nothing."""
    kind = KINDS.get(champion.name)
    if kind is None or not kind.is_by_subject:
        return None
    canary = running_canary(workspace=champion.workspace, name=champion.name)
    if canary is None or canary.champion_id != champion.pk:
        return None
    model = shelf.take(canary.version, now=now, is_serving=False)
    return Beside(canary, model) if model is not None else None


def canary_part(
    found: Beside, given: Sequence[Mapping[str, object]], places: tuple[int, ...]
) -> Part | None:
    """What a canary says of its rows; ``None``: it cannot, so the champion does.

    Rows that it cannot read are not held against it: a caller gives what the champion reads. What
    it should answer and does not is.
    """
    version = found.version
    try:
        rows = read_rows([given[place] for place in places], version.features, version.levels)
    except RowError:
        return None
    try:
        columns = columns_of(rows, version.features)
        outputs = figures(found.model, rows, version.features)
        reasons = found.model.reasons(columns)
    except (ArithmeticError, ValueError):
        logger.warning("a canary did not answer", extra={"canary": found.canary.pk}, exc_info=True)
        Canary.objects.filter(pk=found.canary.pk, ended_at=None).update(
            failures=F("failures") + len(places)
        )
        return None
    return Part(version, PredictionRole.CANARY, places, rows, outputs, reasons)


def answered(
    served: ServedVersion,
    role: PredictionRole,
    rows: Sequence[FeatureRow],
    outputs: FloatArray,
    places: tuple[int, ...],
) -> Part:
    """What a version said of its rows, with reasons."""
    version, model = served
    reasons = model.reasons(columns_of(rows, version.features))
    return Part(version, role, places, rows, outputs, reasons)


def figures(model: Served, rows: Sequence[FeatureRow], features: Sequence[str]) -> FloatArray:
    """(rows, figures of each) what a model gives.

    Raises
    ------
    NoNumberError : one is no finite number
    """
    outputs = np.asarray(model.predict(columns_of(rows, features)), dtype=np.float64)
    if not np.isfinite(outputs).all():
        raise NoNumberError("It gave something that is no number.")
    return outputs.reshape(len(rows), -1)
