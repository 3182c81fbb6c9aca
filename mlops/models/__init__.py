"""The sampler's record, synthetic worlds, versions of models and what they said."""

from __future__ import annotations

from mlops.models.predictions import ModelPrediction, PredictionDoor, PredictionRole
from mlops.models.registry import (
    ArtefactFormat,
    ModelArtefact,
    ModelStage,
    ModelVersion,
    Promotion,
)
from mlops.models.sampling import SamplerDecision, SamplerFeedback
from mlops.models.watch import (
    JUDGED_FROM,
    DriftReport,
    ModelPolicy,
    ScoreDay,
    ShadowReport,
    UserScore,
)
from mlops.models.winners import (
    IndexForm,
    Winner,
    WinnerLibrary,
    WinnerPolicy,
    WinnerSnapshot,
    WinnerSource,
)
from mlops.models.worlds import SyntheticWorld, WorldTruth

__all__ = [
    "JUDGED_FROM",
    "ArtefactFormat",
    "DriftReport",
    "IndexForm",
    "ModelArtefact",
    "ModelPolicy",
    "ModelPrediction",
    "ModelStage",
    "ModelVersion",
    "PredictionDoor",
    "PredictionRole",
    "Promotion",
    "SamplerDecision",
    "SamplerFeedback",
    "ScoreDay",
    "ShadowReport",
    "SyntheticWorld",
    "UserScore",
    "Winner",
    "WinnerLibrary",
    "WinnerPolicy",
    "WinnerSnapshot",
    "WinnerSource",
    "WorldTruth",
]
