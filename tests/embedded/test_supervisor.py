"""The supervisor, driven as a person or a test drives it: a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

import psycopg2
import pytest
import redis

from embedded.network import port_is_free
from embedded.process import is_running, wait_until
from embedded.stack import Stack
from embedded.state import EmbeddedError
from tests.embedded.conftest import StackMaker

WEB = "web: python -m http.server --bind $BIND_ADDRESS $PORT\n"
SANDBOX = "sandbox: python -m http.server --bind 127.0.0.1 $SANDBOX_PORT\n"
ASK_SANDBOX = 'import os, urllib.request as r; r.urlopen(os.environ["SANDBOX_URL"])'
IDLE = "worker: sleep 1000\nbeat: sleep 1000\n"
LAST_WORDS = "sh -c 'trap \"echo {name} >> $COUNTERSIGN_STATE/order; exit\" TERM; {loop}'"
LOOP = "echo up >> $COUNTERSIGN_STATE/up; while :; do sleep 0.02; done"


def told(stack: Stack) -> str:
    return stack.log.read_text(encoding="utf-8")


def all_pids(stack: Stack) -> list[int]:
    return [pid for pid in stack.status().pids.values() if pid is not None]


def test_ready_is_told_with_the_address_once_the_page_answers(make_stack: StackMaker) -> None:
    stack = make_stack(WEB + IDLE)

    stack.start()

    assert f"Countersign is ready: http://localhost:{stack.port}/" in told(stack)
    assert sorted(stack.status().pids) == ["beat", "web", "worker"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_stops_every_child(make_stack: StackMaker, number: signal.Signals) -> None:
    stack = make_stack(WEB + IDLE)
    stack.start()
    pids = all_pids(stack)

    os.kill(stack.supervisor_pid, number)
    assert wait_until(lambda: stack.exit_status == 0, timeout_s=60)

    assert len(pids) == 3
    assert not any(is_running(pid) for pid in pids)
    assert port_is_free("127.0.0.1", stack.port)
    assert "Everything is stopped." in told(stack)


def test_stopping_goes_from_those_who_make_work_to_those_who_serve_it(
    make_stack: StackMaker,
) -> None:
    names = ["other", "web", "worker-gate", "beat"]
    procfile = "".join(f"{name}: {LAST_WORDS.format(name=name, loop=LOOP)}\n" for name in names)
    stack = make_stack(procfile, ready_paths=())
    stack.start()
    up = stack.state / "up"
    assert wait_until(lambda: up.exists() and len(up.read_text().split()) == 4, timeout_s=60)

    stack.stop()

    order = (stack.state / "order").read_text().split()
    assert order == ["beat", "worker-gate", "web", "other"]


def test_dead_child_is_started_again_and_told(make_stack: StackMaker) -> None:
    stack = make_stack(WEB + IDLE)
    stack.start()

    old = stack.kill("worker")
    new = stack.wait_for_new("worker", old)

    assert is_running(new)
    assert not is_running(old)
    assert stack.status().restarts == {"web": 0, "worker": 1, "beat": 0}
    assert "worker stopped by signal SIGKILL; starting it again in 0.5 s" in told(stack)


def test_child_that_never_starts_ends_in_words_with_its_log(make_stack: StackMaker) -> None:
    stack = make_stack("web: sh -c 'echo no such module; exit 3'\n")

    with pytest.raises(EmbeddedError, match="no such module"):
        stack.start()

    assert "web stopped with exit status 3" in told(stack)
    assert stack.exit_status == 1


def test_busy_port_is_told_with_a_free_one(make_stack: StackMaker) -> None:
    stack = make_stack(WEB)

    with (
        socket.create_server(("127.0.0.1", stack.port)),
        pytest.raises(EmbeddedError, match=f"Port {stack.port} is in use by another program"),
    ):
        stack.start()

    assert "Choose another one: PORT=" in told(stack)


def test_second_supervisor_is_refused_with_the_name_of_the_first(make_stack: StackMaker) -> None:
    first = make_stack(WEB)
    first.start()
    second = make_stack(WEB)

    with pytest.raises(EmbeddedError, match=rf"process {first.supervisor_pid} \(the supervisor"):
        second.start()

    assert is_running(first.pid("web"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a parent's death")
def test_no_child_outlives_a_killed_supervisor(make_stack: StackMaker) -> None:
    stack = make_stack(WEB + IDLE)
    stack.start()
    pids = all_pids(stack)

    os.kill(stack.supervisor_pid, signal.SIGKILL)

    assert wait_until(lambda: not any(is_running(pid) for pid in pids), timeout_s=60)


def test_what_nobody_waits_for_starts_when_all_is_ready(make_stack: StackMaker) -> None:
    looks = "sh -c 'cp $COUNTERSIGN_STATE/status.json $COUNTERSIGN_STATE/seen; exec sleep 1000'"
    stack = make_stack(f"{WEB}worker-infer: {looks}\n", spared=(), later=("worker-infer",))

    stack.start()

    seen = stack.state / "seen"
    assert wait_until(lambda: seen.exists() and seen.read_text() != "", timeout_s=60)
    assert json.loads(seen.read_text())["ready"]


def test_a_stack_of_tests_spares_the_workers_that_learn(make_stack: StackMaker) -> None:
    stack = make_stack(f"{WEB}worker-train: sleep 1000\nworker-infer: sleep 1000\n")

    stack.start()

    assert list(stack.status().pids) == ["web"]


def test_failing_preparation_stops_everything_in_words(make_stack: StackMaker) -> None:
    stack = make_stack(WEB, prepare=("sh -c 'echo table is locked; exit 4'",))

    with pytest.raises(EmbeddedError, match=r"(?s)table is locked\n.*`sh .*` ended with status 4"):
        stack.start()

    assert not (stack.state / "log/web.log").exists()


def test_sandbox_answers_before_the_preparation_and_web_after_it(make_stack: StackMaker) -> None:
    ask = f"""{sys.executable} -c '{ASK_SANDBOX}'"""
    seen = "sh -c 'ls $COUNTERSIGN_STATE/log > $COUNTERSIGN_STATE/seen'"
    stack = make_stack(WEB + SANDBOX, prepare=(ask, seen))

    stack.start()

    logs = (stack.state / "seen").read_text().split()
    assert "sandbox.log" in logs
    assert "web.log" not in logs


def test_children_get_secrets_addresses_and_one_thread_each(make_stack: StackMaker) -> None:
    dump = "import json, os; print(json.dumps(dict(os.environ)))"
    stack = make_stack(WEB, prepare=(f"{sys.executable} -c '{dump}' > $COUNTERSIGN_STATE/env",))

    stack.start()

    env = json.loads((stack.state / "env").read_text())
    secrets = json.loads((stack.state / "secrets.json").read_text())
    assert {name: env[name] for name in secrets} == secrets
    assert (env["OMP_NUM_THREADS"], env["OPENBLAS_NUM_THREADS"]) == ("1", "1")
    assert env["TOKENIZERS_PARALLELISM"] == "false"
    assert env["SANDBOX_URL"] == stack.sandbox_url
    assert env["REDIS_URL"] == "redis://unused/0"


def test_killed_databases_come_back_with_their_data(make_stack: StackMaker) -> None:
    stack = make_stack(WEB, env={})
    stack.start()
    store(stack)

    for name in ("postgres", "redis"):
        stack.wait_for_new(name, stack.kill(name))

    assert stored(stack) == (7, b"yes")


def test_state_survives_a_restart_and_reset_wipes_it(make_stack: StackMaker) -> None:
    stack = make_stack(WEB, env={})
    stack.start()
    store(stack)
    secrets = (stack.state / "secrets.json").read_text()
    (stack.state / "mine.txt").write_text("not yours")

    stack.stop()
    stack.start()
    assert stored(stack) == (7, b"yes")
    stack.stop()
    fresh = make_stack(WEB, env={"RESET": "1"})
    fresh.start()

    with psycopg2.connect(fresh.database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('kept')")
        assert cursor.fetchone() == (None,)
    connection.close()
    assert redis.Redis.from_url(fresh.redis_url).get("kept") is None
    assert (stack.state / "secrets.json").read_text() == secrets
    assert (stack.state / "mine.txt").read_text() == "not yours"


def store(stack: Stack) -> None:
    connection = psycopg2.connect(stack.database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 7 AS n")
    connection.close()
    redis.Redis.from_url(stack.redis_url).set("kept", "yes")


def stored(stack: Stack) -> tuple[int, bytes | None]:
    connection = psycopg2.connect(stack.database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT n FROM kept")
        (number,) = cursor.fetchone() or (0,)
    connection.close()
    return number, redis.Redis.from_url(stack.redis_url).get("kept")


def test_unknown_process_name_is_refused(make_stack: StackMaker) -> None:
    stack = make_stack(WEB, processes=("worker-infer",))

    with pytest.raises(EmbeddedError, match="has no process worker-infer; it has web"):
        stack.start()


def test_procfile_of_another_directory_keeps_its_state_there(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "state", procfile=tmp_path / "Procfile", processes=())

    with pytest.raises(EmbeddedError, match="Procfile does not exist"):
        stack.start()
