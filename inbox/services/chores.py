"""Work of which one piece that fails keeps no other from being done."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial

logger = logging.getLogger(__name__)


def do_each(chores: Iterable[partial[int]]) -> int:
    """Do one after the other, each in transactions of its own; the sum of what they say."""
    done = 0
    for chore in chores:
        try:
            done += chore()
        except Exception:
            of = [getattr(one, "pk", one) for one in chore.args]
            logger.exception("a chore failed", extra={"chore": chore.func.__name__, "of": of})
    return done
