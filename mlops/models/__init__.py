"""The sampler's record, what synthetic worlds were made of, and versions of models."""

from __future__ import annotations

from mlops.models.registry import (
    ArtefactFormat,
    ModelArtefact,
    ModelStage,
    ModelVersion,
    Promotion,
)
from mlops.models.sampling import SamplerDecision, SamplerFeedback
from mlops.models.worlds import SyntheticWorld, WorldTruth

__all__ = [
    "ArtefactFormat",
    "ModelArtefact",
    "ModelStage",
    "ModelVersion",
    "Promotion",
    "SamplerDecision",
    "SamplerFeedback",
    "SyntheticWorld",
    "WorldTruth",
]
