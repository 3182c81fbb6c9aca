"""Countersign on three hosts: *stores*, *web* and *workers*, as docs/several-hosts.md lays it out.

The far end is no host: each reaches it by its own loopback, also one that is cut off. A worker that
can do things and cannot write down that it did them is the hard case.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx

from embedded.keys import local_secrets
from embedded.network import free_port
from embedded.postgres import DATABASE, Postgres
from embedded.process import stop, wait_until
from embedded.stack import PROJECT, Here, run_in_project
from embedded.state import run_directory
from embedded.urls import socket_database_url
from embedded.valkey import DURABLE, Valkey
from tests.e2e.network import Network

HOSTS: Final = ("stores", "web", "workers")
ON: Final = {
    "web": ("web", "beat"),
    "workers": ("worker-gate", "worker-default", "worker-outreach"),
}
# What docs/several-hosts.md asks of the servers.
_POSTGRES: Final = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
# In front of PostgreSQL where COUNTERSIGN_PGBOUNCER names the program.
_POOLER: Final = """
[databases]
{name} = host={at} dbname={name} user=postgres
[pgbouncer]
listen_addr = {at}
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = 20
tcp_keepidle = 10
tcp_keepintvl = 5
tcp_keepcnt = 3
tcp_user_timeout = 20000
"""
_REDIS: Final = {**DURABLE, "tcp-keepalive": "30", "protected-mode": "no", "port": "6379"}


class ThreeHosts(Here):
    """The running system; looks at its database and far end from outside, where no cut is.

    Its web process is reached from its host only, the far end from each.
    """

    def __init__(self, state: Path) -> None:
        self.state = state.absolute()
        self.network = Network(HOSTS)
        self.sandbox_port, self.port = free_port(), free_port()
        self._pooler = os.environ.get("COUNTERSIGN_PGBOUNCER", "")
        self._stop = ExitStack()
        self._stop.callback(self.network.close)

    @property
    def database_url(self) -> str:
        """Address of PostgreSQL for who looks on: a file, which no cable leads to."""
        return socket_database_url(run_directory(self.state), name=DATABASE)

    @property
    def redis_url(self) -> str:
        """Address of Redis for who looks on."""
        return f"unix://{run_directory(self.state) / 'redis.sock'}?db=0"

    def start(self, *prepare: str) -> None:
        """Start everything, fill it by ``python -m`` of what is named, wait until it is ready."""
        try:
            self._start_stores()
            self._run("outside", [sys.executable, "-m", "sandbox"])
            self._stop.enter_context(self._doors())
            self._wait_for_the_far_end()
            self._fill(prepare)
            for host, names in ON.items():
                for name in names:
                    with self.network.inside(host):
                        self._run(name, [sys.executable, "-m", "embedded.procfile", name])
            assert wait_until(lambda: self.answer("/readyz")[0] == 200, timeout_s=500), self._told()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything; the hosts are gone with it."""
        self._stop.close()

    def answer(self, path: str, *, timeout_s: float = 40, key: str = "") -> tuple[int, Any]:
        """Status and JSON of a page, asked on the web host; 0 where none came."""
        headers = {"Authorization": f"Api-Key {key}"} if key else {}
        with self.network.inside("web"), suppress(httpx.HTTPError):
            told = httpx.get(self.url + path, timeout=timeout_s, headers=headers, trust_env=False)
            is_json = "json" in told.headers.get("content-type", "")
            return told.status_code, told.json() if is_json else told.text
        return 0, None

    def _start_stores(self) -> None:
        run, log = run_directory(self.state), self.state / "log"
        log.mkdir(parents=True)
        at = self.network.address("stores")
        who = self.state / "who_may.conf"
        who.write_text("local all all trust\nhost all all samenet trust\n")
        settings = {**_POSTGRES, "listen_addresses": at, "hba_file": str(who)}
        postgres = Postgres(
            self.state / "postgres", run=run, log=log / "postgres.log", settings=settings
        )
        redis = Valkey(
            self.state / "redis", run=run, log=log / "redis.log", settings={**_REDIS, "bind": at}
        )
        for server in (postgres, redis):
            self._stop.callback(server.stop)
            with self.network.inside("stores"):
                server.start()
        if self._pooler:
            settings_file = self.state / "pgbouncer.ini"
            settings_file.write_text(_POOLER.format(at=at, name=DATABASE))
            with self.network.inside("stores"):
                self._run("pgbouncer", [self._pooler, "-u", "nobody", str(settings_file)])

    def _run(self, name: str, command: Sequence[str]) -> None:
        log = self.state / "log" / f"{name}.log"
        process = run_in_project(command, log=log, env=self._environment())
        self._stop.callback(stop, process, (signal.SIGTERM, 5.0), group=True)

    def _fill(self, modules: Sequence[str]) -> None:
        seen = {
            "DATABASE_URL": self.database_url,
            "DATABASE_DIRECT_URL": "",
            "REDIS_URL": self.redis_url,
        }
        for words in modules:
            made = subprocess.run(
                [sys.executable, "-m", *words.split()], env={**self._environment(), **seen},
                cwd=PROJECT, capture_output=True, text=True, check=False, timeout=300,
            )  # fmt: skip
            assert made.returncode == 0, made.stderr[-3000:]

    def _environment(self) -> dict[str, str]:
        at = self.network.address("stores")
        itself = f"postgresql://postgres@{at}/{DATABASE}"
        pooled = f"postgresql://postgres@{at}:6432/{DATABASE}"
        return {
            **os.environ,
            **local_secrets(self.state),
            "DATABASE_URL": pooled if self._pooler else itself,
            "DATABASE_DIRECT_URL": itself if self._pooler else "",
            "REDIS_URL": f"redis://{at}:6379/0",
            "COUNTERSIGN_STATE": str(self.state),
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "SANDBOX_URL": self.sandbox_url,
            "SANDBOX_PORT": str(self.sandbox_port),
            "PUBLIC_BASE_URL": self.url,
            "BIND_ADDRESS": "0.0.0.0",
            "PORT": str(self.port),
            "OMP_NUM_THREADS": "1",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }

    @contextmanager
    def _doors(self) -> Iterator[None]:
        """A way to the far end from the loopback of every host."""
        doors = []
        for host in HOSTS:
            with self.network.inside(host):
                doors.append(socket.create_server(("127.0.0.1", self.sandbox_port)))
        loop = asyncio.new_event_loop()
        serving = threading.Thread(target=loop.run_forever, daemon=True)
        serving.start()
        for door in doors:
            asyncio.run_coroutine_threadsafe(
                asyncio.start_server(self._lead_out, sock=door), loop
            ).result()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(loop.stop)
            serving.join()

    async def _lead_out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.sandbox_port)
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))

    def _wait_for_the_far_end(self) -> None:
        def answers() -> bool:
            with suppress(httpx.HTTPError):
                return httpx.get(f"{self.sandbox_url}/_sandbox/health", trust_env=False).is_success
            return False

        assert wait_until(answers, timeout_s=60)

    def _told(self) -> str:
        return json.dumps(self.answer("/readyz")[1], indent=1)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry on what comes until there is no more."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
