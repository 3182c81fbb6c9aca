"""PostgreSQL and Redis for one command: attach to the running ones, or start and stop them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded import valkey
from embedded.keys import local_secrets
from embedded.postgres import Postgres
from embedded.process import wait_until
from embedded.state import EmbeddedError, StateLock, given, run_directory
from embedded.valkey import Valkey

ATTACH_TIMEOUT_S = 60.0
SERVER_VARIABLES = ("DATABASE_URL", "REDIS_URL")


@dataclass(frozen=True)
class Servers:
    """Addresses of the servers in use."""

    database_url: str
    redis_url: str
    attached: bool

    def environment(self) -> dict[str, str]:
        """As the variables that the settings read."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


def postgres_of(state: Path) -> Postgres:
    """The PostgreSQL that keeps its data in the state directory."""
    log = _log_directory(state) / "postgres.log"
    return Postgres(state / "postgres", run=run_directory(state), log=log)


def valkey_of(state: Path) -> Valkey:
    """The Redis that keeps its data in the state directory."""
    log = _log_directory(state) / "redis.log"
    return Valkey(state / "redis", run=run_directory(state), log=log, settings=valkey.DURABLE)


@contextmanager
def ensure(
    state: Path,
    *,
    purpose: str = "a command",
    environ: MutableMapping[str, str] = os.environ,
) -> Iterator[Servers]:
    """Have both servers run inside the block, and set what the settings need in `environ`.

    What DATABASE_URL or REDIS_URL names is used as it is; only what is missing is started (or
    attached to, when the state directory's servers run already) and stopped afterwards. SECRET_KEY
    and FIELD_ENCRYPTION_KEY come from the state directory unless they are set.
    """
    for name, value in local_secrets(state).items():
        if not given(environ, name):
            environ[name] = value
    given_database, given_redis = given(environ, "DATABASE_URL"), given(environ, "REDIS_URL")
    if given_database and given_redis:
        yield Servers(given_database, given_redis, attached=True)
        return
    with ExitStack() as cleanup:
        postgres, redis = postgres_of(state), valkey_of(state)
        needed = [
            server for server, url in ((postgres, given_database), (redis, given_redis)) if not url
        ]
        attached = _attach_or_start(state, needed, purpose=purpose, cleanup=cleanup)
        servers = Servers(given_database or postgres.url, given_redis or redis.url, attached)
        environ.update(servers.environment())
        yield servers


def _attach_or_start(
    state: Path, needed: list[Postgres | Valkey], *, purpose: str, cleanup: ExitStack
) -> bool:
    lock = StateLock(state)
    if not lock.acquire(purpose=purpose):
        cleanup.enter_context(lock.join_users())
        _wait_for_holder(lock, needed)
        return True
    cleanup.callback(lock.release)
    for server in needed:
        cleanup.callback(server.stop)
        server.start()
    cleanup.callback(_let_others_finish, lock)
    return False


def _wait_for_holder(lock: StateLock, needed: list[Postgres | Valkey]) -> None:
    for server in needed:
        if not wait_until(server.answers, timeout_s=ATTACH_TIMEOUT_S):
            raise EmbeddedError(
                f"{lock.holder()} holds the state directory, but its {server.name} does not answer."
                f" Look at {server.log}, or stop that process and try again."
            )


def _let_others_finish(lock: StateLock) -> None:
    try:
        lock.wait_for_users(
            message="Other commands still use this database; it stops when they are done"
            " (Ctrl-C stops it now)."
        )
    except KeyboardInterrupt:
        sys.stderr.write("Stopping the database now.\n")


def _log_directory(state: Path) -> Path:
    directory = state / "log"
    directory.mkdir(parents=True, exist_ok=True)
    return directory
