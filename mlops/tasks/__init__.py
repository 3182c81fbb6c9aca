"""Celery entry points of models."""

from mlops.tasks.boards import sync_at_start
from mlops.tasks.canaries import watch_canaries
from mlops.tasks.inference import Answer, Question, ask, predict_task, warm_up
from mlops.tasks.shadow import ask_shadow, score_in_shadow
from mlops.tasks.winners import embed_text_task, find_similar_task, likenesses_task
from workspaces.asking import BusyError, put

__all__ = [
    "Answer",
    "BusyError",
    "Question",
    "ask",
    "ask_shadow",
    "embed_text_task",
    "find_similar_task",
    "likenesses_task",
    "predict_task",
    "put",
    "score_in_shadow",
    "sync_at_start",
    "warm_up",
    "watch_canaries",
]
