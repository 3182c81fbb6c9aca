"""Celery entry points of models."""

from mlops.tasks.inference import Answer, BusyError, Question, ask, predict_task, warm_up
from mlops.tasks.shadow import ask_shadow, score_in_shadow

__all__ = [
    "Answer",
    "BusyError",
    "Question",
    "ask",
    "ask_shadow",
    "predict_task",
    "score_in_shadow",
    "warm_up",
]
