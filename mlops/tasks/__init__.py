"""Celery entry points of models."""

from mlops.tasks.inference import Answer, BusyError, Question, ask, predict_task, warm_up

__all__ = ["Answer", "BusyError", "Question", "ask", "predict_task", "warm_up"]
