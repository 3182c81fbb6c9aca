"""Ask a worker that has the models loaded, and wait a moment.

No web process imports torch, FAISS or a model's library. It sends the question to the queue
``infer`` and waits for the answer in Redis; a question that nobody took by then expires.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from celery import Task
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from workspaces.cache import leave_answer, wait_for_answer
from workspaces.gate import GateError, RequestError
from workspaces.ids import uuid7
from workspaces.services.refusals import RefusedError

logger = logging.getLogger(__name__)

QUEUE: Final = "infer"
WAIT_S: Final = 2.0
_EXPIRES_S: Final = 3
_KEPT_S: Final = 30


class BusyError(RefusedError):
    """No worker answered in time."""

    status = 503
    wait = 5  # seconds after which to ask again


class RefusedInWorkerError(RefusedError):
    """What the worker refused, as it said it."""

    def __init__(self, message: str, *, status: int, field: str) -> None:
        super().__init__(message)
        self.status, self.field = status, field


def put(task: Task[Any, None], **words: Any) -> dict[str, Any]:
    """Have a task of ours answer, and return what it said.

    Raises
    ------
    BusyError : no worker answered within two seconds
    RefusedInWorkerError : it refused; ``field`` names what is wrong with the question
    """
    key = f"answer:{uuid7()}"
    try:
        task.apply_async(
            kwargs={**words, "key": key}, queue=QUEUE, expires=_EXPIRES_S, ignore_result=True
        )
        answer = wait_for_answer(key, timeout_s=WAIT_S)
    except (OperationalError, RedisError) as error:
        logger.warning("no model could be asked", exc_info=True)
        raise BusyError("Models cannot be asked now; try again in a moment.") from error
    if answer is None:
        raise BusyError(
            f"No model answered within {WAIT_S:g} seconds; try again in a moment. If it stays so,"
            " start the worker: celery -A config worker -Q infer,infer-all,drafts"
        )
    if "error" in answer:
        raise RefusedInWorkerError(**answer["error"])
    said: dict[str, Any] = answer["said"]
    return said


def answer(key: str, work: Callable[[], dict[str, Any]]) -> None:
    """Leave what some work says for the one who waits, or in words why it refused."""
    try:
        left: dict[str, Any] = {"said": work()}
    except (GateError, RefusedError) as error:
        field = error.field if isinstance(error, RequestError) else ""
        left = {"error": {"message": str(error), "status": error.status, "field": field}}
    leave_answer(key, left, keep_s=_KEPT_S)
