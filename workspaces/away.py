"""Whether PostgreSQL, Redis or the broker was out of reach, or something failed with it there."""

from __future__ import annotations

from typing import Final

from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

#: What the database and Redis raise where they do not answer.
AWAY: Final = (OperationalError, InterfaceError, RedisError)
# Of PostgreSQL's answers: connection trouble, no connection left, stopped by its operator.
_CODES: Final = ("08", "53300", "57P")


def is_away(error: BaseException | None) -> bool:
    """Whether a server that everything stands on did not answer.

    One that answers with a deadlock or a time limit is there.
    """
    code = getattr(getattr(error, "__cause__", None), "pgcode", None)
    return isinstance(error, (*AWAY, BrokerError)) and (code is None or code.startswith(_CODES))
