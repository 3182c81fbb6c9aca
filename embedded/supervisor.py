"""Runs the whole product on one machine: `python -m embedded.supervisor --help`.

Order: PostgreSQL, Redis, the sandbox, the preparing commands (migrations, sample data), then the
other processes of the Procfile. Stopping goes the other way round, so that no worker loses its
broker in mid-task.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from embedded.children import Child
from embedded.keys import local_secrets
from embedded.network import answer_of, check_port_free, port_is_free
from embedded.postgres import Postgres
from embedded.process import spawn, stop, tail, wait_until
from embedded.procfile import choose, read_procfile, stop_waves
from embedded.servers import postgres_of, valkey_of
from embedded.signals import SignalInbox
from embedded.state import EmbeddedError, StateLock, given, state_directory
from embedded.status import Status, remove_status, write_status
from embedded.valkey import Valkey

TICK_S = 0.2
STILL_WAITING_EVERY_S = 10.0
DEATHS_BEFORE_GIVING_UP = 3
PATIENCE_S = 20.0  # for a task in progress, before a worker is killed
# What RESET=1 removes. secrets.json stays: a backup is unreadable without its encryption key.
OUR_DATA = (
    "postgres",
    "postgres.unfinished",
    "redis",
    "run",
    "log",
    "models",
    "status.json",
    "sandbox*",
)
# Numeric libraries that each take every core are four times slower than one thread per process.
ONE_THREAD_EACH = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True)
class Plan:
    """What to run and where."""

    state: Path
    procfile: Path
    host: str
    port: int
    sandbox_port: int
    only: Sequence[str] = ()
    without: Sequence[str] = ()
    later: Sequence[str] = ()
    prepare: Sequence[str] = ()
    ready_paths: Sequence[str] = ()
    hint: str = ""
    reset: bool = False

    @property
    def url(self) -> str:
        """Where a person opens it."""
        host = "localhost" if self.host in ("127.0.0.1", "0.0.0.0") else self.host  # noqa: S104  # compared, not bound
        return f"http://{host}:{self.port}/"


def _silence(path: str, status: int, text: str) -> str:
    """Say how far a page is from answering; ``status`` 0: nobody took the call."""
    if not status:
        why = "it is starting" if "refused" in text else text or "it is busy"
        return f"the web process does not answer {path} yet ({why})"
    # A page of HTML explains nothing in a terminal; JSON and plain words do.
    why = "" if text.lstrip().startswith("<") else " ".join(text.split())[:200]
    return f"{path} answers {status}{': ' if why else ''}{why}"


class Interrupted(Exception):
    """Somebody asked to stop while we were busy."""


class Supervisor:
    """Starts, watches and stops the processes of one plan."""

    def __init__(
        self, plan: Plan, *, environ: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._say = say
        self._environ = dict(environ)
        listed = read_procfile(plan.procfile)
        choose(listed, only=plan.later)  # a name that does not exist is refused
        self._commands = choose(listed, only=plan.only, without=plan.without)
        self._lock = StateLock(plan.state)
        self._servers: list[Postgres | Valkey] = []
        self._children: dict[str, Child] = {}
        self._inbox = SignalInbox()
        self._ready = False
        self._stops_heard = 0  # one more than this while stopping means: at once

    def run(self) -> None:
        """Run until asked to stop; raises EmbeddedError when it cannot go on."""
        with ExitStack() as cleanup:
            self._hold_state(cleanup)
            self._check_ports()
            cleanup.enter_context(self._inbox)
            cleanup.callback(self._stop_everything)
            try:
                self._start_everything()
                self._wait_until_ready()
                self._start_the_rest()
                while True:
                    self._turn()
            except Interrupted:
                self._say("Stopping (press Ctrl-C again to stop at once).")

    def _hold_state(self, cleanup: ExitStack) -> None:
        self._lock.acquire_or_refuse(purpose="the supervisor")
        cleanup.callback(self._lock.release)
        if self._plan.reset:
            wipe(self._plan.state)
            self._say(f"RESET: the data in {self._plan.state} are deleted.")

    def _check_ports(self) -> None:
        if "web" in self._commands:
            check_port_free(self._plan.host, self._plan.port, setting="PORT")
        if "sandbox" in self._commands:
            check_port_free("127.0.0.1", self._plan.sandbox_port, setting="SANDBOX_PORT")

    def _start_everything(self) -> None:
        for variable, server in (
            ("DATABASE_URL", postgres_of(self._plan.state)),
            ("REDIS_URL", valkey_of(self._plan.state)),
        ):
            if not given(self._environ, variable):
                self._servers.append(server)
                server.start()
                self._environ[variable] = server.url
        for name, value in local_secrets(self._plan.state).items():
            if not given(self._environ, name):
                self._environ[name] = value
        env = child_environment(self._plan, self._environ)
        self._children = {
            name: self._child(name, command, env=env) for name, command in self._commands.items()
        }
        if "sandbox" in self._children:  # sample data are made by talking to it
            self._start_child("sandbox")
            self._wait_while(self._sandbox_is_silent)
        for command in self._plan.prepare:
            self._run_to_the_end(command, env=env)
        for name in self._children:
            if name != "sandbox" and name not in self._plan.later:
                self._start_child(name)

    def _start_the_rest(self) -> None:
        """Start what nobody waits for, now that it slows nothing down."""
        for name in self._plan.later:
            if name in self._children:
                self._start_child(name)

    def _child(self, name: str, command: str, *, env: Mapping[str, str]) -> Child:
        log = self._plan.state / "log" / f"{name}.log"
        return Child(name, command, env=env, cwd=self._plan.procfile.parent, log=log)

    def _start_child(self, name: str) -> None:
        self._children[name].start(now=time.monotonic())
        self._write_status()

    def _run_to_the_end(self, command: str, *, env: Mapping[str, str]) -> None:
        self._say(f"Running: {command}")
        cwd = self._plan.procfile.parent
        process = spawn(
            ["/bin/sh", "-c", f"exec {command}"],
            log=sys.stdout.fileno(),
            death_signal=signal.SIGTERM,
            cwd=cwd,
            env=env,
        )
        try:
            while process.poll() is None:
                self._turn()
        finally:
            stop(process, (signal.SIGTERM, PATIENCE_S), group=True)
        if process.returncode:
            raise EmbeddedError(
                f"`{command}` ended with status {process.returncode}; its output is above."
            )

    def _turn(self) -> None:
        """Sleep a little (a signal ends it early), then look after everybody."""
        self._inbox.wait(TICK_S)
        if self._inbox.stops:
            raise Interrupted
        for server in self._servers:
            if server.pid is None:
                self._say(f"{server.name} died; starting it again (log: {server.log}).")
                server.start()
                self._write_status()
        for child in self._children.values():
            news = child.check(now=time.monotonic())
            if news:
                self._say(news)
                self._write_status()

    def _wait_until_ready(self) -> None:
        self._wait_while(self._missing)
        self._say(f"Countersign is ready: {self._plan.url}")
        if self._plan.hint:
            self._say(self._plan.hint)
        self._say(f"Logs: {self._plan.state / 'log'} · Ctrl-C stops everything, data stay.")
        self._ready = True
        self._write_status()

    def _wait_while(self, missing: Callable[[], str]) -> None:
        """Go on turning until nothing is missing, and say what is from time to time."""
        next_word_at = time.monotonic() + STILL_WAITING_EVERY_S
        while words := missing():
            self._turn()
            self._give_up_on_hopeless_child()
            if time.monotonic() > next_word_at:
                self._say(f"Still waiting: {words}")
                next_word_at += STILL_WAITING_EVERY_S

    def _sandbox_is_silent(self) -> str:
        port = self._plan.sandbox_port
        silent = port_is_free("127.0.0.1", port)
        return f"the sandbox does not listen on port {port} yet" if silent else ""

    def _missing(self) -> str:
        """What does not answer yet, in words; empty when everything does."""
        if "web" not in self._children:
            return ""
        for path in self._plan.ready_paths:
            status, text = answer_of(self._plan.host, self._plan.port, path)
            if status != 200:
                return _silence(path, status, text)
        return ""

    def _give_up_on_hopeless_child(self) -> None:
        for child in self._children.values():
            if child.restarts >= DEATHS_BEFORE_GIVING_UP and child.pid is None:
                raise EmbeddedError(
                    f"{child.name} does not start. {child.log} ends with:\n{tail(child.log)}"
                )

    def _stop_everything(self) -> None:
        remove_status(self._plan.state)
        self._stops_heard = self._inbox.stops
        for wave in stop_waves(list(self._children)):
            self._stop_wave([self._children[name] for name in wave])
        for server in reversed(self._servers):
            server.stop()
        self._say("Everything is stopped.")

    def _stop_wave(self, children: list[Child]) -> None:
        for child in children:
            child.signal(signal.SIGTERM)

        def done() -> bool:
            hurried = self._inbox.stops > self._stops_heard
            return hurried or all(child.pid is None for child in children)

        if not wait_until(done, timeout_s=PATIENCE_S):
            names = ", ".join(child.name for child in children if child.pid is not None)
            self._say(f"{names} did not stop within {PATIENCE_S:g} s and is killed.")
        for child in children:
            child.finish()

    def _write_status(self) -> None:
        status = Status(
            supervisor_pid=os.getpid(),
            url=self._plan.url,
            ready=self._ready,
            pids={part.name: part.pid for part in [*self._servers, *self._children.values()]},
            restarts={child.name: child.restarts for child in self._children.values()},
        )
        write_status(self._plan.state, status)


def wipe(state: Path) -> None:
    """Delete what we made in the state directory and nothing else."""
    for pattern in OUR_DATA:
        for path in state.glob(pattern):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def child_environment(plan: Plan, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of every child."""
    defaults = {
        **ONE_THREAD_EACH,
        "PYTHONUNBUFFERED": "1",
        "PUBLIC_BASE_URL": plan.url.rstrip("/"),
    }
    if "sandbox" not in plan.without:
        defaults["SANDBOX_URL"] = f"http://127.0.0.1:{plan.sandbox_port}"
    fixed = {
        "COUNTERSIGN_STATE": str(plan.state),
        "BIND_ADDRESS": plan.host,
        "PORT": str(plan.port),
        "SANDBOX_PORT": str(plan.sandbox_port),
        # The programs of this very environment, whether it is activated or not.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environ.get('PATH', os.defpath)}",
    }
    return {**defaults, **environ, **fixed}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and run."""
    plan = read_plan(arguments, environ=os.environ)
    try:
        Supervisor(plan, environ=os.environ, say=say).run()
    except EmbeddedError as error:
        sys.exit(str(error))


def say(text: str) -> None:
    """Tell the person at the terminal; when it was closed there is nobody to tell."""
    with suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def read_plan(arguments: Sequence[str] | None, *, environ: Mapping[str, str]) -> Plan:
    """The command line; addresses, ports, state directory and RESET come from the environment."""
    parser = argparse.ArgumentParser(prog="python -m embedded.supervisor", description=__doc__)
    parser.add_argument("--procfile", type=Path, default=Path("Procfile"))
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--without", action="append", default=[], metavar="NAME")
    parser.add_argument(
        "--later", action="append", default=[], metavar="NAME", help="started when all is ready"
    )
    parser.add_argument("--prepare", action="append", default=[], metavar="COMMAND")
    parser.add_argument("--ready-path", action="append", default=[], metavar="PATH")
    parser.add_argument("--hint", default="", help="printed when everything is ready")
    given = parser.parse_args(arguments)
    procfile: Path = given.procfile.absolute()
    return Plan(
        state=state_directory(environ, project=procfile.parent),
        procfile=procfile,
        host=environ.get("BIND_ADDRESS") or "127.0.0.1",
        port=_port(environ, "PORT", default=8000),
        sandbox_port=_port(environ, "SANDBOX_PORT", default=8765),
        only=given.only,
        without=given.without,
        later=given.later,
        prepare=given.prepare,
        ready_paths=given.ready_path,
        hint=given.hint,
        reset=environ.get("RESET") == "1",
    )


def _port(environ: Mapping[str, str], name: str, *, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        sys.exit(f"{name} must be a port number between 1 and 65535, not {text!r}.")
    return int(text)


if __name__ == "__main__":
    main()
