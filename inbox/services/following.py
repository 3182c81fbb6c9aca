"""What follows once messages were read: their worth, who gets them, and a word that they came."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final

from inbox.services.acknowledging import acknowledge
from inbox.services.assigning import assign_new
from inbox.services.valuing import value

logger = logging.getLogger(__name__)

_STEPS: Final[Sequence[Callable[..., int]]] = (value, assign_new, acknowledge)


def follow_up(conversations: Collection[int], *, now: datetime) -> None:
    """Do what follows for conversations in which something was read.

    Each in transactions of its own, after those of reading: rules lock names before conversations.
    What a worker that died left undone is made up for within minutes; what fails is left to the
    sweep that assigns and the night that values, and keeps nothing else back.
    """
    if not conversations:
        return
    for step in _STEPS:
        try:
            step(conversations, now=now)
        except Exception:
            logger.exception("a step after reading failed", extra={"step": step.__name__})
