"""The sampler's record, synthetic worlds, models and what they said, and the ML dashboards."""

from __future__ import annotations

from mlops.engine.learning.shapes import JUDGED_FROM
from mlops.models.boards import (
    BoardType,
    BudgetRecommendation,
    MLDashboard,
    ReachCTRTimeseries,
    ROIForecast,
    ROITimeseries,
    SyncRun,
    SyncState,
    SyncStep,
    Theme,
)
from mlops.models.canary import Canary, CanaryOutcome, share_in_words
from mlops.models.predictions import ModelPrediction, PredictionDoor, PredictionRole
from mlops.models.registry import (
    ArtefactFormat,
    ModelArtefact,
    ModelStage,
    ModelVersion,
    Promotion,
)
from mlops.models.sampling import PolicyTrial, SamplerDecision, SamplerFeedback, TrialState
from mlops.models.watch import (
    CampaignScore,
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
    "BoardType",
    "BudgetRecommendation",
    "CampaignScore",
    "Canary",
    "CanaryOutcome",
    "DriftReport",
    "IndexForm",
    "MLDashboard",
    "ModelArtefact",
    "ModelPolicy",
    "ModelPrediction",
    "ModelStage",
    "ModelVersion",
    "PolicyTrial",
    "PredictionDoor",
    "PredictionRole",
    "Promotion",
    "ROIForecast",
    "ROITimeseries",
    "ReachCTRTimeseries",
    "SamplerDecision",
    "SamplerFeedback",
    "ScoreDay",
    "ShadowReport",
    "SyncRun",
    "SyncState",
    "SyncStep",
    "SyntheticWorld",
    "Theme",
    "TrialState",
    "UserScore",
    "Winner",
    "WinnerLibrary",
    "WinnerPolicy",
    "WinnerSnapshot",
    "WinnerSource",
    "WorldTruth",
    "share_in_words",
]
