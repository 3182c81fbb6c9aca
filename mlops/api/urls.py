"""Paths of the models."""

from __future__ import annotations

from mlops.api import boards
from mlops.api.budget import OptimizeBudget
from mlops.api.models import (
    CanaryServe,
    CanaryStop,
    ModelDetail,
    ModelList,
    ModelPromotion,
    ModelRollback,
    ModelTraining,
)
from mlops.api.predicting import Predict
from mlops.api.sampler import Feedback, Select
from mlops.api.winners import AddWinner, FindSimilar, WinnerStats
from workspaces.api.routing import api_path

urlpatterns = [
    api_path("sync/run-now/", boards.SyncRunNow.as_view(), "api-sync-run-now"),
    api_path("sync/status/", boards.SyncStatus.as_view(), "api-sync-status"),
    api_path("ml-dashboard/generate-all/", boards.BoardsGenerate.as_view(), "api-boards-generate"),
    api_path("ml-dashboard/status/", boards.BoardsStatus.as_view(), "api-boards-status"),
    api_path("ml-dashboard/<str:name>/chart/", boards.BoardChart.as_view(), "api-board-chart"),
    api_path("ml-dashboard/<str:name>/data/", boards.BoardData.as_view(), "api-board-data"),
    api_path("ml/battle-hardened/select/", Select.as_view(), "api-sampler-select"),
    api_path("ml/battle-hardened/feedback/", Feedback.as_view(), "api-sampler-feedback"),
    api_path("ml/optimize-budget/", OptimizeBudget.as_view(), "api-optimize-budget"),
    api_path("ml/predict/<str:name>/", Predict.as_view(), "api-predict"),
    api_path("ml/rag/add-winner/", AddWinner.as_view(), "api-winners-add"),
    api_path("ml/rag/find-similar/", FindSimilar.as_view(), "api-winners-find"),
    api_path("ml/rag/stats/", WinnerStats.as_view(), "api-winners-stats"),
    api_path("models/", ModelList.as_view(), "api-models"),
    api_path("models/<uuid:public_id>/", ModelDetail.as_view(), "api-model"),
    api_path(
        "models/<uuid:public_id>/propose-promotion/",
        ModelPromotion.as_view(),
        "api-model-promotion",
    ),
    api_path("models/<uuid:public_id>/canary/stop/", CanaryStop.as_view(), "api-model-canary-stop"),
    api_path(
        "models/<uuid:public_id>/canary/serve/", CanaryServe.as_view(), "api-model-canary-serve"
    ),
    api_path("models/<str:name>/train/", ModelTraining.as_view(), "api-model-training"),
    api_path("models/<str:name>/rollback/", ModelRollback.as_view(), "api-model-rollback"),
]
