"""What runs on the stack's servers beside the shared stack, for the tests that need it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from embedded.keys import local_secrets
from embedded.process import spawn, stop
from embedded.stack import PROJECT, Stack


def environment(stack: Stack) -> dict[str, str]:
    """That of a process which talks to the stack's servers."""
    return {
        **os.environ,
        **local_secrets(stack.state),
        "DATABASE_URL": stack.database_url,
        "REDIS_URL": stack.redis_url,
        "COUNTERSIGN_STATE": str(stack.state),
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "SANDBOX_URL": stack.sandbox_url,
        "PUBLIC_BASE_URL": f"http://localhost:{stack.port}",
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


@contextmanager
def processes(stack: Stack, names: Sequence[str], logs: Path) -> Iterator[None]:
    """Run these lines of the Procfile, which the shared stack spares."""
    running = []
    for name in names:
        command = [sys.executable, "-m", "embedded.procfile", name]
        with (logs / f"{name}.log").open("wb") as log:
            running.append(
                spawn(
                    command,
                    log=log,
                    death_signal=signal.SIGTERM,
                    cwd=PROJECT,
                    env=environment(stack),
                )
            )
    try:
        yield
    finally:
        for process in running:
            stop(process, (signal.SIGTERM, 5.0))


def fill(stack: Stack, module: str, *arguments: str) -> str:
    """Write a test's rows: run ``python -m`` with the product's settings; what it said.

    Raises
    ------
    AssertionError : with what it said
    """
    made = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=environment(stack), cwd=PROJECT, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-3000:]
    return made.stdout
