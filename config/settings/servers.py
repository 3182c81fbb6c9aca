"""How PostgreSQL and Redis are reached, and how long is waited for one that a network cut off.

A cable that is cut says nothing: without limits a process waits a quarter of an hour for an answer,
and a connection that sends nothing for ever. A cut is noticed within 10 s where an answer is
awaited. PostgreSQL must notice it by itself too: docs/operations.md.
"""

from __future__ import annotations

import socket
from typing import Any, Final

from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError
from redis.retry import Retry

from embedded.urls import parse_database_url

NOTICE_S: Final = 10
CONNECT_S: Final = 5

# For libpq. Means nothing on a Unix socket; what stands in the address wins.
_POSTGRES: Final = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": NOTICE_S,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": NOTICE_S * 1000,
}
# TCP_USER_TIMEOUT: what was sent and is not acknowledged by then ends the connection. Linux only.
_USER_TIMEOUT: Final = {
    number: NOTICE_S * 1000
    for number in [getattr(socket, "TCP_USER_TIMEOUT", None)]
    if number is not None
}
_KEEPALIVE: Final = {
    getattr(socket, name): value
    for name, value in {"TCP_KEEPIDLE": NOTICE_S, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 3}.items()
    if hasattr(socket, name)
}
# Nothing of ours asks Redis to wait longer than 2 s for an answer.
REDIS: Final = {
    "socket_timeout": NOTICE_S,
    "socket_connect_timeout": 3,
    "health_check_interval": NOTICE_S,
}
REDIS_TCP: Final = {
    "socket_keepalive": True,
    "socket_keepalive_options": {**_KEEPALIVE, **_USER_TIMEOUT},
}


def redis_options(url: str) -> dict[str, Any]:
    """What a client of Redis is told; a Unix socket knows no keepalive.

    A connection that a cut broke while it lay idle is made anew at its next use, once. What was
    sent and not answered is not sent again: it may have been counted.
    """
    again = Retry(NoBackoff(), 1, supported_errors=(ConnectionError,))
    options = {**REDIS, "retry": again}
    return options if url.startswith("unix:") else {**options, **REDIS_TCP}


def databases(url: str, *, direct: str, replica: str, max_age_s: int) -> dict[str, dict[str, Any]]:
    """``default``, and the other ways to the same rows that were given.

    With a direct way ``default`` leads through a pooler, which may give each transaction another
    session: no cursor outlives its transaction then.
    """
    ways = {"default": url, "direct": direct, "replica": replica}
    found = {
        alias: {
            **parse_database_url(way).connection_settings(),
            "ENGINE": "django.db.backends.postgresql",
            "OPTIONS": {**_POSTGRES, **parse_database_url(way).options},
            "CONN_MAX_AGE": max_age_s,
            "CONN_HEALTH_CHECKS": True,
        }
        for alias, way in ways.items()
        if way
    }
    found["default"]["DISABLE_SERVER_SIDE_CURSORS"] = bool(direct)
    return found
