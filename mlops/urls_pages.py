"""Paths of the models' pages."""

from __future__ import annotations

from django.urls import path

from mlops.views import boards, budget, canaries, models, policies, training, trying, winners

urlpatterns = [
    path("models/dashboards/", boards.boards, name="boards"),
    path("models/dashboards/run/", boards.progress, name="boards-run"),
    path("models/dashboards/sync/", boards.sync_now, name="boards-sync"),
    path("models/dashboards/<slug:name>/", boards.board, name="board"),
    path("models/dashboards/<slug:name>/small/", boards.small, name="board-small"),
    path("models/dashboards/<slug:name>/chart.png", boards.chart, name="board-chart"),
    path("models/dashboards/<slug:name>/export.<slug:kind>", boards.export, name="board-export"),
    path("models/", models.models, name="models"),
    path("models/budget/", budget.budget, name="budget"),
    path("models/budget/send/", budget.send, name="budget-send"),
    path("models/budget/policies/", policies.policies, name="policies"),
    path("models/budget/policies/run/", policies.progress, name="policies-run"),
    path("models/budget/policies/try/", policies.try_policy, name="policies-try"),
    path("models/budget/policies/<uuid:public_id>/", policies.policies, name="policies-trial"),
    path("models/winners/", winners.winners, name="winners"),
    path("models/winners/export.<str:kind>", winners.export, name="winners-export"),
    path("models/winners/collect/", winners.collect, name="winners-collect"),
    path("models/winners/like/<uuid:public_id>/", winners.like_change, name="winners-like"),
    path("models/<uuid:public_id>/", models.model, name="model"),
    path("models/<uuid:public_id>/chart.png", models.chart, name="model-chart"),
    path("models/<uuid:public_id>/try/", trying.try_out, name="model-try"),
    path("models/<uuid:public_id>/propose/", models.propose_promotion, name="model-propose"),
    path("models/<uuid:public_id>/canary/stop/", canaries.stop, name="canary-stop"),
    path("models/<uuid:public_id>/canary/serve/", canaries.serve, name="canary-serve"),
    path("models/<slug:name>/train/", training.train_now, name="model-train"),
    path("models/<slug:name>/training/", training.progress, name="model-training"),
    path("models/<slug:name>/rollback/", models.roll_back, name="model-rollback"),
]
